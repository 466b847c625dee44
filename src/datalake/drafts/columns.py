"""PURE. What a column seems to be, from its values alone and a little from its name. Every answer is a guess.

Ids are never numbers: digits that name something keep their zeros.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from datalake.clean.values import (
    BLANKS,
    FALSE_WORDS,
    TRUE_WORDS,
    Reader,
    Unreadable,
    json_items,
    list_reader,
    number_reader,
    read_integer,
)
from datalake.drafts.forms import day_forms, moment_forms

MOST = 0.98  # of the values; the rest may be damage
FEW = 12  # different values at most, for a list of allowed ones
SEEN_EACH = 3  # times a value must be there, to be taken for one of a few
WIDTHS_SEEN = 10  # values of digits alone, that tell how many digits a code has
LONG = 90  # characters of an average text
LONG_WORD = 40  # characters: no word of a list of allowed ones
ID_WORDS = {
    "id",
    "ids",
    "code",
    "codes",
    "number",
    "numbers",
    "no",
    "nr",
    "num",
    "account",
    "zip",
    "phone",
    "listing",
    "key",
}
STATE_WORDS = {"status", "state"}
OPEN_WORDS = {"name", "owner", "sponsor", "party", "contact", "title", "school", "college", "department", "city"}
KIND_WORDS = {"type", "category", "kind"}
SEPARATORS = (";", "|")
_WIDE = number_reader((36, 10), percent=True)


@dataclass(frozen=True)
class Guess:
    """What a column seems to be; why is for the reader of the draft."""

    name: str
    type: str = "string"
    formats: tuple[str, ...] = ()
    precision: tuple[int, int] | None = None
    separator: str = ";"
    enum: tuple[str, ...] = ()
    pattern: str = ""
    width: int | None = None
    aliases: tuple[str, ...] = ()
    filled: int = 0
    distinct: int = 0
    missing: tuple[str, ...] = ()  # words that stand for no value
    why: str = ""


@dataclass
class Values:
    """The values of one column: without blanks around them, the empty ones left out."""

    name: str
    all: list[str]
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.counts = Counter(self.all)

    @property
    def words(self) -> set[str]:
        return set(self.name.split("_"))


def values_of(name: str, cells: Sequence[str]) -> Values:
    """Given a column's name and its cells as they stand, return its values."""
    return Values(name, [text for each in cells if (text := each.strip(BLANKS))])


def guess(values: Values) -> Guess:
    """Return what a column seems to be."""
    found = _guessed(values)
    return Guess(**{**vars(found), "filled": len(values.all), "distinct": len(values.counts)})


def _guessed(values: Values) -> Guess:
    if not values.all:
        return Guess(values.name, why="empty in all files")
    return (
        _boolean(values)
        or _time(values)
        or (None if _names_things(values) else _amount(values))
        or _list(values)
        or _text(values)
    )


def _most(fitting: int, values: Values) -> bool:
    return fitting >= MOST * len(values.all)


def _boolean(values: Values) -> Guess | None:
    words = {*TRUE_WORDS, *FALSE_WORDS} - {"1", "0"}
    fitting = sum(count for text, count in values.counts.items() if text.casefold() in words)
    return Guess(values.name, "boolean") if _most(fitting, values) else None


def _time(values: Values) -> Guess | None:
    """A date or an instant; a word that stands in many cells where no date is stands for no value."""
    spare = tuple(sorted(each for each, count in values.counts.items() if each.isalpha() and count >= SEEN_EACH))
    dates = Counter({each: count for each, count in values.counts.items() if each not in spare})
    for kind, forms_of in (("date", day_forms), ("datetime", moment_forms)):
        forms, fitting = forms_of(dates)
        if dates and fitting >= MOST * dates.total() and dates.total() * 2 > len(values.all):
            return Guess(values.name, kind, tuple(forms), missing=spare)
    return None


def _names_things(values: Values) -> bool:
    """Whether digits are a name here: by the column's name, by zeros in front, or by all having one length."""
    if values.words & ID_WORDS:
        return True
    digits = [each for each in values.counts if each.isascii() and each.isdigit()]
    if any(len(each) > 1 and each.startswith("0") for each in digits):
        return True
    alike = len({len(each) for each in values.counts}) == 1
    places = {len(each.partition(".")[2]) for each in values.counts}
    return (alike and len(digits) == len(values.counts) > FEW and len(digits[0]) > 4) or (alike and min(places) > 2)


