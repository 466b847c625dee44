"""PURE. A view's file: its card, YAML in the comment that it starts with, and the SQL after it."""

import hashlib
import re
from dataclasses import dataclass, field

from datalake.contracts.keys import COLUMN_NAME, NAME
from datalake.documents.forms import Filled, Form, Key, Many, Named
from datalake.documents.kinds import flag, text
from datalake.documents.nodes import Place, Problem, quoted
from datalake.documents.text import parse

NOWHERE = Place("", 0)
VERSIONS = "feed_versions"  # a source that is no feed: what was published, version by version
BEGIN, END = b"/*", b"*/"
# What would make a view show something else tomorrow, from the same tables.
VOLATILE_WORDS = ("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp")
VOLATILE = (
    *VOLATILE_WORDS, "age", "current_localtime", "current_localtimestamp", "current_query", "current_query_id",
    "current_transaction_id", "currval", "gen_random_uuid", "get_current_time", "get_current_timestamp", "getvariable",
    "nextval", "now", "random", "setseed", "setval", "sleep_ms", "today", "transaction_timestamp", "txid_current",
    "uuid", "uuidv4", "uuidv7", "write_log",
)  # fmt: skip
_ASKS = re.compile(rf"\b(?:{'|'.join(VOLATILE_WORDS)})\b|\b(?:{'|'.join(VOLATILE)})(?=\s*\()", re.IGNORECASE)
_NO_CODE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)

SOURCE = Form(
    (
        Key("needs", Many(COLUMN_NAME, least=1), "Columns without which the view would be wrong.", required=True),
        Key("may_use", Many(COLUMN_NAME), "Columns that may be empty throughout.", "[]"),
        Key("optional", flag(), "Go on without this feed where it was never loaded.", "false"),
    )
)
LIST = Form(
    (
        Key("view", text(), "The view that lists the records.", required=True),
        Key("by", Many(COLUMN_NAME), "Columns of both in which a record is as the row is.", "[]"),
        Key("only", Named(text()), "Columns of the list, each with the value that a record must have in it."),
    )
)
CARD = Form(
    (
        Key("title", text(), "The view's name for people.", required=True),
        Key("definition", text(), "What counts, in words.", required=True),
        Key("row", text(), "What one row is.", required=True),
        Key("owner", text(), "Who answers for the definition."),
        Key("sources", Named(SOURCE), "The feeds it reads, with the columns it needs of each.", required=True),
        Key("left_out", Named(text()), "Why records do not count: reasons that the SQL gives, in words."),
        Key("columns", Named(text()), "What each column of the view is.", required=True),
        Key("lists", Named(LIST), "The records behind a number: that of a column, or of a reason under left_out."),
    )
)


@dataclass(frozen=True)
class Source:
    """A feed that a view reads."""

    feed: str
    needs: tuple[str, ...]
    may_use: tuple[str, ...] = ()
    optional: bool = False
    place: Place = NOWHERE

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the view may name."""
        return (*self.needs, *self.may_use)


@dataclass(frozen=True)
class Listed:
    """Where the records behind a number are: a view, filtered as the row has it and by what only says."""

    view: str
    by: tuple[str, ...] = ()
    only: dict[str, str] = field(default_factory=dict)
    place: Place = NOWHERE


@dataclass(frozen=True)
class View:
    """One report view: its card and its SQL. code is the whole text of the file, so that its lines count."""

    name: str
    title: str
    definition: str
    row: str
    sources: tuple[Source, ...]
    columns: dict[str, str]
    code: str = field(repr=False)
    owner: str = ""
    left_out: dict[str, str] = field(default_factory=dict)
    lists: dict[str, Listed] = field(default_factory=dict)
    file: str = ""

    @property
    def fingerprint(self) -> str:
        """Changes with every change of the file."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:12]

    @property
    def feeds(self) -> tuple[str, ...]:
        return tuple(each.feed for each in self.sources)


def parse_view(data: bytes, name: str, file: str) -> tuple[View | None, list[Problem]]:
    """Given a view file's bytes, return the view, None where it cannot be relied on, and what is wrong with it."""
    head, end, _ = data.partition(END)
    if not head.removeprefix(b"\xef\xbb\xbf").startswith(BEGIN) or not end:
        return None, [
            Problem(Place(file, 1), "must begin with its card: /* on the first line, then title: and so on, */")
        ]
    document = parse(head.replace(BEGIN, b"", 1), file)
    problems = list(document.problems)
    if document.root is None:
        return None, problems
    filled = CARD.read(document.root, "", problems)
    try:
        code = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        return None, [*problems, Problem(Place(file, line), "is not UTF-8. Save the file as UTF-8.")]
    problems += _source_problems(filled) + _list_problems(filled) + _volatile(code, file)
    return (None if problems else _view(name, filled, code, file)), problems


def _source_problems(filled: Filled) -> list[Problem]:
    problems = []
    for feed, source in filled.values.get("sources", {}).items():
        if not re.fullmatch(NAME, feed, re.ASCII):
            problems.append(filled.problem("sources", f"{quoted(feed)} is not the name of a feed."))
        both = set(source.values.get("needs", ())) & set(source.values.get("may_use", ()))
        problems += [source.problem("may_use", f"{each} stands under needs, too. Keep one.") for each in sorted(both)]
    if "sources" in filled.values and not filled.values["sources"]:
        problems.append(filled.problem("sources", "names no feed."))
    return problems


def _list_problems(filled: Filled) -> list[Problem]:
    columns, reasons = filled.values.get("columns", {}), filled.values.get("left_out", {})
    problems = []
    for name, each in filled.values.get("lists", {}).items():
        if name not in columns and name not in reasons:
            problems.append(filled.problem("lists", f"{quoted(name)} is neither a column nor a reason of left_out."))
        strange = [by for by in each.values.get("by", ()) if by not in columns or name in reasons]
        problems += [each.problem("by", f"{quoted(by)} is no column that the number has beside it.") for by in strange]
    return problems


def _volatile(code: str, file: str) -> list[Problem]:
    """What asks for the clock or for chance: a view is to say the same again from the same tables."""
    bare = _NO_CODE.sub(lambda each: "\n" * each[0].count("\n") or " ", code)
    problems = []
    for found in _ASKS.finditer(bare):
        line = bare.count("\n", 0, found.start()) + 1
        message = f"{found[0]} changes by itself, so no view may use it. The day it is made for is as_of()."
        problems.append(Problem(Place(file, line), message))
    return problems


def _view(name: str, filled: Filled, code: str, file: str) -> View:
    values = filled.values
    sources = tuple(Source(feed, **each.values, place=each.node.place) for feed, each in values["sources"].items())
    lists = {name: Listed(**each.values, place=each.node.place) for name, each in values.get("lists", {}).items()}
    kept = {key: values[key] for key in ("title", "definition", "row", "owner", "columns", "left_out") if key in values}
    return View(name=name, sources=sources, lists=lists, code=code, file=file, **kept)
