"""What the pages and the API ask of the record. Every value is bound; names of columns come from the lists here."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from datalake.runs.history import RecordedRun, recorded
from datalake.web.rows import (
    FeedRow,
    FileRow,
    StageRow,
    feed_row,
    file_row,
    stage_row,
)

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
_WITH_NIGHT = f"SELECT t.*, {NIGHT} AS night FROM {{table}} t JOIN etl_runtime r ON r.run_id = t.run_id"  # noqa: S608


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
    where, values = _where(wanted)
    if after:
        where, values = f"{where} AND ({column}, r.id) {behind} (?, ?)", [*values, *after]
    sql = f"SELECT r.* FROM etl_runtime r WHERE {where} ORDER BY {column} {direction}, r.id {direction} LIMIT ?"  # noqa: S608
    return [recorded(row) for row in connection.execute(sql, [*values, limit])]


def newest_runs(connection: sqlite3.Connection, number: int, status: str = "") -> list[RecordedRun]:
    """Return the runs recorded last, newest first; read by key, however many there are."""
    return runs(connection, RunFilter(status=status), Order("recorded"), number)


def count_runs(connection: sqlite3.Connection, wanted: RunFilter) -> dict[str, int]:
    """Return how many runs of each status the filter lets through."""
    where, values = _where(wanted)
    sql = f"SELECT r.status, count(*) FROM etl_runtime r WHERE {where} GROUP BY r.status"  # noqa: S608
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
    """Return the earliest and the latest recorded night, None where no run is recorded."""
    first, last = connection.execute(f"SELECT min({NIGHT}), max({NIGHT}) FROM etl_runtime r").fetchone()  # noqa: S608
    return (date.fromisoformat(first), date.fromisoformat(last)) if first else None


def nights_with_runs(connection: sqlite3.Connection) -> set[date]:
    """Return the nights that have a run."""
    rows = connection.execute(f"SELECT DISTINCT {NIGHT} FROM etl_runtime r WHERE {NIGHT} <> ''")  # noqa: S608
    return {date.fromisoformat(night) for (night,) in rows}


def choices(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return what the filters can offer: triggers, hosts and feeds that occur."""
    asked = {
        "trigger": 'SELECT DISTINCT "trigger" FROM etl_runtime WHERE "trigger" <> \'\' ORDER BY 1',
        "host": "SELECT DISTINCT hostname FROM etl_runtime WHERE hostname <> '' ORDER BY 1",
        "feed": "SELECT DISTINCT feed FROM etl_feed ORDER BY 1",
    }
    return {name: [row[0] for row in connection.execute(sql)] for name, sql in asked.items()}


def feeds_of_run(connection: sqlite3.Connection, run_id: str | None) -> list[FeedRow]:
    """Return what one run did, by feed; nothing for a run without an id."""
    sql = f"{_WITH_NIGHT.format(table='etl_feed')} WHERE t.run_id = ? ORDER BY t.feed"
    return [feed_row(dict(row)) for row in connection.execute(sql, (run_id,))]


def feeds_not_published(connection: sqlite3.Connection, of: Iterable[RecordedRun]) -> dict[str, list[FeedRow]]:
    """Return, by run id, the feeds that those runs could not publish."""
    ids = [run.run_id for run in of if run.run_id]
    marks = ", ".join("?" * len(ids))
    sql = (
        f"{_WITH_NIGHT.format(table='etl_feed')} WHERE t.run_id IN ({marks}) "
        "AND t.status IN ('held', 'refused', 'failed') ORDER BY t.feed"
    )
    found: dict[str, list[FeedRow]] = {}
    for row in connection.execute(sql, ids):
        found.setdefault(row["run_id"], []).append(feed_row(dict(row)))
    return found


def files_of_run(connection: sqlite3.Connection, run_id: str | None) -> list[FileRow]:
    """Return the files that one run took, by feed."""
    sql = f"{_WITH_NIGHT.format(table='etl_file')} WHERE t.run_id = ? ORDER BY t.feed, t.id"
    return [file_row(dict(row)) for row in connection.execute(sql, (run_id,))]


