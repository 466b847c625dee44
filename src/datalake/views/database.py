"""DuckDB, shut in: it sees the tables that it is handed and nothing else, and what it is asked cannot change that."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from datalake.contracts.maps import UNMAPPED, MeaningMap
from datalake.schedule import zone_named
from datalake.settings import Settings
from datalake.views.plain import PLAIN_TEXT, plain_text_macros

# External access covers files, the network, extensions, ATTACH and COPY; allowed_directories would let COPY overwrite.
SHUT_IN = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # or a query could read this program's variables by name
    "temp_directory": "",
}
BATCH = 65_536
READS = "SELECT"


class SqlProblem(Exception):
    """What is wrong with a statement: a sentence, and its line in the text that was given, 0 where that is unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Statement:
    """One statement of a text: its words, what it does, and the line on which it starts."""

    sql: str
    kind: str  # SELECT, CREATE, COPY, ...
    line: int


class Database:
    """A database in memory that holds what it is handed, until closed."""

    def __init__(self, threads: int) -> None:
        self._connection = duckdb.connect(":memory:", config={**SHUT_IN, "threads": str(threads)})
        self._connection.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def hand_in(self, name: str, table: Any) -> None:
        """Make an Arrow table or dataset readable under that name."""
        self._connection.register(name, table)

    def define(self, sql: str) -> None:
        """Do what this program itself has to say, before the doors are locked."""
        self._connection.execute(sql)

    def lock(self) -> None:
        """Let nothing change the settings any more: to be called before any statement of a person's."""
        self._connection.execute("SET lock_configuration = true")

    def statements(self, text: str) -> list[Statement]:
        """Return the statements of a text; raise SqlProblem where it is no SQL."""
        try:
            found = self._connection.extract_statements(text)
        except duckdb.Error as problem:
            raise _problem(problem, text, 1, whole=True) from None
        statements, start = [], 0
        for each in found:
            sql = each.query.rstrip("; \t\r\n")
            start = text.index(sql, start)
            statements.append(Statement(sql, _kind(each), text.count("\n", 0, start) + 1))
            start += len(sql)
        return statements

    def execute(self, statement: Statement) -> None:
        """Carry out a statement whose rows nobody wants; raise SqlProblem."""
        try:
            self._connection.execute(statement.sql)
        except duckdb.Error as problem:
            raise _problem(problem, statement.sql, statement.line) from None

    def rows(self, statement: Statement) -> pa.RecordBatchReader:
        """Return the rows of a SELECT, a batch at a time; raise SqlProblem."""
        if statement.kind != READS:
            raise SqlProblem(f"{statement.kind} is not for here: only SELECT is.", statement.line)
        try:
            return self._connection.sql(statement.sql).to_arrow_reader(BATCH)
        except duckdb.Error as problem:
            raise _problem(problem, statement.sql, statement.line) from None

    def table(self, sql: str) -> pa.Table:
        """Return the rows of a SELECT of this program's own."""
        return self.rows(Statement(sql, READS, 0)).read_all()


def _kind(statement: Any) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # one that DuckDB's own Python has no name for, such as UPDATE EXTENSIONS
        return f"{statement.query.split()[0].upper()} ..."


def batches(reader: pa.RecordBatchReader, statement: Statement) -> Iterator[pa.RecordBatch]:
    """Yield the rows that a statement gave; raise SqlProblem for a value that it could not compute."""
    try:
        yield from reader
    except (pa.ArrowException, OSError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise  # of a file, not of the SQL
        raise _problem(problem, statement.sql, statement.line) from None


def define_words(database: Database, as_of: date, settings: Settings, text: str | None = None) -> None:
    """Define as_of(), fiscal_year(day), named by the year in which it ends, local_day(moment), plain_text(text).

    text: all that will be asked, where that is known. plain_text takes longer to define than most views to answer.
    """
    for each in plain_text_macros() if text is None or PLAIN_TEXT in text.casefold() else ():
        database.define(each)
    database.define(f"CREATE MACRO as_of() AS DATE '{as_of.isoformat()}'")
    start = settings.fiscal_year_start_month
    later = f"(month(_day) >= {start})::INTEGER" if start > 1 else "0"
    database.define(f"CREATE MACRO fiscal_year(_day) AS (year(_day) + {later})::INTEGER")
    database.define(f"CREATE MACRO local_day(_moment) AS ({_local(as_of, settings.schedule.zone)})::DATE")


def _local(as_of: date, zone: str) -> str:
    """The SQL of a moment's local time. The host's own zone has no name for DuckDB: its offset of the day counts."""
    if zone != "local":
        return f"_moment AT TIME ZONE '{zone}'"  # one that settings.py knows
    offset = datetime.combine(as_of, time(12)).replace(tzinfo=zone_named(zone)).utcoffset() or timedelta(0)
    return f"_moment AT TIME ZONE 'UTC' + INTERVAL '{round(offset.total_seconds() / 60)} minutes'"


def define_map(database: Database, meaning: MeaningMap, values: set[str]) -> None:
    """Define a map as a table (value, group) and as a function of its name: a value's group, or `unmapped`.

    values: all that may be asked for. How they are compared (case, dashes) is the map's own affair, not SQL's.
    """
    known = sorted(values | {value for value, _ in meaning.rows})
    groups = [meaning.group(each) for each in known]
    name, inside = meaning.name, f"{meaning.name}_of_values"
    database.hand_in(inside, pa.table({"value": pa.array(known, pa.string()), "group": pa.array(groups, pa.string())}))
    database.define(f"CREATE VIEW {name} AS SELECT * FROM {inside}")  # noqa: S608 - names are [a-z0-9_]
    found = f'SELECT m."group" FROM {inside} AS m WHERE m.value = _value'  # noqa: S608
    database.define(
        f"CREATE MACRO {name}(_value) AS CASE WHEN _value IS NOT NULL THEN coalesce(({found}), '{UNMAPPED}') END"
    )


def _problem(problem: Exception, sql: str, line: int, whole: bool = False) -> SqlProblem:
    """Word what DuckDB says. line: the one on which the statement starts, 0 where nobody wrote it.

    A name in the message finds the line better than DuckDB's own, which counts in a text that it has rewritten.
    """
    text = str(problem)
    told = re.search(r"\n\s*LINE (\d+): ", text)
    sentence = text[: told.start()] if told else text
    sentence = re.sub(r"\s*\n\s*", " ", re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", sentence.strip()))
    if not line:
        return SqlProblem(sentence)
    named = _line_of_name(re.split(r"Candidate bindings|Did you mean", sentence)[0], sql)
    if named is None or whole:
        named = int(told[1]) - 1 if told else 0
    return SqlProblem(sentence, line + named)


def _line_of_name(sentence: str, sql: str) -> int | None:
    """How many lines down the first name in quotes, or after `name`, stands in the SQL."""
    for name in re.findall(r'"([A-Za-z_]\w*)"|\bname ([A-Za-z_]\w*)', sentence):
        found = re.search(rf"\b{name[0] or name[1]}\b", sql)
        if found:
            return sql.count("\n", 0, found.start())
    return None
