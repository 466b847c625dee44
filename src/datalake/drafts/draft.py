"""PURE. A draft of a feed's rules, made of what its sample files show."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from datalake.contracts.keys import NAME
from datalake.contracts.names import normalise
from datalake.drafts.columns import Guess, Values, guess, values_of
from datalake.drafts.forms import DAYS, MIDNIGHTS, MOMENTS
from datalake.drafts.keys import key_of, order_of, pattern_of
from datalake.drafts.samples import Sample
from datalake.errors import UsageError

_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)")
_ORDER = {"date": (*DAYS, *MIDNIGHTS), "datetime": MOMENTS}
FORMS = ("date", "datetime")  # types whose forms are told once for all columns


@dataclass(frozen=True)
class Draft:
    """What is guessed of a feed; its columns in the order in which the first file has them."""

    feed: str
    pattern: str
    columns: tuple[Guess, ...]
    key: tuple[str, ...]
    order_by: tuple[str, ...]
    delimiter: str  # one character, or auto where the files differ
    encodings: tuple[str, ...]
    missing: tuple[str, ...]
    forms: dict[str, tuple[str, ...]]  # by type
    files: tuple[str, ...]
    rows: tuple[int, ...]


def draft(feed: str, samples: Sequence[Sample]) -> Draft:
    """Given a feed's name and one or more files of it, return what they show; raise UsageError if they do not agree."""
    names = _names(samples[0])
    others = [each for each in samples if set(_names(each)) != set(names)]
    if others:
        odd = set(_names(others[0])) ^ set(names)
        told = f"{samples[0].name} and {others[0].name} have not the same columns: {', '.join(sorted(odd))}."
        raise UsageError(told, "Give files of one feed, all in its present layout.")
    rows = [tuple(row) for each in samples for row in _in_order(each, names)]
    values = {name: values_of(name, [row[at] for row in rows]) for at, name in enumerate(names)}
    columns = tuple(_column(values[name], header) for name, header in zip(names, samples[0].header, strict=True))
    key = key_of(columns, _longest(samples, names))
    return Draft(
        feed=feed,
        pattern=name_pattern(feed, [each.name for each in samples]),
        columns=tuple(_as_key(each, values) if each.name in key else each for each in columns),
        key=key,
        order_by=order_of(columns),
        delimiter=samples[0].delimiter if len({each.delimiter for each in samples}) == 1 else "auto",
        encodings=tuple(dict.fromkeys(["utf-8", "cp1252", *(_encoding(each) for each in samples)])),
        missing=tuple(dict.fromkeys(word for each in columns for word in each.missing)),
        forms={kind: _forms(columns, kind) for kind in FORMS},
        files=tuple(each.name for each in samples),
        rows=tuple(len(each.rows) for each in samples),
    )


def _names(sample: Sample) -> list[str]:
    """The columns' names as the published table will have them."""
    names = [_ascii(normalise(each)) for each in sample.header]
    names = [each if re.fullmatch(NAME, each, re.ASCII) else f"column_{at}" for at, each in enumerate(names, 1)]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise UsageError(f"{sample.name}: two columns are both called {twice[0]}.", "Have one of them renamed.")
    return names


def _ascii(name: str) -> str:
    """Leave accents and dots out; what has none to leave out stays as it is."""
    return "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))


def _in_order(sample: Sample, names: Sequence[str]) -> list[list[str]]:
    places = {name: at for at, name in enumerate(_names(sample))}
    return [[row[places[name]] for name in names] for row in sample.rows]


def _longest(samples: Sequence[Sample], names: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of one file: a key tells records apart within it, and the next night has the same records again."""
    longest = max(samples, key=lambda each: len(each.rows))
    return [tuple(row) for row in _in_order(longest, names)]


def _column(values: Values, header: str) -> Guess:
    found = guess(values)
    return found if normalise(header) == values.name else replace(found, aliases=(header,))


def _as_key(column: Guess, values: dict[str, Values]) -> Guess:
    """What tells records apart is text, whatever its digits."""
    return replace(column, type="string", enum=(), pattern=pattern_of(values[column.name]))


def _encoding(sample: Sample) -> str:
    return sample.encoding.removesuffix("-sig")


def _forms(columns: Sequence[Guess], kind: str) -> tuple[str, ...]:
    """The forms of all columns of a type: what one column shows today another may tomorrow."""
    ranked: list[str] = []
    for each in columns:
        if each.type == kind:
            ranked += [form for form in each.formats if form not in ranked]
    order = {form: at for at, form in enumerate(_ORDER[kind])}
    return tuple(sorted(ranked, key=lambda form: order.get(form, len(order))))


def name_pattern(feed: str, names: Sequence[str]) -> str:
    """Return a pattern of the files' names, with the date in them as the date of the data."""
    dated = [_DATE.sub(_directives, each, count=1) for each in names]
    return dated[0] if len(set(dated)) == 1 and "{date:" in dated[0] else f"{feed.upper()}_*.csv"


def _directives(found: re.Match[str]) -> str:
    return f"{{date:%Y{found[1]}%m{found[1]}%d}}"
