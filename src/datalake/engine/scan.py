"""The first pass: where every record lies, checked against the limits before any parser sees a byte.

What it finds is kept on disk, a few bytes a record, so that a file of any size needs the same memory.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import Bytes, Ints, distinct
from datalake.engine import structure
from datalake.engine.header import Header
from datalake.engine.records import Grammar, Records, split
from datalake.engine.source import NotText, TextFile


@dataclass(frozen=True)
class Sizes:
    """How a file is cut. Output does not depend on the buffer, only on how records fall into parts."""

    buffer: int = 4_194_304  # bytes read at once
    part_rows: int = 16_384  # records of one part: one row group
    part_bytes: int = 33_554_432  # a part is closed after the buffer that passes this
    part_cells: int = 1_048_576  # a part of a wide file has fewer records: each cell may be found wrong

    def rows(self, width: int) -> int:
        """Return how many records of so many cells a part may have."""
        return max(1, min(self.part_rows, self.part_cells // width))


@dataclass(frozen=True)
class Piece:
    """Whole records that lie together. odd: some hold a NUL byte or a cell that goes on after its closing quote."""

    offset: int
    size: int
    first_record: int  # records before it in the file, the header not counted
    records: int
    first_line: int  # the physical line it starts on, from 1
    odd: bool


@dataclass
class Part:
    """Pieces that become one file of accepted rows."""

    pieces: list[Piece] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Return how many records these pieces hold."""
        return sum(each.records for each in self.pieces)

    @property
    def size(self) -> int:
        """Return how many bytes these pieces hold."""
        return sum(each.size for each in self.pieces)


class RecordIndex:
    """Start and line of each record within its piece, on disk: 32 bits each, in file order."""

    WIDTH = 8

    def __init__(self, path: Path, mode: str = "w+b") -> None:
        """mode: rb to read an index that is there."""
        self.path = path
        self._file: IO[bytes] = path.open(mode)

    def append(self, starts: Ints, lines: Ints) -> None:
        """Add the records of the next piece."""
        self._file.write(np.stack([starts, lines], axis=1).astype("<u4").tobytes())

    def read(self, first: int, count: int) -> tuple[Ints, Ints]:
        """Return starts and lines of records by their number; any thread may ask once all are written."""
        data = os.pread(self._file.fileno(), count * self.WIDTH, first * self.WIDTH)
        pairs = np.frombuffer(data, "<u4").reshape(count, 2).astype(np.int64)
        return pairs[:, 0], pairs[:, 1]

    def extend(self, path: Path) -> None:
        """Add the records of another index."""
        with path.open("rb") as other:
            shutil.copyfileobj(other, self._file)

    def flush(self) -> None:
        """Make what was appended readable."""
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


# Sees the records of each buffer as they are found: the bytes, where records start, and where the last one ends.
Watcher = Callable[[Bytes, Ints, int], None]


