"""Which of the records that share a key stay: told before anything is written, by their real keys and values."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalake.clean.arrow import Ints

DUPLICATE, SUPERSEDED, REPEATED = 1, 2, 3  # REPEATED + n: the n-th unique column has this value before


@dataclass(frozen=True)
class Fates:
    """Records that do not stay, or not whole, in ascending order; line: of the record to which each one lost."""

    records: Ints
    codes: Ints
    lines: Ints

    def within(self, first: int, count: int) -> "Fates":
        """Return those of some records, numbered from the first of them."""
        low, high = np.searchsorted(self.records, [first, first + count])
        return Fates(self.records[low:high] - first, self.codes[low:high], self.lines[low:high])


NO_FATES = Fates(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))


def merged(found: Sequence[Fates]) -> Fates:
    """Return all of them in one."""
    if not found:
        return NO_FATES
    records = np.concatenate([each.records for each in found])
    order = np.argsort(records, kind="stable")
    codes, lines = (np.concatenate([getattr(each, name) for each in found]) for name in ("codes", "lines"))
    return Fates(records[order], codes[order], lines[order])


@dataclass(frozen=True)
class Candidate:
    """A good row that may share its key. age: its order_by values, None where missing; contents: digest of it all."""

    record: int
    line: int
    key: tuple[Any, ...]
    age: tuple[Any, ...]
    contents: bytes


def settle_keys(candidates: Iterable[Candidate]) -> Fates:
    """Of identical rows the first stays; of different ones with one key the newest does, or else the last.

    Candidates come in file order, the key among their contents. Some 40 bytes of each are kept, however wide the
    row: a whole file may have one key.
    """
    places, contents = array("q"), bytearray()
    keys: dict[tuple[Any, ...], int] = {}
    newest: list[tuple[tuple[Any, ...], int]] = []  # of each key: the rank and the number of its best candidate
    for number, each in enumerate(candidates):
        key, rank = keys.setdefault(each.key, len(keys)), _rank(each)
        if key == len(newest):
            newest.append((rank, number))
        elif rank > newest[key][0]:
            newest[key] = (rank, number)
        places.extend((each.record, each.line, key))
        contents += each.contents
    return _losers(_table(places), bytes(contents), np.array([number for _, number in newest], np.int64))


def settle_unique(rows: Iterable[tuple[int, int, Any]], column: int) -> Fates:
    """Given record, line and value of rows in file order: of those that share a value the first stays as it is."""
    first: dict[Any, int] = {}
    lost = array("q")
    for record, line, value in rows:
        known = first.setdefault(value, line)
        if known != line:
            lost.extend((record, REPEATED + column, known))
    table = _table(lost)
    return Fates(table[:, 0], table[:, 1], table[:, 2])


def _losers(places: Ints, contents: bytes, newest: Ints) -> Fates:
    """Given record, line and key number of candidates: return what becomes of those that do not stay."""
    records, lines, keys = places.T
    _, firsts, same = np.unique(np.frombuffer(contents, "S16"), return_index=True, return_inverse=True)
    first = firsts[same]
    winner = first[newest][keys]
    repeats = first != np.arange(len(first))
    lost = np.flatnonzero(repeats | (first != winner))
    codes = np.where(repeats, DUPLICATE, SUPERSEDED)
    return Fates(records[lost], codes[lost], lines[np.where(repeats, first, winner)[lost]])


def _rank(candidate: Candidate) -> tuple[Any, ...]:
    ages = tuple((each is not None, 0 if each is None else each) for each in candidate.age)
    return (*ages, candidate.record)


def _table(numbers: "array[int]") -> Ints:
    """Return numbers as rows of three."""
    return np.frombuffer(numbers, np.int64).reshape(-1, 3)
