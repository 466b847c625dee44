"""Accepted rows made ready to be published: masked where the rules say so, with the lake's own columns."""

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import Ints, int_array, nullable_strings, string_array
from datalake.clean.columns import as_number
from datalake.clean.masking import mask_value
from datalake.clean.rules import Rules
from datalake.clean.schema import output_schema
from datalake.contracts.model import Column
from datalake.engine.job import StageJob


def masked(values: pa.Array, column: Column, salt: bytes | None) -> pa.Array:
    """Return a column's values as they may be published; each different value is masked once."""
    if column.mask not in ("hash", "redact"):
        return values
    if pa.types.is_list(values.type):
        return nullable_strings([mask_value(each, column.mask, salt) for each in values.to_pylist()])
    naive = values.cast(pa.timestamp("us")) if pa.types.is_timestamp(values.type) else values
    encoded = naive.dictionary_encode()
    words = nullable_strings([mask_value(each, column.mask, salt) for each in encoded.dictionary.to_pylist()])
    return words.take(encoded.indices)


class LakeColumns:
    """The columns that say where a row came from: the same for all rows of a file, but for the line."""

    def __init__(self, job: StageJob, rules: Rules) -> None:
        self.schema = output_schema(rules.contract)
        self._file, self._delivery, self._day = job.source_file, job.delivery, job.data_date

    def completed(self, arrays: list[pa.Array], lines: Ints) -> pa.RecordBatch:
        """Return published columns and the physical lines their rows start on as a batch."""
        rows = len(lines)
        lake = [_repeated(self._file, rows), int_array(lines), self._days(rows), _repeated(self._delivery, rows)]
        return pa.RecordBatch.from_arrays([*arrays, *lake], schema=self.schema)

    def _days(self, rows: int) -> pa.Array:
        return int_array(_full(rows, as_number(self._day, 0))).cast(pa.int32()).view(pa.date32())


def _full(rows: int, value: int) -> Any:
    return np.full(rows, value, np.int64)


def _repeated(text: str, rows: int) -> pa.StringArray:
    """Return a text so many times; the longest such array is kept and cut to size."""
    size = 1 << max(rows - 1, 1).bit_length()
    return _many(text, size).slice(0, rows)


@lru_cache(maxsize=8)
def _many(text: str, rows: int) -> pa.StringArray:
    return string_array([text]).take(int_array(_full(rows, 0)))
