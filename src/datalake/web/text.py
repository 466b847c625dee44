"""PURE. How values are worded on a page, beyond what the messages word too."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from datalake.words import full_day


def duration(seconds: float | None) -> str:
    """Given seconds, return them as people say them: 0.4 s, 42 s, 2 min 15 s, 3 h 05 min."""
    if seconds is None:
        return "–"
    if 0 < seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def day(value: date | None) -> str:
    """Given a date, return it as `Tue 4 Nov 2025`, a dash where there is none."""
    return full_day(value) if value else "–"


def iso_day(value: str) -> str:
    """Given a date as 2025-11-04, return it as `Tue 4 Nov 2025`."""
    return full_day(date.fromisoformat(value))


def number(value: int | None) -> str:
    """Given a whole number, return it as `48,210`, a dash where there is none."""
    return "–" if value is None else f"{value:,}"


def key(found: str) -> str:
    """Given a record's key as the lake names it, return it with a dash for a part that is null."""
    return found.replace("\\N", "–")


def value(cell: Any) -> str:
    """Given a value of a published table, return it as a person reads it; nothing for null."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, list):
        return "; ".join(str(each) for each in cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M} UTC"
    return f"{cell:,}" if isinstance(cell, Decimal) else str(cell)
