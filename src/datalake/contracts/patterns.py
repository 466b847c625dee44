"""Which file is whose: delivery patterns, matched against the whole name without regard to case.

A pattern is text with * (anything), ? (one character) and {date:%Y-%m-%d} (the data date in that form). Whether two
patterns can take one name is decided exactly, by walking both at once.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import re2

from datalake.contracts.model import Contract, Match

DEFAULT_DATE = "%Y-%m-%d"
_PIECE = re.compile(r"\{([^{}]*)\}|([*?{}])|([^*?{}]+)")
_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
# directive -> (its expression, one set of characters for each place; the last repeats where it is open-ended)
_DIRECTIVES: dict[str, tuple[str, tuple[frozenset[str], ...]]] = {
    "Y": (r"\d{4}", (_DIGITS,) * 4),
    "y": (r"\d{2}", (_DIGITS,) * 2),
    "m": (r"(?:0[1-9]|1[0-2])", (frozenset("01"), _DIGITS)),
    "d": (r"(?:0[1-9]|[12]\d|3[01])", (frozenset("0123"), _DIGITS)),
    "j": (r"\d{3}", (_DIGITS,) * 3),
    "H": (r"\d{2}", (_DIGITS,) * 2),
    "M": (r"\d{2}", (_DIGITS,) * 2),
    "S": (r"\d{2}", (_DIGITS,) * 2),
    "b": (r"[a-z]{3}", (_LETTERS,) * 3),
    "B": (r"[a-z]{3,}", (_LETTERS,) * 3),
}
# A date in the name of a file whose pattern declares none.
_LOOSE_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)", re.ASCII)


class PatternError(ValueError):
    """A delivery pattern that cannot be used; the text says why."""


@dataclass(frozen=True)
class _Step:
    """One place of a name: the characters it may hold (None: any), any number of them where it repeats."""

    characters: frozenset[str] | None
    repeats: bool = False


Steps = tuple[_Step, ...]


@dataclass(frozen=True)
class Pattern:
    """A delivery pattern made ready."""

    expression: str
    steps: Steps
    date_form: str = ""  # "" where the pattern declares no date

    @property
    def compiled(self) -> Any:
        """The expression, compiled; it takes the case-folded name."""
        return _compiled(self.expression)


def match_name(filename: str, contracts: Iterable[Contract]) -> list[Match]:
    """Given a file's name without folders, return each feed that takes it, with the data date in the name (or None).

    Retired feeds take nothing. A name whose date is no day of the calendar matches nothing.
    """
    shown = filename.encode("utf-8", "surrogateescape").decode("utf-8", "replace").casefold()
    active = (each for each in contracts if each.status != "retired")
    matches = (_match(shown, each) for each in active)
    return [each for each in matches if each]


def _match(name: str, contract: Contract) -> Match | None:
    pattern = parse_pattern(contract.delivery.pattern)
    found = pattern.compiled.fullmatch(name)
    if not found:
        return None
    if not pattern.date_form:
        return Match(contract.feed, date_in(name))
    day = _day(found.group(1), pattern.date_form)
    return Match(contract.feed, day) if day else None


def _day(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 a day has no zone
    except ValueError:
        return None


def date_in(name: str) -> date | None:
    """Return the one date that a name holds as YYYY-MM-DD or YYYYMMDD; None where there is none, or more than one."""
    found = {_day("".join(each.group(1, 3, 4)), "%Y%m%d") for each in _LOOSE_DATE.finditer(name)} - {None}
    return found.pop() if len(found) == 1 else None


def companion(template: str, filename: str) -> str:
    """Given "{name}.done" and a file's name, return the name of the file that goes with it."""
    return template.replace("{name}", filename)


@lru_cache(maxsize=1024)
def parse_pattern(text: str) -> Pattern:
    """Make a delivery pattern ready; raise PatternError."""
    if "/" in text or "\\" in text:
        raise PatternError("is the name of a file; it has no folders.")
    pieces = [_piece(each) for each in _PIECE.finditer(text)]
    forms = [each.date_form for each in pieces if each.date_form]
    if len(forms) > 1:
        raise PatternError("has more than one {date:...}.")
    return Pattern(
        expression="(?s)" + "".join(each.expression for each in pieces),
        steps=tuple(step for each in pieces for step in each.steps),
        date_form="".join(forms),
    )


def _piece(found: re.Match[str]) -> Pattern:
    inside, special, literal = found.groups()
    if literal is not None:
        folded = literal.casefold()
        return Pattern(re2.escape(folded), tuple(_Step(frozenset(each)) for each in folded))
    if special in ("{", "}"):
        raise PatternError("has a brace that is not part of {date:...}.")
    if special:
        return Pattern(".*" if special == "*" else ".", (_Step(None, repeats=special == "*"),))
    word, _, form = inside.partition(":")
    if word != "date":
        raise PatternError(f"has {{{inside}}}; only {{date:%Y-%m-%d}} can stand in braces.")
    return _date_piece(form or DEFAULT_DATE)


def _date_piece(form: str) -> Pattern:
    expression, directives = "", re.findall("%(.)", form)
    steps: Steps = ()
    wrong = [each for each in directives if each not in _DIRECTIVES]
    if wrong:
        raise PatternError(f"has %{wrong[0]} in its date; known are {', '.join('%' + each for each in _DIRECTIVES)}.")
    if len(set(directives)) < len(directives):
        raise PatternError(f"has a date, {form}, with one part twice.")
    if not ({"Y", "y"} & set(directives) and {"m", "b", "B", "j"} & set(directives)):
        raise PatternError(f"has a date, {form}, that lacks the year or the month.")
    for directive, literal in re.findall(r"%(.)|([^%]+)", form):
        expression += _DIRECTIVES[directive][0] if directive else re2.escape(literal.casefold())
        places = _DIRECTIVES[directive][1] if directive else tuple(frozenset(each) for each in literal.casefold())
        steps += tuple(_Step(each) for each in places)
        steps += (_Step(_LETTERS, repeats=True),) if directive == "B" else ()
    return Pattern(f"({expression})", steps, form)


def shared_name(one: str, other: str) -> str | None:
    """Return a name that both patterns take, None where there is none; raise PatternError.

    Walks both patterns at once, so it finds every overlap (the days of a date are not checked against the calendar).
    """
    first, second = parse_pattern(one).steps, parse_pattern(other).steps
    waiting, seen = deque([(0, 0, "")]), {(0, 0)}
    while waiting:
        at, to, name = waiting.popleft()
        if (at, to) == (len(first), len(second)):
            return name
        for step in _onward(first, second, at, to):
            if step[:2] not in seen:
                seen.add(step[:2])
                waiting.append((step[0], step[1], name + step[2]))
    return None


def _onward(first: Steps, second: Steps, at: int, to: int) -> list[tuple[int, int, str]]:
    """Return the positions that can follow, each with the character read on the way."""
    onward = []
    mine = first[at] if at < len(first) else None
    yours = second[to] if to < len(second) else None
    if mine and mine.repeats:
        onward.append((at + 1, to, ""))
    if yours and yours.repeats:
        onward.append((at, to + 1, ""))
    character = _shared_character(mine, yours) if mine and yours else ""
    if mine and yours and character:
        onward.append((at + (not mine.repeats), to + (not yours.repeats), character))
    return onward


def _shared_character(mine: _Step, yours: _Step) -> str:
    if mine.characters is None or yours.characters is None:
        shared = mine.characters or yours.characters or frozenset("x")
    else:
        shared = mine.characters & yours.characters
    return "1" if "1" in shared else min(shared, default="")


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> Any:
    return re2.compile(expression)