def last_arrivals(connection: sqlite3.Connection) -> dict[str, datetime]:
    """Return by feed when the run that took its newest file began."""
    sql = (
        "SELECT f.feed, r.start_utc FROM etl_file f JOIN etl_runtime r ON r.run_id = f.run_id "
        "WHERE f.id IN (SELECT max(id) FROM etl_file GROUP BY feed) AND r.start_utc <> ''"
    )
    return {str(feed): datetime.fromisoformat(start) for feed, start in connection.execute(sql)}


def files_of_runs(connection: sqlite3.Connection, run_ids: Iterable[str]) -> list[FileRow]:
    """Return the files that those runs took."""
    ids = sorted(set(run_ids))
    sql = f"{_WITH_NIGHT.format(table='etl_file')} WHERE t.run_id IN ({', '.join('?' * len(ids))}) ORDER BY t.id"
    return [file_row(dict(row)) for row in connection.execute(sql, ids)]


def stages_of_run(connection: sqlite3.Connection, run_id: str | None) -> list[StageRow]:
    """Return the stages of one run, as they were recorded."""
    rows = connection.execute("SELECT * FROM etl_stage WHERE run_id = ? ORDER BY id", (run_id,))
    return [stage_row(dict(row)) for row in rows]


def latest_feeds(connection: sqlite3.Connection) -> list[FeedRow]:
    """Return the last outcome of every feed, by name."""
    newest = "t.id IN (SELECT max(id) FROM etl_feed GROUP BY feed)"
    sql = f"{_WITH_NIGHT.format(table='etl_feed')} WHERE {newest} ORDER BY t.feed"
    return [feed_row(dict(row)) for row in connection.execute(sql)]


def history_of_feed(connection: sqlite3.Connection, feed: str, limit: int, before: int = 2**62) -> list[FeedRow]:
    """Return a feed's last outcomes, newest first."""
    sql = f"{_WITH_NIGHT.format(table='etl_feed')} WHERE t.feed = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?"
    return [feed_row(dict(row)) for row in connection.execute(sql, (feed, before, limit))]


def files_of_feed(connection: sqlite3.Connection, feed: str, limit: int, before: int = 2**62) -> list[FileRow]:
    """Return the last files taken for a feed, newest first."""
    sql = f"{_WITH_NIGHT.format(table='etl_file')} WHERE t.feed = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?"
    return [file_row(dict(row)) for row in connection.execute(sql, (feed, before, limit))]


_WITH_REJECTS = f"{NIGHT} BETWEEN ? AND ? AND (t.rejected > 0 OR t.status = 'refused') AND (? = '' OR t.feed = ?)"


_RULES = "json_each(CASE WHEN json_valid(t.rejected_by_rule) THEN t.rejected_by_rule END)"
_BY_RULE = f"(? = '' OR EXISTS (SELECT 1 FROM {_RULES} e WHERE e.key = ?))"  # noqa: S608


def files_of_nights(
    connection: sqlite3.Connection, first: date, last: date, feed: str, limit: int, rule: str = ""
) -> list[FileRow]:
    """Return the newest files of the nights from first to last with rows that the rule rejected; any, and refused."""
    sql = f"{_WITH_NIGHT.format(table='etl_file')} WHERE {_WITH_REJECTS} AND {_BY_RULE} ORDER BY t.id DESC LIMIT ?"
    rows = connection.execute(sql, (first.isoformat(), last.isoformat(), feed, feed, rule, rule, limit))
    return [file_row(dict(row)) for row in rows]


