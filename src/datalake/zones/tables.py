"""Parquet files read and written a block at a time, always in the same bytes for the same rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 100_000
BATCH = 65_536
COMPRESSION = "zstd"


class ParquetRows:
    """The rows of one or more Parquet files, in order, as often as they are asked for."""

    def __init__(self, paths: Sequence[Path], schema: pa.Schema | None = None) -> None:
        """Given the files; schema where there may be none."""
        self.paths = list(paths)
        self._schema = schema

    @property
    def schema(self) -> pa.Schema:
        if self._schema is None:
            self._schema = pq.read_schema(self.paths[0]).remove_metadata()
        return self._schema

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        for path in self.paths:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(BATCH, columns=list(columns) if columns is not None else None)


class TableWriter:
    """Writes batches as one Parquet file whose row groups are cut by row number, not by how the batches came."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression=COMPRESSION, store_schema=True)
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self.written = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; they reach the file once a row group is full."""
        self._waiting.append(batch)
        self._rows += batch.num_rows
        while self._rows >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def close(self) -> None:
        if self._rows:
            self._flush(self._rows)
        self._writer.close()

    def _flush(self, rows: int) -> None:
        table = pa.Table.from_batches(self._waiting)
        self._writer.write_table(table.slice(0, rows).combine_chunks(), row_group_size=rows)
        self._waiting = table.slice(rows).to_batches()
        self._rows -= rows
        self.written += rows
