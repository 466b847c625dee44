"""A person's question, put in SQL: it reads the published tables and the views, and can reach nothing else."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds

from datalake.contracts.maps import MeaningMap
from datalake.contracts.model import Contract
from datalake.errors import UsageError
from datalake.settings import Settings
from datalake.views import shelf
from datalake.views.card import Source
from datalake.views.database import READS, Database, SqlProblem, Statement, batches, define_map, define_words
from datalake.views.published import Published
from datalake.zones import curated
from datalake.zones.paths import Lake

# Functions that take the address of memory, a program, or SQL as text, which could name them in pieces: nobody who asks
# about data needs them.
_INNER = re.compile(r"\b(arrow_scan\w*|pandas_scan|python_map_function|json_execute_\w+|query(?=\W*\())", re.IGNORECASE)
READ_ONLY = "This reads tables and changes nothing: begin with SELECT, FROM, WITH, DESCRIBE, SUMMARIZE or SHOW TABLES."


@dataclass(frozen=True)
class Readable:
    """What there is to ask about: the feeds' rules, the views by name, the maps, and the day that as_of() is."""

    lake: Lake
    contracts: Mapping[str, Contract]
    views: Sequence[str]
    maps: Mapping[str, MeaningMap]
    as_of: date


class Question:
    """One statement and its answer. Used with `with`, for the answer is read while the database is open."""

    def __init__(self, readable: Readable, settings: Settings, sql: str) -> None:
        """Given what can be read and one SELECT; raise UsageError for anything else and for what cannot be answered."""
        self._database, self._lake = Database(settings.threads), readable.lake
        try:
            self.tables = _hand_in(self._database, readable, sql)
            define_words(self._database, readable.as_of, settings)
            self._database.lock()
            self._statement = _one(self._database, sql)
            self._reader = self._database.rows(self._statement)
        except SqlProblem as problem:
            self._database.__exit__()
            raise self._worded(problem) from None
        except BaseException:
            self._database.__exit__()
            raise

    def __enter__(self) -> "Question":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.__exit__()

    @property
    def schema(self) -> pa.Schema:
        return self._reader.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows; raise UsageError for a value that cannot be computed."""
        try:
            yield from batches(self._reader, self._statement)
        except SqlProblem as problem:
            raise self._worded(problem) from None

    def _worded(self, problem: SqlProblem) -> UsageError:
        named = re.match(r"Table with name (\w+) does not exist", problem.message)
        why = shelf.not_updated(self._lake, named[1]) if named else None
        if named and why:
            return UsageError(f"The view {named[1]} is not updated, and has never been: {why.reason}", why.fix)
        there = f"There are: {', '.join(self.tables)}." if "does not exist" in problem.message else ""
        where = f"line {problem.line}: " if problem.line > 1 else ""
        return UsageError(f"{where}{problem.message}", there)


def _hand_in(database: Database, readable: Readable, sql: str) -> list[str]:
    """Make feeds and views readable by name, and the maps that are named; return the names of feeds and views."""
    published = Published(readable.lake, readable.contracts, {}, readable.maps)
    feeds = [feed for feed in readable.contracts if published.files(feed)]
    for feed in feeds:
        database.hand_in(feed, published.table(feed))
    shown = {name: shelf.shown(readable.lake, name) for name in readable.views if name not in readable.contracts}
    views = {name: version for name, version in shown.items() if version}
    for name, version in views.items():
        database.hand_in(name, ds.dataset(curated.table_path(version.folder, name)))
    for name, meaning in readable.maps.items():
        if re.search(rf"\b{name}\b", sql, re.IGNORECASE):
            define_map(database, meaning, _values(database, published, feeds, name))
    return [*feeds, *views]


def _values(database: Database, published: Published, feeds: Sequence[str], name: str) -> set[str]:
    found: set[str] = set()
    for feed in feeds:
        contract = published.contracts[feed]
        for column in published.mapped(Source(feed, contract.names)):
            if column.map == name:
                found |= published.values(database, feed, column)
    return found


def _one(database: Database, sql: str) -> Statement:
    inner = _INNER.search(sql)
    if inner:
        raise UsageError(f"{inner[0]} is not for here.", READ_ONLY)
    statements = database.statements(sql)
    if len(statements) != 1:
        raise UsageError(f"One statement at a time; here are {len(statements)}.", READ_ONLY)
    if statements[0].kind != READS:
        raise UsageError(f"{statements[0].kind} is not for here.", READ_ONLY)
    return statements[0]
