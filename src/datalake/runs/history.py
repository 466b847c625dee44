"""What the record says, for those who tell or show it. Read-only; every query is short and bounded.

No database yet is an empty history. A damaged or locked one raises sqlite3.Error.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from datalake.outcomes import (
    NOT_PUBLISHED,
    PARTIAL,
    SUCCESS,
    Changes,
    FeedOutcome,
    FileOutcome,
    Note,
    RunOutcome,
    StageTime,
)
from datalake.runs.database import reading
from datalake.runs.rows import COLUMNS, RuntimeRow

Day = date  # the field of that name hides the type


@dataclass(frozen=True)
class RecordedRun:
    """One row of etl_runtime. What an older row lacks is None; local times are text as in the CSV."""

    id: int
    date: str | None
    hostname: str | None
    start_time: str | None
    end_time: str | None
    runtime_sec: float | None
    runtime_min: float | None
    status: str | None
    run_id: str | None
    night: Day | None
    start: datetime | None
    end: datetime | None
    utc_offset: str | None
    zone: str | None
    trigger: str | None
    exit_code: int | None
    demo: bool
    error: str
    fix: str
    notes: tuple[Note, ...]
    rows_read: int | None
    accepted: int | None
    rejected: int | None
    tip: str = ""  # sha256 of the last event when it ended
    failed: tuple[str, ...] = ()  # the feeds that it failed for, in words, where somebody has looked them up
    settled: tuple[str, ...] = ()  # the feeds that it did what was to be done of; not of a whole load that was good
    unsettled: tuple[str, ...] = ()  # the feeds that it failed for


_FAILED = ", ".join(f"'{status}'" for status in NOT_PUBLISHED)
WHOLE = "coalesce(\"trigger\", '') NOT IN ({})".format(", ".join(f"'{trigger}'" for trigger in PARTIAL))
_GOOD = f"r.status = '{SUCCESS}' AND {WHOLE}"  # of nearly all runs: their feeds are not looked up, as nobody asks
_FEEDS = (
    f"CASE WHEN {_GOOD} THEN NULL"  # noqa: S608 - words of our own
    f" ELSE (SELECT group_concat(feed) FROM etl_feed f WHERE f.run_id = r.run_id AND f.status {{}} IN ({_FAILED})) END"
)
RUNS = f"SELECT r.*, {_FEEDS.format('NOT')} AS settled, {_FEEDS.format('')} AS unsettled FROM etl_runtime r"  # noqa: S608


@contextlib.contextmanager
def _open(database: Path) -> Iterator[sqlite3.Connection | None]:
    if not database.exists():
        yield None
        return
    with contextlib.closing(reading(database)) as connection:
        yield connection


def _select(database: Path, query: str, values: tuple[Any, ...] | Mapping[str, Any]) -> list[sqlite3.Row]:
    with _open(database) as connection:
        return [] if connection is None else connection.execute(query, values).fetchall()


def last_runs(database: Path, count: int, before_id: int | None = None) -> tuple[RecordedRun, ...]:
    """Return the newest runs, newest first; page on with the id of the last one."""
    query = f"{RUNS} WHERE id < ? ORDER BY id DESC LIMIT ?"
    return tuple(recorded(row) for row in _select(database, query, (before_id or 2**62, count)))


def runs_of_nights(database: Path, first: date, last: date) -> tuple[RecordedRun, ...]:
    """Return the runs that served the nights from first to last, both included, in the order they were recorded.

    Rows of before there were nights count for the date they started on.
    """
    query = (
        f"{RUNS} WHERE night BETWEEN :first AND :last OR night IS NULL AND date BETWEEN :first AND :last ORDER BY id"
    )
    values = {"first": first.isoformat(), "last": last.isoformat()}
    return tuple(recorded(row) for row in _select(database, query, values))


def first_night(database: Path) -> date | None:
    """Return the earliest night that has a load: files taken by hand before it are none."""
    own, older = (
        f"SELECT min(night) AS night FROM etl_runtime WHERE {WHOLE}",  # noqa: S608 - words of our own
        "SELECT min(date) AS night FROM etl_runtime WHERE night IS NULL",
    )
    rows = [*_select(database, own, ()), *_select(database, older, ())]
    return min((night for night in (_day(row["night"]) for row in rows) if night), default=None)


def last_night(database: Path) -> date | None:
    """Return the latest night that has a load: files taken by hand after it are none."""
    query = f"SELECT max(night) AS night FROM etl_runtime WHERE {WHOLE}"  # noqa: S608 - words of our own
    return next((_day(row["night"]) for row in _select(database, query, ())), None)


def outcome(database: Path, run_id: str) -> RunOutcome | None:
    """Return one run with its feeds, files and stages as the run itself left it; None where it is not recorded."""
    with _open(database) as connection:
        if connection is None:
            return None
        row = connection.execute("SELECT * FROM etl_runtime WHERE run_id = ?", (run_id,)).fetchone()
        return _outcome(connection, row) if row else None


def last_feed_outcomes(database: Path, feed: str, count: int) -> tuple[tuple[str, FeedOutcome], ...]:
    """Return (run id, outcome) of one feed in its newest runs, newest first, without files."""
    query = "SELECT * FROM etl_feed WHERE feed = ? ORDER BY id DESC LIMIT ?"
    return tuple((row["run_id"], _feed(row, ())) for row in _select(database, query, (feed, count)))


def last_rows(database: Path, count: int | None) -> list[RuntimeRow]:
    """Return the newest runs that have an id as the CSV holds them, oldest first; all runs where count is None."""
    newest = "SELECT * FROM etl_runtime WHERE run_id IS NOT NULL ORDER BY id DESC LIMIT ?"
    if count is None:
        rows = _select(database, "SELECT * FROM etl_runtime ORDER BY id", ())
    else:
        rows = _select(database, newest, (count,))[::-1]
    return [_runtime_row(row) for row in rows]


def ending(database: Path, count: int) -> tuple[int, list[RuntimeRow]]:
    """Return how many runs there are, and so many of the newest as the CSV holds them, oldest first."""
    total = _select(database, "SELECT count(*) AS runs FROM etl_runtime", ())
    rows = _select(database, "SELECT * FROM etl_runtime ORDER BY id DESC LIMIT ?", (count,))
    return total[0]["runs"] if total else 0, [_runtime_row(row) for row in rows[::-1]]


def _runtime_row(row: sqlite3.Row) -> RuntimeRow:
    return RuntimeRow(*("" if row[column] is None else str(row[column]) for column in COLUMNS))


def recorded(row: sqlite3.Row) -> RecordedRun:
    """Given a whole row of etl_runtime, return the run; raise ValueError or TypeError where a value is not of ours.

    Columns that a newer program has added are left out.
    """
    known = RecordedRun.__dataclass_fields__
    values = {name: row[name] for name in row.keys() if name in known}  # noqa: SIM118 - a Row iterates over its values
    values["start"] = _instant(row["start_utc"])
    values["end"] = _instant(row["end_utc"])
    values["night"] = _day(values["night"])
    values["demo"] = bool(values["demo"])
    values["notes"] = _notes(values["notes"])
    for name in ("settled", "unsettled"):
        values[name] = tuple(filter(None, (values.get(name) or "").split(",")))
    return RecordedRun(**values)


def _outcome(connection: sqlite3.Connection, row: sqlite3.Row) -> RunOutcome:
    run_id = row["run_id"]
    stages = connection.execute("SELECT * FROM etl_stage WHERE run_id = ? ORDER BY id", (run_id,)).fetchall()
    return RunOutcome(
        run_id=run_id,
        night=date.fromisoformat(row["night"]),
        trigger=row["trigger"],
        start=datetime.fromisoformat(row["start_utc"]),
        end=datetime.fromisoformat(row["end_utc"]),
        runtime_sec=float(row["runtime_sec"]),
        status=row["status"],
        exit_code=row["exit_code"],
        demo=bool(row["demo"]),
        feeds=_feeds(connection, run_id),
        notes=_notes(row["notes"]),
        stages=tuple(StageTime(each["stage"], each["feed"], each["seconds"]) for each in stages),
        error=row["error"],
        fix=row["fix"],
        tip=row["tip"] if "tip" in row.keys() else "",  # noqa: SIM118 - a Row iterates over its values
    )


def _feeds(connection: sqlite3.Connection, run_id: str) -> tuple[FeedOutcome, ...]:
    files = connection.execute("SELECT * FROM etl_file WHERE run_id = ? ORDER BY id", (run_id,)).fetchall()
    feeds = connection.execute("SELECT * FROM etl_feed WHERE run_id = ? ORDER BY id", (run_id,)).fetchall()
    return tuple(_feed(feed, tuple(_file(each) for each in files if each["feed"] == feed["feed"])) for feed in feeds)


def _feed(row: sqlite3.Row, files: tuple[FileOutcome, ...]) -> FeedOutcome:
    return FeedOutcome(
        feed=row["feed"],
        status=row["status"],
        as_of=_day(row["as_of"]),
        rows=row["rows"],
        kept=row["kept"],
        changes=Changes(row["new"], row["changed"], row["gone"]),
        files=files,
        reason=row["reason"],
        fix=row["fix"],
        seconds=row["seconds"],
    )


def _file(row: sqlite3.Row) -> FileOutcome:
    values = {name: row[name] for name in row.keys() if name not in ("id", "run_id", "feed")}  # noqa: SIM118
    values["data_date"] = _day(values["data_date"])
    values["rejected_by_rule"] = json.loads(values["rejected_by_rule"])
    values["fixes"] = json.loads(values["fixes"])
    return FileOutcome(**values)


def _notes(text: str) -> tuple[Note, ...]:
    return tuple(Note(**each) for each in json.loads(text))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
