"""The edge to the run record: opened for reading only, and never a page without what can still be shown.

Where the database cannot be read, or is of another version, an equal one is filled in memory from what there is (its
rows by column name, else those of the runtime CSV), so that every query works and the page says what is wrong.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from datalake.runs import csv_log
from datalake.runs.history import RecordedRun
from datalake.web.rows import FeedRow, FileRow, StageRow
from datalake.zones.paths import Lake

BUSY_SECONDS = 1.0
TABLES = ("etl_runtime", "etl_feed", "etl_file", "etl_stage")
_EMPTY = {"TEXT": "''"}
CSV_PROBLEM = "The runs shown come from logs/etl_runtime_stats.csv; what they did per feed is not in it."

REMEMBERED = 32  # answers
_ANSWERS: OrderedDict[Hashable, Any] = OrderedDict()
_LOCK = Lock()

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Record:
    """An open record to ask; problem says what could not be read, in a sentence, "" where all is well."""

    connection: sqlite3.Connection
    problem: str = ""


def ask(lake: Lake, question: Callable[[Record], Answer]) -> Answer:
    """Given a lake and what to read, return the answer from the best source that can be read to the end."""
    problem = "logs/etl_stats.db is missing."
    if not lake.database.exists():
        problem = problem if lake.runtime_csv.exists() else ""
    else:
        try:
            with _database(lake.database) as record:
                return question(record)
        except sqlite3.Error as error:
            problem = f"logs/etl_stats.db cannot be read ({error})."
    with _from_csv(lake.runtime_csv, problem) as record:
        return question(record)


def ask_once(lake: Lake, key: Hashable, question: Callable[[Record], Answer]) -> Answer:
    """As ask(), but the same question of an unchanged record is answered from memory.

    key: what else the answer depends on. Only for answers that are made of the record alone.
    """
    whole = (lake.root, _stamp(lake.database), _stamp(lake.runtime_csv), key)
    with _LOCK:
        if whole in _ANSWERS:
            _ANSWERS.move_to_end(whole)
            known: Answer = _ANSWERS[whole]
            return known
    answer = ask(lake, question)
    with _LOCK:
        _ANSWERS[whole] = answer
        while len(_ANSWERS) > REMEMBERED:
            _ANSWERS.popitem(last=False)
    return answer


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


@contextmanager
def _database(path: Path) -> Iterator[Record]:
    with closing(_connect(path)) as connection:
        missing = _missing_columns(connection)
        if not missing:
            yield Record(connection)
            return
        with closing(_in_memory()) as copy:
            _copy(connection, copy)
            yield Record(copy, f"logs/etl_stats.db is of another version: it has no {missing[0]}.")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    connection.row_factory = sqlite3.Row
    return connection


@cache
def _wanted() -> dict[str, dict[str, str]]:
    """The tables we ask, as the shipped schema makes them: table -> column -> its declaration."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        for script in sorted(resources.files("datalake.runs").joinpath("schema").iterdir(), key=lambda each: each.name):
            if script.name.endswith(".sql"):
                connection.executescript(script.read_text(encoding="utf-8"))
        return {table: _columns(connection, table) for table in TABLES}


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Columns with their type and a default, so that a row which lacks some can still be taken."""
    rows = connection.execute('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (table,))
    return {row["name"]: f"{row['type']}{_default(row)}" for row in rows}


def _default(row: sqlite3.Row) -> str:
    if row["pk"]:
        return " PRIMARY KEY"
    if row["dflt_value"] is not None:
        return f" DEFAULT {row['dflt_value']}"
    return f" DEFAULT {_EMPTY.get(row['type'], '0')}" if row["notnull"] else ""


def _missing_columns(connection: sqlite3.Connection) -> list[str]:
    """What the tables lack of what we ask for, as table.column; raises if there is no table of runs at all."""
    connection.execute("SELECT 1 FROM etl_runtime LIMIT 1")
    found = {table: _columns(connection, table) for table in TABLES}
    return [f"{table}.{name}" for table, names in _read().items() for name in sorted(names) if name not in found[table]]


@cache
def _read() -> dict[str, set[str]]:
    """The columns that are read, by table; one that a newer schema has beside them is no reason to complain."""
    kinds = {"etl_feed": FeedRow, "etl_file": FileRow, "etl_stage": StageRow}
    of_rows = {table: {each.name for each in fields(kind)} - {"night"} for table, kind in kinds.items()}
    of_runs = {each.name for each in fields(RecordedRun)} - {"start", "end"} | {"start_utc", "end_utc"}
    return {"etl_runtime": of_runs & set(_wanted()["etl_runtime"]), **of_rows}


def _in_memory() -> sqlite3.Connection:
    """The same tables with a default for every column, for rows that lack some."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    for table, columns in _wanted().items():
        described = ", ".join(f'"{name}" {declared}' for name, declared in columns.items())
        connection.execute(f"CREATE TABLE {table} ({described})")
    return connection


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    for table in TABLES:
        if _columns(source, table):
            _insert(target, table, map(dict, source.execute(f"SELECT * FROM {table}")))  # noqa: S608  (one of TABLES)


@contextmanager
def _from_csv(path: Path, problem: str) -> Iterator[Record]:
    with closing(_in_memory()) as connection:
        try:
            _insert(connection, "etl_runtime", csv_log.read(path))
        except FileNotFoundError:
            yield Record(connection, problem)
        except OSError as error:
            yield Record(connection, f"{problem} logs/etl_runtime_stats.csv cannot be read either ({error}).")
        else:
            yield Record(connection, f"{problem} {CSV_PROBLEM}" if problem else "")


def _insert(target: sqlite3.Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    known = _wanted()[table]
    for row in rows:
        columns = [name for name in row if name in known and row[name] is not None]
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" * len(columns))
        target.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [row[name] for name in columns])  # noqa: S608
