"""PURE. Which partition of a table a row belongs to: told by its key alone, the same on every host and for ever."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import int_array
from datalake.merge.hashes import column_hashes, key_texts
from datalake.merge.rows import Positions

SEED = 0x6C616B65  # never changed: published tables lie in files by it


def partitions_of(batch: pa.RecordBatch, key: Sequence[str], count: int) -> Positions:
    """Return for each row which of so many partitions is its key's, from 0."""
    found: Positions = (column_hashes(key_texts(batch, key), SEED) % np.uint64(count)).astype(np.int64)
    return found


def by_partition(batch: pa.RecordBatch, key: Sequence[str], count: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of each partition in turn, in the order in which they came; a batch for each, empty or not."""
    places = partitions_of(batch, key, count)
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(count + 1)).tolist()
    ordered = batch.take(int_array(order))
    for start, end in pairwise(bounds):
        yield ordered.slice(start, end - start)
