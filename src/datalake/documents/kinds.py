"""The kinds of single values that settings and contracts are made of."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from datalake.documents.forms import Value

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TRUE, _FALSE = ("true", "yes"), ("false", "no")
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_MAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
_SIMPLE: dict[str, Any] = {"type": ["string", "number", "boolean"]}  # YAML in an editor types what is text here


def text(words: str = "text", check: Callable[[str], str] | None = None) -> Value:
    """Text as written; check returns what is wrong with it as a sentence, "" for nothing."""

    def convert(written: str) -> str:
        wrong = check(written) if check else ""
        if wrong:
            raise ValueError(wrong)
        return written

    return Value(words, convert, _SIMPLE)


def shaped(words: str, pattern: str) -> Value:
    """Text that matches a pattern as a whole."""

    def convert(written: str) -> str:
        if not re.fullmatch(pattern, written, re.ASCII):
            raise ValueError
        return written

    return Value(words, convert, {"type": "string", "pattern": f"^(?:{pattern})$"})


def integer(minimum: int, maximum: int) -> Value:
    """A whole number within bounds; 1_000_000 may be written so."""

    def convert(written: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,18}", written.replace("_", ""), re.ASCII):
            raise ValueError
        number = int(written.replace("_", ""))
        if not minimum <= number <= maximum:
            raise ValueError
        return number

    words = f"a whole number from {minimum:,} to {maximum:,}"
    return Value(words, convert, {"type": "integer", "minimum": minimum, "maximum": maximum})


def number(words: str, maximum: float, suffix: str = "") -> Value:
    """A number from 0 to maximum, with or without its suffix (20 or 20%)."""

    def convert(written: str) -> float:
        plain = written.removesuffix(suffix).strip() if suffix else written
        if not re.fullmatch(r"\d{1,12}(\.\d+)?", plain, re.ASCII) or float(plain) > maximum:
            raise ValueError
        return float(plain)

    json: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": maximum}
    return Value(words, convert, {"anyOf": [json, {"type": "string"}]} if suffix else json)


def percent(maximum: int = 100) -> Value:
    """A share; 20 and 20% are the same."""
    return number(f"a percentage from 0 to {maximum:,}", maximum, "%")


def flag() -> Value:
    """True or false; yes and no are read so here, and only where a flag is meant."""

    def convert(written: str) -> bool:
        if written.casefold() not in _TRUE + _FALSE:
            raise ValueError
        return written.casefold() in _TRUE

    return Value("true or false", convert, {"type": "boolean"}, _TRUE + _FALSE)


def choice(*words: str) -> Value:
    """One of a few words."""

    def convert(written: str) -> str:
        if written not in words:
            raise ValueError
        return written

    choices: list[str | None] = [*words, *([None] if "null" in words else [])]  # an editor types a bare null
    return Value(f"one of {', '.join(words)}", convert, {"enum": choices}, words)


def clock_time() -> Value:
    """A time of day."""
    return shaped("a time of day from 00:00 to 23:59, like 02:30", _CLOCK)


def day() -> Value:
    """A date."""

    def convert(written: str) -> date:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", written, re.ASCII):
            raise ValueError
        try:
            return date.fromisoformat(written)
        except ValueError as problem:
            raise ValueError(f"{written}: {problem}.") from None

    return Value("a date like 2025-12-24", convert, {"type": "string"})


def mail_address() -> Value:
    """A plain address, without a name before it: nothing that could end a mail header."""
    return shaped("a mail address like name@example.edu", _MAIL)


def days() -> Value:
    """Days of the week: a span or a list."""

    def convert(written: str) -> str:
        weekdays(written)
        return written

    return Value('days like "mon-fri" or "mon,wed,fri"', convert, {"type": "string"})


def weekdays(written: str) -> frozenset[int]:
    """Given "mon-fri" or "mon,wed", return the days as numbers, Monday 0; raise ValueError on anything else."""
    numbers: set[int] = set()
    for part in written.casefold().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if not {first, last or first} <= set(WEEKDAYS):
            raise ValueError
        start, length = WEEKDAYS.index(first), WEEKDAYS.index(last or first) - WEEKDAYS.index(first)
        numbers |= {(start + step) % 7 for step in range(length % 7 + 1)}
    return frozenset(numbers)
