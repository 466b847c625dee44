"""PURE. The change list of a publish: what is new, what changed and in which columns, what is gone.

One row a change: what happened, the columns in which, from which data date on it is true, the number of the version
with which it came, then the row itself: as it is now, or, where it is gone, as it was last. filed rows did not change
the published table: they came too late to, and only say what had been true at a date.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import day_scalar, int_array, string_array, text_scalar
from datalake.merge.base import SLICE, Cells, Merge, filtered
from datalake.merge.former import differing
from datalake.merge.rows import Positions, aligned, content_columns

NEW, CHANGED, GONE, FILED, FILED_GONE = "new", "changed", "gone", "filed", "filed_gone"
CHANGE_FIELDS = (
    pa.field("_change", pa.string()),
    pa.field("_changed", pa.list_(pa.string())),
    pa.field("_valid_from", pa.date32()),
    pa.field("_version", pa.int32()),
)


def change_schema(table: pa.Schema) -> pa.Schema:
    """Return the schema of a change list over a table's."""
    return pa.schema([*CHANGE_FIELDS, *table])


def changes(merge: Merge, version: int) -> Iterator[pa.RecordBatch]:
    """Given a merge that was drained and the number of its version, yield new, changed, late, then gone rows."""
    if merge.seen.whole:
        yield from _seen(merge, version)
        return
    found, accepted, day = merge.differences, merge.incoming.accepted, merge.incoming.data_date
    if found.new.any():
        for batch in filtered(accepted.batches(), found.new):
            yield marked(batch, NEW, day, version)
    yield from _changed(merge, version)
    if found.late.any():
        for batch in filtered(accepted.batches(), found.late):
            yield marked(batch, FILED, day, version)
    if merge.current is not None and found.gone.any():
        for batch in filtered((aligned(each, merge.schema) for each in merge.current.batches()), found.gone):
            yield marked(batch, GONE, day, version)


def _seen(merge: Merge, version: int) -> Iterator[pa.RecordBatch]:
    """The same, of what the merge kept as it went by."""
    seen, day, names = merge.seen, merge.incoming.data_date, content_columns(merge.schema)
    for batch in seen.new:
        yield marked(batch, NEW, day, version)
    for batch, unlike in seen.changed:
        yield marked(batch, CHANGED, day, version, _named(unlike, names))
    for batch in seen.gone:
        yield marked(batch, GONE, day, version)


def marked(
    batch: pa.RecordBatch, change: str, valid_from: date, version: int, columns: pa.Array | None = None
) -> pa.RecordBatch:
    """Return rows as lines of a change list."""
    count = batch.num_rows
    since, seq = day_scalar(valid_from), int_array(np.array([version])).cast(pa.int32())[0]
    none = pa.nulls(count, CHANGE_FIELDS[1].type)
    lines = [pa.repeat(text_scalar(change), count), none if columns is None else columns, pa.repeat(since, count)]
    lines.append(pa.repeat(seq, count))
    return pa.RecordBatch.from_arrays([*lines, *batch.columns], schema=change_schema(batch.schema))


def former_rows(merge: Merge) -> Iterator[pa.Table]:
    """Yield what the changed rows were before, in the order in which the change list has them."""
    for some in _slices(merge):
        yield _former(merge, merge.differences.was[some])


def _slices(merge: Merge) -> Iterator[Positions]:
    positions = np.nonzero(merge.differences.changed)[0]
    for start in range(0, len(positions), SLICE):
        yield positions[start : start + SLICE]


def _changed(merge: Merge, version: int) -> Iterator[pa.RecordBatch]:
    for some in _slices(merge):
        mask = np.zeros(len(merge.differences.changed), np.bool_)
        mask[some] = True
        now = pa.Table.from_batches(filtered(merge.incoming.accepted.batches(), mask), merge.schema)
        before = _former(merge, merge.differences.was[some])
        for batch, columns in _with_columns(now.combine_chunks(), before):
            yield marked(batch, CHANGED, merge.incoming.data_date, version, columns)


def _former(merge: Merge, was: Positions) -> pa.Table:
    """The rows at these positions of the table before, in this order."""
    mask = np.zeros(len(merge.differences.gone), np.bool_)
    mask[was] = True
    rows = (aligned(each, merge.schema) for each in (merge.current.batches() if merge.current else ()))
    table = pa.Table.from_batches(filtered(rows, mask), merge.schema).combine_chunks()
    return table.take(int_array(np.argsort(np.argsort(was, kind="stable"), kind="stable")))


def _with_columns(now: pa.Table, before: pa.Table) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Give rows with, for each, the names of the columns in which it differs from its former self."""
    names = content_columns(now.schema)
    listed = _named(differing(now, before, names), names)
    for batch in now.combine_chunks().to_batches():
        yield batch, listed


def _named(unlike: Cells, names: Sequence[str]) -> pa.Array:
    ends = int_array(np.concatenate([[0], np.cumsum(unlike.sum(axis=1))])).cast(pa.int32())
    words = string_array(list(names)).take(int_array(np.nonzero(unlike)[1]))
    return pa.ListArray.from_arrays(ends, words)
