"""What can still be read of a damaged database is taken over into the one made in its place.

Runs come back with all that the CSV does not have; problems, acknowledgements, silences and unsent messages with what
was promised to people. A row is taken whole or not at all: every instant, day and JSON text in it must be one.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from datalake.runs.inserting import insert

Row = dict[str, Any]
# by table: what its rows are called in a message
NAMED = {
    "etl_runtime": "runs",
    "etl_feed": "feeds of runs",
    "etl_file": "files of runs",
    "etl_stage": "stages of runs",
    "incident": "problems with their acknowledgements",
    "outbox": "messages, sent and unsent",
    "channel": "states of channels",
    "silence": "silences",
    "proof": "proofs of channels",
    "look": "looks of the daily check",
}
INSTANTS = {"opened_at", "seen_at", "told_at", "remind_at", "acked_until", "closed_at", "created_at", "not_before"}
INSTANTS |= {"expires_at", "leased_till", "sent_at", "dead_at", "until", "made_at", "at", "start_utc", "end_utc"}
DOCUMENTS = {"nights", "message", "notes", "rejected_by_rule", "fixes"}
DAYS = {"night", "as_of", "data_date"}


def take_over(kept: Path, connection: sqlite3.Connection, take_run: Callable[[sqlite3.Connection, Row], None]) -> str:
    """Given the damaged file, copy what it still holds within the caller's transaction; say what is lost,
    "" for nothing.

    take_run is asked to make room for a run that the CSV brought back already.
    """
    with contextlib.closing(_opened(kept)) as old:
        lost = [words for table, words in NAMED.items() if not _taken(old, connection, table, take_run)]
    if len(lost) == len(NAMED):
        return "nothing in it can be read: problems, acknowledgements, silences and unsent messages are lost"
    return f"not all of its {', '.join(lost)} could be read; the rest was taken over" if lost else ""


def _opened(kept: Path) -> sqlite3.Connection:
    """As it lies there, without a look at its journal: that may be what is damaged."""
    connection = sqlite3.connect(f"{kept.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def _taken(
    old: sqlite3.Connection,
    connection: sqlite3.Connection,
    table: str,
    take_run: Callable[[sqlite3.Connection, Row], None],
) -> bool:
    """Copy one table; return whether all of it could be read. One that an older schema did not have is no loss."""
    known = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
    complete = True
    for row in _rows(old, table):
        if row is None or not _is_whole(table, row):
            complete = False
            continue
        values = {name: value for name, value in row.items() if name in known}
        if table == "etl_runtime":
            take_run(connection, values)
        insert(connection, table, values, unless_there=True)
    return complete


def _rows(old: sqlite3.Connection, table: str) -> Iterator[Row | None]:
    """Every row that can be read: from the first on, and past what cannot (None) from the last one back."""
    seen: set[int] = set()
    for order in ("ASC", "DESC"):
        try:
            found = old.execute(f"SELECT rowid AS _rowid, * FROM {table} NOT INDEXED ORDER BY rowid {order}")  # noqa: S608
            for row in found:
                if row["_rowid"] in seen:
                    return
                seen.add(row["_rowid"])
                yield {name: row[name] for name in row.keys() if name != "_rowid"}  # noqa: SIM118 - a sqlite3.Row
        except sqlite3.Error as problem:
            if "no such table" in str(problem):
                return
            yield None
        else:
            return


def _is_whole(table: str, row: Row) -> bool:
    try:
        for name, value in row.items():
            if value is not None:
                _check(table, name, value)
    except (ValueError, TypeError):
        return False
    return True


def _check(table: str, name: str, value: Any) -> None:
    if name in INSTANTS:
        datetime.fromisoformat(value)
    elif name in DAYS:
        date.fromisoformat(value)
    elif name in DOCUMENTS or (table, name) == ("look", "told"):
        json.loads(value)
