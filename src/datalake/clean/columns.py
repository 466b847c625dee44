"""One column of text read as its type: by a kernel where cells are plain, one by one (each spelling once) where not."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean import kernels, moments
from datalake.clean.arrow import (
    Bools,
    Ints,
    Text,
    bool_array,
    distinct,
    int_array,
    list_sizes,
    replaced,
    string_array,
    truths,
    typed_array,
    with_nulls,
)
from datalake.clean.rules import ColumnRule
from datalake.clean.schema import value_type
from datalake.clean.values import BLANKS, SHORTENED, Parsed, Unreadable, list_reader, looks_shortened_by_excel

_BLANK_ALONE = frozenset([""])

REMEMBERED = 100_000  # spellings of a column that are kept, so that each is read once

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (instants are UTC without saying so)
BLANK_START = np.zeros(256, bool)
BLANK_END = np.zeros(256, bool)
for _blank in BLANKS:
    BLANK_START[_blank.encode()[0]] = True
    BLANK_END[_blank.encode()[-1]] = True

Memory = dict[str, Parsed | Unreadable]


@dataclass(frozen=True)
class Problem:
    """Rows of which one column breaks a rule. kept: they have a value that could stay."""

    rule: str
    message: str
    rows: Ints
    kept: bool = True


@dataclass
class ColumnRead:
    """A column read: its typed values, what could not be read, and what was fixed in which rows."""

    values: pa.Array
    text: Text  # the cells without blanks around them, where the type does not care for these
    problems: list[Problem] = field(default_factory=list)
    fixes: dict[str, Ints] = field(default_factory=dict)


class ColumnReader:
    """Reads batches of one column; what it learns of odd spellings serves the next batch, on any thread."""

    def __init__(self, rule: ColumnRule, zone: moments.ZoneTable) -> None:
        self.rule = rule
        self._zone = zone
        self._memory: Memory = {}
        self.type = value_type(rule.column)

    def read(self, cells: pa.StringArray) -> ColumnRead:
        """Given raw cells, null where Arrow already found one missing, return what they say."""
        if self.rule.column.type in ("string", "text", "list"):
            return self._read_text(cells)
        return self._read_typed(cells)

    def _read_text(self, cells: pa.StringArray) -> ColumnRead:
        found = ColumnRead(cells, Text(cells))
        if self.rule.trims:
            _trim(found)
        _take_missing_away(found, self.rule.missing)
        if self.rule.column.width:
            _pad(found, self.rule.column.width)
        if self.rule.identifier:
            _refuse_shortened(found)
        if self.rule.column.type == "list":
            _split(found, self.rule.column.separator)
        return found

    def _read_typed(self, cells: pa.StringArray) -> ColumnRead:
        found = ColumnRead(cells, Text(cells))
        _take_missing_away(found, self.rule.missing)  # what has blanks around it is looked at one by one
        text = found.text
        values, fine = self._kernel(text)
        odd = np.flatnonzero(text.valid & ~fine)
        if len(odd) and self.rule.column.precision[0] > kernels.WIDEST_DECIMAL:
            found.values = self._wide(found, odd)
            return found
        if len(odd):
            values, fine = values.copy(), fine.copy()
            self._read_one_by_one(found, odd, values, fine)
        found.values = typed_array(values, fine, self.type)
        return found

    def _kernel(self, text: Text) -> kernels.Read:
        column = self.rule.column
        if column.type == "integer":
            return kernels.integers(text)
        if column.type == "number":
            return kernels.decimals(text, column.precision)
        if column.type == "boolean":
            return kernels.booleans(text, column.formats)
        if column.type == "date":
            return moments.days(text, column.formats)
        return moments.microseconds(text, column.formats, self._zone)

    def _read_one_by_one(self, found: ColumnRead, rows: Ints, values: Ints, fine: Bools) -> None:
        """Read odd cells by the value rules, straight into values and fine."""
        noted = Notes()
        for row, cell in zip(rows.tolist(), found.text.take(rows), strict=True):
            parsed = self._parse(cell)
            noted.note(row, parsed)
            if isinstance(parsed, Parsed) and parsed.value is not None:
                values[row], fine[row] = as_number(parsed.value, self.rule.column.precision[1]), True
        noted.hand_to(found)

    def _wide(self, found: ColumnRead, rows: Ints) -> pa.Array:
        """Read numbers of more digits than 64 bits hold, all one by one."""
        noted, values = Notes(), [None] * len(found.text)
        for row, cell in zip(rows.tolist(), found.text.take(rows), strict=True):
            parsed = self._parse(cell)
            noted.note(row, parsed)
            values[row] = parsed.value if isinstance(parsed, Parsed) else None
        noted.hand_to(found)
        return pa.array(values, self.type)

    def _parse(self, cell: str) -> Parsed | Unreadable:
        known = self._memory.get(cell)
        if known is None:
            try:
                known = self.rule.parse(cell)
            except Unreadable as problem:
                known = Unreadable(problem.rule, problem.message)  # the raised one holds frames, and these the batch
            if len(self._memory) < REMEMBERED:
                self._memory[cell] = known
        return known


class Notes:
    """What reading cells one by one found, gathered by kind."""

    def __init__(self) -> None:
        self._problems: dict[tuple[str, str], list[int]] = {}
        self._fixes: dict[str, list[int]] = {}

    def note(self, row: int, parsed: Parsed | Unreadable) -> None:
        """Note what one row's cell came to."""
        if isinstance(parsed, Unreadable):
            self._problems.setdefault((parsed.rule, parsed.message), []).append(row)
            return
        for fix in parsed.fixes:
            self._fixes.setdefault(fix, []).append(row)

    def hand_to(self, found: ColumnRead) -> None:
        """Add all of it to a column."""
        for (rule, message), rows in self._problems.items():
            found.problems.append(Problem(rule, message, np.array(rows, np.int64), kept=False))
        for fix, rows in self._fixes.items():
            found.fixes[fix] = np.array(rows, np.int64)


