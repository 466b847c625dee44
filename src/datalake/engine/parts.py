"""The second pass over one part: its pieces judged, its accepted rows written, its findings handed back."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import Bools, Ints, bool_array, distinct, with_nulls
from datalake.clean.batch import Cleaned, outcome_of
from datalake.clean.rules import Rules
from datalake.clean.schema import published
from datalake.engine import structure
from datalake.engine.accepted import LakeColumns, masked
from datalake.engine.fates import DUPLICATE, REPEATED, SUPERSEDED, Fates
from datalake.engine.findings import findings_of, table_of
from datalake.engine.judge import Judge, Judged, Lines
from datalake.engine.scan import Part, Piece, RecordIndex
from datalake.engine.tally import Tally
from datalake.engine.writing import write_part


@dataclass(frozen=True)
class PartDone:
    """What came of one part. findings: a table for each piece that has any."""

    tally: Tally
    findings: list[pa.Table]
    size: int


class PartMaker:
    """Makes parts of one file, several at a time on as many threads."""

    def __init__(self, judge: Judge, fates: Fates, lake: LakeColumns, source: int, index: RecordIndex) -> None:
        self._judge = judge
        self._fates = fates
        self._lake = lake
        self._source = source  # descriptor of the text, read by place and so by any thread
        self._index = index

    @property
    def _rules(self) -> Rules:
        return self._judge.cleaner.rules

    def make(self, part: Part, path: Path, sync: bool) -> PartDone:
        """Judge a part's records and write the accepted ones to path; without any there is no file."""
        tally, findings, batches = Tally(), [], []
        for piece in part.pieces:
            judged = self._judge.judge(self.lines_of(piece), piece.odd)
            self._apply(self._fates.within(piece.first_record, piece.records), judged)
            found = findings_of(judged, self._rules)
            if found:
                findings.append(table_of(found, judged))
            batches.append(self._accepted(judged, tally))
            _count(judged, tally)
        table = pa.Table.from_batches(batches)
        if table.num_rows:
            write_part(table, path, sync)
        return PartDone(tally, findings, part.size)

    def lines_of(self, piece: Piece) -> Lines:
        """Read a piece's records."""
        raw = os.pread(self._source, piece.size, piece.offset)
        starts, lines = self._index.read(piece.first_record, piece.records)
        return Lines(raw, starts, lines + piece.first_line)

    def _apply(self, fates: Fates, judged: Judged) -> None:
        """Let the records that lost to another leave, each with a word about the one it lost to."""
        for code in distinct(fates.codes).tolist():
            mine = fates.codes == code
            rows, lines = np.searchsorted(judged.rows, fates.records[mine]), fates.lines[mine].tolist()
            if code == DUPLICATE:
                judged.lose("duplicate", "duplicate", [structure.duplicate_message(each) for each in lines], rows)
            elif code == SUPERSEDED:
                messages = [structure.superseded_message(each) for each in lines]
                judged.lose("superseded_in_file", "superseded", messages, rows)
            else:
                self._repeat(code - REPEATED, lines, rows, judged.cleaned)

    def _repeat(self, column: int, lines: list[int], rows: Ints, cleaned: Cleaned) -> None:
        """Judge values that the rules allow once and that another row has already."""
        rule = self._rules.unique[column]
        outcome = outcome_of(rule.column.on_fail, kept=True)
        cleaned.note(rule.name, "unique", outcome, [structure.unique_message(each) for each in lines], rows)
        if outcome == "nulled":
            cleaned.values[rule.name] = with_nulls(cleaned.values[rule.name], rows)

    def _accepted(self, judged: Judged, tally: Tally) -> pa.RecordBatch:
        """Return the accepted rows of a piece as they are published, counting what is in them."""
        keep = judged.staying
        arrays = []
        whole = bool(keep.all())
        mask = bool_array(keep)
        for column in published(self._rules.contract):
            values = judged.cleaned.values[column.name]
            kept = values if whole else values.filter(mask)
            tally.filled[column.name] += len(kept) - kept.null_count
            if column.type == "number" and not column.mask and len(kept) > kept.null_count:
                tally.sums[column.name] += _units(pc.sum(kept).as_py(), column.precision[1])
            arrays.append(masked(kept, column, self._rules.salt))
        lines = judged.records.lines[judged.rows[keep]]
        return self._lake.completed(arrays, lines)


def _units(total: "object", scale: int) -> int:
    return int(f"{total:f}".replace(".", "")) if scale else int(f"{total:f}")


def _count(judged: Judged, tally: Tally) -> None:
    cleaned = judged.cleaned
    tally.rows += len(judged.records)
    tally.fates["accepted"] += int(judged.staying.sum())
    tally.fates["rejected"] += int(np.count_nonzero(~cleaned.accepted))
    tally.fates.update(judged.lost)
    tally.rejected_by_rule.update(cleaned.rejected_by_rule)
    for row in judged.single.values():
        tally.fates[row.fate] += 1
        if row.fate == "rejected":
            tally.rejected_by_rule[str(row.findings[0]["rule"])] += 1
            tally.keys_known = tally.keys_known and row.key is not None
    tally.keys_known = tally.keys_known and bool(cleaned.keyed[~cleaned.accepted].all())
    for column, fix, count in _fixes(cleaned, judged.staying):
        tally.fixes.setdefault(column, type(tally.filled)())[fix] += count


def _fixes(cleaned: Cleaned, staying: Bools) -> Iterator[tuple[str, str, int]]:
    for column, fixes in cleaned.fixes.items():
        for fix, rows in fixes.items():
            count = int(staying[rows].sum())
            if count:
                yield column, fix, count
