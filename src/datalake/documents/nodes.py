"""What a configuration file consists of: mappings, sequences and text, each knowing its line."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from datalake.safe_text import written_out

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands in a configuration file; line counts from 1, 0 is the file as a whole."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: where it is, and what is wrong with it in words a person can act on."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Scalar:
    """One value, as it was written; quoted tells "" from nothing at all."""

    text: str
    place: Place
    quoted: bool = False

    @property
    def empty(self) -> bool:
        return not self.text and not self.quoted


@dataclass(frozen=True)
class Sequence:
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


@dataclass(frozen=True)
class Entry:
    """One key of a mapping with its value."""

    key: Scalar
    value: "Node"

    @property
    def name(self) -> str:
        """The key in snake_case, so that words pasted from a Table Schema (primaryKey) are found."""
        return _HUMP.sub(lambda hump: "_" + hump[1].lower(), self.key.text)


@dataclass(frozen=True)
class Mapping:
    """Keys and values, in the order they were written; no name comes twice."""

    entries: tuple[Entry, ...]
    place: Place

    def entry(self, name: str) -> Entry | None:
        """Return the entry of that name, or None."""
        return next((each for each in self.entries if each.name == name), None)

    def text(self, name: str) -> str:
        """Return the text under that name, "" where there is none."""
        entry = self.entry(name)
        return entry.value.text if entry and isinstance(entry.value, Scalar) else ""


Node = Scalar | Sequence | Mapping


def quoted(text: str) -> str:
    """Return a value as messages show it: in quotes, clipped, no control characters, a web address only by its host."""
    address = re.match(r"([a-z][a-z0-9+.-]*://)[^/?#]*", text, re.IGNORECASE)
    if address:  # its path may be a secret
        host = address[0].removeprefix(address[1]).rpartition("@")[2]
        text = f"{address[1]}{host}/…"
    clipped = text if len(text) <= 60 else f"{text[:57]}..."
    return f'"{written_out(clipped)}"'


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Given a word that is unknown and those that are known, return ' Did you mean "x"?', or "" if none is near."""
    known = {each.casefold(): each for each in words}
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f' Did you mean "{known[near[0]]}"?' if near else ""


def listed(problems: Iterable[Problem]) -> str:
    """Given problems, return them one a line, in the order of files and lines, none twice."""
    return "\n".join(str(each) for each in sorted(set(problems)))
