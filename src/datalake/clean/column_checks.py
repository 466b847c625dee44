"""Cross-column checks over whole columns: the same answers as datalake.clean.checks, thousands of rows at a time.

Numbers are whole numbers of their last digit beside a scale; what could overflow or divides is left to the slow form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import Bools, string_array, truths, valid_rows
from datalake.clean.checks import COMPARISONS, evaluate, literal_value
from datalake.clean.columns import as_number
from datalake.clean.dates import Offsets
from datalake.contracts import tree
from datalake.contracts.tree import Expression

SAFE = 2**62  # what two numbers may come to before their sum could leave 64 bits


class TooSlow(Exception):
    """This expression cannot be reckoned over columns exactly."""


@dataclass(frozen=True)
class Vector:
    """A value for each row. data: whole numbers, truth values, or Arrow text; valid: where there is one."""

    data: Any
    valid: Bools
    scale: int = 0


@dataclass(frozen=True)
class Columns:
    """The typed columns of a batch, and what else an expression may name."""

    values: Mapping[str, pa.Array]
    rows: int
    data_date: date | None
    offsets: Offsets


def failing(expression: Expression, columns: Columns) -> Bools:
    """Return the rows for which a check is false; where it cannot be told it does not fail."""
    try:
        answer = _vector(expression, columns)
        fails: Bools = answer.valid & ~answer.data
        return fails
    except TooSlow:
        return _row_by_row(expression, columns)


def _row_by_row(expression: Expression, columns: Columns) -> Bools:
    names = sorted(tree.columns_in(expression) & columns.values.keys())
    lists = [_python_values(columns.values[each]) for each in names]
    fails = np.zeros(columns.rows, bool)
    for index, parts in enumerate(zip(*lists, strict=True) if lists else [()] * columns.rows):
        row = dict(zip(names, parts, strict=True)) | {"_data_date": columns.data_date}
        fails[index] = evaluate(expression, row, columns.offsets) is False
    return fails


def _python_values(array: pa.Array) -> list[Any]:
    naive = array.cast(pa.timestamp("us")) if pa.types.is_timestamp(array.type) else array
    values: list[Any] = naive.to_pylist()
    return values


def _vector(node: Expression, columns: Columns) -> Vector:
    return _VECTORS[type(node)](node, columns)


def _column(node: tree.ColumnValue, columns: Columns) -> Vector:
    if node.name == "_data_date":
        return _constant(columns.data_date, columns.rows)
    array = columns.values[node.name]
    valid = valid_rows(array)
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_list(kind):
        return Vector(array, valid)
    if pa.types.is_boolean(kind):
        return Vector(truths(array), valid)
    if pa.types.is_decimal(kind):
        return Vector(_digits(array), valid, kind.scale)
    dtype = np.int32 if pa.types.is_date32(kind) else np.int64
    values = np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)].astype(np.int64)
    return Vector(np.where(valid, values, 0), valid)


def _digits(array: pa.Array) -> Any:
    if array.type.precision > 18:
        raise TooSlow
    words = np.frombuffer(array.buffers()[1], np.int64)[::2]
    return np.where(valid_rows(array), words[array.offset : array.offset + len(array)], 0)


def _literal(node: tree.Literal, columns: Columns) -> Vector:
    return _constant(literal_value(node, columns.offsets), columns.rows)


def _constant(value: Any, rows: int) -> Vector:
    valid = np.full(rows, value is not None)
    if isinstance(value, str):
        return Vector(string_array([value])[0], valid)
    if isinstance(value, bool):
        return Vector(np.full(rows, value), valid)
    if isinstance(value, Fraction):
        return _number(value, rows)
    return Vector(np.full(rows, 0 if value is None else as_number(value, 0)), valid)


def _number(value: Fraction, rows: int) -> Vector:
    scale = next((each for each in range(19) if (value * 10**each).denominator == 1), None)
    if scale is None or abs(value * 10**scale) >= SAFE:
        raise TooSlow
    return Vector(np.full(rows, int(value * 10**scale)), np.ones(rows, bool), scale)


def _scaled(vector: Vector, scale: int) -> Vector:
    """Return numbers written to more digits after the point."""
    factor = 10 ** (scale - vector.scale)
    _check_size(vector.data, factor)
    return replace(vector, data=vector.data * factor, scale=scale)


def _check_size(data: Any, factor: int) -> None:
    if len(data) and max(abs(int(data.min())), abs(int(data.max()))) * factor >= SAFE:
        raise TooSlow


def _aligned(left: Vector, right: Vector) -> tuple[Vector, Vector]:
    scale = max(left.scale, right.scale)
    return _scaled(left, scale), _scaled(right, scale)


def _compare(node: tree.Compare, columns: Columns) -> Vector:
    left, right = _vector(node.left, columns), _vector(node.right, columns)
    valid = left.valid & right.valid
    if node.left.type == tree.TEXT:
        return Vector(_texts_equal(left.data, right.data, columns.rows) ^ (node.operator == "!="), valid)
    if node.left.type == tree.NUMBER:
        left, right = _aligned(left, right)
    return Vector(COMPARISONS[node.operator](left.data, right.data), valid)


def _texts_equal(left: Any, right: Any, rows: int) -> Bools:
    equal = pc.equal(left, right)
    return truths(equal) if isinstance(equal, pa.Array) else np.full(rows, equal.as_py() is True)


def _one_of(node: tree.OneOf, columns: Columns) -> Vector:
    tests = [_compare(tree.Compare("=", node.operand, each), columns) for each in node.values]
    return Vector(np.logical_or.reduce([each.data for each in tests]), _vector(node.operand, columns).valid)


def _is_null(node: tree.IsNull, columns: Columns) -> Vector:
    return Vector(~_vector(node.operand, columns).valid, np.ones(columns.rows, bool))


def _not(node: tree.Not, columns: Columns) -> Vector:
    value = _vector(node.operand, columns)
    return Vector(~value.data, value.valid)


def _and(node: tree.And, columns: Columns) -> Vector:
    left, right = _vector(node.left, columns), _vector(node.right, columns)
    false = (left.valid & ~left.data) | (right.valid & ~right.data)
    return Vector(~false, false | (left.valid & right.valid))


def _or(node: tree.Or, columns: Columns) -> Vector:
    left, right = _vector(node.left, columns), _vector(node.right, columns)
    true = (left.valid & left.data) | (right.valid & right.data)
    return Vector(true, true | (left.valid & right.valid))


def _arithmetic(node: tree.Arithmetic, columns: Columns) -> Vector:
    left, right = _vector(node.left, columns), _vector(node.right, columns)
    valid = left.valid & right.valid
    if node.operator == "/" or (node.left.type == tree.DATE and (left.scale or right.scale)):
        raise TooSlow
    if node.operator == "*":
        _check_size(left.data, max(abs(int(right.data.min())), abs(int(right.data.max()))) if len(right.data) else 1)
        return Vector(left.data * right.data, valid, left.scale + right.scale)
    left, right = _aligned(left, right)
    result = Vector(left.data + (right.data if node.operator == "+" else -right.data), valid, left.scale)
    return _within_calendar(result) if node.type == tree.DATE else _checked(result)


_FIRST_DAY, _LAST_DAY = as_number(date.min, 0), as_number(date.max, 0)


def _within_calendar(days: Vector) -> Vector:
    return replace(days, valid=days.valid & (days.data >= _FIRST_DAY) & (days.data <= _LAST_DAY))


def _checked(number: Vector) -> Vector:
    _check_size(number.data, 1)
    return number


def _negative(node: tree.Negative, columns: Columns) -> Vector:
    value = _vector(node.operand, columns)
    return replace(value, data=-value.data)


def _absolute(node: tree.Absolute, columns: Columns) -> Vector:
    value = _vector(node.operand, columns)
    return replace(value, data=np.abs(value.data))


_VECTORS: dict[type, Callable[[Any, Columns], Vector]] = {
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
