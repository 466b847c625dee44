"""PURE. write_disposition replace: the table is the last file, and nothing that was only unreadable looks deleted.

The next table is the file's accepted rows, in its order, then the last good version of every key that the file
carried but that was rejected. Where rejected rows have no readable key, any vanished key may be one of them: then
nothing is deleted at all.
"""

from collections.abc import Iterator

import pyarrow as pa

from datalake.merge.base import Merge, filtered
from datalake.merge.differences import Differences, as_bags, by_key, nothing, vanished
from datalake.merge.rows import Fingerprints, Index


class Replacement(Merge):
    """Of the table before only the kept rows stay."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        fresh = self._collector()
        for batch in self._counted(self.incoming.accepted.batches()):
            fresh.add(batch)
            yield batch
        self.differences = self._compared(fresh.done())
        if self.kept:
            yield from self._counted(filtered(self._old(), self.differences.kept))

    def _compared(self, fresh: Fingerprints) -> Differences:
        if self.key:
            Index(fresh).check_unique()
        if self.current is None:
            return nothing(len(fresh), 0, new=True)
        old = self._prints(self._old())
        return self._by_key(fresh, old) if self.key else as_bags(fresh.contents, old.contents)

    def _by_key(self, fresh: Fingerprints, old: Fingerprints) -> Differences:
        index = Index(old)
        found = by_key(fresh, old, index.find(fresh.keys, fresh.checks))
        left = vanished(found.was, len(old))
        found.kept = left & self._carried(old, index) if self.incoming.rejected.known else left
        found.gone = left & ~found.kept
        return found
