"""Whole records judged: the well-built ones by columns, the few others one by one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from datalake.clean.arrow import Bools, Ints, Text, among, bool_array, int_array, truths
from datalake.clean.batch import Cleaned, Cleaner
from datalake.clean.rules import whole
from datalake.clean.values import BLANKS
from datalake.engine.cells import Cells, Layout, parse
from datalake.engine.records import Grammar, split
from datalake.engine.rows import Row, RowJudge, cells_of


@dataclass(frozen=True)
class Lines:
    """Records that lie together: their bytes, where each starts in these, and the physical line it starts on."""

    raw: bytes
    starts: Ints
    lines: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, record: int) -> str:
        """Return a record as it came, without its line end."""
        end = int(self.starts[record + 1]) if record + 1 < len(self.starts) else len(self.raw)
        return self.raw[int(self.starts[record]) : end].rstrip(b"\r\n").decode()


@dataclass
class Judged:
    """Records judged. rows: which of them the columns of cleaned hold; single: those that were looked at one by one."""

    records: Lines
    rows: Ints
    cells: dict[str, pa.StringArray]
    cleaned: Cleaned
    single: dict[int, Row] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)  # accepted rows that another row takes the place of, by fate

    def __post_init__(self) -> None:
        self._gone = np.zeros(len(self.rows), bool)

    @property
    def staying(self) -> Bools:
        """Which rows of the columns are good, and taken the place of by no other."""
        return self.cleaned.accepted & ~self._gone

    def lose(self, rule: str, fate: str, messages: list[str], rows: Ints) -> None:
        """Let rows of the columns leave, each for another one that its message names."""
        self.cleaned.note(None, rule, fate, messages, rows)
        self._gone[rows] = True
        self.lost[fate] += len(rows)


class Judge:
    """Judges records of one file, on any thread."""

    def __init__(self, layout: Layout, cleaner: Cleaner) -> None:
        self.layout = layout
        self.cleaner = cleaner
        self._rows = RowJudge(layout.header, cleaner.rules)
        self._grammar = Grammar(ord(layout.header.delimiter), ord(layout.quote))
        self._skips = [(each.column, whole(each.pattern)) for each in cleaner.rules.contract.skip_rows]

    def judge(self, records: Lines, odd: bool) -> Judged:
        """Return what becomes of records. odd: some may hold NUL bytes, or cells that go on after a closing quote."""
        cells = parse(records.raw, len(records), self.layout, self.layout.header.positions)
        suspects = set(cells.ragged.tolist()) | (self._odd(records) if odd else set())
        suspects |= set(cells.rows[self._perhaps_no_records(cells)].tolist())
        single = dict(self._looked_at(records, sorted(suspects)))
        return self._by_columns(records, cells, single)

    def _by_columns(self, records: Lines, cells: Cells, single: dict[int, Row]) -> Judged:
        rows, columns = cells.rows, cells.columns
        if single:
            keep = ~among(rows, np.sort(np.fromiter(single, np.int64, len(single))))
            if not keep.all():
                rows = rows[keep]
                columns = {name: column.filter(bool_array(keep)) for name, column in columns.items()}
        return Judged(records, rows, columns, self.cleaner.clean(columns, len(rows)), single)

    def _looked_at(self, records: Lines, numbers: Iterable[int]) -> Iterable[tuple[int, Row]]:
        """Yield those that are no records, or misbuilt."""
        for number in numbers:
            text = records.text(number)
            cells = cells_of(text, self.layout.header.delimiter, self.layout.quote)
            row = self._rows.look(int(records.lines[number]), text, cells)
            if row.fate:
                yield number, row

    def _odd(self, records: Lines) -> set[int]:
        found = split(records.raw, self._grammar, last=True)
        data = np.frombuffer(records.raw, np.uint8)
        nuls = np.searchsorted(records.starts, np.flatnonzero(data == 0), side="right") - 1
        return set(found.stray.tolist()) | set(nuls.tolist())

    def _perhaps_no_records(self, cells: Cells) -> Bools:
        """Return the rows that may be the header once more, or empty, or that a skip rule may leave out."""
        found = self._like_header(cells)
        found[_blank(cells)] = True
        for name, pattern in self._skips:
            if name in cells.columns:
                trimmed = pc.utf8_trim(cells.columns[name], characters=BLANKS)
                found = found | truths(pc.match_substring_regex(trimmed, pattern=pattern))
                if re2.search(pattern, ""):
                    found = found | ~Text(cells.columns[name]).valid
        return found

    def _like_header(self, cells: Cells) -> Bools:
        name, place = next(iter(self.layout.header.positions.items()))
        title = self.layout.header.cells[place].strip(BLANKS)
        return truths(pc.match_substring(cells.columns[name], pattern=title))


def _blank(cells: Cells) -> Ints:
    """Return the rows in which no known column has a value; after the first column hardly any are looked at."""
    left = np.arange(len(cells.rows))
    for column in cells.columns.values():
        trimmed = pc.utf8_trim(column.take(int_array(left)) if len(left) < len(column) else column, characters=BLANKS)
        left = left[Text(trimmed).sizes == 0]
        if not len(left):
            break
    return left
