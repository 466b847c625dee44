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


class Pieces(Held):
    """The same, of which a piece can be read without those before it; readings counts how often one was."""

    def __init__(self, rows: Sequence[dict[str, Any]], schema: pa.Schema = SCHEMA, size: int = 3) -> None:
        super().__init__(rows, schema, size)
        self._pieces = self._table.to_batches(max_chunksize=size)
        self.readings = 0
        self.whole_readings = 0

    @property
    def sizes(self) -> Sequence[int]:
        return [each.num_rows for each in self._pieces]

    def piece(self, number: int) -> pa.RecordBatch:
        self.readings += 1
        return self._pieces[number]

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        self.whole_readings += columns is None
        return super().batches(columns)
