"""How one cell of text becomes a value: the rules themselves, one cell at a time.

Everything is text first. A reader takes a cell without the blanks around it and returns what it read, with a word
for each thing it had to fix; it raises Unreadable for what it cannot read exactly. Nothing is ever rounded or guessed.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# What counts as blank around a value: ASCII blanks, the no-break space and a byte order mark left in mid-file.
BLANKS = " \t\r\n\v\f\u00a0\ufeff"

SHORTENED = "looks like an id that Excel shortened to a number; its digits are lost"
TRUE_WORDS = ("yes", "true", "y", "1")
FALSE_WORDS = ("no", "false", "n", "0")
INTEGER_RANGE = 2**63

_EXCEL_NUMBER = re.compile(r"[+-]?\d(?:\.\d+)?[Ee][+]\d{2,3}", re.ASCII)
_POWER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)[Ee][+-]?\d+", re.ASCII)
_INTEGER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.0*)?", re.ASCII)
_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])? ?(?P<money>\$)? ?(?P<late>[+-])?"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?:\.(?P<part>\d*))?(?P<percent> ?%)?(?P<close>\))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A cell read: its value (None where it is missing) and what was fixed to read it."""

    value: Any
    fixes: tuple[str, ...] = ()


class Unreadable(ValueError):
    """A cell that cannot be read as its type; rule is a stable word, the message says what it is not."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


Reader = Callable[[str], Parsed]


def looks_shortened_by_excel(text: str) -> bool:
    """Tell whether this is how Excel writes a long id it took for a number: 5.03E+02."""
    return _EXCEL_NUMBER.fullmatch(text) is not None


def read_identifier(text: str) -> Parsed:
    """Read an id: text, but never one of which Excel has lost digits."""
    if looks_shortened_by_excel(text):
        raise Unreadable("lossy", SHORTENED)
    return Parsed(text)


def read_string(text: str) -> Parsed:
    """Read text as it is: NA, Null, True, 007 and 1E5 are words like any other."""
    return Parsed(text)


def padded(read: Reader, width: int) -> Reader:
    """Return a reader that first gives back the zeros that a number-minded program took from the front of an id."""

    def read_padded(text: str) -> Parsed:
        if not (text.isascii() and text.isdigit() and len(text) < width):
            return read(text)
        return Parsed(read(text.zfill(width)).value, ("padded",))

    return read_padded


def read_integer(text: str) -> Parsed:
    """Read 1234, 1,234 or 1234.0 as a whole number of 64 bits."""
    _refuse_powers(text)
    found = _INTEGER.fullmatch(text)
    if not found:
        raise Unreadable("type", "is not a whole number")
    sign, digits, zeros = found.groups()
    value = int(sign + digits.replace(",", ""))
    if not -INTEGER_RANGE <= value < INTEGER_RANGE:
        raise Unreadable("type", "is too large for a whole number of 64 bits")
    return Parsed(value, _named(("thousands_separator", "," in digits), ("decimal_zero", zeros)))


def number_reader(precision: tuple[int, int], percent: bool = False) -> Reader:
    """Return a reader of exact decimals: 1234.5, $1,234.50, (500.00), and 65% where that is declared.

    precision: digits in all, digits after the point; more digits than these are refused, never rounded.
    """

    def read_number(text: str) -> Parsed:
        _refuse_powers(text)
        found = _NUMBER.fullmatch(text)
        if not found or not _well_formed(found, percent):
            raise Unreadable("type", "is not a number")
        whole, part = found["whole"].replace(",", ""), found["part"] or ""
        _check_precision(whole, part, precision)
        negative = bool(found["open"]) or "-" in (found["sign"], found["late"])
        value = Decimal(f"{'-' if negative else ''}{whole or '0'}.{part or '0'}")
        scaled = value.quantize(Decimal(1).scaleb(-precision[1]))
        return Parsed(abs(scaled) if scaled.is_zero() else scaled, _number_fixes(found))

    return read_number


def _refuse_powers(text: str) -> None:
    if _POWER.fullmatch(text):
        raise Unreadable("lossy", "is written with a power of ten, as Excel does when it drops digits")


def _well_formed(found: re.Match[str], percent: bool) -> bool:
    signs = [each for each in (found["sign"], found["late"], found["open"]) if each]
    return (
        bool(found["whole"] or found["part"])
        and len(signs) <= 1
        and bool(found["open"]) == bool(found["close"])
        and (percent or not found["percent"])
        and (bool(found["money"]) or not found["late"])
    )


def _check_precision(whole: str, part: str, precision: tuple[int, int]) -> None:
    total, scale = precision
    if len(part.rstrip("0")) > scale:
        raise Unreadable("precision", f"has more than {scale} digits after the point")
    if len(whole.lstrip("0")) > total - scale:
        raise Unreadable("precision", f"has more than {total - scale} digits before the point")


def _number_fixes(found: re.Match[str]) -> tuple[str, ...]:
    return _named(
        ("currency_sign", found["money"]),
        ("thousands_separator", "," in found["whole"]),
        ("parentheses", found["open"]),
        ("percent_sign", found["percent"]),
    )


def _named(*fixes: tuple[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, made in fixes if made)


def boolean_reader(formats: tuple[str, ...]) -> Reader:
    """Return a reader of yes and no, in any case; a format "X/-" declares other words: true/false."""
    pairs = [each.casefold().split("/", 1) for each in formats]
    words = dict.fromkeys([yes for yes, _ in pairs] or TRUE_WORDS, True)
    words |= dict.fromkeys([no for _, no in pairs] or FALSE_WORDS, False)

    def read_boolean(text: str) -> Parsed:
        try:
            return Parsed(words[text.casefold()])
        except KeyError:
            raise Unreadable("type", "is neither yes nor no") from None

    return read_boolean


def list_reader(separator: str) -> Reader:
    """Return a reader of several values in one cell; blanks around each go, empty ones are left out and counted.

    A cell of nothing but separators holds no value. A JSON array of texts is a list whatever the separator.
    """

    def read_list(text: str) -> Parsed:
        array = json_items(text)
        items = [each.strip(BLANKS) for each in (text.split(separator) if array is None else array)]
        kept = [each for each in items if each]
        return Parsed(kept or None, _named(("json_list", array is not None), ("empty_items", len(kept) < len(items))))

    return read_list


def json_items(text: str) -> list[str] | None:
    """Return the items of a JSON array of texts and numbers, these as they are written; None for any other text."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    items = ["" if each is None else each for each in found]
    return items if all(isinstance(each, str) for each in items) else None


def plain(value: Any) -> str:
    """Return the one way a value is written as text: for keys, masks and messages."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return "; ".join(value)
    return str(value)
