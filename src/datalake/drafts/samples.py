"""The edge: sample files read as text, before anything is known of them but that they are tables."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from datalake.contracts.names import header_key
from datalake.engine.header import DELIMITERS
from datalake.engine.sniff import HEAD_BYTES, marked_encoding, refuse_other_kinds
from datalake.errors import Refused, UsageError

MOST_ROWS = 20_000  # of a file: more would show little more
MOST_BYTES = 64_000_000
LOOKED_AT = 50  # rows that tell the delimiter
ENCODINGS = ("utf-8", "cp1252")


@dataclass(frozen=True)
class Sample:
    """One file: its header's cells, and its rows of as many cells; ragged rows and repeated headers are left out."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    encoding: str


def read_sample(path: Path) -> Sample:
    """Return a file's first rows; raise UsageError where it is no table."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES)
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}.") from None
    try:
        refuse_other_kinds(data[:HEAD_BYTES])
    except Refused as problem:
        raise UsageError(f"{path}: {problem.message}", problem.fix) from None
    encoding = _encoding(data)
    text = data.decode(encoding, "replace")
    delimiter = _delimiter(text)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = tuple(next(_whole(records), ()))
    if len(header) < 2 or not all(header_key(each) for each in header):
        raise UsageError(f"{path}: its first line is no header of two or more names.", "Give a file as Huron sends it.")
    rows = (tuple(each) for each in _whole(records) if len(each) == len(header) and tuple(each) != header)
    return Sample(path.name, header, tuple(islice(rows, MOST_ROWS)), delimiter, encoding)


def _encoding(data: bytes) -> str:
    """The one that a mark declares, else UTF-8 if it is that as far as it was read, else Windows-1252."""
    marked = marked_encoding(data)
    if marked:
        return marked
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
        return ENCODINGS[0]
    except UnicodeDecodeError:
        return ENCODINGS[1]


def _delimiter(text: str) -> str:
    """The one that cuts the header, and most rows like it, into the most cells."""
    head = list(islice(io.StringIO(text, newline=""), LOOKED_AT))
    return max(DELIMITERS, key=lambda each: _cells(head, each))


def _cells(lines: Sequence[str], delimiter: str) -> int:
    widths = [len(row) for row in _whole(csv.reader(lines, delimiter=delimiter))]
    alike = sum(1 for each in widths if each == widths[0])
    return widths[0] if widths and alike * 2 > len(widths) else 1


def _whole(records: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield the records that the csv module can read; a file cut inside quotes ends before its last one."""
    csv.field_size_limit(2**31 - 1)
    while True:
        try:
            row = next(records)
        except StopIteration:
            return
        except csv.Error:
            continue
        if any(cell.strip() for cell in row):
            yield row
