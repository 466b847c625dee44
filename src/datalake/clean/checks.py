"""Cross-column checks of one row at a time: nulls as in SQL, numbers exact."""

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from datalake.clean.dates import Offsets
from datalake.contracts import tree
from datalake.contracts.tree import Expression

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def evaluate(expression: Expression, row: Mapping[str, Any], offsets: Offsets) -> Any:
    """Return what an expression comes to for a row of typed values; None where it cannot be told.

    Numbers come as Fraction, so that no division rounds.
    """
    return _EVALUATORS[type(expression)](expression, row, offsets)


def _column(node: tree.ColumnValue, row: Mapping[str, Any], offsets: Offsets) -> Any:
    value = row.get(node.name)
    return Fraction(value) if node.type == tree.NUMBER and value is not None else value


def literal_value(node: tree.Literal, offsets: Offsets) -> Any:
    """Return a literal as values of its type are kept: an instant in UTC, a number exactly."""
    if isinstance(node.value, datetime):
        return node.value - offsets(node.value)
    return Fraction(node.value) if isinstance(node.value, Decimal) else node.value


def _literal(node: tree.Literal, row: Mapping[str, Any], offsets: Offsets) -> Any:
    return literal_value(node, offsets)


def _compare(node: tree.Compare, row: Mapping[str, Any], offsets: Offsets) -> bool | None:
    left, right = evaluate(node.left, row, offsets), evaluate(node.right, row, offsets)
    if left is None or right is None:
        return None
    return bool(COMPARISONS[node.operator](left, right))


def _one_of(node: tree.OneOf, row: Mapping[str, Any], offsets: Offsets) -> bool | None:
    value = evaluate(node.operand, row, offsets)
    return None if value is None else value in [literal_value(each, offsets) for each in node.values]


def _is_null(node: tree.IsNull, row: Mapping[str, Any], offsets: Offsets) -> bool:
    return evaluate(node.operand, row, offsets) is None


def _not(node: tree.Not, row: Mapping[str, Any], offsets: Offsets) -> bool | None:
    value = evaluate(node.operand, row, offsets)
    return None if value is None else not value


def _and(node: tree.And, row: Mapping[str, Any], offsets: Offsets) -> bool | None:
    sides = [evaluate(node.left, row, offsets), evaluate(node.right, row, offsets)]
    return False if False in sides else None if None in sides else True


def _or(node: tree.Or, row: Mapping[str, Any], offsets: Offsets) -> bool | None:
    sides = [evaluate(node.left, row, offsets), evaluate(node.right, row, offsets)]
    return True if True in sides else None if None in sides else False


def _arithmetic(node: tree.Arithmetic, row: Mapping[str, Any], offsets: Offsets) -> Any:
    left, right = evaluate(node.left, row, offsets), evaluate(node.right, row, offsets)
    if left is None or right is None or (node.operator == "/" and right == 0):
        return None
    if isinstance(left, date):
        return _date_arithmetic(node.operator, left, right)
    return _ARITHMETIC[node.operator](left, right)


def _date_arithmetic(sign: str, left: date, right: Any) -> Any:
    if isinstance(right, date):
        return Fraction((left - right).days)
    days = int(right) if sign == "+" else -int(right)
    try:
        return left + timedelta(days=days)
    except OverflowError:
        return None


def _negative(node: tree.Negative, row: Mapping[str, Any], offsets: Offsets) -> Any:
    value = evaluate(node.operand, row, offsets)
    return None if value is None else -value


def _absolute(node: tree.Absolute, row: Mapping[str, Any], offsets: Offsets) -> Any:
    value = evaluate(node.operand, row, offsets)
    return None if value is None else abs(value)


_EVALUATORS: dict[type, Callable[[Any, Mapping[str, Any], Offsets], Any]] = {
    tree.ColumnValue: _column,
    tree.Literal: _literal,
    tree.Compare: _compare,
    tree.OneOf: _one_of,
    tree.IsNull: _is_null,
    tree.Not: _not,
    tree.And: _and,
    tree.Or: _or,
    tree.Arithmetic: _arithmetic,
    tree.Negative: _negative,
    tree.Absolute: _absolute,
}
