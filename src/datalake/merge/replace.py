"""PURE. write_disposition replace: the file is the whole table.

The next table is the file's accepted rows in their order, then the last good version of every record that the file
carried but whose row was rejected: a rejected row must never look deleted.
"""

from collections.abc import Iterator

import pyarrow as pa

from datalake.merge.base import SLICE, Merge, Seen, filtered
from datalake.merge.differences import as_bags, nothing, vanished
from datalake.merge.former import Former, Pieced, differing, same_order
from datalake.merge.rows import Fingerprints, Index, Rows, check_unique, content_columns


class Replacement(Merge):
    """Of the table before only the kept rows stay."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        if self.key:
            yield from self._by_key()
        else:
            yield from self._as_bag()

    def _as_bag(self) -> Iterator[pa.RecordBatch]:
        fresh = self._collector()
        for batch in self._counted(self.incoming.accepted.batches()):
            if self.current is not None:
                fresh.add(batch)
            yield batch
        if self.current is None:
            self.differences = nothing(self.rows, 0, new=True)
        else:
            self.differences = as_bags(fresh.done().contents, self._prints(self._old()).contents)

    def _by_key(self) -> Iterator[pa.RecordBatch]:
        fresh, sizes = self._keys(self.incoming.accepted)
        check_unique(fresh)
        if self.current is None:
            self.differences = nothing(len(fresh), 0, new=True)
            yield from self._counted(self.incoming.accepted.batches())
            return
        self._find(self.current, fresh)
        if same_order(self.current, self.differences.was, sizes):
            yield from self._beside(self.current)
        else:
            yield from self._apart()

    def _find(self, current: Rows, fresh: Fingerprints) -> None:
        """Tell by the keys alone what is new, gone and kept."""
        old, _ = self._keys(current)
        index = Index(old)
        found = self.differences = nothing(len(fresh), len(old))
        found.was = index.find(fresh.keys, fresh.checks)
        found.new = found.was < 0
        left = vanished(found.was, len(old))
        found.kept = left & self._carried(old, index) if self.incoming.rejected.known else left
        found.gone = left & ~found.kept

    def _beside(self, current: Pieced) -> Iterator[pa.RecordBatch]:
        """Compare row for row as both tables go by, and keep what the change list will ask for."""
        found, names, start = self.differences, content_columns(self.schema), 0
        few = int(found.kept.sum() + found.gone.sum()) <= SLICE
        former = Former(current, self.schema, (found.kept, found.gone) if few else ())
        self.seen = Seen()
        for batch in self._counted(self.incoming.accepted.batches()):
            part = slice(start, start := start + batch.num_rows)
            unlike = differing(batch, former.at(found.was[part]), names)
            unlike[found.new[part]] = False
            found.changed[part] = unlike.any(axis=1)
            self.seen.add(batch, found.new[part], found.changed[part], unlike)
            yield batch
        yield from self._counted(former.aside(0) if few else filtered(self._old(), found.kept))
        self.seen.end(former.aside(1) if few else None)

    def _apart(self) -> Iterator[pa.RecordBatch]:
        """Compare by hashes of whole rows, whatever the order of the two tables."""
        fresh, found = self._collector(), self.differences
        for batch in self._counted(self.incoming.accepted.batches()):
            fresh.add(batch)
            yield batch
        known = found.was >= 0
        contents, former = fresh.done().contents, self._prints(self._old()).contents
        found.changed[known] = contents[known] != former[found.was[known]]
        if self.kept:
            yield from self._counted(filtered(self._old(), found.kept))
