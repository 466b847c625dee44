"""What a call asks for: its parameters, read strictly. An unknown one is an error, never left aside in silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datalake.errors import UsageError
from datalake.web import asking
from datalake.web.changelists import KINDS
from datalake.web.figures.log import LEVELS
from datalake.web.queries import SORTS

PAGE, CSV_PAGE = 100, asking.MOST


@dataclass(frozen=True)
class Parameter:
    """One query parameter and its JSON Schema."""

    name: str
    about: str
    schema: Mapping[str, Any]


def _word(name: str, about: str, *words: str) -> Parameter:
    schema: dict[str, Any] = {"type": "string", "maxLength": 200}
    return Parameter(name, about, {**schema, "enum": list(words)} if words else schema)


_DATE = {"type": "string", "format": "date"}
FROM = Parameter("from", "first night: 2025-11-04, an RFC 3339 instant, or epoch milliseconds", _DATE)
TO = Parameter("to", "last night, included", _DATE)
STATUS = _word("status", "how the run ended", "success", "failure")
TRIGGER = _word("trigger", "what started the run")
FEED = _word("feed", "a feed's name")
HOST = _word("host", "the host it ran on")
SORT = _word("sort", "what to sort by; with - in front, falling", *SORTS, *(f"-{name}" for name in SORTS))
BUCKET = _word("bucket", "the size of a step", "day", "week")
LIMIT = Parameter("limit", "rows of one answer", {"type": "integer", "minimum": 1, "maximum": asking.MOST})
CURSOR = _word("cursor", "next of the answer before")
RAW = _word("raw", "CSV only: 1 leaves text that a spreadsheet would run as it is", "0", "1")

KIND = _word("kind", "what happened to the record", *KINDS)
LEVEL = _word("level", "this level and those above it", *LEVELS)

PAGED = (LIMIT, CURSOR)


def check_once(given: Mapping[str, Sequence[str]]) -> None:
    """Raise UsageError for a parameter that is there twice: which of the two was meant cannot be told."""
    for name, values in given.items():
        if len(values) > 1:
            raise UsageError(f"{name} is there {len(values)} times.", "Give it once.")


def check(given: Mapping[str, str], known: tuple[Parameter, ...], csv: bool) -> None:
    """Raise UsageError for a parameter that this call does not know, or for an empty one."""
    names = [each.name for each in known] + (["raw"] if csv else [])
    for name, value in given.items():
        if name not in names:
            raise UsageError(f"There is no parameter {name!r} here.", f"Known: {', '.join(names) or 'none'}.")
        if not value:
            raise UsageError(f"{name} is empty.", "Leave it out or give it a value.")
    asking.one_of(given, "raw", ("0", "1"))
