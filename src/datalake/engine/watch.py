"""What the first pass notes of every record's key, and which records share one."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from datalake.clean.arrow import Bools, Ints, distinct
from datalake.clean.batch import Cleaner
from datalake.clean.rules import Rules
from datalake.engine.cells import Layout, parse
from datalake.engine.keyhash import Bytes, Hashes, hash_array, hash_ranges, mixed, plain_cells
from datalake.engine.records import Grammar

NARROW, WIDE = 32, 1_024  # bytes of a record looked at for a key, at first and at most
WINDOWS = 2_097_152  # bytes looked at together: a buffer of short rows has half a million of them
FEW = 0.1  # share of records that may be parsed one by one

AT_ONCE = 1_048_576  # hashes in memory at once


class HashFile:
    """One hash a record, in file order, on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self.count = 0

    def append(self, hashes: Hashes) -> None:
        """Add the hashes of the next records."""
        self._file.write(hashes.tobytes())
        self.count += len(hashes)

    def extend(self, path: Path, count: int) -> None:
        """Add the hashes of another file, which holds so many."""
        with path.open("rb") as other:
            shutil.copyfileobj(other, self._file)
        self.count += count

    def close(self) -> None:
        """Make what was appended readable."""
        self._file.close()

    def repeated(self, at_once: int, most: int = AT_ONCE) -> Iterator[Ints]:
        """Yield the numbers of records whose hash comes more than once, all records of a hash together.

        at_once: records to yield at a time (more only where one hash has more); most: hashes to hold at a time.
        """
        ranges = -(-self.count // most)
        for number in range(ranges):
            records, hashes = self._within(number, ranges)
            order = np.argsort(hashes, kind="stable")
            yield from _groups(records[order], hashes[order], at_once)

    def _within(self, number: int, ranges: int) -> tuple[Ints, Hashes]:
        """Return the repeated hashes of one of so many ranges, and their records."""
        sorted_hashes = np.sort(np.concatenate([hashes for _, hashes in self._chunks(number, ranges)] or [_NONE]))
        twice = distinct(sorted_hashes[1:][sorted_hashes[1:] == sorted_hashes[:-1]])
        if not len(twice):
            return np.empty(0, np.int64), _NONE
        found = [(records[known], hashes[known]) for records, hashes, known in self._known(twice, number, ranges)]
        return np.concatenate([each for each, _ in found]), np.concatenate([each for _, each in found])

    def _known(self, twice: Hashes, number: int, ranges: int) -> Iterator[tuple[Ints, Hashes, Ints]]:
        for records, hashes in self._chunks(number, ranges):
            at = np.minimum(np.searchsorted(twice, hashes), len(twice) - 1)
            yield records, hashes, np.flatnonzero(twice[at] == hashes)

    def _chunks(self, number: int, ranges: int) -> Iterator[tuple[Ints, Hashes]]:
        first = 0
        with self._path.open("rb") as file:
            while data := file.read(8 * 262_144):
                hashes = np.frombuffer(data, np.uint64)
                records = np.arange(first, first + len(hashes))
                first += len(hashes)
                mine = hashes % np.uint64(ranges) == number if ranges > 1 else slice(None)
                yield records[mine], hashes[mine]


_NONE = np.empty(0, np.uint64)


def _groups(records: Ints, hashes: Hashes, at_once: int) -> Iterator[Ints]:
    start = 0
    edges = (np.flatnonzero(hashes[1:] != hashes[:-1]) + 1).tolist()
    for end, following in pairwise([*edges, len(hashes)]):
        if following - start > at_once:
            yield np.sort(records[start:end])
            start = end
    if len(hashes):
        yield np.sort(records[start:])


class KeyWatch:
    """Hashes some columns of every record as the first pass goes by."""

    def __init__(self, names: Sequence[str], layout: Layout, cleaner: Cleaner, path: Path) -> None:
        self.names = tuple(names)
        self.hashes = HashFile(path)
        self._layout = layout
        self._cleaner = cleaner
        self._places = {each: layout.header.positions[each] for each in names if each in layout.header.positions}
        self._grammar = Grammar(ord(layout.header.delimiter), ord(layout.quote))
        self._width = NARROW
        self._plain = all(_is_plain(each, cleaner.rules) for each in self._places) and layout.finds_missing

    def see(self, data: Bytes, starts: Ints, used: int) -> None:
        """Hash the keys of a buffer's records."""
        hashes, sure = self._from_bytes(data, starts)
        odd = np.flatnonzero(~sure)
        if len(odd):
            hashes[odd] = self._from_cells(data, odd, starts, used)
        self.hashes.append(hashes)

    def _from_bytes(self, data: Bytes, starts: Ints) -> tuple[Hashes, Bools]:
        """Read keys straight from the buffer; a wider look is taken once it proves too narrow."""
        while self._plain:
            few = max(WINDOWS // self._width, 1)
            looked = [self._looked_at(data, starts[at : at + few]) for at in range(0, len(starts), few)]
            hashes, sure = (np.concatenate(each) for each in zip(*looked, strict=True))
            if len(starts) < 16 or np.count_nonzero(~sure) <= FEW * len(starts):
                return hashes, sure
            self._width *= 4
            self._plain = self._width <= WIDE
        return np.zeros(len(starts), np.uint64), np.zeros(len(starts), bool)

    def _looked_at(self, data: Bytes, starts: Ints) -> tuple[Hashes, Bools]:
        """Hash the keys of some records, and tell for which that is sure."""
        hashes, sure = np.zeros(len(starts), np.uint64), np.ones(len(starts), bool)
        for name in self.names:
            if name in self._places:
                begins, ends, fine = plain_cells(data, starts, self._places[name], self._width, self._grammar)
                hashes, sure = mixed(hashes, hash_ranges(data, begins, ends)), sure & fine
        return hashes, sure

    def _from_cells(self, data: Bytes, odd: Ints, starts: Ints, used: int) -> Hashes:
        """Read keys as they will be read when the rows are judged."""
        raw = _joined(data, odd, starts, used)
        cells = parse(raw, len(odd), self._layout, self._places)
        hashes = _of_nothing(len(odd), self.hashes.count)
        found = np.zeros(len(cells.rows), np.uint64)
        for name in self.names:
            if name in self._places:
                found = mixed(found, hash_array(self._cleaner.read(name, cells.columns[name])))
        hashes[cells.rows] = found
        return hashes


def _is_plain(name: str, rules: Rules) -> bool:
    """Tell whether a column's values are its bytes, blanks at the edges aside."""
    column = rules.column(name).column
    return column.type == "string" and not column.width


def _joined(data: Bytes, odd: Ints, starts: Ints, used: int) -> bytes:
    if len(odd) == len(starts):
        return data[int(starts[0]) : used].tobytes()
    ends = np.append(starts[1:], used)
    return b"\n".join(data[starts[row] : ends[row]].tobytes() for row in odd.tolist())


def _of_nothing(count: int, first: int) -> Hashes:
    """Return hashes for misbuilt records, which have no key: one like no other."""
    return mixed(np.full(count, 1 << 63, np.uint64), np.arange(first, first + count).astype(np.uint64))
