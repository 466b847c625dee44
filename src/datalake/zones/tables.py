"""Parquet files read and written a block at a time, always in the same bytes for the same rows."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 65_536
ROW_GROUP = BATCH  # a reader's batch needs one of them at a time
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

    @property
    def sizes(self) -> Sequence[int]:
        """The rows of each row group, file after file."""
        return [rows for _, _, rows in self._groups]

    def piece(self, number: int) -> pa.RecordBatch:
        """Return the rows of one row group."""
        path, group, _ = self._groups[number]
        with pq.ParquetFile(path) as file:
            table = file.read_row_group(group).combine_chunks()
        return table.to_batches()[0]  # no row group is empty

    @cached_property
    def _groups(self) -> list[tuple[Path, int, int]]:
        found = []
        for path in self.paths:
            with pq.ParquetFile(path) as file:
                metadata = file.metadata
            found += [(path, group, metadata.row_group(group).num_rows) for group in range(metadata.num_row_groups)]
        return found

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        for path in self.paths:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(BATCH, columns=list(columns) if columns is not None else None)


class TableWriter:
    """Writes batches as one Parquet file whose row groups are cut by row number, not by how the batches came.

    A row group is written while the caller makes the next one.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression=COMPRESSION, store_schema=True)
        self._beside = ThreadPoolExecutor(1)
        self._under_way: Future[None] | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self.written = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; they reach the file once a row group is full. Raise what went wrong with an earlier one."""
        self._waiting.append(batch)
        self._rows += batch.num_rows
        while self._rows >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def close(self) -> None:
        if self._rows:
            self._flush(self._rows)
        self._wait()
        self._beside.shutdown()
        self._writer.close()

    def _flush(self, rows: int) -> None:
        self._wait()
        table = pa.Table.from_batches(self._waiting)
        self._under_way = self._beside.submit(self._put, table.slice(0, rows), rows)
        self._waiting = table.slice(rows).to_batches()
        self._rows -= rows
        self.written += rows

    def _put(self, rows: pa.Table, count: int) -> None:
        self._writer.write_table(rows.combine_chunks(), row_group_size=count)

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()
        self._under_way = None
