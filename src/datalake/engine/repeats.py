"""Between the passes: the records whose keys may be repeated are judged first, so that it is known which stay."""

import os
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import Ints, among, distinct, int_array, text_scalar, valid_rows
from datalake.clean.rules import Rules
from datalake.contracts.model import Contract
from datalake.engine.fates import Candidate, Fates, merged, settle_keys, settle_unique
from datalake.engine.findings import python_values
from datalake.engine.judge import Judge, Judged, Lines
from datalake.engine.scan import Part, Piece, RecordIndex
from datalake.engine.watch import KeyWatch

AT_ONCE = 4_096  # records judged together
READ_COST = 32_768  # bytes that can be read in the time one more read takes


class Resolver:
    """Settles who stays of the records that share a key, or a value that may come once."""

    def __init__(self, judge: Judge, parts: Sequence[Part], source: int, index: RecordIndex) -> None:
        self._judge = judge
        self._pieces = [piece for part in parts for piece in part.pieces]
        self._firsts = np.array([each.first_record for each in self._pieces], np.int64)
        self._source = source
        self._index = index

    @property
    def _rules(self) -> Rules:
        return self._judge.cleaner.rules

    def settle(self, keys: KeyWatch | None, unique: Sequence[KeyWatch]) -> Fates:
        """Return the fate of every record that does not stay as it is."""
        found = [self._of_keys(group) for group in keys.hashes.repeated(AT_ONCE)] if keys else []
        gone = merged(found).records
        for number, watch in enumerate(unique):
            repeats = [self._of_values(group, number, watch, gone) for group in watch.hashes.repeated(AT_ONCE)]
            found += repeats
            if self._rules.column(watch.names[0]).column.on_fail == "reject":
                gone = np.sort(np.concatenate([gone, merged(repeats).records]))
        return merged(found)

    def _of_keys(self, records: Ints) -> Fates:
        return settle_keys(each for few in _portions(records) for each in self._candidates(few))

    def _candidates(self, records: Ints) -> Iterator[Candidate]:
        judged, numbers = self._judged(records)
        rows = np.flatnonzero(judged.cleaned.accepted & judged.cleaned.keyed)
        places = judged.rows[rows]
        values, contract = judged.cleaned.values, self._rules.contract
        keys, ages = (
            _rows_of([_taken(values[each], rows) for each in names], len(rows)) for names in _compared(contract)
        )
        contents = _digests([each.take(int_array(rows)) for each in values.values()])
        each = zip(numbers[places].tolist(), judged.records.lines[places].tolist(), keys, ages, contents, strict=True)
        return (Candidate(*parts) for parts in each)

    def _of_values(self, records: Ints, number: int, watch: KeyWatch, gone: Ints) -> Fates:
        found = (each for few in _portions(records) for each in self._values(few, watch.names[0], gone))
        return settle_unique(found, number)

    def _values(self, records: Ints, name: str, gone: Ints) -> Iterator[tuple[int, int, Any]]:
        """Return record, line and value of good rows that have one."""
        judged, numbers = self._judged(records)
        values = judged.cleaned.values[name]
        good = judged.cleaned.accepted & valid_rows(values) & ~among(numbers[judged.rows], gone)
        rows = np.flatnonzero(good)
        places = judged.rows[rows]
        lines = judged.records.lines[places].tolist()
        return zip(numbers[places].tolist(), lines, _taken(values, rows), strict=True)

    def _judged(self, records: Ints) -> tuple[Judged, Ints]:
        """Judge some records of the file; return them with their numbers in the file."""
        found = list(self._read(records))
        raws = [raw for raws, _ in found for raw in raws]
        starts = np.cumsum([0, *(len(each) + 1 for each in raws[:-1])])
        lines = np.concatenate([lines for _, lines in found])
        return self._judge.judge(Lines(b"\n".join(raws), starts, lines), odd=True), records

    def _read(self, records: Ints) -> Iterator[tuple[list[bytes], Ints]]:
        owners = np.searchsorted(self._firsts, records, side="right") - 1
        for owner in distinct(owners).tolist():
            piece = self._pieces[owner]
            yield self._of_piece(piece, records[owners == owner] - piece.first_record)

    def _of_piece(self, piece: Piece, wanted: Ints) -> tuple[list[bytes], Ints]:
        """Return the bytes of some of a piece's records, and the lines they start on."""
        starts, lines = self._index.read(piece.first_record, piece.records)
        ends = np.append(starts[1:], piece.size)
        if len(wanted) * READ_COST > piece.size:
            data = os.pread(self._source, piece.size, piece.offset)
            raws = [data[starts[each] : ends[each]] for each in wanted.tolist()]
        else:
            raws = [
                os.pread(self._source, int(ends[each] - starts[each]), piece.offset + int(starts[each]))
                for each in wanted.tolist()
            ]
        return raws, lines[wanted] + piece.first_line


def _portions(records: Ints) -> Iterator[Ints]:
    """Yield records a few at a time: millions may share one hash."""
    return (records[at : at + AT_ONCE] for at in range(0, len(records), AT_ONCE))


def _compared(contract: Contract) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return contract.primary_key, contract.order_by


def _digests(columns: Sequence[pa.Array]) -> Iterator[bytes]:
    """Yield 16 bytes for each row that only rows with the same values share. No text holds a NUL: such rows are judged
    one by one, and have no place among these.
    """
    comma = text_scalar("\0,")
    whole = pc.binary_join_element_wise(*map(_as_text, columns), comma, null_handling="replace", null_replacement="\0-")
    return (blake2b(row, digest_size=16).digest() for row in whole.cast(pa.binary()).to_pylist())


def _as_text(values: pa.Array) -> pa.Array:
    """Return values as texts that differ where they do."""
    if pa.types.is_list(values.type):
        return pc.binary_join(values, text_scalar("\0;"))
    if pa.types.is_timestamp(values.type) or pa.types.is_date32(values.type):  # as text they would want a zone's data
        values = values.view(pa.int64() if pa.types.is_timestamp(values.type) else pa.int32())
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _taken(values: pa.Array, rows: Ints) -> list[Any]:
    """Return the values of some rows so that they can be compared and be keys."""
    taken = python_values(values.take(int_array(rows)))
    return [each and tuple(each) for each in taken] if pa.types.is_list(values.type) else taken


def _rows_of(columns: list[list[Any]], rows: int) -> list[tuple[Any, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * rows
