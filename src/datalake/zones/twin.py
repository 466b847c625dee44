"""PURE but its file: the CSV beside each published table, for people with Excel.

UTF-8 with a byte order mark, CRLF, ISO dates. Text that a spreadsheet would run as a formula gets an apostrophe in
front (OWASP ASVS 1.2.10); numbers written as text stay as they are.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from datalake.inert import FORMULA, NUMBER

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Twin:
    """Writes batches of a published table as CSV."""

    def __init__(self, path: Path, schema: pa.Schema, separators: dict[str, str], head: bool = True) -> None:
        """Given the table's schema and the separator of each list column; columns of the lake's own are left out.

        head: it begins with the header; without, it goes on with one that does.
        """
        self._names = [name for name in schema.names if not name.startswith("_")]
        self._separators = separators
        self._file = path.open("wb")
        if head:
            self._file.write(BYTE_ORDER_MARK)
        options = pcsv.WriteOptions(include_header=head, quoting_style="needed", eol="\r\n")
        text = pa.schema([pa.field(name, pa.string()) for name in self._names])
        self._writer = pcsv.CSVWriter(self._file, text, write_options=options)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        columns = [cell_texts(batch.column(name), self._separators.get(name, ";")) for name in self._names]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, names=self._names))

    def close(self) -> None:
        self._writer.close()
        self._file.close()


def cell_texts(values: pa.Array, separator: str) -> pa.Array:
    """Return a column's values as a person is shown them; null is null."""
    kind = values.type
    if pa.types.is_list(kind):
        return inert(pc.binary_join(values, separator))
    if pa.types.is_string(kind):
        return inert(values)
    if pa.types.is_timestamp(kind):
        iso = pc.replace_substring(values.cast(pa.string()), " ", "T")
        return pc.replace_substring_regex(iso, r"\.0+Z$", "Z")
    return values.cast(pa.string())


def inert(texts: pa.Array) -> pa.Array:
    """Return texts with an apostrophe before each that a spreadsheet would take for a formula."""
    formula = pc.and_not(pc.match_substring_regex(texts, FORMULA), pc.match_substring_regex(texts, NUMBER))
    if not pc.any(formula).as_py():
        return texts
    return pc.if_else(formula, pc.binary_join_element_wise("'", texts, ""), texts)
