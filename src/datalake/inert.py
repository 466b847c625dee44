"""PURE. CSV for people with Excel: text that starts like a formula is made inert, numbers stay numbers."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = r"^[=+\-@\t\r\n\x00＝＋－＠]"  # OWASP ASVS 1.2.10, and the full-width forms
NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"  # it computes to itself
_FORMULA, _NUMBER = re.compile(FORMULA), re.compile(NUMBER)


def cell(value: Any) -> Any:
    """Given a value, return a CSV cell: text that a spreadsheet could run gets an apostrophe before it."""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else value
    return "" if value is None else value


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]], inert: bool = True) -> str:
    """Given column names and rows, return them as CSV with CRLF line ends, as RFC 4180 has it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([cell(name) for name in columns])
    writer.writerows(map(cell, row) if inert else row for row in rows)
    return buffer.getvalue()
