"""A 64-bit hash of each record's key, before any row is judged. Equal keys have equal hashes; the reverse may fail.

A collision costs a second look at a row and can never lose one. Where keys are plain text they are read straight from
the buffer; where they are quoted, far into the row or typed, through the same parser and rules as everything else.
"""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import Bools, Ints, Text
from datalake.clean.columns import BLANK_END, BLANK_START
from datalake.engine.records import CR, LF, Grammar

Hashes = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

LONGEST = 64  # bytes of a key that are hashed by numpy; longer ones by blake2b
_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))  # MurmurHash3's finalizer, public domain
_NULL = np.uint64(0x9E3779B97F4A7C15)


def mixed(hashes: Hashes, words: Hashes) -> Hashes:
    """Return hashes with one more word each stirred in."""
    hashes = (hashes ^ words) * _MIX[0]
    hashes ^= hashes >> np.uint64(33)
    hashes *= _MIX[1]
    return hashes


def hash_ranges(data: Bytes, begins: Ints, ends: Ints) -> Hashes:
    """Return a hash of the bytes of each range; an empty one stands for a missing value."""
    sizes = ends - begins
    width = (min(int(sizes.max(initial=1)), LONGEST) + 7) // 8 * 8
    windows = _windows(data, begins, width)
    words = np.where(np.arange(width) < sizes[:, None], windows, np.uint8(0)).view(np.uint64)
    hashes = sizes.astype(np.uint64)
    for place in range(width // 8):  # only as many rounds as a key has words, whatever lies beside it
        hashes = np.where(sizes > place * 8, mixed(hashes, words[:, place]), hashes)
    for row in np.flatnonzero(sizes > LONGEST):
        digest = blake2b(data[begins[row] : ends[row]].tobytes(), digest_size=8).digest()
        hashes[row] = int.from_bytes(digest, "little")
    hashes[sizes == 0] = _NULL
    return hashes


def hash_array(values: pa.Array) -> Hashes:
    """Return a hash of each value of a column, as of the bytes of its text; nulls all have one."""
    if pa.types.is_list(values.type):
        values = pc.binary_join(values, "\x1f")
    text = Text(values if pa.types.is_string(values.type) else values.cast(pa.string()))
    return hash_ranges(text.data, text.offsets[:-1].astype(np.int64), text.offsets[1:].astype(np.int64))


def _windows(data: Bytes, begins: Ints, width: int) -> Bytes:
    """Return the bytes from each place on, as many as a window is wide."""
    if not len(begins):
        return np.empty((0, width), np.uint8)
    if int(begins.max()) + width > len(data):
        data = np.append(data, np.zeros(width, np.uint8))
    found: Bytes = np.lib.stride_tricks.sliding_window_view(data, width)[begins]
    return found


def plain_cells(data: Bytes, starts: Ints, place: int, width: int, grammar: Grammar) -> tuple[Ints, Ints, Bools]:
    """Return where the cell at a place of each record begins and ends, and for which records that is sure.

    Sure is a cell that ends within a window of that width from the record's start, with no quote before its end and
    no blank at its edges.
    """
    windows = _windows(data, starts, width)
    ending = np.flatnonzero((windows == grammar.delimiter) | (windows == LF) | (windows == CR))
    records = ending // width
    first = np.searchsorted(records, np.arange(len(starts)))
    begins = _after(ending, records, first + place - 1, width) if place else np.zeros(len(starts), np.int64)
    ends = _after(ending, records, first + place, width) - 1
    sure = (begins >= 0) & (ends >= 0) & (starts + width <= len(data))
    sure &= _first_quote(windows, grammar, width) > ends
    begins, ends = np.where(sure, begins + starts, 0), np.where(sure, ends + starts, 0)
    sure &= ~(BLANK_START[data[begins]] | BLANK_END[data[np.maximum(ends - 1, 0)]]) | (begins == ends)
    return begins, ends, sure


def _after(ending: Ints, records: Ints, wanted: Ints, width: int) -> Ints:
    """Return for each record the place after that one of its cell ends, negative where the window has not so many."""
    inside = wanted < len(ending)
    safe = np.where(inside, wanted, 0)
    if not len(ending):
        return np.full(len(wanted), -1, np.int64)
    found = ending[safe] - np.arange(len(wanted)) * width + 1
    return np.where(inside & (records[safe] == np.arange(len(wanted))), found, -1)


def _first_quote(windows: Bytes, grammar: Grammar, width: int) -> Ints:
    quotes = windows == grammar.quote
    if not quotes.any():
        return np.full(len(windows), width, np.int64)
    return np.where(quotes.any(axis=1), quotes.argmax(axis=1), width)
