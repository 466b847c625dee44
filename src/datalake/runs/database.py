"""logs/etl_stats.db: opened for writing, brought to the newest schema, mended where it is damaged, and written.

Journal mode DELETE: a reader without write permission cannot read a WAL file. Every write is one short transaction.
"""

import contextlib
import json
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path

from datalake.outcomes import FeedOutcome, FileOutcome, RunOutcome
from datalake.runs import migrations, numbers, salvage
from datalake.runs.aside import set_database_aside
from datalake.runs.inserting import insert
from datalake.runs.rows import COLUMNS, RuntimeRow, local_time, row_of
from datalake.safe_text import written_out

BUSY_SECONDS = 5.0  # one wait for a lock
SHORTEST_WAIT = 0.5  # also where patience has run out: others hold the lock for a blink
COUNTS = ("rows_read", "accepted", "rejected", "duplicates", "superseded", "excluded")

GONE = "rebuilt from the CSV, but problems, acknowledgements, silences and unsent messages are lost"

logger = logging.getLogger(__name__)
_written: dict[Path, tuple[int, ...]] = {}  # what each file was when this process had written it last
_until: ContextVar[float | None] = ContextVar("until", default=None)  # monotonic


@contextlib.contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Within it, all waits for a lock together end about so long after now: whoever has little time says so."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def _wait() -> float:
    """Seconds that the next statement may wait for a lock."""
    until = _until.get()
    if until is None:
        return BUSY_SECONDS
    return min(BUSY_SECONDS, max(SHORTEST_WAIT, until - time.monotonic()))


@contextlib.contextmanager
def writing(database: Path, runtime_csv: Path | None = None) -> Iterator[sqlite3.Connection]:
    """Open for one transaction, committed at the end; made, migrated or rebuilt first, if need be.

    Raise NewerSchema where a newer program made it, sqlite3.Error or OSError where it cannot be written.
    """
    damaged = None if _is_sound(database) else set_database_aside(database)
    gone = damaged is None and _is_gone(database)
    connection = sqlite3.connect(database, timeout=_wait(), isolation_level=None)
    connection.row_factory = sqlite3.Row
    with contextlib.closing(connection):
        migrations.migrate(connection, database, runtime_csv)
        if damaged or gone:
            with _transaction(connection):
                _mend(connection, database, damaged)
        with _transaction(connection):
            yield connection
        _written[database] = _stamp(database)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _is_gone(database: Path) -> bool:
    """A file without content, or none although problems were told: there was a database once."""
    return database.stat().st_size == 0 if database.exists() else numbers.highest_given(database) > 0


def mend(database: Path, runtime_csv: Path) -> None:
    """Rebuild a database that is damaged or gone, as the next write would; leave any other as it is."""
    if database.exists() or _is_gone(database):
        with writing(database, runtime_csv):
            pass


def _mend(connection: sqlite3.Connection, database: Path, damaged: Path | None) -> None:
    """Fill a database made anew with what a damaged one still holds, and keep what is lost for the next check."""
    said = f"{database.parent.name}/{database.name} was gone: {GONE}."
    if damaged:
        lost = salvage.take_over(damaged, connection, _make_room) or "all that it held was taken over"
        kept = f"{damaged.parent.name}/{damaged.name}"
        said = f"{database.parent.name}/{database.name} was damaged. It is kept as {kept} and was rebuilt: {lost}."
    logger.warning("%s", said)
    insert(connection, "loss", {"said": said})


def _is_sound(database: Path) -> bool:
    """A missing file is sound: it is made. An unreadable one is not judged here: the next step says so. One that is as
    this process left it was judged before it was written.

    A locked one has been waited for: raise at once, or the next step would wait as long again.
    """
    if not database.exists() or _written.get(database) == _stamp(database):
        return True
    with contextlib.closing(sqlite3.connect(database, timeout=_wait())) as connection:
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise
            return True
        except sqlite3.DatabaseError:
            return False


