"""A file as UTF-8 text on disk, whatever it came as: unpacked where the rules expect that, else re-encoded."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datalake.contracts.model import Contract
from datalake.engine import encoding, sniff, structure, unpack
from datalake.settings import FileLimits

CHUNK = 1_048_576


@dataclass(frozen=True)
class TextFile:
    """UTF-8 text on disk; start is the byte after a byte order mark. It may still turn out not to be UTF-8."""

    path: Path
    start: int
    encoding: str


class NotText(Exception):
    """A file that is not in the encoding that was tried; line counts from 1."""

    def __init__(self, line: int, byte: int) -> None:
        super().__init__(line, byte)
        self.line = line
        self.byte = byte


class Attempts:
    """The encodings to try in turn. Say failed() of one that was not it; after the last the file is refused."""

    def __init__(self, source: Path, contract: Contract, limits: FileLimits, work: Path) -> None:
        self._limits = limits
        self._work = work
        self.path = self._unpacked(source, contract)
        head = self._head()
        sniff.refuse_other_kinds(head)
        self.names = encoding.candidates(head, contract.encoding)
        sniff.refuse_unmarked_utf16(head, self.names)
        self._marked = head.startswith(codecs.BOM_UTF8)
        self._first: NotText | None = None

    def files(self) -> Iterator[TextFile]:
        """Yield the file as text in one encoding after the other; raise Refused when none is left."""
        for name in self.names:
            try:
                yield self._as_text(name)
            except NotText as problem:
                self.failed(name, problem)
        assert self._first is not None
        raise encoding.refuse_all(self.names, self._first.line, self._first.byte)

    def failed(self, name: str, problem: NotText) -> None:
        """Note that an encoding was not it; raise Refused if the file is all but UTF-8, for then no other is right."""
        self._first = self._first or problem
        if encoding.is_utf8(name) and encoding.mostly_utf8(_whole_characters(self.path)):
            raise encoding.refuse_mixed(problem.line, problem.byte)

    def _unpacked(self, source: Path, contract: Contract) -> Path:
        size = source.stat().st_size
        if size > self._limits.max_bytes:
            raise structure.too_large(size, self._limits.max_bytes)
        if not size:
            raise structure.empty_file()
        return unpack.unpacked(source, contract.delivery.pattern, self._work, self._limits.max_bytes)

    def _head(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(sniff.HEAD_BYTES)

    def _as_text(self, name: str) -> TextFile:
        if encoding.is_utf8(name):
            return TextFile(self.path, len(codecs.BOM_UTF8) if self._marked else 0, name)
        copy = self._work / "decoded.csv"
        _reencode(self.path, copy, name)
        return TextFile(copy, 0, name)


def _reencode(source: Path, target: Path, name: str) -> None:
    """Write a file's text as UTF-8; raise NotText where it is not in that encoding."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    lines = _LineCount()
    with source.open("rb") as file, target.open("wb") as out:
        while True:
            chunk = file.read(CHUNK)
            pending = decoder.getstate()[0]
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as problem:
                before = problem.object[: problem.start].decode(name, "ignore")
                raise NotText(lines.after(before), (pending + chunk)[problem.start]) from None
            lines.add(text)
            out.write(text.removeprefix("\ufeff").encode() if not out.tell() else text.encode())
            if not chunk:
                return


class _LineCount:
    """Counts lines over pieces of text, a CR and LF on either side of a seam as one end."""

    def __init__(self) -> None:
        self._ends = 0
        self._after_return = False

    def add(self, text: str) -> None:
        self._ends = self._count(text)
        self._after_return = text.endswith("\r") if text else self._after_return

    def after(self, text: str) -> int:
        """Return the number of the line on which a piece ends."""
        return self._count(text) + 1

    def _count(self, text: str) -> int:
        ends = text.count("\n") + text.count("\r") - text.count("\r\n")
        return self._ends + ends - (self._after_return and text.startswith("\n"))


def _whole_characters(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces, none of which ends within a UTF-8 character."""
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            part = rest + chunk
            end = len(part) - _unfinished(part[-3:])
            rest = part[end:]
            yield part[:end]
    yield rest


def _unfinished(tail: bytes) -> int:
    """Return how many of the last bytes may begin a character that goes on."""
    for back, byte in enumerate(reversed(tail), 1):
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            return back
    return 0
