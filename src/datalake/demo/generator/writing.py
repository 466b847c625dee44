"""A file written as it is made: header, rows, what comes between and after them, and the answer key beside it."""

import codecs
from dataclasses import dataclass, field
from typing import IO, Protocol

from datalake.demo.generator.answer_key import Entry, Totals, entry_line
from datalake.demo.generator.forms import Form

_BUFFERED = 1 << 20  # characters between two writes


class Writable(Protocol):
    """A file open for bytes, packed or not."""

    def write(self, data: bytes, /) -> int: ...


@dataclass
class Sink:
    """Where the lines go. key is None where no answer key is wanted."""

    file: Writable
    key: IO[str] | None
    form: Form
    totals: Totals = field(default_factory=Totals)
    line: int = 1
    places: int = 0  # own records written: what repeats wait for
    _held: list[str] = field(default_factory=list)
    _size: int = 0

    def __post_init__(self) -> None:
        name = {"utf-16": "utf-16-le"}.get(self.form.encoding, self.form.encoding)
        self._encoder = codecs.lookup(name)
        if self.form.mark or self.form.encoding == "utf-16":
            self.raw("\ufeff")

    def raw(self, text: str) -> None:
        """Write text as it is."""
        self._held.append(text)
        self._size += len(text)
        if self._size >= _BUFFERED:
            self.flush()

    def flush(self) -> None:
        """Encode and write what is held."""
        self.file.write(self._encoder.encode("".join(self._held), "strict")[0])
        self._held, self._size = [], 0

    def row(self, text: str, entry: Entry) -> None:
        """Write one row and its line of the key."""
        entry.line = self.line + 1
        self.line += 1 + _ends_inside(text)
        self.raw(self.form.newline)
        self.raw(text)
        self.totals.count(entry)
        if self.key is not None:
            self.key.write(entry_line(entry))


def _ends_inside(text: str) -> int:
    """Count the line ends in a row's quoted cells: CR, LF and CR LF are one each."""
    if "\n" not in text and "\r" not in text:
        return 0
    return text.count("\n") + text.count("\r") - text.count("\r\n")
