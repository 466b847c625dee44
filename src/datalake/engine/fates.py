"""Which of the records that share a key stay: told before anything is written, by their real keys and values."""

from collections import defaultdict
from collections.abc import Sequence
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
    """A good row that may share its key. age: its order_by values, None where missing; contents: all its values."""

    record: int
    line: int
    key: tuple[Any, ...]
    age: tuple[Any, ...]
    contents: tuple[Any, ...]


def settle_keys(candidates: Sequence[Candidate]) -> Fates:
    """Of identical rows the first stays; of different ones with one key the newest does, or else the last."""
    by_key: dict[tuple[Any, ...], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_key[candidate.key].append(candidate)
    lost = [each for group in by_key.values() if len(group) > 1 for each in _losers(group)]
    return _as_fates(lost)


def settle_unique(records: Sequence[int], lines: Sequence[int], values: Sequence[Any], column: int) -> Fates:
    """Of the rows that share a value which may come once the first stays as it is."""
    first: dict[Any, int] = {}
    lost = []
    for record, line, value in zip(records, lines, values, strict=True):
        known = first.setdefault(value, line)
        if known != line:
            lost.append((record, REPEATED + column, known))
    return _as_fates(lost)


def _losers(group: list[Candidate]) -> list[tuple[int, int, int]]:
    firsts: dict[tuple[Any, ...], Candidate] = {}
    for candidate in group:
        firsts.setdefault(candidate.contents, candidate)
    winner = firsts[max(group, key=_rank).contents]
    lost = []
    for candidate in group:
        first = firsts[candidate.contents]
        if candidate is not first:
            lost.append((candidate.record, DUPLICATE, first.line))
        elif first is not winner:
            lost.append((candidate.record, SUPERSEDED, winner.line))
    return lost


def _rank(candidate: Candidate) -> tuple[Any, ...]:
    ages = tuple((each is not None, 0 if each is None else each) for each in candidate.age)
    return (*ages, candidate.record)


def _as_fates(lost: list[tuple[int, int, int]]) -> Fates:
    table = np.array(sorted(lost), np.int64).reshape(-1, 3)
    return Fates(table[:, 0], table[:, 1], table[:, 2])
