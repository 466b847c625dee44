"""Whether two tools came to the same table: as many rows, the same sums, the same rows in whatever order."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datalake.bench.task import fields
from datalake.merge.hashes import row_hashes

SEED = 20251104
_DATED = "_data_date"
_TYPES = {
    "string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_(), "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What a table is told apart by. hash: the sum of its rows' hashes, so that order does not matter."""

    rows: int
    sums: tuple[tuple[str, int], ...]
    hash: int


def facts(folder: Path) -> Facts:
    """Return the facts of the Parquet files that a tool left, or of a published table: of its last file's rows alone,
    for rows that only stayed are no tool's work.
    """
    found = sorted(folder.glob("staging/part-*.parquet")) or sorted(folder.glob("*.parquet"))
    rows, total, sums = 0, 0, {each.name: 0 for each in fields() if each.type == "integer"}
    for batch in (batch for path in found for batch in _batches(path)):
        rows += batch.num_rows
        total += int(row_hashes(batch, [each.name for each in fields()], SEED).sum(dtype=np.uint64))
        for name in sums:
            sums[name] += pc.sum(batch.column(name)).as_py() or 0
    return Facts(rows, tuple(sums.items()), total % 2**64)


def _batches(path: Path) -> Any:
    schema = pa.schema([(each.name, _TYPES[each.type]) for each in fields()])
    with pq.ParquetFile(path) as file:
        dated = [_DATED] if _DATED in file.schema_arrow.names else []
        days = pq.read_table(path, columns=dated).column(_DATED) if dated else None
        newest = pc.max(days) if days is not None else None
        for batch in file.iter_batches(columns=[*schema.names, *dated]):
            batch = batch.filter(pc.equal(batch.column(_DATED), newest)) if dated else batch
            columns = [_plain(batch.column(each.name)).cast(each.type) for each in schema]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain(values: pa.Array) -> pa.Array:
    """Return instants without a zone on them: the tools are told that all times are UTC."""
    return values.cast(pa.timestamp("us")) if pa.types.is_timestamp(values.type) else values


if __name__ == "__main__":
    print(json.dumps(asdict(facts(Path(sys.argv[1])))))
