"""A feed's history in the memory of one run: read once, and after each late file only what that added.

Years of old files filed one after the other would else read all of the history for each.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from datalake.contracts.model import Contract
from datalake.merge.changes import change_schema
from datalake.merge.rows import Rows, aligned
from datalake.merge.timeline import Timeline
from datalake.zones import history
from datalake.zones.paths import Lake
from datalake.zones.tables import ParquetRows

MOST_BYTES = 256_000_000  # of rows held; a larger history keeps its fingerprints alone, and rows are read from the disk
PIECES = 64  # batches after which they are put into one


@dataclass
class Remembered:
    """The change lists of one feed as far as they were read, and what can be told of them without the rows."""

    names: tuple[str, ...] = ()
    timeline: Timeline | None = None
    held: list[pa.RecordBatch] | None = field(default_factory=list)  # None: too many

    def up_to_now(self, lake: Lake, contract: Contract, table: pa.Schema) -> Timeline:
        """Return the feed's history with what was added to it since; read anew where older lists were put together."""
        names = tuple(history.names(lake, contract.feed))
        if self.timeline is None or names[: len(self.names)] != self.names:
            self.names, self.held = (), []
            self.timeline = Timeline.of_no_list(table, contract.primary_key, secrets.randbits(64))
        added = ParquetRows([history.path_of(lake, contract.feed, each) for each in names[len(self.names) :]])
        batches: Iterable[pa.RecordBatch] = added.batches()
        lists: Rows = ParquetRows(history.paths(lake, contract.feed), change_schema(table))
        if self.held is not None:
            batches = [aligned(each, change_schema(table)) for each in batches]
            self.held = _bounded([*self.held, *batches])
        if self.held is not None:
            lists = _Held(change_schema(table), self.held)
        self.names, self.timeline = names, self.timeline.extended(lists, batches)
        return self.timeline


@dataclass(frozen=True)
class _Held:
    schema: pa.Schema
    held: list[pa.RecordBatch]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        for batch in self.held:
            yield batch.select(columns) if columns is not None else batch


def _bounded(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch] | None:
    if sum(each.nbytes for each in batches) > MOST_BYTES:
        return None
    return pa.Table.from_batches(batches).combine_chunks().to_batches() if len(batches) > PIECES else batches
