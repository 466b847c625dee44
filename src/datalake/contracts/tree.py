"""What a check means, as a tree of frozen nodes whose types fit together.

Nulls go as in SQL: whatever is compared or reckoned with a null is null, `null and false` is false, `null or true` is
true, and a row fails a check only where it is false. Division by zero is null.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

TEXT, NUMBER, BOOLEAN, DATE, DATETIME, LIST = "text", "number", "boolean", "date", "date and time", "list"
_ORDERED = (NUMBER, DATE, DATETIME)


class ExpressionError(ValueError):
    """An expression that cannot be used; the text says why and where."""


@dataclass(frozen=True)
class ColumnValue:
    """The row's value of a column; name may be _data_date, the file's data date."""

    name: str
    type: str


@dataclass(frozen=True)
class Literal:
    """A value written in the expression: str, Decimal, bool, date or naive datetime (local time)."""

    value: str | Decimal | bool | date | datetime
    type: str


@dataclass(frozen=True)
class Compare:
    """operator: = != < <= > >=. Both sides have one type."""

    operator: str
    left: "Expression"
    right: "Expression"
    type: str = BOOLEAN


@dataclass(frozen=True)
class OneOf:
    """The operand equals one of the values."""

    operand: "Expression"
    values: tuple[Literal, ...]
    type: str = BOOLEAN


@dataclass(frozen=True)
class IsNull:
    operand: "Expression"
    type: str = BOOLEAN


@dataclass(frozen=True)
class Not:
    operand: "Expression"
    type: str = BOOLEAN


@dataclass(frozen=True)
class And:
    left: "Expression"
    right: "Expression"
    type: str = BOOLEAN


@dataclass(frozen=True)
class Or:
    left: "Expression"
    right: "Expression"
    type: str = BOOLEAN


@dataclass(frozen=True)
class Arithmetic:
    """operator: + - * /. Numbers; or date - date (days), date + days, date - days."""

    operator: str
    left: "Expression"
    right: "Expression"
    type: str


@dataclass(frozen=True)
class Negative:
    operand: "Expression"
    type: str = NUMBER


@dataclass(frozen=True)
class Absolute:
    operand: "Expression"
    type: str = NUMBER


Expression = ColumnValue | Literal | Compare | OneOf | IsNull | Not | And | Or | Arithmetic | Negative | Absolute
_NODES = (ColumnValue, Literal, Compare, OneOf, IsNull, Not, And, Or, Arithmetic, Negative, Absolute)


def columns_in(expression: Expression) -> frozenset[str]:
    """Return the names of the columns that an expression reads."""
    return frozenset(each.name for each in _walk(expression) if isinstance(each, ColumnValue))


def _walk(expression: Any) -> Iterator[Any]:
    yield expression
    for each in fields(expression):
        value = getattr(expression, each.name)
        if isinstance(value, _NODES):
            yield from _walk(value)


def compare(operator: str, left: Expression, right: Expression) -> Compare:
    """Return the comparison; raise ExpressionError if the sides have not one type, or one that has no order."""
    left, right = _as(right.type, left), _as(left.type, right)
    if left.type != right.type or left.type == LIST:
        raise ExpressionError(f"{_an(left)} cannot be compared with {_an(right)}.")
    if operator not in ("=", "!=") and left.type not in _ORDERED:
        raise ExpressionError(f"{_an(left)} has no order: only = and != fit.")
    return Compare(operator, left, right)


def one_of(operand: Expression, values: tuple[Literal, ...]) -> OneOf:
    """Return the test for membership; raise ExpressionError if a value has another type than the operand."""
    typed = tuple(compare("=", operand, each).right for each in values)
    return OneOf(operand, tuple(each for each in typed if isinstance(each, Literal)))


def arithmetic(operator: str, left: Expression, right: Expression) -> Arithmetic:
    """Return the sum, difference, product or quotient; raise ExpressionError for what cannot be reckoned with."""
    left = _as(DATE, left) if right.type == DATE else left
    right = _as(DATE, right) if left.type == DATE and operator == "-" else right
    kinds = (left.type, right.type)
    if kinds == (NUMBER, NUMBER) or (kinds == (DATE, DATE) and operator == "-"):
        return Arithmetic(operator, left, right, NUMBER)
    if kinds == (DATE, NUMBER) and operator in "+-":
        return Arithmetic(operator, left, right, DATE)
    raise ExpressionError(f"{_an(left)} {operator} {_an(right)} cannot be reckoned.")


def condition(expression: Expression, word: str) -> Expression:
    """Return an expression that is true or false; raise ExpressionError on any other."""
    if expression.type != BOOLEAN:
        raise ExpressionError(f"{word} needs a condition, not {_an(expression)}.")
    return expression


def numeric(expression: Expression, word: str) -> Expression:
    """Return an expression that is a number; raise ExpressionError on any other."""
    if expression.type != NUMBER:
        raise ExpressionError(f"{word} needs a number, not {_an(expression)}.")
    return expression


def _as(wanted: str, expression: Expression) -> Expression:
    """Return text in quotes as the date that it is where a date is wanted."""
    if not isinstance(expression, Literal) or expression.type != TEXT or wanted not in (DATE, DATETIME):
        return expression
    text = str(expression.value)
    try:
        value = date.fromisoformat(text) if wanted == DATE else datetime.fromisoformat(text)
        if isinstance(value, datetime) and value.tzinfo:
            raise ValueError  # a time is meant in the feed's own zone
    except ValueError:
        raise ExpressionError(f"'{text}' is not a {wanted} like {_LIKE[wanted]}.") from None
    return Literal(value, wanted)


_LIKE = {DATE: "'2025-11-04'", DATETIME: "'2025-11-04 02:00:00'"}


def _an(expression: Expression) -> str:
    if isinstance(expression, ColumnValue):
        return f"{expression.name} ({expression.type})"
    if isinstance(expression, Literal):
        return f"{expression.value!s} ({expression.type})"
    return f"a {expression.type}" if expression.type != BOOLEAN else "a condition"
