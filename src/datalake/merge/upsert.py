"""PURE. write_disposition merge: a file brings the rows that changed; each takes the place of the row with its key.

What decides is the data date, not when a file came: a row of an older file never takes the place of a newer one's, so
late and out-of-order files end in the same table. No row ever leaves.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import day_scalar, truths
from datalake.merge.base import SLICE, Merge, filtered
from datalake.merge.differences import nothing
from datalake.merge.former import differing
from datalake.merge.rows import Fingerprints, Index, Mask, Rows, check_unique, content_columns, places_array


class Upsert(Merge):
    """The rows of the table before that stay, in their order, then those of the file, in its order."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        fresh, _ = self._keys(self.incoming.accepted)
        check_unique(fresh)
        if self.current is None:
            self.differences = nothing(len(fresh), 0, new=True)
            yield from self._counted(self.incoming.accepted.batches())
            return
        replaced, stays = self._find(self.current, fresh)
        if int(replaced.sum()) <= SLICE:
            yield from self._beside(replaced, stays)
        else:
            yield from self._apart(replaced, stays)

    def _find(self, current: Rows, fresh: Fingerprints) -> tuple[Mask, Mask]:
        """Tell by keys and dates what is new, late and kept; return which of the file's rows take the place of one that
        was there, and which of these stay.
        """
        old, _ = self._keys(current)
        index, newer = Index(old), self._newer_rows()
        found = self.differences = nothing(len(fresh), len(old))
        found.was = index.find(fresh.keys, fresh.checks)
        known = found.was >= 0
        found.new = ~known
        found.late[known] = newer[found.was[known]]
        replaced: Mask = known & ~found.late
        stays = np.ones(len(old), np.bool_)
        stays[found.was[replaced]] = False
        found.kept = self._carried(old, index) & stays
        return replaced, stays

    def _beside(self, replaced: Mask, stays: Mask) -> Iterator[pa.RecordBatch]:
        """Hold the rows that leave until those that take their place come by, and compare the two."""
        found, names, start = self.differences, content_columns(self.schema), 0
        leaving: list[pa.RecordBatch] = []
        yield from self._counted(self._staying(stays, leaving))
        former = pa.Table.from_batches(leaving, self.schema).combine_chunks()
        places = np.full(len(replaced), -1, np.int64)
        places[replaced] = np.searchsorted(np.sort(found.was[replaced]), found.was[replaced])
        for batch in self.incoming.accepted.batches():
            part = slice(start, start := start + batch.num_rows)
            unlike = differing(batch, former.take(places_array(places[part])), names)
            unlike[~replaced[part]] = False
            found.changed[part] = unlike.any(axis=1)
            self.seen.add(batch, found.new[part], found.changed[part], unlike)
            yield from self._counted(filtered([batch], ~found.late[part]))
        self.seen.end(None if found.late.any() else ())

    def _staying(self, stays: Mask, leaving: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in self._old():
            part = stays[start : start + batch.num_rows]
            start += batch.num_rows
            leaving += filtered([batch], ~part)
            yield from filtered([batch], part)

    def _apart(self, replaced: Mask, stays: Mask) -> Iterator[pa.RecordBatch]:
        """Compare by hashes of whole rows: more are replaced than can be held."""
        found = self.differences
        contents = self._prints(self.incoming.accepted.batches()).contents
        former = self._prints(self._old()).contents
        found.changed[replaced] = contents[replaced] != former[found.was[replaced]]
        yield from self._counted(filtered(self._old(), stays))
        yield from self._counted(filtered(self.incoming.accepted.batches(), ~found.late))

    def _newer_rows(self) -> Mask:
        """Which rows of the table before come from a file of a later data date than this one."""
        day = day_scalar(self.incoming.data_date)
        masks = [
            truths(pc.greater(batch.column("_data_date"), day))
            for batch in (self.current.batches(["_data_date"]) if self.current else ())
        ]
        return np.concatenate(masks) if masks else np.zeros(0, np.bool_)
