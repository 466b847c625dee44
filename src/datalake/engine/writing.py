"""The files of a stage: Parquet parts, findings that only their owner may read, staged.json last of all."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datalake.clean.schema import FINDINGS
from datalake.engine.job import FINDINGS_FILE, STAGED_FILE, Staged, to_json
from datalake.zones.files import temporary

COMPRESSION = "snappy"
ENOUGH = 8_192  # findings of one row group
SAMPLE, FEW = 1_024, 128  # rows of a part looked at, and how many values they may have for a dictionary to pay


def clear(staging: Path, quarantine: Path) -> None:
    """Make both folders empty of what an earlier try left, staged.json first: without it nothing else counts."""
    (staging / STAGED_FILE).unlink(missing_ok=True)
    if staging.exists():  # out of the way first: a worker that was given up for dead may still be writing there
        doomed = temporary(staging.parent)
        staging.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    staging.mkdir(parents=True)
    quarantine.mkdir(parents=True, exist_ok=True)
    (quarantine / FINDINGS_FILE).unlink(missing_ok=True)


def part_name(number: int) -> str:
    """Return the name of the part with that number, from 0."""
    return f"part-{number:05d}.parquet"


def to_table(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return rows of Python values as a table."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def write_part(table: pa.Table, path: Path, sync: bool) -> None:
    """Write one part, and have the disk confirm it if asked.

    A dictionary doubles the work where values differ (speed.md section 3); nobody searches a part, so it needs no
    statistics; lines go up by small steps.
    """
    pq.write_table(
        table,
        path,
        compression=COMPRESSION,
        use_dictionary=[each.name for each in table.schema if _pays(table.column(each.name))],
        write_statistics=False,
        column_encoding={"_source_line": "DELTA_BINARY_PACKED"},
    )
    if sync:
        sync_path(path)


def _pays(column: pa.ChunkedArray) -> bool:
    """Tell whether a column of text has so few values that each is better written once."""
    sample = column.slice(0, SAMPLE)
    return bool(pa.types.is_string(column.type) and pc.count_distinct(sample, mode="all").as_py() <= FEW)


class FindingsFile:
    """The findings of a file, as they come; it holds raw values, so its owner alone may read it."""

    def __init__(self, quarantine: Path, sync: bool) -> None:
        self._path = quarantine / FINDINGS_FILE
        os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        self._writer = pq.ParquetWriter(self._path, FINDINGS, compression=COMPRESSION)
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._sync = sync

    def add(self, table: pa.Table) -> None:
        """Add findings; a few are kept until there are enough for a row group, cut by number, however they came."""
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ENOUGH:
            self._write(self._rows - self._rows % ENOUGH)

    def _write(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        for first in range(0, rows, ENOUGH):
            group = table.slice(first, min(ENOUGH, rows - first)).cast(FINDINGS)
            self._writer.write_table(group.combine_chunks())
        self._waiting, self._rows = [table.slice(rows)], self._rows - rows

    def __enter__(self) -> "FindingsFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._rows:
            self._write(self._rows)
        self._writer.close()
        if kind is None and self._sync:
            sync_path(self._path)
            sync_path(self._path.parent)


def finish(staging: Path, staged: Staged, sync: bool) -> None:
    """Write staged.json, whole or not at all, after everything that it speaks of."""
    draft = staging / f".{STAGED_FILE}"
    draft.write_text(to_json(staged), encoding="utf-8")
    if sync:
        sync_path(draft)
        sync_path(staging)
    draft.replace(staging / STAGED_FILE)
    if sync:
        sync_path(staging)


def sync_path(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
