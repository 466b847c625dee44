"""PURE. What tells records apart, how its values look, and which of repeated ones is the newest. Guesses, too."""

import re
from collections.abc import Sequence
from itertools import combinations

from datalake.drafts.columns import Guess, Values, shape

UNIQUE = 0.99  # of the rows: exports repeat a few
SHAPES = 4  # at most, in a pattern
PAIRED = 10  # of the first columns, where no single one is a key
_RUNS = re.compile(r"[A-Z]+|[a-z]+|\d+|.", re.ASCII | re.DOTALL)  # in step with columns.shape
_PIECES = {"9": r"\d", "A": "[A-Z]", "a": "[a-z]"}
NEWEST = ("last_updated", "updated", "modified", "date_modified", "last_modified", "changed")

Row = tuple[str, ...]


def key_of(guesses: Sequence[Guess], rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the columns that no two rows share (but for repeats of whole rows), those called an id first."""
    distinct = list(dict.fromkeys(rows))
    texts = [(at, each) for at, each in enumerate(guesses) if each.type in ("string", "integer") and not each.enum]
    ordered = sorted(texts, key=lambda pair: (not set(pair[1].name.split("_")) & {"id"}, pair[0]))
    for at, each in ordered:
        if _tells_apart([(row[at],) for row in distinct]):
            return (each.name,)
    for (one, first), (two, second) in combinations(sorted(texts)[:PAIRED] if len(texts) > 1 else (), 2):
        if _tells_apart([(row[one], row[two]) for row in distinct]):
            return first.name, second.name
    return ()


def _tells_apart(keys: Sequence[Row]) -> bool:
    whole = [each for each in keys if each[0].strip()]  # a further part may be empty: an award without allocations
    return bool(keys) and len(whole) >= UNIQUE * len(keys) and len(set(whole)) >= UNIQUE * len(keys)


def pattern_of(values: Values) -> str:
    """Return an RE2 pattern of what the values look like, "" where they look like too many things."""
    alike: dict[str, list[str]] = {}
    for text in values.all:
        alike.setdefault(shape(text), []).append(text)
    usual = {each: texts for each, texts in alike.items() if len(texts) * 500 > len(values.all) and "9" in each}
    covered = sum(map(len, usual.values()))
    if not usual or len(usual) > SHAPES or covered < UNIQUE * len(values.all):
        return ""
    ordered = sorted(usual, key=lambda each: -len(usual[each]))
    return "|".join(_expression(each, usual[each]) for each in ordered)


def _expression(alike: str, texts: Sequence[str]) -> str:
    """The pattern of texts of one shape, each run as long as it was seen to be."""
    cut = [_RUNS.findall(each) for each in texts]
    made = []
    for at, character in enumerate(alike):
        lengths = {len(runs[at]) for runs in cut}
        least, most = min(lengths), max(lengths)
        times = f"{{{least},{most}}}" if least < most else f"{{{least}}}" if least > 1 else ""
        made.append(_PIECES.get(character, _literal(character)) + (times if character in _PIECES else ""))
    return "".join(made)


def _literal(character: str) -> str:
    return character if character in "-_ /:#" else re.escape(character)


def order_of(guesses: Sequence[Guess]) -> tuple[str, ...]:
    """Return the column that tells the newer of two repeats."""
    times = {each.name for each in guesses if each.type in ("datetime", "date")}
    return next(((name,) for name in NEWEST if name in times), ())