def _stamp(database: Path) -> tuple[int, ...]:
    found = database.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def insert_row(connection: sqlite3.Connection, row: RuntimeRow) -> None:
    """Insert a run of which only the seven values are known."""
    insert(connection, "etl_runtime", dict(zip(COLUMNS, row.values(), strict=True)))


def insert_run(connection: sqlite3.Connection, run: RunOutcome, zone: str) -> None:
    """Insert a run with its feeds, files and stages; do nothing where its id is there already."""
    if connection.execute("SELECT 1 FROM etl_runtime WHERE run_id = ?", (run.run_id,)).fetchone():
        return
    values = {**dict(zip(COLUMNS, row_of(run, zone).values(), strict=True)), **_run_values(run, zone)}
    _take_over(connection, values)
    insert(connection, "etl_runtime", values)
    for feed in run.feeds:
        insert(connection, "etl_feed", {"run_id": run.run_id, **_feed_values(feed)})
        for file in feed.files:
            insert(connection, "etl_file", {"run_id": run.run_id, "feed": feed.feed, **_file_values(file)})
    for stage in run.stages:
        insert(connection, "etl_stage", {"run_id": run.run_id, **asdict(stage)})


def _take_over(connection: sqlite3.Connection, values: dict[str, object]) -> None:
    """A database rebuilt from the CSV knows this run's seven values already: the fuller row replaces that one."""
    same = " AND ".join(f"{column} = :{column}" for column in ("start_time", "end_time", "status", "hostname"))
    found = connection.execute(
        f"SELECT max(id) FROM etl_runtime WHERE run_id IS NULL AND {same}",  # noqa: S608 - names of our own
        values,
    ).fetchone()[0]
    if found is not None:
        connection.execute("DELETE FROM etl_runtime WHERE id = ?", (found,))
        values["id"] = found


def _make_room(connection: sqlite3.Connection, values: dict[str, object]) -> None:
    """A run of a damaged database takes the place of what the CSV knows of it, else a number of its own."""
    values.pop("id", None)
    _take_over(connection, values)


def _run_values(run: RunOutcome, zone: str) -> dict[str, object]:
    files = [file for feed in run.feeds for file in feed.files]
    return {
        "run_id": run.run_id,
        "night": run.night.isoformat(),
        "start_utc": run.start.isoformat(),
        "end_utc": run.end.isoformat(),
        "utc_offset": local_time(run.start, zone).isoformat()[-6:],
        "zone": zone,
        "trigger": run.trigger,
        "exit_code": run.exit_code,
        "demo": int(run.demo),
        "error": run.error,
        "fix": run.fix,
        "tip": run.tip,
        "notes": json.dumps([asdict(note) for note in run.notes]),
        **{count: sum(getattr(file, count) for file in files) for count in COUNTS[:3]},
    }


def _feed_values(feed: FeedOutcome) -> dict[str, object]:
    return {
        "feed": feed.feed,
        "status": feed.status,
        "as_of": feed.as_of and feed.as_of.isoformat(),
        "rows": feed.rows,
        "kept": feed.kept,
        **asdict(feed.changes),
        **{count: sum(getattr(file, count) for file in feed.files) for count in COUNTS},
        "seconds": feed.seconds,
        "reason": feed.reason,
        "fix": feed.fix,
    }


def _file_values(file: FileOutcome) -> dict[str, object]:
    return {
        **asdict(file),
        "name": written_out(file.name),
        "data_date": file.data_date and file.data_date.isoformat(),
        "rejected_by_rule": json.dumps(file.rejected_by_rule),
        "fixes": json.dumps(file.fixes),
    }


def is_recorded(database: Path, run_id: str) -> bool:
    """Say whether that run is in the table; raise sqlite3.Error where it cannot be asked."""
    with contextlib.closing(reading(database)) as connection:
        return connection.execute("SELECT 1 FROM etl_runtime WHERE run_id = ?", (run_id,)).fetchone() is not None


def reading(database: Path) -> sqlite3.Connection:
    """Open for reading alone; raise sqlite3.OperationalError where there is no such file."""
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=_wait())
    connection.row_factory = sqlite3.Row
    return connection
