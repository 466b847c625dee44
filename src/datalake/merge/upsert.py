"""PURE. write_disposition merge: a file brings the rows that changed; each takes the place of the row with its key.

What decides is the data date, not when a file came: a row of an older file never takes the place of a newer one's, so
late and out-of-order files end in the same table. No row ever leaves.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.merge.base import Merge, filtered
from datalake.merge.differences import by_key, nothing
from datalake.merge.rows import Index, Mask


class Upsert(Merge):
    """The rows of the table before that stay, in their order, then those of the file, in its order."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        fresh = self._prints(self.incoming.accepted.batches())
        Index(fresh).check_unique()
        if self.current is None:
            self.differences = nothing(len(fresh), 0, new=True)
            yield from self._counted(self.incoming.accepted.batches())
            return
        newer, old_rows = self._newer_rows(), self._collector()
        for batch in self._old():
            old_rows.add(batch)
        old = old_rows.done()
        index = Index(old)
        found = by_key(fresh, old, index.find(fresh.keys, fresh.checks))
        known = found.was >= 0
        found.late[known] = newer[found.was[known]]
        found.changed &= ~found.late
        found.kept = self._carried(old, index)
        self.differences = found
        stays = np.ones(len(old), np.bool_)
        stays[found.was[known & ~found.late]] = False
        found.kept &= stays
        yield from self._counted(filtered(self._old(), stays))
        yield from self._counted(filtered(self.incoming.accepted.batches(), ~found.late))

    def _newer_rows(self) -> Mask:
        """Which rows of the table before come from a file of a later data date than this one."""
        day = pa.scalar(self.incoming.data_date, pa.date32())
        masks = [
            pc.fill_null(pc.greater(batch.column("_data_date"), day), False).to_numpy(zero_copy_only=False)
            for batch in (self.current.batches(["_data_date"]) if self.current else ())
        ]
        return np.concatenate(masks) if masks else np.zeros(0, np.bool_)
