"""PURE. write_disposition replace: the table is the last file, and nothing that was only unreadable looks deleted.

The next table is the file's accepted rows, in its order, then the last good version of every key that the file
carried but that was rejected. Where rejected rows have no readable key, any vanished key may be one of them: then
nothing is deleted at all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from datalake.merge.rows import Collector, Index, Mask, Rows, aligned, content_columns, text_hashes
from datalake.outcomes import Changes


@dataclass(frozen=True)
class Rejected:
    """The keys of a file's rejected rows as texts; known is False where some could not be read."""

    keys: Iterable[pa.Array]
    known: bool = True


@dataclass
class Differences:
    """Which rows of two tables differ: next's that are new or changed, current's that are gone or kept."""

    new: Mask
    changed: Mask
    gone: Mask
    kept: Mask

    @property
    def changes(self) -> Changes:
        return Changes(int(self.new.sum()), int(self.changed.sum()), int(self.gone.sum()))


class Replacement:
    """The next table of a feed. Drain batches() once; after that differences, rows and kept are known."""

    def __init__(
        self, current: Rows | None, accepted: Rows, rejected: Rejected, key: tuple[str, ...], seed: int
    ) -> None:
        self.schema = accepted.schema
        self._current, self._accepted, self._rejected = current, accepted, rejected
        self._key, self._seed = key, seed
        self.differences = _nothing(0, 0)
        self.rows = 0

    @property
    def kept(self) -> int:
        """Rows of an earlier file that stay because tonight's were rejected."""
        return int(self.differences.kept.sum())

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the next table's rows."""
        fresh = self._collector()
        for batch in self._accepted.batches():
            fresh.add(batch)
            self.rows += batch.num_rows
            yield batch
        self.differences = self._compared(fresh)
        yield from self._kept_rows()

    def _compared(self, fresh: Collector) -> Differences:
        prints = fresh.done()
        if self._key:
            Index(prints).check_unique()
        if self._current is None:
            return _nothing(len(prints), 0, new=True)
        old = self._collector()
        for batch in self._current.batches():
            old.add(aligned(batch, self.schema))
        if not self._key:
            return _compared_as_bags(prints.contents, old.done().contents)
        return self._compared_by_key(prints, old.done())

    def _compared_by_key(self, fresh: Any, old: Any) -> Differences:
        was = Index(old).find(fresh.keys, fresh.checks)
        same_key = was >= 0
        changed = np.zeros(len(fresh), np.bool_)
        changed[same_key] = fresh.contents[same_key] != old.contents[was[same_key]]
        vanished = np.ones(len(old), np.bool_)
        vanished[was[same_key]] = False
        kept = vanished & self._carried(old)
        return Differences(~same_key, changed, vanished & ~kept, kept)

    def _carried(self, old: Any) -> Mask:
        """Which rows of the current table have a key that the file carried and that was rejected."""
        carried = np.zeros(len(old), np.bool_)
        if not self._rejected.known:
            return ~carried
        index = Index(old)
        for texts in self._rejected.keys:
            places = index.find(*text_hashes(texts, self._seed))
            carried[places[places >= 0]] = True
        return carried

    def _kept_rows(self) -> Iterator[pa.RecordBatch]:
        if self._current is None or not self.kept:
            return
        start = 0
        for batch in self._current.batches():
            mask = self.differences.kept[start : start + batch.num_rows]
            start += batch.num_rows
            if mask.any():
                rows = aligned(batch, self.schema).filter(pa.array(mask))
                self.rows += rows.num_rows
                yield rows

    def _collector(self) -> Collector:
        return Collector(self._key, content_columns(self.schema), self._seed)


def _nothing(fresh: int, old: int, new: bool = False) -> Differences:
    return Differences(np.full(fresh, new), np.zeros(fresh, np.bool_), np.zeros(old, np.bool_), np.zeros(old, np.bool_))


def _compared_as_bags(fresh: Any, old: Any) -> Differences:
    """Without a key a row is only its content: what is in one table more often than in the other is new, or gone."""
    return Differences(
        _surplus(fresh, old), np.zeros(len(fresh), np.bool_), _surplus(old, fresh), np.zeros(len(old), np.bool_)
    )


def _surplus(these: Any, those: Any) -> Mask:
    """Mark the rows of these that those do not match, copy for copy; of equal ones the last count as surplus."""
    order = np.argsort(these, kind="stable")
    ordered = these[order]
    copy = np.arange(len(these)) - np.searchsorted(ordered, ordered)
    there = np.sort(those)
    matches = np.searchsorted(there, ordered, "right") - np.searchsorted(there, ordered)
    surplus = np.zeros(len(these), np.bool_)
    surplus[order] = copy >= matches
    return surplus
