"""What the pages and the API ask of the record of runs. Every value is bound; names of columns come from lists here.

What a run did by feed and file is asked in outcome_queries, what was rejected in reject_queries.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from datalake.runs.history import RUNS, WHOLE, RecordedRun, recorded

NIGHT = "coalesce(r.night, r.date)"
SORTS = {
    "recorded": "r.id",
    "start": "coalesce(r.start_time, '')",
    "night": f"coalesce({NIGHT}, '')",
    "runtime": "coalesce(r.runtime_sec, -1)",
    "status": "coalesce(r.status, '')",
    "read": "coalesce(r.rows_read, -1)",
    "rejected": "coalesce(r.rejected, -1)",
}


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted; None or "" means any."""

    first: date | None = None  # nights, both ends included
    last: date | None = None
    status: str = ""
    trigger: str = ""
    feed: str = ""  # a feed that the run worked on
    host: str = ""


@dataclass(frozen=True)
class Order:
    """By what the runs are sorted: one of SORTS, then by id."""

    by: str = "start"
    down: bool = True


def runs(
    connection: sqlite3.Connection, wanted: RunFilter, order: Order, limit: int, after: tuple[Any, int] | None = None
) -> list[RecordedRun]:
    """Return at most limit runs; after: sort value and id of the last run of the page before."""
    column, direction, behind = SORTS[order.by], "DESC" if order.down else "ASC", "<" if order.down else ">"
    only, values = where(wanted)
    if after:
        only, values = f"{only} AND ({column}, r.id) {behind} (?, ?)", [*values, *after]
    sql = f"{RUNS} WHERE {only} ORDER BY {column} {direction}, r.id {direction} LIMIT ?"
    return [recorded(row) for row in connection.execute(sql, [*values, limit])]


def newest_runs(connection: sqlite3.Connection, number: int, status: str = "") -> list[RecordedRun]:
    """Return the runs recorded last, newest first; read by key, however many there are."""
    return runs(connection, RunFilter(status=status), Order("recorded"), number)


def count_runs(connection: sqlite3.Connection, wanted: RunFilter) -> dict[str, int]:
    """Return how many runs of each status the filter lets through."""
    only, values = where(wanted)
    sql = f"SELECT r.status, count(*) FROM etl_runtime r WHERE {only} GROUP BY r.status"  # noqa: S608
    return {str(status): number for status, number in connection.execute(sql, values)}


def sort_key(connection: sqlite3.Connection, run: RecordedRun, order: Order) -> tuple[Any, int]:
    """Return what `after` needs to go on behind that run."""
    sql = f"SELECT {SORTS[order.by]} FROM etl_runtime r WHERE r.id = ?"  # noqa: S608
    (value,) = connection.execute(sql, (run.id,)).fetchone()
    return value, run.id


def run(connection: sqlite3.Connection, key: str) -> RecordedRun | None:
    """Given a run id, or the row's number for a run without one, return the run."""
    sql = "SELECT r.* FROM etl_runtime r WHERE r.run_id = ?1 OR (r.run_id IS NULL AND CAST(r.id AS TEXT) = ?1)"
    row = connection.execute(sql, (key,)).fetchone()
    return recorded(row) if row else None


def runs_of_nights(connection: sqlite3.Connection, first: date, last: date) -> list[RecordedRun]:
    """Return every run of the nights from first to last, both included."""
    return runs(connection, RunFilter(first, last), Order("start", down=False), -1)


def first_and_last_night(connection: sqlite3.Connection) -> tuple[date, date] | None:
    """Return the earliest and the latest night that has a load, None where none is recorded."""
    sql = f"SELECT min({NIGHT}), max({NIGHT}) FROM etl_runtime r WHERE {WHOLE}"  # noqa: S608
    first, last = connection.execute(sql).fetchone()
    return (date.fromisoformat(first), date.fromisoformat(last)) if first else None


def nights_with_loads(connection: sqlite3.Connection) -> set[date]:
    """Return the nights that have a load: files taken by hand are none."""
    rows = connection.execute(f"SELECT DISTINCT {NIGHT} FROM etl_runtime r WHERE {NIGHT} <> '' AND {WHOLE}")  # noqa: S608
    return {date.fromisoformat(night) for (night,) in rows}


