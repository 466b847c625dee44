"""PURE. What a merge reads: rows that can be gone over more than once, and their hashes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import typed_array
from datalake.errors import DatalakeError
from datalake.merge.hashes import Hashes, column_hashes, key_texts, row_hashes

SECOND_LANE = 0x5851F42D4C957F2D
Positions = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
_NO_HASHES: Hashes = np.zeros(0, np.uint64)


class Rows(Protocol):
    """A table that is too large to hold: batches in a fixed order, as often as they are asked for."""

    @property
    def schema(self) -> pa.Schema:
        """The columns."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, all columns or the ones named."""


@dataclass(frozen=True)
class NoRows:
    """A table without a row."""

    schema: pa.Schema

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        yield from ()


class Collision(Exception):
    """Two different keys got the same 64 bits: another seed tells them apart."""


@dataclass(frozen=True)
class Fingerprints:
    """Every row's key, as two independent 64-bit hashes, and its content, as one. 24 bytes a row."""

    keys: Hashes
    checks: Hashes
    contents: Hashes

    def __len__(self) -> int:
        return len(self.keys)

    def followed_by(self, other: "Fingerprints") -> "Fingerprints":
        """Return these rows' and then the other's."""
        lanes = ((self.keys, other.keys), (self.checks, other.checks), (self.contents, other.contents))
        return Fingerprints(*(np.concatenate(lane) for lane in lanes))


class Collector:
    """Gathers the fingerprints of batches as they pass."""

    def __init__(self, key: Sequence[str], columns: Sequence[str], seed: int) -> None:
        """Given the key's columns (none: the whole row is the key) and the columns that make up the content."""
        self._key, self._columns, self._seed = tuple(key), tuple(columns), seed
        self._parts: list[tuple[Hashes, Hashes, Hashes]] = []

    def add(self, batch: pa.RecordBatch) -> None:
        contents = row_hashes(batch, self._columns, self._seed)
        if self._key:
            keys, checks = text_hashes(key_texts(batch, self._key), self._seed)
        else:
            keys, checks = contents, row_hashes(batch, self._columns, self._seed ^ SECOND_LANE)
        self._parts.append((keys, checks, contents))

    def done(self) -> Fingerprints:
        """Return the fingerprints of all batches, in order."""
        if not self._parts:
            return Fingerprints(_NO_HASHES, _NO_HASHES, _NO_HASHES)
        return Fingerprints(*(np.concatenate(lane) for lane in zip(*self._parts, strict=True)))


def key_prints(batches: Iterable[pa.RecordBatch], key: Sequence[str], seed: int) -> tuple[Fingerprints, list[int]]:
    """Return the fingerprints of the rows' keys, without contents, and how many rows each batch has."""
    lanes, sizes = [(_NO_HASHES, _NO_HASHES)], []
    for batch in batches:
        lanes.append(text_hashes(key_texts(batch, key), seed))
        sizes.append(batch.num_rows)
    keys, checks = (np.concatenate(lane) for lane in zip(*lanes, strict=True))
    return Fingerprints(keys, checks, _NO_HASHES), sizes


def places_array(places: Positions) -> pa.Int64Array:
    """Return positions as take() wants them: null, which gives a row of nulls, for -1."""
    return typed_array(places, places >= 0, pa.int64())


def text_hashes(texts: pa.Array, seed: int) -> tuple[Hashes, Hashes]:
    """Return two independent hashes of each text."""
    return column_hashes(texts, seed), column_hashes(texts, seed ^ SECOND_LANE)


class Index:
    """Finds rows of one table by the key's hashes."""

    def __init__(self, prints: Fingerprints) -> None:
        self._order = np.argsort(prints.keys, kind="stable")
        self._keys = prints.keys[self._order]
        self._checks = prints.checks[self._order]

    def find(self, keys: Hashes, checks: Hashes) -> Positions:
        """Return for each key the first row that has it, -1 where none does; raise Collision."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        order, places = np.argsort(keys), np.empty(len(keys), np.int64)
        places[order] = np.searchsorted(self._keys, keys[order])  # ten times as fast as out of order
        places = np.minimum(places, len(self._keys) - 1)
        found = self._keys[places] == keys
        if bool((found & (self._checks[places] != checks)).any()):
            raise Collision
        return np.where(found, self._order[places], -1)


def check_unique(prints: Fingerprints) -> None:
    """Raise DatalakeError if a key stands there twice: nothing can be merged by such a key; raise Collision."""
    ordered = np.sort(prints.keys)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return
    mine = np.isin(prints.keys, twice)
    pairs = set(zip(prints.keys[mine].tolist(), prints.checks[mine].tolist(), strict=True))
    if len(pairs) > len({key for key, _ in pairs}):
        raise Collision
    raise DatalakeError("The cleaned file holds a key twice.", "This is a fault in the program; nothing was published.")


def aligned(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch with a schema's columns: unknown ones dropped, absent ones null, types brought over exactly."""
    arrays = []
    for field in schema:
        place = batch.schema.get_field_index(field.name)
        arrays.append(_cast(batch.column(place), field) if place >= 0 else pa.nulls(batch.num_rows, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(values: pa.Array, field: pa.Field) -> pa.Array:
    if values.type == field.type:
        return values
    try:
        return values.cast(field.type)
    except pa.ArrowInvalid as problem:
        raise DatalakeError(
            f"Column {field.name} is now {field.type}, and the published table has values that are none: {problem}.",
            "Rebuild the feed by its new rules: `python3 manage.py replay`; --dry-run only says what would change.",
        ) from None


def content_columns(schema: pa.Schema) -> tuple[str, ...]:
    """Return the columns that make a row what it is: all but the lake's own, which start with _."""
    return tuple(name for name in schema.names if not name.startswith("_"))
