"""PURE. What a table held before, fetched piece by piece in the order in which a file asks for it.

Exports come in much the same order every night. Then each piece of the table before is read once, beside the file's
rows that stand where its rows stood, and the two are compared cell by cell: nothing needs to be hashed or read again.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import bool_array, text_scalar, truths
from datalake.merge.rows import Mask, Positions, Rows, aligned, places_array

HELD = 3  # pieces that are held at once
RUN = 32  # rows that follow each other, at the least on average: shorter runs are quicker picked one by one
READINGS = 1.6  # of a piece, all in all: with more, the order is too different, and hashing everything is cheaper


@runtime_checkable
class Pieced(Protocol):
    """Rows of which a piece can be read without those before it."""

    @property
    def sizes(self) -> Sequence[int]:
        """The number of rows in each piece."""

    def piece(self, number: int) -> pa.RecordBatch:
        """Return a piece, from 0."""


class Former:
    """The rows of a table before, by position."""

    def __init__(self, rows: Pieced, schema: pa.Schema, wanted: Sequence[Mask] = ()) -> None:
        """Given the table and the schema of the next one. wanted: rows to be put aside as their pieces pass."""
        self._rows, self._schema, self._wanted = rows, schema, list(wanted)
        self._bounds = np.concatenate([[0], np.cumsum(rows.sizes)]).astype(np.int64)
        self._held: OrderedDict[int, pa.RecordBatch] = OrderedDict()
        self._aside: list[dict[int, pa.RecordBatch]] = [{} for _ in wanted]

    def at(self, places: Positions) -> pa.Table:
        """Return the rows at these positions, in this order; nulls for -1."""
        numbers = np.searchsorted(self._bounds, places, "right") - 1
        rows: list[pa.RecordBatch] = []
        index = np.full(len(places), -1, np.int64)
        passed = 0
        for number in _distinct(numbers):
            mine = numbers == number
            local = places[mine] - self._bounds[number]
            low, high = int(local.min()), int(local.max()) + 1
            rows.append(self._piece(number).slice(low, high - low))
            index[mine] = local - low + passed
            passed += high - low
        return _picked(pa.Table.from_batches(rows, self._schema), index)

    def aside(self, which: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one of the wanted masks, in order; pieces that have not passed are read now."""
        mask, found = self._wanted[which], self._aside[which]
        for number in range(len(self._bounds) - 1):
            if mask[self._bounds[number] : self._bounds[number + 1]].any():
                if number not in found:
                    self._piece(number)
                yield found[number]

    def _piece(self, number: int) -> pa.RecordBatch:
        if number in self._held:
            self._held.move_to_end(number)
            return self._held[number]
        while len(self._held) >= HELD:
            self._held.popitem(last=False)
        piece = self._held[number] = aligned(self._rows.piece(number), self._schema)
        for mask, found in zip(self._wanted, self._aside, strict=True):
            part = mask[self._bounds[number] : self._bounds[number + 1]]
            if number not in found and part.any():
                found[number] = piece.filter(bool_array(part))
        return piece


def _picked(table: pa.Table, index: Positions) -> pa.Table:
    """Return the rows at these positions of a table, nulls for -1: run by run where they mostly follow each other."""
    breaks = np.nonzero((np.diff(index) != 1) | (index[:-1] < 0))[0] + 1
    if len(index) < RUN * (len(breaks) + 1):
        return table.take(places_array(index))
    none = pa.Table.from_batches([pa.record_batch([pa.nulls(1, each.type) for each in table.schema], table.schema)])
    runs = [0, *breaks.tolist(), len(index)]
    starts = index[runs[:-1]].tolist()
    return pa.concat_tables(
        none if start < 0 else table.slice(start, end - begin)
        for start, (begin, end) in zip(starts, pairwise(runs), strict=True)
    ).combine_chunks()


def same_order(rows: Rows | None, was: Positions, sizes: Iterable[int]) -> TypeGuard[Pieced]:
    """Whether a file's rows, in batches of those sizes, ask for the table before in so nearly its own order that its
    pieces are seldom read twice. was: where each row stood before, or -1.
    """
    if not isinstance(rows, Pieced):
        return False
    bounds = np.concatenate([[0], np.cumsum(rows.sizes)])
    held: OrderedDict[int, None] = OrderedDict()
    readings, start = 0, 0
    for size in sizes:
        for number in _distinct(np.searchsorted(bounds, was[start : start + size], "right") - 1):
            readings += number not in held
            held[number] = None
            held.move_to_end(number)
            while len(held) > HELD:
                held.popitem(last=False)
        start += size
    return readings <= READINGS * len(rows.sizes)


def _distinct(numbers: Any) -> list[int]:
    """The pieces that are asked for, in order; not that of rows that were nowhere."""
    return [number for number in np.unique(numbers).tolist() if number >= 0]


def differing(now: pa.RecordBatch | pa.Table, before: pa.Table, names: Sequence[str]) -> Mask:
    """Return for each row (first axis) and column (second) whether the two, row for row, say different things."""
    columns = [_unlike(_chunked(now.column(name)), before.column(name)) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((now.num_rows, 0), np.bool_)


def _chunked(values: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])


def _unlike(now: pa.ChunkedArray, before: pa.ChunkedArray) -> Mask:
    if pa.types.is_list(now.type):  # Arrow cannot compare these
        return _unlike(*map(_lengths, (now, before))) | _unlike(*map(_joined, (now, before)))
    unlike = pc.not_equal(now, before)
    if unlike.null_count:
        unlike = pc.if_else(pc.is_null(unlike), pc.xor(pc.is_null(now), pc.is_null(before)), unlike)
    return np.concatenate([np.zeros(0, np.bool_), *map(truths, unlike.chunks)])


def _lengths(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.list_value_length(lists)


def _joined(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array(
        [pc.binary_join(chunk, text_scalar("\x1f")) for chunk in lists.chunks], lists.type.value_type
    )
