"""PURE. What a URL asks for, read strictly: a value that cannot be meant is an error that says so."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlencode

from datalake.errors import UsageError
from datalake.web.queries import SORTS, Order, RunFilter

MOST = 500  # rows that one answer may hold: more would take longer than a tenth of a second


def run_filter(given: Mapping[str, str]) -> RunFilter:
    """Given query parameters, return the filter; raise UsageError for a wrong date, status or range."""
    first, last = day(given, "from"), day(given, "to")
    if first and last and first > last:
        raise UsageError(f"from {first} is later than to {last}.", "Swap them.")
    status = one_of(given, "status", ("success", "failure"))
    return RunFilter(first, last, status, text(given, "trigger"), text(given, "feed"), text(given, "host"))


def order(given: Mapping[str, str]) -> Order:
    """Given query parameters, return the order: sort=runtime rises, sort=-runtime falls; newest first if absent."""
    asked = given.get("sort", "") or "-start"
    name = asked.removeprefix("-")
    if name not in SORTS:
        raise UsageError(f"sort {asked!r} is not known.", f"One of: {', '.join(SORTS)}; with - in front, falling.")
    return Order(name, asked.startswith("-"))


def day(given: Mapping[str, str], name: str) -> date | None:
    """Given a parameter's name, return its date: 2025-11-04, an RFC 3339 instant, or epoch milliseconds (Grafana)."""
    asked = text(given, name)
    if not asked:
        return None
    try:
        if asked.isascii() and asked.isdigit() and len(asked) > 8:
            return datetime.fromtimestamp(int(asked) / 1000, timezone.utc).date()
        return date.fromisoformat(asked) if len(asked) == 10 else datetime.fromisoformat(asked).date()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{name} {asked!r} is no date.", "Write it as 2025-11-04.") from None


def one_of(given: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    """Given a parameter's name and the words it may be, return it, "" where it is absent."""
    asked = text(given, name)
    if asked and asked not in words:
        raise UsageError(f"{name} {asked!r} is not known.", f"One of: {', '.join(words)}.")
    return asked


def text(given: Mapping[str, str], name: str) -> str:
    """Given a parameter's name, return its text; raise UsageError for what no name of ours can be."""
    asked = given.get(name, "")
    if len(asked) > 200 or "\0" in asked:
        raise UsageError(f"{name} is too long or not text.", "")
    return asked


def number(given: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Given a parameter's name, return its whole number from 1; too large a one is an error, never a silent cut."""
    asked = text(given, name)
    if not asked:
        return default
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:6]) <= most and len(asked) <= 6):
        raise UsageError(f"{name} {asked!r} is not a number from 1 to {most}.", "")
    return int(asked)


def with_changes(given: Mapping[str, str], **changes: object) -> str:
    """Given query parameters and changes to them, return the query text; an empty value leaves one out."""
    merged = {**given, **changes}
    return urlencode({name: value for name, value in merged.items() if value})


def presets(today: date, fiscal_month: int) -> list[tuple[str, str, str]]:
    """Given the last night and the month fiscal years begin in, return date ranges people ask for: name, from, to."""
    monday = today - timedelta(days=today.weekday())
    ranges = [
        ("This week", monday, today),
        ("Last week", monday - timedelta(days=7), monday - timedelta(days=1)),
        ("30 nights", today - timedelta(days=29), today),
        ("90 nights", today - timedelta(days=89), today),
        ("Fiscal year", fiscal_year_start(today, fiscal_month), today),
    ]
    return [(name, first.isoformat(), last.isoformat()) for name, first, last in ranges]


def fiscal_year_start(today: date, month: int) -> date:
    """Given a day and the month in which fiscal years begin, return the first day of its fiscal year."""
    return date(today.year if today.month >= month else today.year - 1, month, 1)
