"""PURE. write_disposition append: a file brings new rows; what is there stays.

A second file for the same date corrects the first: the rows that this date had brought leave with it. Where the feed
has a key, a row whose key another date brought already is not taken again.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import day_scalar, truths
from datalake.merge.base import Merge, filtered
from datalake.merge.differences import Differences, as_bags, by_key, nothing, vanished
from datalake.merge.rows import Fingerprints, Index, Mask, check_unique


class Append(Merge):
    """The rows of the table before that stay, in their order, then the new ones, in the file's."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        fresh = self._prints(self.incoming.accepted.batches())
        if self.key:
            check_unique(fresh)
        corrected = self._corrected()
        self.differences = self._compared(fresh, corrected)
        yield from self._counted(filtered(self._old(), ~corrected))
        yield from self._counted(filtered(self.incoming.accepted.batches(), ~self.differences.late))

    def _corrected(self) -> Mask:
        """Which rows of the table before a file of the same date had brought."""
        day = day_scalar(self.incoming.data_date)
        masks = [
            truths(pc.equal(batch.column("_data_date"), day))
            for batch in (self.current.batches(["_data_date"]) if self.current else ())
        ]
        return np.concatenate(masks) if masks else np.zeros(0, np.bool_)

    def _compared(self, fresh: Fingerprints, corrected: Mask) -> Differences:
        if not len(corrected):
            return nothing(len(fresh), 0, new=True)
        old = self._prints(self._old())
        if not self.key:
            return _bag_of_the_day(fresh, old, corrected)
        found = by_key(fresh, old, Index(old).find(fresh.keys, fresh.checks))
        known = found.was >= 0
        found.late[known] = ~corrected[found.was[known]]
        found.changed &= ~found.late
        found.gone = vanished(found.was, len(old)) & corrected
        return found


def _bag_of_the_day(fresh: Fingerprints, old: Fingerprints, corrected: Mask) -> Differences:
    """Without a key only the rows of the same date can be the same rows."""
    day = as_bags(fresh.contents, old.contents[corrected])
    found = nothing(len(fresh), len(old))
    found.new = day.new
    found.gone[corrected] = day.gone
    return found
