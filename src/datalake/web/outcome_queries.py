"""What the pages and the API ask of what runs did, by feed, file and stage. Every value is bound."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from datalake.outcomes import NOT_PUBLISHED
from datalake.runs.history import RecordedRun
from datalake.web.queries import NIGHT, marks
from datalake.web.rows import FeedRow, FileRow, StageRow, feed_row, file_row, stage_row

_WITH_NIGHT = f"SELECT t.*, {NIGHT} AS night FROM {{table}} t JOIN etl_runtime r ON r.run_id = t.run_id"  # noqa: S608
FEEDS, FILES = _WITH_NIGHT.format(table="etl_feed"), _WITH_NIGHT.format(table="etl_file")


def feeds_of_run(connection: sqlite3.Connection, run_id: str | None) -> list[FeedRow]:
    """Return what one run did, by feed; nothing for a run without an id."""
    sql = f"{FEEDS} WHERE t.run_id = ? ORDER BY t.feed"
    return [feed_row(dict(row)) for row in connection.execute(sql, (run_id,))]


def feeds_not_published(connection: sqlite3.Connection, of: Iterable[RecordedRun]) -> dict[str, list[FeedRow]]:
    """Return, by run id, the feeds that those runs could not publish."""
    ids = [run.run_id for run in of if run.run_id]
    sql = f"{FEEDS} WHERE t.run_id IN ({marks(ids)}) AND t.status IN ({marks(NOT_PUBLISHED)}) ORDER BY t.feed"
    found: dict[str, list[FeedRow]] = {}
    for row in connection.execute(sql, (*ids, *NOT_PUBLISHED)):
        found.setdefault(row["run_id"], []).append(feed_row(dict(row)))
    return found


def files_of_run(connection: sqlite3.Connection, run_id: str | None) -> list[FileRow]:
    """Return the files that one run took, by feed."""
    sql = f"{FILES} WHERE t.run_id = ? ORDER BY t.feed, t.id"
    return [file_row(dict(row)) for row in connection.execute(sql, (run_id,))]


def files_of_runs(connection: sqlite3.Connection, run_ids: Iterable[str]) -> list[FileRow]:
    """Return the files that those runs took."""
    ids = sorted(set(run_ids))
    sql = f"{FILES} WHERE t.run_id IN ({marks(ids)}) ORDER BY t.id"
    return [file_row(dict(row)) for row in connection.execute(sql, ids)]


def stages_of_run(connection: sqlite3.Connection, run_id: str | None) -> list[StageRow]:
    """Return the stages of one run, as they were recorded."""
    rows = connection.execute("SELECT * FROM etl_stage WHERE run_id = ? ORDER BY id", (run_id,))
    return [stage_row(dict(row)) for row in rows]


def latest_feeds(connection: sqlite3.Connection) -> list[FeedRow]:
    """Return the last outcome of every feed, by name."""
    newest = "t.id IN (SELECT max(id) FROM etl_feed GROUP BY feed)"
    sql = f"{FEEDS} WHERE {newest} ORDER BY t.feed"
    return [feed_row(dict(row)) for row in connection.execute(sql)]


def last_arrivals(connection: sqlite3.Connection) -> dict[str, datetime]:
    """Return by feed when the run that took its newest file began."""
    sql = (
        "SELECT f.feed, r.start_utc FROM etl_file f JOIN etl_runtime r ON r.run_id = f.run_id "
        "WHERE f.id IN (SELECT max(id) FROM etl_file GROUP BY feed) AND r.start_utc <> ''"
    )
    return {str(feed): datetime.fromisoformat(start) for feed, start in connection.execute(sql)}


def history_of_feed(connection: sqlite3.Connection, feed: str, limit: int, before: int = 2**62) -> list[FeedRow]:
    """Return a feed's last outcomes, newest first."""
    sql = f"{FEEDS} WHERE t.feed = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?"
    return [feed_row(dict(row)) for row in connection.execute(sql, (feed, before, limit))]


def files_of_feed(connection: sqlite3.Connection, feed: str, limit: int, before: int = 2**62) -> list[FileRow]:
    """Return the last files taken for a feed, newest first."""
    sql = f"{FILES} WHERE t.feed = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?"
    return [file_row(dict(row)) for row in connection.execute(sql, (feed, before, limit))]
