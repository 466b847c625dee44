"""PURE. 64-bit hashes of whole columns at once: what rows are told apart by without holding the rows.

A hash lives for one merge only and is never stored: the seed is the caller's, so that no file can be made to collide.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datalake.clean.arrow import int_array, text_scalar
from datalake.clean.keys import NOTHING, SEPARATOR
from datalake.clean.values import plain

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_MULTIPLIERS = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)  # MurmurHash3's finalizer (Appleby, public domain)
_NULL = 0x9E3779B97F4A7C15
_LONG = 256  # bytes; from here on hashlib is quicker than one numpy pass per word
_MASK = (1 << 64) - 1


def row_hashes(batch: pa.RecordBatch, columns: Sequence[str], seed: int) -> Hashes:
    """Return one hash for each row of a batch over the columns named; null differs from every value."""
    hashes = np.full(batch.num_rows, seed & _MASK, np.uint64)
    for name in columns:
        hashes = _mixed(hashes, column_hashes(batch.column(name), seed))
    return hashes


def column_hashes(values: pa.Array, seed: int) -> Hashes:
    """Return one hash for each value of a column of any type the lake publishes."""
    hashes = _hashed(values, seed)
    if values.null_count:
        hashes[pc.is_null(values).to_numpy(zero_copy_only=False)] = _NULL
    return hashes


def key_texts(batch: pa.RecordBatch, key: Sequence[str]) -> pa.Array:
    """Return each row's key as findings name it (clean.keys.key_text, over whole columns)."""
    if len(key) == 1:
        return _texts(batch.column(key[0]))
    parts = [_part(_texts(batch.column(name))) for name in key]
    return pc.binary_join_element_wise(*parts, text_scalar(SEPARATOR).cast(parts[0].type))


def _part(texts: pa.Array) -> pa.Array:
    escaped = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), "|", "\\|")
    return pc.fill_null(escaped, text_scalar(NOTHING).cast(escaped.type))


def _texts(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return values
    if pa.types.is_integer(kind) or pa.types.is_date32(kind) or pa.types.is_boolean(kind):
        return values.cast(pa.string())
    return pa.array([None if each is None else plain(each) for each in _naive(values).to_pylist()], pa.string())


def _naive(values: pa.Array) -> pa.Array:
    return values.cast(pa.timestamp("us")) if pa.types.is_timestamp(values.type) else values


def _hashed(values: pa.Array, seed: int) -> Hashes:
    kind = values.type
    if pa.types.is_list(kind):
        joined = pc.binary_join(values, text_scalar("\x1f").cast(values.type.value_type))
        sizes = (
            pc.list_value_length(values)
            .fill_null(int_array(np.zeros(1)).cast(pa.int32())[0])
            .to_numpy()
            .astype(np.uint64)
        )
        return _mixed(_hashed(joined, seed), sizes)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _text_hashes(values, seed)
    return _fixed_hashes(values, seed)


def _fixed_hashes(values: pa.Array, seed: int) -> Hashes:
    """Numbers, dates, instants and yes/no: their bits."""
    hashes = np.full(len(values), seed & _MASK, np.uint64)
    for words in _words(values).T:
        hashes = _mixed(hashes, words)
    return hashes


def _words(values: pa.Array) -> Hashes:
    """The bits of fixed-width values, one row a value, one 64-bit word a column."""
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    bits = values.type.bit_width
    data = values.buffers()[1]
    if not len(values) or data is None:
        return np.zeros((len(values), 1), np.uint64)
    raw: Any = np.frombuffer(data, np.uint8)[values.offset * bits // 8 :][: len(values) * bits // 8]
    wide: Hashes = raw.view(np.uint64) if bits >= 64 else raw.view(f"u{bits // 8}").astype(np.uint64)
    return wide.reshape(len(values), max(1, bits // 64))


def _text_hashes(values: pa.Array, seed: int) -> Hashes:
    """Text, eight bytes a step over all rows at once; the length goes in first, so padding cannot confuse."""
    starts, lengths, data = _text_parts(values)
    hashes = _mixed(np.full(len(values), seed & _MASK, np.uint64), lengths.astype(np.uint64))
    words = _unaligned_words(data)
    rows = np.nonzero((lengths > 0) & (lengths < _LONG))[0]
    step = 0
    while len(rows):
        left = np.minimum(lengths[rows] - step, 8).astype(np.uint64)
        kept = np.uint64(_MASK) >> ((np.uint64(8) - left) * np.uint64(8))
        hashes[rows] = _mixed(hashes[rows], words[starts[rows] + step] & kept)
        step += 8
        rows = rows[lengths[rows] > step]
    for row in np.nonzero(lengths >= _LONG)[0]:
        text = data[starts[row] : starts[row] + lengths[row]]
        digest = hashlib.blake2b(text, digest_size=8, salt=(seed & _MASK).to_bytes(8, "little")).digest()
        hashes[row] = int.from_bytes(digest, "little")
    return hashes


def _text_parts(values: pa.Array) -> tuple[Any, Any, Any]:
    """Starts and lengths in bytes of each text, and the bytes; a null has length 0."""
    width = np.int64 if pa.types.is_large_string(values.type) else np.int32
    _, offsets_buffer, data_buffer = values.buffers()
    if not len(values):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8)
    offsets = np.frombuffer(offsets_buffer, width)[values.offset : values.offset + len(values) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer else np.zeros(0, np.uint8)
    return offsets[:-1], np.diff(offsets), data


def _unaligned_words(data: Any) -> Any:
    """The bytes seen as a 64-bit word from every place on; eight zero bytes behind let the last ones be read."""
    padded = np.concatenate([data, np.zeros(8, np.uint8)])
    return np.ndarray((len(data) + 1,), "<u8", padded, strides=(1,))


def _mixed(hashes: Hashes, words: Any) -> Hashes:
    """Take a word into each hash; for a given hash no two words give the same result."""
    mixed: Hashes = hashes ^ words
    for multiplier in _MULTIPLIERS:
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(multiplier)
    mixed ^= mixed >> np.uint64(33)
    return mixed