def _amount(values: Values) -> Guess | None:
    if _most(_readable(values, read_integer), values):
        return Guess(values.name, "integer")
    if not _most(_readable(values, _WIDE), values):
        return None
    percent = any("%" in each for each in values.counts)
    whole, part = _digits(values)
    precision = (max(5, whole + part), part) if percent else (max(14, whole + part), part)
    return Guess(values.name, "number", ("percent",) if percent else (), precision)


def _readable(values: Values, reader: Reader) -> int:
    return sum(count for text, count in values.counts.items() if _reads(text, reader))


def _reads(text: str, reader: Reader) -> bool:
    try:
        reader(text)
    except Unreadable:
        return False
    return True


def _digits(values: Values) -> tuple[int, int]:
    """The most digits before the point, and how many after it are enough for most values: 2 at least, as money has."""
    whole, parts = 1, Counter[int]()
    for text, count in values.counts.items():
        before, _, after = re.sub(r"[^\d.]", "", text).partition(".")
        whole = max(whole, len(before.lstrip("0")))
        parts[len(after.rstrip("0"))] += count
    enough = next(each for each in sorted(parts) if _most(sum(parts[few] for few in parts if few <= each), values))
    return whole, max(2, enough)


def _list(values: Values) -> Guess | None:
    if values.name.endswith("_ids"):
        plain = [text for text in values.counts if json_items(text) is None]
        separator = next((each for each in SEPARATORS if any(each in text for text in plain)), SEPARATORS[0])
        return Guess(values.name, "list", separator=separator, why="a list by its name")
    for separator in SEPARATORS:
        many = [each for each in values.all if separator in each and json_items(each) is None]
        if many and _is_list(values, many, separator):
            items = [item for each in values.all for item in _items(each, separator)]
            return Guess(values.name, "list", separator=separator, enum=_few(Counter(items)))
    return None


def _items(text: str, separator: str) -> list[str]:
    return list_reader(separator)(text).value or []


def _is_list(values: Values, many: Sequence[str], separator: str) -> bool:
    """A name in the plural tells it; else most of the items are found alone in other cells, or look like those."""
    if re.search(r"[^sui]s$", values.name) and not _long(values):
        return True
    alone = {each for each in values.counts if separator not in each and json_items(each) is None}
    shapes = {shape(each) for each in alone}
    items = [item for each in many for item in _items(each, separator)]
    known = sum(1 for each in items if each in alone or (re.search(r"\d", each) and shape(each) in shapes))
    return known * 10 >= len(items) * 6 and len(many) * 50 >= len(values.all)


def _long(values: Values) -> bool:
    return sum(map(len, values.all)) > LONG * len(values.all)


def _text(values: Values) -> Guess:
    if _long(values):
        return Guess(values.name, "text")
    if values.words & STATE_WORDS:
        return Guess(values.name, why="states come and go, so any is allowed")
    width = _width(values)
    enum = () if width or _open(values) else _few(values.counts)
    return Guess(values.name, enum=enum, width=width)


def _open(values: Values) -> bool:
    """Whether there will always be new ones: ids, people, organizations; kinds of them are few."""
    return bool(values.words & ID_WORDS or (values.words & OPEN_WORDS and not values.words & KIND_WORDS))


def _few(counts: Counter[str]) -> tuple[str, ...]:
    """The values, if they are a few words that all come again and again; odd ones out are taken for damage."""
    often = [each for each, count in counts.most_common() if count >= SEEN_EACH]
    rare = sum(count for count in counts.values() if count < SEEN_EACH)
    if not 2 <= len(often) <= FEW or rare * 50 > sum(counts.values()):
        return ()
    if all(re.search(r"\d", each) for each in often):  # a numbered series goes on
        return ()
    return () if any(len(each) > LONG_WORD or re.search('[,;"@]', each) for each in often) else tuple(often)


def _width(values: Values) -> int | None:
    """The digits of a code of which some cells have lost the zeros in front."""
    digits = Counter({each: count for each, count in values.counts.items() if each.isascii() and each.isdigit()})
    if digits.total() < WIDTHS_SEEN:
        return None
    lengths: Counter[int] = Counter()
    for each, count in digits.items():
        lengths[len(each)] += count
    usual, seen = lengths.most_common(1)[0]
    zeros = any(each.startswith("0") and len(each) == usual for each in digits)
    return usual if zeros and max(lengths) == usual and seen * 10 >= digits.total() * 8 else None


def shape(text: str) -> str:
    """Return a text with each run of letters or digits made one: STUDY00001234 is A9, AN-15012 is A-9."""
    return re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", re.sub(r"\d+", "9", text)))
