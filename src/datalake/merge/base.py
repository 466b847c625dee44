"""PURE. What every way of merging a file into a table has in common."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import bool_array
from datalake.merge.differences import nothing
from datalake.merge.rows import (
    Collector,
    Fingerprints,
    Index,
    Mask,
    Rows,
    aligned,
    content_columns,
    key_prints,
    text_hashes,
)

SLICE = 250_000  # rows that are held at once
Cells = np.ndarray[Any, np.dtype[np.bool_]]  # a row, a column


@dataclass(frozen=True)
class Rejected:
    """The keys of a file's rejected rows as texts; known is False where some could not be read."""

    keys: Iterable[pa.Array]
    known: bool = True


@dataclass(frozen=True)
class Incoming:
    """A cleaned file: its accepted rows, the keys of its rejected ones, and its data date."""

    accepted: Rows
    rejected: Rejected
    data_date: date


class Seen:
    """The rows of the change list that went by while two tables were compared; given up where they are too many."""

    def __init__(self) -> None:
        self.new: list[pa.RecordBatch] = []
        self.changed: list[tuple[pa.RecordBatch, Cells]] = []
        self.gone: list[pa.RecordBatch] = []
        self.whole = False  # nothing is missing
        self._rows = 0

    def add(self, batch: pa.RecordBatch, new: Mask, changed: Mask, unlike: Cells) -> None:
        """Keep the new and the changed rows of a batch, and in which cells of its content each of these changed."""
        self._rows += int(new.sum() + changed.sum())
        if self._rows > SLICE:
            self.new, self.changed = [], []
        else:
            self.new += filtered([batch], new)
            self.changed += [(each, unlike[changed]) for each in filtered([batch], changed)]

    def end(self, gone: Iterable[pa.RecordBatch] | None) -> None:
        """Keep the rows that are gone, None where they are too many."""
        self.gone = list(gone or ())
        self.whole = gone is not None and self._rows <= SLICE


class Merge:
    """The next table of a feed. Drain batches() once; after that differences, rows and kept are known."""

    def __init__(self, current: Rows | None, incoming: Incoming, key: tuple[str, ...], seed: int) -> None:
        self.schema = incoming.accepted.schema
        self.current, self.incoming = current, incoming
        self.key = key
        self.differences = nothing(0, 0)
        self.rows = 0
        self.seen = Seen()
        self._seed = seed

    @property
    def kept(self) -> int:
        """Rows of an earlier file that stay because this one's were rejected."""
        return int(self.differences.kept.sum())

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the next table's rows."""
        raise NotImplementedError

    def _counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.rows += batch.num_rows
            if batch.num_rows:
                yield batch

    def _old(self) -> Iterator[pa.RecordBatch]:
        """The rows of the table before, in the schema of the next."""
        for batch in self.current.batches() if self.current else ():
            yield aligned(batch, self.schema)

    def _collector(self) -> Collector:
        return Collector(self.key, content_columns(self.schema), self._seed)

    def _keys(self, rows: Rows) -> tuple[Fingerprints, list[int]]:
        return key_prints(rows.batches(self.key), self.key, self._seed)

    def _prints(self, batches: Iterable[pa.RecordBatch]) -> Fingerprints:
        collector = self._collector()
        for batch in batches:
            collector.add(batch)
        return collector.done()

    def _carried(self, old: Fingerprints, index: Index) -> Mask:
        """Which rows of the table before have a key that the file carried and that was rejected there."""
        carried = nothing(0, len(old)).kept
        for texts in self.incoming.rejected.keys:
            places = index.find(*text_hashes(texts, self._seed))
            carried[places[places >= 0]] = True
        return carried


def filtered(batches: Iterable[pa.RecordBatch], mask: Mask) -> Iterator[pa.RecordBatch]:
    """Yield the rows that a mask over all of them marks."""
    start = 0
    for batch in batches:
        part = mask[start : start + batch.num_rows]
        start += batch.num_rows
        if part.all():
            yield batch
        elif part.any():
            yield batch.filter(bool_array(part))
