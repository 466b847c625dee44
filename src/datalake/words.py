"""PURE. Dates, times, numbers, sizes and lists as every screen, page and message says them, whatever the locale."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WHOLE_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date, near: date | None = None) -> str:
    """Return `Tue 4 Nov`; with the year where near, the date it is said on, is of another one."""
    year = f" {value.year}" if near and near.year != value.year else ""
    return f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]}{year}"


def full_day(value: date) -> str:
    """Return `Tue 4 Nov 2025`."""
    return f"{day(value)} {value.year}"


def weekday(name: str) -> str:
    """Return `Monday` for `mon`, as settings have it."""
    return next(each for each in WHOLE_WEEKDAYS if each.lower().startswith(name))


def moment(value: datetime, zone: tzinfo) -> str:
    """Return an aware instant as local `2025-11-05 02:00:00`."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def clock(value: datetime, zone: tzinfo, near: datetime | None = None) -> str:
    """Return an aware instant as local `Wed 5 Nov 02:02 EST`; with the year where near, now, is of another one."""
    local = value.astimezone(zone)
    return f"{day(local.date(), near.astimezone(zone).date() if near else None)} {local:%H:%M %Z}"


def zone_word(value: datetime, zone: tzinfo) -> str:
    """Return what the zone is called at that instant: `EST`."""
    return value.astimezone(zone).strftime("%Z")


def minutes(seconds: float) -> str:
    """Return seconds as minutes with up to two decimals: 135 is `2.25 min`."""
    text = f"{seconds / 60:.2f}".rstrip("0").rstrip(".")
    return f"{text} min"


def span(length: timedelta) -> str:
    """Return `12 s`, `7 min`, `3 h 05 min`, `2 days 4 h`."""
    seconds = round(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    whole = seconds // 60
    if whole < 60:
        return f"{whole} min"
    if whole < 48 * 60:
        return f"{whole // 60} h {whole % 60:02} min"
    return f"{whole // 1440} days {whole % 1440 // 60} h"


def number(value: int) -> str:
    """Return 48210 as `48,210`."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """Return `1 row`, `2 rows`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def was(value: int) -> str:
    """Return the verb that goes with so many in the past."""
    return "was" if value == 1 else "were"


def listed(names: Sequence[str], limit: int = 5) -> str:
    """Return `a`, `a and b`, `a, b and c`; past the limit `a, b, c, d, e and 3 more`."""
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {len(names) - limit} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def few(names: Sequence[str], most: int = 6) -> str:
    """Return names in quotes, the first ones and how many more where there are many."""
    shown = ", ".join(f'"{name}"' for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def percent(part: int, whole: int) -> str:
    """Return a share as `12.3 %`."""
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def rate(good: int, judged: int) -> str:
    """Return a success rate, always in this form: `6 of 7 nights (86 %)`."""
    if not judged:
        return "no nights to judge"
    return f"{good} of {count(judged, 'night')} ({round(100 * good / judged)} %)"


def size(count_of_bytes: float) -> str:
    """Return bytes as `48,210 bytes`, `1.4 MB`, `20.0 GB`."""
    if count_of_bytes < 1_000_000:
        return f"{count_of_bytes:,.0f} bytes"
    count_of_bytes /= 1_000_000
    for unit in ("MB", "GB"):
        if count_of_bytes < 1000:
            return f"{count_of_bytes:.1f} {unit}"
        count_of_bytes /= 1000
    return f"{count_of_bytes:.1f} TB"
