"""logs/etl_runtime_stats.csv: one line a run, appended durably by one writer at a time.

A file with another header, a half last line or a tail of NULs (a power cut's) is written anew with its rows mapped by
column name; the original stays beside it.
"""

import contextlib
import csv
import fcntl
import io
import logging
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from datalake.outcomes import FAILURE, SUCCESS
from datalake.runs.aside import free_name
from datalake.runs.rows import COLUMNS, RuntimeRow, completed
from datalake.zones.files import fsync_folder, sync, write_atomically

HEADER = ",".join(COLUMNS) + "\n"

logger = logging.getLogger(__name__)


def append(path: Path, row: RuntimeRow) -> None:
    """Add one run at the end; raise OSError where it cannot be written."""
    with _only_writer(path) as file:
        _append(path, file, [row])


def ensure(path: Path, rows: Sequence[RuntimeRow]) -> None:
    """Add those of these runs that are not there; two runs alike in all that the file knows are two lines."""
    with _only_writer(path) as file:
        there = [(each["start_time"], each["end_time"], each["status"]) for each in _rows(file.read())]
        missing = []
        for row in rows:
            if row.key in there:
                there.remove(row.key)
            else:
                missing.append(row)
        if missing:
            _append(path, file, missing)


def read(path: Path) -> list[dict[str, str | None]]:
    """Return the file's runs by our column names, whatever its header; none where there is no file."""
    try:
        return _rows(path.read_bytes())
    except FileNotFoundError:
        return []


def ending(path: Path, count: int) -> tuple[int, list[dict[str, str | None]]]:
    """Return how many runs the file has, and so many of the newest; only these are read where it is as it should be."""
    content = path.read_bytes() if path.exists() else b""
    if not _is_plain(content):
        rows = _rows(content)
        return len(rows), rows[-count:]
    lines = content.splitlines(keepends=True)
    return len(lines) - 1, _rows(b"".join([lines[0], *lines[1:][-count:]]))


@contextlib.contextmanager
def _only_writer(path: Path) -> Iterator[IO[bytes]]:
    """Open for reading and appending under a lock of its own: Bash's helper and a person may both write."""
    while True:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.seek(0)
                yield file
                return
        # another writer renamed a mended file into this place while we waited


def _append(path: Path, file: IO[bytes], rows: Sequence[RuntimeRow]) -> None:
    file.seek(0)
    content = file.read()
    lines = "".join(_line(row.values()) for row in rows)
    if not content:
        lines = HEADER + lines
    elif not _is_plain(content):
        _write_anew(path, content, lines)
        return
    file.write(lines.encode("utf-8"))
    file.flush()
    sync(file.fileno())
    if not content:
        fsync_folder(path.parent)


def _is_plain(content: bytes) -> bool:
    return content.startswith(HEADER.encode()) and content.endswith(b"\n") and b"\0" not in content


def _write_anew(path: Path, content: bytes, more: str) -> None:
    kept = free_name(path, "before")
    kept.write_bytes(content)
    old = "".join(_line([each[column] or "" for column in COLUMNS]) for each in _rows(content))
    write_atomically(path, (HEADER + old + more).encode("utf-8"))
    logger.warning("%s was not as it should be: mended, the original is kept as %s", path, kept)


def _line(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


def _rows(content: bytes) -> list[dict[str, str | None]]:
    """Map every whole line by its header. Lines of seven cells under an older header are a newer program's."""
    text = content.rstrip(b"\0").decode("utf-8-sig", "replace")
    cells = [cells for cells in map(_cells, re.split(r"\r\n|\r|\n", text)) if cells]
    if not cells:
        return []
    header = [name.strip().lower() for name in cells[0]]
    if not set(header) & set(COLUMNS):  # no header at all: the first line is a run already
        header, cells = list(COLUMNS), [[], *cells]
    rows = [completed(named) for named in (_named(header, line) for line in cells[1:]) if named]
    torn = not text.endswith(("\n", "\r")) and rows and rows[-1]["status"] not in (SUCCESS, FAILURE)
    return rows[:-1] if torn else rows


def _cells(line: str) -> list[str]:
    """No cell of ours holds a line end, so a stray quote spoils its own line alone."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _named(header: list[str], line: list[str]) -> dict[str, str]:
    """A line of another length than its header: seven cells were written by a newer program, others are half a line."""
    if len(line) == len(header):
        return dict(zip(header, line, strict=True))
    return dict(zip(COLUMNS, line, strict=True)) if len(line) == len(COLUMNS) else {}
