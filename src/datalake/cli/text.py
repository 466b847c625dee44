"""Sizes, tables and text from outside as a terminal shows them. Pure. Dates and counts are worded by alerts.words."""

import unicodedata
from collections.abc import Sequence


def size(count_of_bytes: float) -> str:
    """Return bytes as `812 bytes`, `1.4 MB`, `20.0 GB`."""
    if count_of_bytes < 1000:
        return f"{count_of_bytes:.0f} bytes"
    for unit in ("kB", "MB", "GB", "TB"):
        count_of_bytes /= 1000
        if count_of_bytes < 1000 or unit == "TB":
            break
    return f"{count_of_bytes:.1f} {unit}"


def harmless(text: str) -> str:
    """Return text from outside with what a terminal would act on written out: a newline as \\n, an escape as \\x1b."""
    return "".join(_written_out(each) if unicodedata.category(each) in ("Cc", "Cf", "Cs") else each for each in text)


def _written_out(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def clipped(text: str, width: int) -> str:
    """Return harmless text, shortened to that many characters by an ellipsis."""
    text = harmless(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> list[str]:
    """Given headings, rows of text and the headings of number columns, return aligned lines; none for no rows."""
    if not rows:
        return []
    cells = [list(headings), *([harmless(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headings))]
    return [_line(row, widths, [heading in right for heading in headings]) for row in cells]


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(row, widths, right, strict=True)
    )
    return "  ".join(cells).rstrip()
