"""Records parsed into columns of text by Arrow's CSV reader, with the misbuilt ones set aside instead of mended."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from datalake.clean.arrow import Ints, one_chunk
from datalake.engine.header import Header


@dataclass(frozen=True)
class Layout:
    """How to read the cells of one file. Everything comes as text; only declared missing values become null."""

    header: Header
    quote: str
    missing: tuple[str, ...]

    @property
    def finds_missing(self) -> bool:
        """Arrow compares cells with the blanks around them; so it may decide only where blank itself is missing."""
        return self.missing == ("",)


@dataclass(frozen=True)
class Cells:
    """Columns of the records with as many cells as the header. rows: which records these are; ragged: the others."""

    columns: dict[str, pa.StringArray]
    rows: Ints
    ragged: Ints


def parse(raw: bytes | memoryview, records: int, layout: Layout, wanted: Mapping[str, int]) -> Cells:
    """Parse whole records. wanted: column -> its place in a row, from 0. Their bytes are known to be UTF-8."""
    ragged: list[int] = []
    table = arrow_csv.read_csv(
        pa.BufferReader(raw),
        read_options=_read_options(layout.header.width, len(raw)),
        parse_options=_parse_options(layout, ragged),
        convert_options=_convert_options(layout, wanted),
    )
    rows = np.arange(records)
    misbuilt = np.array(ragged, np.int64) - 1  # Arrow counts records from 1
    if ragged:
        rows = np.delete(rows, misbuilt)
    columns = {name: one_chunk(table.column(str(place))) for name, place in wanted.items()}
    if table.num_rows != len(rows):  # two readers that must agree do not: better no file than a lost row
        raise RuntimeError(f"{len(rows)} records were found and {table.num_rows} rows read")
    return Cells(columns, rows, misbuilt)


def _read_options(width: int, size: int) -> arrow_csv.ReadOptions:
    names = [str(place) for place in range(width)]
    return arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=size + 1)


def _parse_options(layout: Layout, ragged: list[int]) -> arrow_csv.ParseOptions:
    def set_aside(row: arrow_csv.InvalidRow) -> str:
        ragged.append(row.number)
        return "skip"

    return arrow_csv.ParseOptions(
        delimiter=layout.header.delimiter,
        quote_char=layout.quote,
        newlines_in_values=True,
        ignore_empty_lines=True,
        invalid_row_handler=set_aside,
    )


def _convert_options(layout: Layout, wanted: Mapping[str, int]) -> arrow_csv.ConvertOptions:
    places = [str(place) for place in wanted.values()]
    return arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(places, pa.string()),
        include_columns=places,
        check_utf8=False,
        strings_can_be_null=layout.finds_missing,
        null_values=[""] if layout.finds_missing else [],
    )