def choices(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return what the filters can offer: triggers, hosts and feeds that occur."""
    asked = {
        "trigger": 'SELECT DISTINCT "trigger" FROM etl_runtime WHERE "trigger" <> \'\' ORDER BY 1',
        "host": "SELECT DISTINCT hostname FROM etl_runtime WHERE hostname <> '' ORDER BY 1",
        "feed": "SELECT DISTINCT feed FROM etl_feed ORDER BY 1",
    }
    return {name: [row[0] for row in connection.execute(sql)] for name, sql in asked.items()}


def run_cells(connection: sqlite3.Connection, wanted: RunFilter, order: Order, columns: Iterable[str]) -> list[Any]:
    """Return every run of a filter as bare cells of these columns of etl_runtime, for a download of them all."""
    only, values = where(wanted)
    names = ", ".join(f'r."{name}"' for name in columns)
    direction = "DESC" if order.down else "ASC"
    sql = f"SELECT {names} FROM etl_runtime r WHERE {only} ORDER BY {SORTS[order.by]} {direction}, r.id {direction}"  # noqa: S608
    return connection.execute(sql, values).fetchall()


def last_good_run(connection: sqlite3.Connection, before: RecordedRun | None = None) -> RecordedRun | None:
    """Return the last success that loaded a whole night; before: the run that it was recorded before."""
    sql = f"SELECT * FROM etl_runtime WHERE id < ? AND status = 'success' AND {WHOLE} ORDER BY id DESC LIMIT 1"  # noqa: S608
    row = connection.execute(sql, (before.id if before else 2**62,)).fetchone()
    return recorded(row) if row else None


def neighbours(connection: sqlite3.Connection, run: RecordedRun) -> tuple[RecordedRun | None, RecordedRun | None]:
    """Return the runs recorded just before and just after a run."""
    before = connection.execute("SELECT * FROM etl_runtime WHERE id < ? ORDER BY id DESC LIMIT 1", (run.id,)).fetchone()
    after = connection.execute("SELECT * FROM etl_runtime WHERE id > ? ORDER BY id LIMIT 1", (run.id,)).fetchone()
    return (recorded(before) if before else None, recorded(after) if after else None)


def keeps_alerts(connection: sqlite3.Connection) -> bool:
    """Tell whether the record has tables of problems and messages: one of an older version has none."""
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('incident', 'outbox', 'proof')")
    return bool(found.fetchone()[0] == 3)


def messages_of_run(connection: sqlite3.Connection, run_id: str | None) -> list[sqlite3.Row]:
    """Return what was told of a run: channel, kind, state, sent_at, answer; nothing where none are kept."""
    if not run_id or not keeps_alerts(connection):
        return []
    sql = (
        "SELECT notice, channel, kind, state, sent_at, answer FROM outbox WHERE notice = ? OR notice LIKE ? ORDER BY id"
    )
    return connection.execute(sql, (f"run-{run_id}", f"run-{run_id}-%")).fetchall()


def where(wanted: RunFilter) -> tuple[str, list[Any]]:
    """Return a filter as SQL over etl_runtime r, and the values that it binds."""
    parts = list(_conditions(wanted))
    return " AND ".join(["1", *(sql for sql, _ in parts)]), [value for _, value in parts]


def _conditions(wanted: RunFilter) -> Iterable[tuple[str, Any]]:
    given = {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    for name, value in given.items():
        if value:
            yield _CONDITIONS[name], value.isoformat() if isinstance(value, date) else value


def marks(values: Sequence[object]) -> str:
    """Return a mark for each value to bind, as the list of an IN takes them."""
    return ", ".join("?" * len(values))


_CONDITIONS = {
    "first": f"{NIGHT} >= ?",
    "last": f"{NIGHT} <= ?",
    "status": "r.status = ?",
    "trigger": 'r."trigger" = ?',
    "feed": "EXISTS (SELECT 1 FROM etl_feed f WHERE f.run_id = r.run_id AND f.feed = ?)",
    "host": "r.hostname = ?",
}
