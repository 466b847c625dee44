"""The edge to single rows of a large Parquet file: only the row groups that hold them are read, a block at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 4_096  # rows decoded at once


def rows_at(file: Any, places: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Given an open Parquet file and row numbers in rising order, return those rows of the columns."""
    rows: list[dict[str, Any]] = []
    start = 0
    for group in range(file.metadata.num_row_groups):
        end = start + file.metadata.row_group(group).num_rows
        here = [place - start for place in places if start <= place < end]
        rows += _in_group(file, group, here, columns) if here else []
        start = end
    return rows


def _in_group(file: Any, group: int, places: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    """A block at a time, and no further than to the last row wanted."""
    rows: list[dict[str, Any]] = []
    start = 0
    batch: pa.RecordBatch
    for batch in file.iter_batches(BLOCK, row_groups=[group], columns=list(columns)):
        here = [place - start for place in places if start <= place < start + batch.num_rows]
        rows += batch.take(here).to_pylist() if here else []
        start += batch.num_rows
        if start > places[-1]:
            break
    return rows
