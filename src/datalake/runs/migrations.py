"""From whatever logs/etl_stats.db is to the newest schema: the numbered files of schema/, one transaction each.

Where a table of that name was there before there were numbers, its rows are mapped by column name and the original
file is kept beside.
"""

import logging
import sqlite3
from pathlib import Path

from datalake.errors import DatalakeError
from datalake.runs import csv_log
from datalake.runs.aside import free_name
from datalake.runs.rows import COLUMNS, completed

SCHEMA = Path(__file__).parent / "schema"
NEWEST = 4

Older = list[dict[str, str | None]]

logger = logging.getLogger(__name__)


class NewerSchema(DatalakeError):
    """The database was written by a newer version of this program: it may be read, never written."""


def migrate(connection: sqlite3.Connection, database: Path, runtime_csv: Path | None) -> None:
    """Bring an open database to the newest schema; a new one takes over the CSV's runs. Raise NewerSchema."""
    version = _version(connection)
    if version > NEWEST:
        raise NewerSchema(
            f"{database} has schema {version}, this program knows {NEWEST}: it was written by a newer version.",
            "Update this checkout (git pull), or move the file away.",
        )
    if version == 0:
        older = _older_rows(connection)
        if older is not None:
            _keep_original(connection, database)
        elif runtime_csv is not None:
            older = _from_csv(runtime_csv)
        _step(connection, 1, older or [])
    for number in range(max(version, 1) + 1, NEWEST + 1):
        _step(connection, number)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _from_csv(runtime_csv: Path) -> Older:
    """A CSV that cannot be read costs the older runs, never the one that is to be recorded."""
    try:
        return csv_log.read(runtime_csv)
    except OSError as problem:
        logger.warning("%s cannot be read (%s): the new database begins without its runs", runtime_csv, problem)
        return []


def _older_rows(connection: sqlite3.Connection) -> Older | None:
    """The rows of an etl_runtime made before there were schema numbers, as text by column; None if there is none."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'etl_runtime' AND type = 'table'").fetchone():
        return None
    rows = connection.execute("SELECT * FROM etl_runtime ORDER BY rowid").fetchall()
    named = [{name.lower(): str(row[name]) for name in row.keys() if row[name] is not None} for row in rows]  # noqa: SIM118
    return [completed(each) for each in named]


def _keep_original(connection: sqlite3.Connection, database: Path) -> None:
    kept = free_name(database, "before")
    with sqlite3.connect(kept) as copy:
        connection.backup(copy)
    copy.close()
    logger.warning("%s had an older table: its rows are taken over, the original is kept as %s", database, kept)


def _step(connection: sqlite3.Connection, number: int, older: Older | None = None) -> None:
    """Carry out one numbered file, unless another process was faster; older: rows that the first one takes over."""
    (file,) = SCHEMA.glob(f"{number:03}_*.sql")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) < number:
            if older is not None:
                connection.execute("DROP TABLE IF EXISTS etl_runtime")
            for statement in _statements(file.read_text(encoding="utf-8")):
                connection.execute(statement)
            _take_over(connection, older or [])
            connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _take_over(connection: sqlite3.Connection, older: Older) -> None:
    names = ", ".join(COLUMNS)
    marks = ", ".join(f":{column}" for column in COLUMNS)
    insert = f"INSERT INTO etl_runtime ({names}) VALUES ({marks})"  # noqa: S608 - names of our own
    connection.executemany(insert, older)


def _statements(script: str) -> list[str]:
    """Cut a script into its statements; sqlite3's own executescript would commit in between."""
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    return found
