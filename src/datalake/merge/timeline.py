"""PURE. History out of change lists: what was true from when to when, as far as is known by now.

Change lists are read one after the other, in the order they were made. Of two lines about one key and one date the
later made one holds: that is a correction. A line's end is the next date that the key has a line for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import EPOCH, bool_array, string_array, typed_array
from datalake.merge.changes import CHANGED, FILED_GONE, GONE, NEW, change_schema
from datalake.merge.rows import Collector, Fingerprints, Index, Mask, NoRows, Rows, aligned, content_columns

FOREVER = np.iinfo(np.int64).max
Days = np.ndarray[Any, np.dtype[np.int64]]  # since 1970-01-01
SPAN_FIELDS = (
    pa.field("_valid_from", pa.date32()),
    pa.field("_valid_to", pa.date32()),  # the first day on which it is no longer true
    pa.field("_is_current", pa.bool_()),
)


@dataclass(frozen=True)
class Timeline:
    """The change lists of a feed, line by line: keys, dates, and what each line is. 32 bytes a line."""

    lists: Rows
    table: pa.Schema
    key: tuple[str, ...]
    seed: int
    prints: Fingerprints
    since: Days
    gone: Mask  # lines that say that the row is no more
    shown: Mask  # lines that changed the published table
    version: Days  # number of the version with which each came

    @classmethod
    def read(cls, lists: Rows, table: pa.Schema, key: tuple[str, ...], seed: int) -> "Timeline":
        """Given all change lists in order and the schema of the table now, read what can be told without the rows."""
        return cls.of_no_list(table, key, seed).extended(lists, lists.batches())

    @classmethod
    def of_no_list(cls, table: pa.Schema, key: tuple[str, ...], seed: int) -> "Timeline":
        """Return a timeline without a line, to be extended."""
        return cls(NoRows(table), table, key, seed, Collector(key, (), seed).done(), *_no_facts())

    def extended(self, lists: Rows, added: Iterable[pa.RecordBatch]) -> "Timeline":
        """Given all change lists, and the batches of those that came since this was read, return it with these."""
        schema, collector = change_schema(self.table), Collector(self.key, content_columns(self.table), self.seed)
        parts = [(self.since, self.gone, self.shown, self.version)]
        for batch in added:
            rows = aligned(batch, schema)
            collector.add(rows)
            parts.append(_facts(rows))
        facts = tuple(np.concatenate(each) for each in zip(*parts, strict=True))
        prints = self.prints.followed_by(collector.done())
        return Timeline(lists, self.table, self.key, self.seed, prints, *facts)

    def rows(self, mask: Mask) -> Iterator[pa.RecordBatch]:
        """Yield the table rows of the lines that a mask marks."""
        start = 0
        for batch in self.lists.batches():
            part = mask[start : start + batch.num_rows]
            start += batch.num_rows
            if part.any():
                yield aligned(batch, self.table).filter(bool_array(part))

    def as_of(self, day: date) -> Mask:
        """Mark the lines that are true on a day, by all that is known now."""
        order = self._order()
        order = order[self.since[order] <= day.toordinal() - EPOCH]
        return self._last(order) & ~self.gone

    def as_shown(self, version: int) -> Mask:
        """Mark the lines that the published table of that version consists of."""
        order = np.lexsort((np.arange(len(self.since)), self.prints.checks, self.prints.keys))
        meant = self.shown & (self.version <= version)
        return self._last(order[meant[order]]) & ~self.gone

    def spans(self) -> tuple[Mask, Days]:
        """Mark the lines that say that a row is there, corrections applied; and return each line's end (or FOREVER)."""
        order = self._order()
        keys, checks, since = self.prints.keys[order], self.prints.checks[order], self.since[order]
        same_key = (keys[1:] == keys[:-1]) & (checks[1:] == checks[:-1])
        ends = np.full(len(order), FOREVER, np.int64)
        ends[:-1][same_key] = since[1:][same_key]
        holds = np.zeros(len(order), np.bool_)
        until = np.zeros(len(order), np.int64)
        holds[order], until[order] = ends > since, ends
        return holds & ~self.gone, until

    def has_line(self, prints: Fingerprints, day: date) -> Mask:
        """Return which of these keys have a line for exactly this day."""
        there = self.since == day.toordinal() - EPOCH
        some = Fingerprints(self.prints.keys[there], self.prints.checks[there], self.prints.contents[there])
        mask: Mask = Index(some).find(prints.keys, prints.checks) >= 0
        return mask

    def _order(self) -> Any:
        """Lines by key, then date, then when they were made."""
        return np.lexsort((np.arange(len(self.since)), self.since, self.prints.checks, self.prints.keys))

    def _last(self, order: Any) -> Mask:
        """Mark the last line of each key, of lines put in order by key."""
        mask = np.zeros(len(self.since), np.bool_)
        keys, checks = self.prints.keys[order], self.prints.checks[order]
        last = np.ones(len(order), np.bool_)
        last[:-1] = (keys[1:] != keys[:-1]) | (checks[1:] != checks[:-1])
        mask[order[last]] = True
        return mask


def spans(timeline: Timeline) -> Iterator[pa.RecordBatch]:
    """Yield the history: each row as often as it changed, with _valid_from, _valid_to and _is_current."""
    holds, until = timeline.spans()
    schema = pa.schema([*timeline.table, *SPAN_FIELDS])
    start = 0
    for batch in timeline.rows(holds):
        places = np.nonzero(holds)[0][start : start + batch.num_rows]
        start += batch.num_rows
        open_ended = until[places] == FOREVER
        ends = typed_array(np.where(open_ended, 0, until[places]), ~open_ended, pa.date32())
        since = typed_array(timeline.since[places], np.ones(len(places), np.bool_), pa.date32())
        added = [since, ends, bool_array(open_ended)]
        yield pa.RecordBatch.from_arrays([*batch.columns, *added], schema=schema)


def _facts(batch: pa.RecordBatch) -> tuple[Days, Mask, Mask, Days]:
    since = batch.column("_valid_from").cast(pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64)
    gone = pc.is_in(batch.column("_change"), string_array([GONE, FILED_GONE])).to_numpy(zero_copy_only=False)
    shown = pc.is_in(batch.column("_change"), string_array([NEW, CHANGED, GONE])).to_numpy(zero_copy_only=False)
    version = batch.column("_version").to_numpy(zero_copy_only=False).astype(np.int64)
    return since, gone, shown, version


def _no_facts() -> tuple[Days, Mask, Mask, Days]:
    return np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.bool_), np.zeros(0, np.int64)
