"""How text becomes a date or an instant: only in the declared forms, never by guessing which number is the month."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from datalake.clean.values import Parsed, Reader, Unreadable

ISO_DATE = "%Y-%m-%d"
# RFC 3339, with a blank or a T, seconds and zone optional.
_ISO_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_DECIMAL_ZERO = re.compile(r"(\d{8})\.0*", re.ASCII)

Offsets = Callable[[datetime], timedelta]  # naive local time -> its distance from UTC


def offsets_of(zone: str) -> Offsets:
    """Return the distance of local times from UTC in a zone ("local": the host's own).

    Of an hour that comes twice the first is meant; one that never was is read with the distance before the jump.
    """
    if zone == "local":
        return _host_offset
    tz = ZoneInfo(zone)
    return lambda naive: naive.replace(tzinfo=tz).utcoffset() or timedelta(0)


def _host_offset(naive: datetime) -> timedelta:
    """By timestamp(), which every Python reads alike; astimezone() changed in 3.12 for times that never were."""
    whole = naive.replace(microsecond=0)
    try:
        return whole - datetime.fromtimestamp(whole.timestamp(), timezone.utc).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):  # years of which the host's C library knows nothing
        return timedelta(0)


def date_reader(formats: tuple[str, ...]) -> Reader:
    """Return a reader of dates in the declared forms, ISO where none is; a form with a time gives its date alone."""
    declared = formats or (ISO_DATE,)
    shown = " or ".join(readable(each) for each in declared)

    def read_date(text: str) -> Parsed:
        for each in declared:
            found = _parse(text, each)
            if found is not None:
                midnight = found.time() == datetime.min.time()
                return Parsed(found.date(), () if midnight else ("time_dropped",))
        return _date_from_number(text, declared, shown)

    return read_date


def datetime_reader(formats: tuple[str, ...], offsets: Offsets) -> Reader:
    """Return a reader of instants, in UTC without a zone on them; text that names no zone is local time.

    Without declared forms ISO 8601 is read; with them, those alone.
    """
    shown = " or ".join(readable(each) for each in formats) or "YYYY-MM-DD HH:MM:SS"

    def read_datetime(text: str) -> Parsed:
        found = _in_forms(text, formats) if formats else _iso_instant(text)
        if found is None:
            raise Unreadable("type", f"is not a date and time in the form {shown}")
        try:
            utc = found.astimezone(timezone.utc).replace(tzinfo=None) if found.tzinfo else found - offsets(found)
        except OverflowError:
            raise Unreadable("type", "is outside the years 1 to 9999") from None
        return Parsed(utc)

    return read_datetime


def _date_from_number(text: str, formats: tuple[str, ...], shown: str) -> Parsed:
    """Read 20251030.0, as a program that took the date for a number writes it."""
    number = _DECIMAL_ZERO.fullmatch(text)
    if number and "%Y%m%d" in formats:
        found = _parse(number[1], "%Y%m%d")
        if found is not None:
            return Parsed(found.date(), ("decimal_zero",))
    raise Unreadable("type", f"is not a date in the form {shown}")


def _in_forms(text: str, formats: tuple[str, ...]) -> datetime | None:
    for each in formats:
        found = _parse(text, each)
        if found is not None:
            return found
    return None


def _iso_instant(text: str) -> datetime | None:
    found = _ISO_INSTANT.fullmatch(text)
    if not found:
        return None
    day, clock, zone = found.groups()
    try:
        return datetime.fromisoformat(f"{day}T{clock}{(zone or '').upper()}")
    except ValueError:
        return None


def _parse(text: str, form: str) -> datetime | None:
    found = form_pattern(form).fullmatch(text)
    if not found:
        return None
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 (naive on purpose: the zone is the caller's)
    except (ValueError, OverflowError):
        return None


# What each directive may stand for: narrower than strptime, which also takes digits of other scripts and loose blanks.
_DIRECTIVES = {
    "Y": r"\d{4}",
    "m": r"\d{1,2}",
    "d": r"\d{1,2}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{1,2}",
    "S": r"\d{1,2}",
    "f": r"\d{1,6}",
    "y": r"\d{2}",
    "j": r"\d{1,3}",
    "p": r"[AaPp][Mm]",
    "b": r"[A-Za-z]{3}",
    "B": r"[A-Za-z]+",
    "a": r"[A-Za-z]{3}",
    "A": r"[A-Za-z]+",
    "z": r"(?:Z|[+-]\d{2}:?\d{2})",
    "%": "%",
}


@lru_cache(maxsize=256)
def form_pattern(form: str) -> re.Pattern[str]:
    """Return the shape of a form of date or time; "%m%d%Y" without anything between its parts wants all digits."""
    parts = re.split(r"%(.)", form)
    shape = ""
    for text, directive in zip(parts[::2], [*parts[1::2], ""], strict=True):
        shape += re.escape(text) + (_DIRECTIVES.get(directive, ".+") if directive else "")
    packed = re.search(r"%[mdHIMS]%[YmdHIMS]|%Y%[mdHIMS]", form) is not None
    return re.compile(shape.replace("{1,2}", "{2}") if packed else shape, re.ASCII)


def readable(form: str) -> str:
    """Return a form as a person writes it: %m/%d/%Y as MM/DD/YYYY."""
    words = {"Y": "YYYY", "m": "MM", "d": "DD", "H": "HH", "I": "HH", "M": "MM", "S": "SS", "p": "AM", "y": "YY"}
    return re.sub(r"%(.)", lambda found: words.get(found[1], found[0]), form)