def totals_of_nights(
    connection: sqlite3.Connection, first: date, last: date, feed: str, rule: str = ""
) -> tuple[int, int, int]:
    """Return of the same files how many there are, how many rows they had, and how many of these were rejected."""
    what = "count(*), coalesce(sum(t.rows_read), 0), coalesce(sum(t.rejected), 0)"
    sql = (
        f"SELECT {what} FROM etl_file t JOIN etl_runtime r ON r.run_id = t.run_id WHERE {_WITH_REJECTS} AND {_BY_RULE}"  # noqa: S608
    )
    values = (first.isoformat(), last.isoformat(), feed, feed, rule, rule)
    files, read, rejected = connection.execute(sql, values).fetchone()
    return int(files), int(read), int(rejected)


def rejects_by_week(
    connection: sqlite3.Connection, first: date, last: date, feed: str
) -> list[tuple[str, str, int, int]]:
    """Return (feed, rule, week, rows) of the same files; week counts from the Monday of the first night's."""
    monday = first - timedelta(days=first.weekday())
    sql = (
        f"SELECT t.feed, rule.key, CAST((julianday({NIGHT}) - julianday(?)) / 7 AS INTEGER) AS week, sum(rule.value) "  # noqa: S608
        "FROM etl_file t JOIN etl_runtime r ON r.run_id = t.run_id, json_each(t.rejected_by_rule) rule "
        f"WHERE {_WITH_REJECTS} AND json_valid(t.rejected_by_rule) GROUP BY 1, 2, 3"
    )
    values = (monday.isoformat(), first.isoformat(), last.isoformat(), feed, feed)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(sql, values)]


def run_cells(connection: sqlite3.Connection, wanted: RunFilter, order: Order, columns: Iterable[str]) -> list[Any]:
    """Return every run of a filter as bare cells of these columns of etl_runtime, for a download of them all."""
    where, values = _where(wanted)
    names = ", ".join(f'r."{name}"' for name in columns)
    direction = "DESC" if order.down else "ASC"
    sql = f"SELECT {names} FROM etl_runtime r WHERE {where} ORDER BY {SORTS[order.by]} {direction}, r.id {direction}"  # noqa: S608
    return connection.execute(sql, values).fetchall()


def files_with_rejects(
    connection: sqlite3.Connection, wanted: RunFilter, limit: int, before: int = 2**62
) -> list[FileRow]:
    """Return files that had rejected rows, newest first; of the filter nights and feed count."""
    where, values = _where(replace(wanted, feed=""))
    sql = (
        f"{_WITH_NIGHT.format(table='etl_file')} WHERE {where} AND t.rejected > 0 AND t.id < ? "
        "AND (? = '' OR t.feed = ?) ORDER BY t.id DESC LIMIT ?"
    )
    rows = connection.execute(sql, [*values, before, wanted.feed, wanted.feed, limit])
    return [file_row(dict(row)) for row in rows]


def last_good_run(connection: sqlite3.Connection, before: RecordedRun) -> RecordedRun | None:
    """Return the last success recorded before a run that loaded a whole night."""
    whole = "coalesce(\"trigger\", '') NOT IN ('retry', 'approve')"
    sql = f"SELECT * FROM etl_runtime WHERE id < ? AND status = 'success' AND {whole} ORDER BY id DESC LIMIT 1"  # noqa: S608
    row = connection.execute(sql, (before.id,)).fetchone()
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


def _where(wanted: RunFilter) -> tuple[str, list[Any]]:
    parts = list(_conditions(wanted))
    return " AND ".join(["1", *(sql for sql, _ in parts)]), [value for _, value in parts]


def _conditions(wanted: RunFilter) -> Iterable[tuple[str, Any]]:
    given = {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    for name, value in given.items():
        if value:
            yield _CONDITIONS[name], value.isoformat() if isinstance(value, date) else value


_CONDITIONS = {
    "first": f"{NIGHT} >= ?",
    "last": f"{NIGHT} <= ?",
    "status": "r.status = ?",
    "trigger": 'r."trigger" = ?',
    "feed": "EXISTS (SELECT 1 FROM etl_feed f WHERE f.run_id = r.run_id AND f.feed = ?)",
    "host": "r.hostname = ?",
}
