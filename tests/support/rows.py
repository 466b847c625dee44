"""Tables in memory, as merges read them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

SCHEMA = pa.schema([("id", pa.string()), ("title", pa.string()), ("_data_date", pa.date32())])


class Held:
    """Rows held in memory, handed out in batches of a few."""

    def __init__(self, rows: Sequence[dict[str, Any]], schema: pa.Schema = SCHEMA, size: int = 3) -> None:
        self.schema = schema
        self._table = pa.Table.from_pylist(list(rows), schema=schema)
        self._size = size

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        table = self._table.select(list(columns)) if columns else self._table
        yield from table.to_batches(max_chunksize=self._size)
