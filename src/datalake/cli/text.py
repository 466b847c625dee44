"""Words, numbers and tables as people read them on a terminal. Pure: text out of values."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, tzinfo

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date | None) -> str:
    """Return a date as `Tue 4 Nov 2025`, whatever the locale; a dash where there is none."""
    if value is None:
        return "-"
    return f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime, zone: tzinfo | None) -> str:
    """Return an aware instant as local `2025-11-05 02:02:15`; zone None is the host's."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def number(value: int) -> str:
    """Return 48210 as 48,210."""
    return f"{value:,}"


def count(value: int, singular: str, plural: str = "") -> str:
    """Return `1 row`, `2 rows`."""
    return f"{number(value)} {singular if value == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """Return seconds as a person says them: `0.4 s`, `2 min 15 s`, `1 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


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