class Scanner:
    """Reads a file once. The header's records are skipped; every other one lands in a part and in the index."""

    def __init__(self, header: Header, quote: str, limit: int, sizes: Sizes, index: RecordIndex) -> None:
        self.parts: list[Part] = []
        self.records = 0
        self._grammar = Grammar(ord(header.delimiter), ord(quote))
        self._skip = header.records
        self._limit = limit
        self._sizes = sizes
        self._part_rows = sizes.rows(header.width)
        self._index = index
        self._line = 1
        self.stop: int | None = None  # a place from which on records are another scan's
        self.following = 0  # where the first record after those that were scanned begins

    @property
    def lines(self) -> int:
        """Return how many physical lines have been scanned."""
        return self._line - 1

    def run(self, text: TextFile, watch: Watcher, progress: Callable[[int], None]) -> None:
        """Scan to the end; raise Refused or NotText at the first record that forbids going on."""
        with text.path.open("rb", buffering=0) as file:
            offset = file.seek(text.start)
            buffer = bytearray(self._sizes.buffer + self._limit + 8)
            kept = 0
            while True:
                got = self._fill(file, buffer, kept)
                filled, last = kept + got, not got
                found = self._take(memoryview(buffer)[:filled], offset, last, watch)
                offset += found
                kept = filled - found
                buffer[:kept] = buffer[found:filled]
                progress(offset - text.start)
                self.following = offset
                if last or (self.stop is not None and offset >= self.stop):
                    break
        self._index.flush()

    def _fill(self, file: BinaryIO, buffer: bytearray, kept: int) -> int:
        room = min(self._sizes.buffer, len(buffer) - kept)
        return file.readinto(memoryview(buffer)[kept : kept + room])  # type: ignore[attr-defined, no-any-return]

    def _take(self, buffer: memoryview, offset: int, last: bool, watch: Watcher) -> int:
        """Take the whole records of a buffer that starts at a record; return how many bytes they are."""
        found = split(buffer, self._grammar, last)
        if self.stop is not None and len(found.starts) and found.starts[-1] >= self.stop - offset:
            found = _before(found, self.stop - offset)
            buffer, last = buffer[: found.used], False
        self._check(buffer, found, last)
        starts, lines, stray = self._without_header(found)
        data = np.frombuffer(buffer, np.uint8)
        if len(starts):
            self._cut(data, starts, lines, self._odd(data, starts, stray, found.used), offset, found)
            watch(data, starts, found.used)
        self._line += found.line_count
        return found.used

    def _without_header(self, found: Records) -> tuple[Ints, Ints, Ints]:
        skipped = min(self._skip, len(found.starts))
        self._skip -= skipped
        stray = found.stray - skipped
        return found.starts[skipped:], found.lines[skipped:], stray[stray >= 0]

    def _odd(self, data: Bytes, starts: Ints, stray: Ints, used: int) -> Ints:
        """Return the records that want looking at one by one."""
        nuls = np.flatnonzero(data[:used] == 0) if not data[:used].all() else np.empty(0, np.int64)
        holding = np.searchsorted(starts, nuls, side="right") - 1
        odd: Ints = distinct(np.concatenate([stray, holding[holding >= 0]]))
        return odd

    def _cut(self, data: Bytes, starts: Ints, lines: Ints, odd: Ints, offset: int, found: Records) -> None:
        """Give the records of a buffer to parts, a piece to each part that they fall into."""
        first = 0
        while first < len(starts):
            if not self.parts or self._full(self.parts[-1]):
                self.parts.append(Part())
            count = min(len(starts) - first, self._part_rows - self.parts[-1].records)
            end = first + count
            stop = int(starts[end]) if end < len(starts) else found.used
            start, line = int(starts[first]), int(lines[first])
            is_odd = bool(len(odd[(odd >= first) & (odd < end)]))
            piece = Piece(offset + start, stop - start, self.records, count, self._line + line, is_odd)
            self.parts[-1].pieces.append(piece)
            self._index.append(starts[first:end] - start, lines[first:end] - line)
            self.records += count
            first = end

    def _full(self, part: Part) -> bool:
        return part.records >= self._part_rows or part.size >= self._sizes.part_bytes

    def _check(self, buffer: memoryview, found: Records, last: bool) -> None:
        """Raise for a record that is too long, a quote that is never closed, and bytes that are not UTF-8."""
        ends = np.append(found.starts[1:], found.used)
        long = np.flatnonzero(ends - found.starts > self._limit)
        for record in long:
            self._check_length(buffer[int(found.starts[record]) : int(ends[record])], int(found.lines[record]))
        rest = buffer[found.used :]
        if len(rest) > self._limit:
            self._check_length(rest, found.line_count)
        if last and found.quoted_rest:
            raise structure.unclosed(self._line + found.line_count)
        self._check_utf8(buffer[: found.used])

    def _check_length(self, record: memoryview, line: int) -> None:
        if len(bytes(record).rstrip(b"\r\n")) > self._limit:
            quoted = split(record[: self._limit + 1], self._grammar, last=True).quoted_rest
            raise structure.too_long(self._line + line, self._limit, quoted)

    def _check_utf8(self, buffer: memoryview) -> None:
        data = np.frombuffer(buffer, np.uint8)
        if not len(data) or data.max() < 128:
            return
        offsets = np.array([0, len(data)], np.int32)
        text = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(buffer)])
        try:
            text.validate(full=True)
        except pa.ArrowInvalid:
            self._refuse_bytes(bytes(buffer))

    def _refuse_bytes(self, data: bytes) -> None:
        try:
            data.decode()
        except UnicodeDecodeError as problem:
            before = data[: problem.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            raise NotText(self._line + before.count(b"\n"), data[problem.start]) from None


def _before(found: Records, place: int) -> Records:
    """Return the records that begin before a place; the next one begins where their bytes end."""
    count = int(np.searchsorted(found.starts, place))
    used, line_count = int(found.starts[count]), int(found.lines[count])
    stray = found.stray[found.stray < count]
    return Records(found.starts[:count], found.lines[:count], stray, used, line_count)
