"""Whole columns read at once, where their cells are written plainly. What is not plain is left to the value rules.

A kernel takes a column of text and returns its values as whole numbers and which rows it could read; a row that it
could not read is no verdict, only a cell to look at one by one.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import Bools, Bytes, Ints, Text, string_array, valid_rows, with_nulls
from datalake.clean.values import FALSE_WORDS, TRUE_WORDS

MINUS, POINT = ord("-"), ord(".")
LONGEST_INTEGER = 18  # digits and sign that surely fit 64 bits
WIDEST_DECIMAL = 18  # digits that surely fit 64 bits

Read = tuple[Ints, Bools]


def integers(text: Text) -> Read:
    """Read digits with an optional minus."""
    fine = text.valid & (text.sizes > 0) & (text.sizes <= LONGEST_INTEGER)
    fine[_rows_with_other_bytes(text, b"-0123456789")] = False
    fine[_rows_with_misplaced_minus(text)] = False
    return _cast(text, fine, pa.int64())


def decimals(text: Text, precision: tuple[int, int]) -> Read:
    """Read digits with an optional minus and an optional point among them, as whole numbers of the last digit."""
    total, scale = precision
    if total > WIDEST_DECIMAL:
        return _nothing(text)
    places, whole_digits, twice = _points(text)
    fine = text.valid & (whole_digits > 0) & (whole_digits <= total - scale) & (places <= scale) & (places != 0)
    fine[_rows_with_other_bytes(text, b"-.0123456789")] = False
    fine[_rows_with_misplaced_minus(text)] = False
    fine[twice] = False
    return _cast(text, fine, pa.decimal128(total, scale))


def booleans(text: Text, formats: tuple[str, ...]) -> Read:
    """Read the usual spellings of yes and no, or the declared ones."""
    spellings, meanings = _spellings(formats)
    found = pc.index_in(text.array, value_set=spellings)
    fine = valid_rows(found) & text.valid
    index = np.frombuffer(found.buffers()[1], np.int32)[found.offset : found.offset + len(found)]
    return meanings[np.where(fine, index, 0)], fine


@lru_cache(maxsize=64)
def _spellings(formats: tuple[str, ...]) -> tuple[pa.StringArray, Ints]:
    meanings = _meanings(formats)
    return string_array(list(meanings)), np.fromiter(meanings.values(), np.int64)


def _meanings(formats: tuple[str, ...]) -> dict[str, int]:
    """Return spellings of yes and no, in lower, upper and title case, as 1 and 0."""
    declared = [tuple(each.split("/", 1)) for each in formats]
    pairs = declared or list(zip(TRUE_WORDS, FALSE_WORDS, strict=True))
    cases = (str.lower, str.upper, str.title)
    return {case(word): 1 - place for pair in pairs for place, word in enumerate(pair) for case in cases}


def _nothing(text: Text) -> Read:
    return np.zeros(len(text), np.int64), np.zeros(len(text), bool)


def _rows_with_other_bytes(text: Text, allowed: bytes) -> Ints:
    odd = np.ones(256, bool)
    odd[np.frombuffer(allowed, np.uint8)] = False
    return text.rows_at(np.flatnonzero(odd[text.used]))


def _rows_with_misplaced_minus(text: Text) -> Ints:
    """Return the rows with a minus anywhere but in front, or nothing after it."""
    places = np.flatnonzero(text.used == MINUS)
    if not len(places):
        return places
    absolute = places + int(text.offsets[0])
    rows = np.searchsorted(text.offsets, absolute, side="right") - 1
    misplaced: Ints = rows[(text.offsets[rows] != absolute) | (text.sizes[rows] == 1)]
    return misplaced


def _points(text: Text) -> tuple[Ints, Ints, Ints]:
    """Return for each row the digits after its last point (-1 without one) and before it, and rows with two points."""
    absolute = np.flatnonzero(text.used == POINT) + int(text.offsets[0])
    rows = np.searchsorted(text.offsets, absolute, side="right") - 1
    places = np.full(len(text), -1, np.int64)
    places[rows] = text.offsets[rows + 1] - absolute - 1
    first, _ = text.edges()
    whole = text.sizes - np.where(places >= 0, places + 1, 0) - (first == MINUS)
    return places, whole, rows[1:][rows[1:] == rows[:-1]]


def _cast(text: Text, fine: Bools, kind: pa.DataType) -> Read:
    """Cast the rows that are fine by Arrow's own kernel."""
    odd = np.flatnonzero(text.valid & ~fine)
    plain = with_nulls(text.array, odd) if len(odd) else text.array
    try:
        cast = pc.cast(plain, kind)
    except pa.ArrowInvalid:  # no plain cell can do this; the value rules then say what is wrong with which
        return _nothing(text)
    words = np.frombuffer(cast.buffers()[1], np.int64)
    step = 2 if pa.types.is_decimal(kind) else 1  # a decimal is 128 bits, the low 64 first
    values = words[: len(cast) * step : step]
    return values, fine


def digits_at(cells: Bytes, columns: tuple[int, ...]) -> tuple[npt.NDArray[np.int32], Bools]:
    """Given cells of one width as a matrix of bytes, return the number at those columns and where it is all digits."""
    value = np.zeros(len(cells), np.int32)
    fine = np.ones(len(cells), bool)
    for column in columns:
        digit = cells[:, column] - np.uint8(48)  # wraps round below 0: anything but a digit is above 9
        fine &= digit <= 9
        value = value * 10 + digit
    return value, fine


def same_width(text: Text, width: int) -> tuple[Ints, Bytes]:
    """Return the rows whose cells have that many bytes, and these bytes as a matrix."""
    fits = text.sizes == width
    rows = np.flatnonzero(fits)
    if len(rows) * width == len(text.used):  # all others are empty: the bytes already lie like that
        return rows, text.used.reshape(-1, width)
    windows = np.lib.stride_tricks.sliding_window_view(text.data, width) if len(rows) else text.data.reshape(-1, 1)[:0]
    return rows, windows[text.offsets[:-1][rows]]
