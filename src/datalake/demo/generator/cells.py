"""Cells in the two forms that the generator always makes side by side: the text that is written, and what it means.

What a cell means is a JSON value: null; text; true or false; a whole number; a decimal as text with all its places
("1250000.00"); a date "2025-10-30"; a local time "2025-10-30T13:12:09", or with Z in UTC; a list of texts.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datalake.demo.generator.draws import Flags, Ints
from datalake.demo.generator.world import Rows

Meant = str | int | bool | list[str] | None
_NEEDS_QUOTES = re.compile(r'[",;|\t\r\n]|^\s|\s$')


def quoted(text: str) -> str:
    """Return text as a CSV cell, in quotes where any of the delimiters we write would make them necessary."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


@dataclass
class Cells:
    """One column of one block: the cells as they stand in the file, and what each means."""

    text: list[str]
    meant: list[Any]


Maker = Callable[[Rows], Cells]


@dataclass(frozen=True)
class Column:
    """One column of a feed: its name, its kind (a contract's type) and how its cells are made."""

    name: str
    kind: str
    make: Maker
    required: bool = False
    width: int = 0  # digits of a code whose leading zeros a spreadsheet may lose


class Pool:
    """Ready-made cells to pick from by number; number -1 picks a blank."""

    def __init__(self, meant: Sequence[Meant], written: Iterable[str] | None = None) -> None:
        texts = [as_text(each) for each in meant] if written is None else list(written)
        self._text = _objects([*map(quoted, texts), ""])
        self._meant = _objects([*meant, None])
        self.size = len(meant)

    def take(self, numbers: Ints) -> Cells:
        """Given a number for each row, return their cells."""
        return Cells(self._text[numbers].tolist(), self._meant[numbers].tolist())


def as_text(meant: Meant) -> str:
    """Return a value in the plain form of these feeds."""
    if meant is None:
        return ""
    if isinstance(meant, bool):
        return "Yes" if meant else "No"
    return "; ".join(meant) if isinstance(meant, list) else str(meant)


def _objects(values: Sequence[Meant]) -> NDArray[np.object_]:
    made = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        made[index] = value
    return made


def blank_where(flags: Flags, numbers: Ints) -> Ints:
    """Return the numbers with -1, the blank, where the flag is set."""
    return np.where(flags, -1, numbers)


def pooled(word: str, pool: Pool, blank: float = 0.0) -> Maker:
    """Make cells drawn once for a record's life from a pool, blank at that rate."""

    def make(rows: Rows) -> Cells:
        numbers = rows.below(word, pool.size)
        return pool.take(blank_where(rows.chance(f"{word} blank", blank), numbers) if blank else numbers)

    return make


def picked(pool: Pool, number: Callable[[Rows], Ints]) -> Maker:
    """Make cells from a pool by a number worked out for each record."""
    return lambda rows: pool.take(number(rows))


def yes_no(flag: Callable[[Rows], Flags]) -> Maker:
    """Make Yes and No."""
    pool = Pool([False, True])
    return lambda rows: pool.take(flag(rows).astype(np.int64))


def counted(number: Callable[[Rows], Ints]) -> Maker:
    """Make whole numbers; a negative number is a blank."""

    def make(rows: Rows) -> Cells:
        values = number(rows).tolist()
        return Cells(
            ["" if each < 0 else str(each) for each in values], [None if each < 0 else each for each in values]
        )

    return make


def numbered(pattern: str, number: Callable[[Rows], Ints]) -> Maker:
    """Make identifiers such as AWD00100001 from a format and a number; a negative number is a blank."""

    def make(rows: Rows) -> Cells:
        text = [pattern % each if each >= 0 else "" for each in number(rows).tolist()]
        return Cells(text, [each or None for each in text])

    return make


# --- days and moments -------------------------------------------------------------------------------------------

_LOW = date(1989, 12, 31).toordinal()  # row 0 of a table of days: no day
_HIGH = date(2060, 1, 1).toordinal()
US_DAY, ISO_DAY = "%m/%d/%Y", "%Y-%m-%d"


@lru_cache(maxsize=8)
def _days(form: str) -> NDArray[np.object_]:
    return _objects(["", *(date.fromordinal(each).strftime(form) for each in range(_LOW + 1, _HIGH))])


@lru_cache(maxsize=1)
def _meant_days() -> NDArray[np.object_]:
    return _objects([None, *_days(ISO_DAY)[1:]])


@lru_cache(maxsize=1)
def _clock() -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Every second of a day as 01:12:09 PM and as 13:12:09."""
    hours, minutes, seconds = range(24), range(60), range(60)
    meant = [f"{h:02d}:{m:02d}:{s:02d}" for h in hours for m in minutes for s in seconds]
    text = [f"{(int(t[:2]) - 1) % 12 + 1:02d}{t[2:]} {'AM' if t < '12' else 'PM'}" for t in meant]
    return _objects(text), _objects(meant)


def days(day: Callable[[Rows], Ints]) -> Maker:
    """Make dates MM/DD/YYYY from proleptic ordinals; 0 is a blank."""

    def make(rows: Rows) -> Cells:
        numbers = np.clip(day(rows) - _LOW, 0, _HIGH - _LOW - 1)
        return Cells(_days(US_DAY)[numbers].tolist(), _meant_days()[numbers].tolist())

    return make


def moments(day: Callable[[Rows], Ints], second: Callable[[Rows], Ints]) -> Maker:
    """Make local times MM/DD/YYYY HH:MM:SS AM from days and seconds of the day."""

    def make(rows: Rows) -> Cells:
        numbers, seconds = day(rows) - _LOW, second(rows)
        text, meant = _clock()
        written = zip(_days(US_DAY)[numbers].tolist(), text[seconds].tolist(), strict=True)
        values = zip(_meant_days()[numbers].tolist(), meant[seconds].tolist(), strict=True)
        return Cells([f"{d} {t}" for d, t in written], [f"{d}T{t}" for d, t in values])

    return make


def json_line(value: Any) -> str:
    """Return a JSON value on one line, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