def as_number(value: Any, scale: int) -> int:
    """Return a value as the whole number that Arrow keeps for it: days, microseconds, 0 or 1, a decimal's digits."""
    if isinstance(value, Decimal):
        return int(value.scaleb(scale))
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    if isinstance(value, date):
        return value.toordinal() - _EPOCH_DAY
    return int(value)


_MICROSECOND = datetime.resolution


def _trim(found: ColumnRead) -> None:
    first, last = found.text.edges()
    candidates = np.flatnonzero((BLANK_START[first] | BLANK_END[last]) & (found.text.sizes > 0))
    if not len(candidates):
        return
    cells = found.text.array.take(int_array(candidates))
    trimmed = pc.utf8_trim(cells, characters=BLANKS)
    changed = truths(pc.not_equal(cells, trimmed))
    if changed.any():
        rows = candidates[changed]
        found.fixes["trimmed"] = rows
        found.text = Text(replaced(found.text.array, rows, trimmed.filter(bool_array(changed))))
        found.values = found.text.array


def _take_missing_away(found: ColumnRead, missing: frozenset[str]) -> None:
    empty = len(found.text) - np.count_nonzero(found.text.sizes)
    if missing == _BLANK_ALONE and empty == found.text.array.null_count:
        return  # Arrow has seen them already
    blank = found.text.valid & (found.text.sizes == 0) if "" in missing else np.zeros(len(found.text), bool)
    words = sorted(missing - {""})
    if words:
        blank = blank | truths(pc.is_in(found.text.array, value_set=string_array(words)))
    if blank.any():
        found.text = Text(with_nulls(found.text.array, np.flatnonzero(blank)))
        found.values = found.text.array


def _pad(found: ColumnRead, width: int) -> None:
    """Give digits back the zeros they lost in front."""
    short = np.flatnonzero(found.text.valid & (found.text.sizes < width) & (found.text.sizes > 0))
    if not len(short):
        return
    cells = found.text.array.take(int_array(short))
    digits = truths(pc.match_substring_regex(cells, pattern=r"\A[0-9]+\z"))
    if digits.any():
        rows, zero_filled = short[digits], pc.utf8_lpad(cells.filter(bool_array(digits)), width=width, padding="0")
        found.fixes["padded"] = rows
        found.text = Text(replaced(found.text.array, rows, zero_filled))
        found.values = found.text.array


def _refuse_shortened(found: ColumnRead) -> None:
    """Find ids that Excel wrote as numbers; nearly no column of ids holds a plus at all."""
    rows = found.text.rows_at(np.flatnonzero(found.text.used == ord("+")))
    lost = [row for row, cell in zip(rows, found.text.take(rows), strict=True) if looks_shortened_by_excel(cell)]
    if lost:
        at = np.array(lost, np.int64)
        found.problems.append(Problem("lossy", SHORTENED, at, kept=False))
        found.text = Text(with_nulls(found.text.array, at))
        found.values = found.text.array


def _split(found: ColumnRead, separator: str) -> None:
    """Split cells into items; blanks around an item go, an empty item is left out."""
    if pc.any(pc.starts_with(found.text.array, "[")).as_py():
        _read_lists(found, separator)
        return
    lists = pc.split_pattern(found.text.array, pattern=separator)
    items = ColumnRead(lists.flatten(), Text(lists.flatten()))
    _trim(items)
    sizes = list_sizes(lists)
    empty = items.text.sizes == 0
    if empty.any():
        owner = np.repeat(np.arange(len(lists)), sizes)
        found.fixes["empty_items"] = distinct(owner[empty])
        sizes = sizes - np.bincount(owner[empty], minlength=len(lists)).astype(sizes.dtype)
        items.values = items.values.filter(bool_array(~empty))
    found.values = _lists(items.values, sizes, found.text.valid & (sizes > 0))


def _read_lists(found: ColumnRead, separator: str) -> None:
    """Read lists one by one, by the value rules: some may be JSON arrays."""
    read, noted = list_reader(separator), Notes()
    values = [None if each is None else read(each) for each in found.text.array.to_pylist()]
    for row, parsed in enumerate(values):
        if parsed is not None:
            noted.note(row, parsed)
    noted.hand_to(found)
    found.values = pa.array([each and each.value for each in values], pa.list_(pa.string()))


def _lists(items: pa.StringArray, sizes: npt.NDArray[np.int32], valid: Bools) -> pa.ListArray:
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    bitmap = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    kind = pa.list_(pa.string())
    return pa.Array.from_buffers(kind, len(sizes), [bitmap, pa.py_buffer(offsets)], children=[items])
