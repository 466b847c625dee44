"""Rows put in order by partition, on disk, so that a partition can be read without the others.

A file holds, for each batch that was put in, one batch a partition, in turn. Nothing of it outlives a publish.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from datalake.merge.partitions import by_partition
from datalake.zones.files import temporary
from datalake.zones.tables import BATCH


def shuffle(batches: Iterable[pa.RecordBatch], schema: pa.Schema, key: Sequence[str], count: int, path: Path) -> None:
    """Write rows to path, each batch in so many partitions; whole or not at all, however often it is begun."""
    draft = temporary(path.parent)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(draft), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as file:
        for batch in batches:
            for part in by_partition(batch, key, count):
                file.write_batch(part)
    draft.replace(path)


class Shuffled:
    """The rows of one partition in shuffled files, in the order of the files, as often as they are asked for."""

    def __init__(self, paths: Sequence[Path], number: int, count: int, schema: pa.Schema) -> None:
        self._paths = list(paths)
        self._number, self._count = number, count
        self.schema = schema

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield all columns or the ones named; small batches are put together."""
        waiting: list[pa.RecordBatch] = []
        for batch in self._pieces(columns):
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= BATCH:
                yield pa.concat_batches(waiting)
                waiting = []
        if waiting:
            yield pa.concat_batches(waiting)

    def _pieces(self, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        wanted = [self.schema.get_field_index(name) for name in columns] if columns is not None else []
        options = pa.ipc.IpcReadOptions(included_fields=wanted)
        for path in self._paths:
            with pa.OSFile(str(path)) as source, pa.ipc.open_file(source, options=options) as file:
                for place in range(self._number, file.num_record_batches, self._count):
                    batch = file.get_batch(place)
                    if batch.num_rows:
                        yield batch.select(list(columns)) if columns is not None else batch
