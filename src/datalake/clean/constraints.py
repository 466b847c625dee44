"""The constraints of one column, over whole columns of values at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import Bools, list_sizes, string_array, truths, typed_array, valid_rows
from datalake.clean.columns import ColumnRead, Problem, as_number
from datalake.clean.kernels import WIDEST_DECIMAL
from datalake.clean.rules import CONSTRAINTS, REQUIRED_MESSAGE, ColumnRule, whole
from datalake.clean.schema import value_type
from datalake.clean.values import BLANKS
from datalake.contracts.model import Constraints


class Limits:
    """The constraints of one column, made ready once for all batches."""

    def __init__(self, rule: ColumnRule) -> None:
        limits = rule.column.constraints
        self._none = limits == Constraints() or limits == Constraints(unique=True)
        self._required = limits.required
        self.allowed = array_of(rule, sorted(rule.enum)) if rule.enum else None
        self.form = whole(limits.pattern) if limits.pattern else ""
        self.shortest, self.longest = limits.min_length, limits.max_length
        self.least = None if rule.minimum is None else array_of(rule, [rule.minimum])[0]
        self.most = None if rule.maximum is None else array_of(rule, [rule.maximum])[0]

    def broken(self, found: ColumnRead) -> list[Problem]:
        """Name the rows that break each constraint; a missing value breaks none but required."""
        if self._none:
            return []
        valid = valid_rows(found.values)
        problems = [_required(found, valid)] if self._required else []
        for name, _, message in CONSTRAINTS:
            fails = _TESTS[name](self, found)
            if fails is not None:
                problems.append(Problem(name, message, np.flatnonzero(fails & valid)))
        return [each for each in problems if len(each.rows)]


def _required(found: ColumnRead, valid: Bools) -> Problem:
    missing = ~valid
    for problem in found.problems:
        missing[problem.rows] = False
    return Problem("required", REQUIRED_MESSAGE, np.flatnonzero(missing))


def _outside_enum(limits: Limits, found: ColumnRead) -> Bools | None:
    if limits.allowed is None:
        return None
    return _of_items(found, lambda values: ~truths(pc.is_in(values, value_set=limits.allowed)))


def _off_pattern(limits: Limits, found: ColumnRead) -> Bools | None:
    if not limits.form:
        return None
    return _of_items(_matched(found), lambda values: ~truths(pc.match_substring_regex(values, pattern=limits.form)))


def _matched(found: ColumnRead) -> ColumnRead:
    """Return what a pattern is matched with: the value where it is text, else the cell as it was written."""
    if pa.types.is_string(found.values.type) or pa.types.is_list(found.values.type):
        return found
    return ColumnRead(pc.utf8_trim(found.text.array, characters=BLANKS), found.text)


def _of_items(found: ColumnRead, fails: Callable[[pa.Array], Bools]) -> Bools:
    """Return the rows whose value fails, or, of lists, any item of it."""
    if not pa.types.is_list(found.values.type):
        return fails(found.values)
    owners = np.repeat(np.arange(len(found.values)), list_sizes(found.values))
    failing = np.zeros(len(found.values), bool)
    failing[owners[fails(found.values.flatten())]] = True
    return failing


def _too_short(limits: Limits, found: ColumnRead) -> Bools | None:
    return None if limits.shortest is None else _lengths(found) < limits.shortest


def _too_long(limits: Limits, found: ColumnRead) -> Bools | None:
    return None if limits.longest is None else _lengths(found) > limits.longest


def _lengths(found: ColumnRead) -> Any:
    """Return the length of each value: characters of text, items of a list, characters as written of all else."""
    if pa.types.is_list(found.values.type):
        return list_sizes(found.values)
    lengths = pc.utf8_length(_matched(found).values)
    return np.frombuffer(lengths.buffers()[1], np.int32)[lengths.offset : lengths.offset + len(lengths)]


def _too_small(limits: Limits, found: ColumnRead) -> Bools | None:
    return None if limits.least is None else truths(pc.less(found.values, limits.least))


def _too_large(limits: Limits, found: ColumnRead) -> Bools | None:
    return None if limits.most is None else truths(pc.greater(found.values, limits.most))


def array_of(rule: ColumnRule, values: list[Any]) -> pa.Array:
    """Return values of a column's type as an array; items of a list are text."""
    kind = value_type(rule.column)
    if pa.types.is_string(kind) or pa.types.is_list(kind):
        return string_array(values)
    if pa.types.is_decimal(kind) and kind.precision > WIDEST_DECIMAL:
        return pa.array(values, kind)
    numbers = np.array([as_number(each, rule.column.precision[1]) for each in values], np.int64)
    return typed_array(numbers, np.ones(len(values), bool), kind)


_TESTS: dict[str, Callable[[Limits, ColumnRead], Bools | None]] = {
    "enum": _outside_enum,
    "pattern": _off_pattern,
    "min_length": _too_short,
    "max_length": _too_long,
    "minimum": _too_small,
    "maximum": _too_large,
}
