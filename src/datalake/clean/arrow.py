"""Arrow arrays as numpy sees them and back, without copies and without what pulls pandas in.

pa.array and friends import pandas (a fifth of a second) to see whether they were handed a Series; building from
buffers does not.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Text:
    """A column of text as offsets into bytes. A missing cell is null in the array and has no bytes."""

    array: pa.StringArray

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def offsets(self) -> npt.NDArray[np.int32]:
        """Where each cell starts in data; the last one is where the last cell ends."""
        whole = np.frombuffer(self.array.buffers()[1], np.int32)
        return whole[self.array.offset : self.array.offset + len(self.array) + 1]

    @cached_property
    def data(self) -> Bytes:
        """The bytes of all cells, and perhaps others before and after them."""
        buffer = self.array.buffers()[2]
        return np.frombuffer(buffer, np.uint8) if buffer is not None else np.empty(0, np.uint8)

    @cached_property
    def sizes(self) -> npt.NDArray[np.int32]:
        """How many bytes each cell has."""
        return np.diff(self.offsets)

    @cached_property
    def valid(self) -> Bools:
        """Which cells are there."""
        return valid_rows(self.array)

    @property
    def used(self) -> Bytes:
        """The bytes of these cells alone."""
        return self.data[self.offsets[0] : self.offsets[-1]]

    def rows_at(self, places: Ints) -> Ints:
        """Return the rows that hold the bytes at those places of used, each row once."""
        rows: Ints = distinct(np.searchsorted(self.offsets, places + int(self.offsets[0]), side="right") - 1)
        return rows

    def edges(self) -> tuple[Bytes, Bytes]:
        """Return the first and the last byte of each cell, any byte at all for one without bytes."""
        starts, ends = self.offsets[:-1], self.offsets[1:]
        if not len(self.used):
            nothing = np.zeros(len(self), np.uint8)
            return nothing, nothing
        if starts[-1] == len(self.data):  # the last cells are empty
            starts = np.minimum(starts, len(self.data) - 1)
        return self.data[starts], self.data[ends - 1]

    def take(self, rows: Ints) -> list[Any]:
        """Return the cells of those rows as Python text, None where one is missing."""
        taken: list[Any] = self.array.take(int_array(rows)).to_pylist()
        return taken


def distinct(values: npt.NDArray[Any]) -> Any:
    """Return each value once, ascending; np.unique loads numpy.ma for it, which takes longer than most files."""
    ordered = np.sort(values)
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]


def among(values: Ints, ordered: Ints) -> Bools:
    """Return which values are among others that ascend."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    found: Bools = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return found


def valid_rows(array: pa.Array) -> Bools:
    """Return which values of an array are not null."""
    if not array.null_count:
        return np.ones(len(array), bool)
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    return np.unpackbits(bits, count=array.offset + len(array), bitorder="little")[array.offset :].view(bool)


def bool_array(values: Bools) -> pa.BooleanArray:
    """Return numpy truth values as Arrow's bits."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(values)])


def int_array(values: npt.NDArray[Any]) -> pa.Int64Array:
    """Return whole numbers as an Arrow array over the same memory."""
    values = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def truths(array: pa.Array) -> Bools:
    """Return Arrow's truth values as numpy's, false where they are null."""
    if len(array) == 0:
        return np.zeros(0, bool)
    bits = np.frombuffer(array.buffers()[1], np.uint8)
    values = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")[array.offset :].view(bool)
    return values & valid_rows(array) if array.null_count else values


def typed_array(values: Ints, valid: Bools, kind: pa.DataType) -> pa.Array:
    """Return whole numbers as an array of a type: days, microseconds, 0 and 1, or the digits of a decimal."""
    bitmap = None if valid.all() else _bits(valid)
    if pa.types.is_decimal(kind):
        data = pa.py_buffer(np.stack([values, values >> 63], axis=1))
    elif pa.types.is_boolean(kind):
        data = _bits(values.astype(bool))
    else:
        data = pa.py_buffer(values.astype(np.int32) if pa.types.is_date32(kind) else values)
    return pa.Array.from_buffers(kind, len(values), [bitmap, data])


def text_scalar(text: str) -> pa.StringScalar:
    """Return a text as Arrow's functions take it: they make one of Python's only after loading pandas."""
    return string_array([text])[0]


def day_scalar(day: date) -> pa.Date32Scalar:
    """Return a date as Arrow's functions take it."""
    days = np.array([day.toordinal() - EPOCH], np.int64)
    return typed_array(days, np.ones(1, bool), pa.date32())[0]


def string_array(texts: list[str]) -> pa.StringArray:
    """Return Python texts, none missing, as an array."""
    encoded = [each.encode() for each in texts]
    offsets = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    return pa.Array.from_buffers(
        pa.string(), len(encoded), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    )


def nullable_strings(texts: list[str | None]) -> pa.StringArray:
    """Return Python texts as an array, null where one is None."""
    array = string_array([each or "" for each in texts])
    if None not in texts:
        return array
    valid = np.fromiter((each is not None for each in texts), bool, len(texts))
    return pa.Array.from_buffers(pa.string(), len(texts), [_bits(valid), *array.buffers()[1:]])


def with_nulls(array: pa.Array, rows: Ints) -> pa.Array:
    """Return an array with the values of those rows taken away."""
    keep = np.ones(len(array), bool)
    keep[rows] = False
    return pc.if_else(bool_array(keep), array, pa.nulls(len(array), array.type))


def replaced(array: pa.Array, rows: Ints, values: pa.Array) -> pa.Array:
    """Return an array with other values in those rows, which ascend."""
    mask = np.zeros(len(array), bool)
    mask[rows] = True
    return pc.replace_with_mask(array, bool_array(mask), values)


def list_sizes(array: pa.ListArray) -> npt.NDArray[np.int32]:
    """Return how many items each list has, 0 for one that is null."""
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    return np.where(valid_rows(array), np.diff(offsets), 0).astype(np.int32)


def one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of a table as a single array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _bits(values: Bools) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little"))
