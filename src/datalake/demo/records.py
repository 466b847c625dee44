"""The demo's runs in the records and its lines in the logs: taken out, with everything else left as it was."""

import contextlib
import csv
import io
import os
import sqlite3
from pathlib import Path

from datalake.demo.marker import LOGS, Marker
from datalake.outcomes import SUCCESS
from datalake.runs import csv_log, database, history, last_success, numbers
from datalake.runs.counting import is_whole
from datalake.runs.record import record_run
from datalake.runs.rows import COLUMNS
from datalake.settings import Schedule
from datalake.zones.files import write_atomically
from datalake.zones.paths import Lake

Key = tuple[str, ...]
TOLD = {"outbox": "id", "incident": "number", "look": "id"}  # what alerts and the 6 AM check keep, by their numbers
OF_NOTHING = ("channel", "look", "loss", "sqlite_sequence")  # tables that may hold rows in a record of nothing
LOOKED_BACK = 1000  # runs among which the last success that was no demo's is looked for


def clear_records(lake: Lake, marker: Marker, schedule: Schedule) -> int:
    """Remove the demo's runs from the table, the CSV and the marker of the last success; return how many there were."""
    runs = _clear_database(lake, marker) if lake.database.exists() else []
    _clear_csv(lake.runtime_csv, runs)
    _clear_success(lake, schedule)
    return len(runs)


def _clear_database(lake: Lake, marker: Marker) -> list[Key]:
    """Remove the demo's runs, and what was told of them; a database with nothing else in it goes too."""
    with database.writing(lake.database) as connection:
        found = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM etl_runtime WHERE demo = 1")  # noqa: S608
        runs = [tuple(str(value) for value in row) for row in found.fetchall()]
        for table in _tables_of_runs(connection):
            connection.execute(
                f'DELETE FROM "{table}" WHERE run_id IN (SELECT run_id FROM etl_runtime WHERE demo = 1)'  # noqa: S608
            )
        for table, number in TOLD.items():
            last = marker.numbers.get(table, 0)
            connection.execute(f"DELETE FROM {table} WHERE {number} > ?", (last,))  # noqa: S608 - names of our own
        connection.execute("DELETE FROM etl_runtime WHERE demo = 1")
        left = [name for name in _tables(connection) if name not in OF_NOTHING and _has_rows(connection, name)]
    if not left:
        lake.database.unlink()
        numbers.file_of(lake.database).unlink(missing_ok=True)
    return runs


def last_numbers(lake: Lake) -> dict[str, int]:
    """Return the last number of what alerts keep, as things stand before a demo; none where there is no record yet."""
    if not lake.database.exists():
        return {}
    with contextlib.closing(database.reading(lake.database)) as connection:
        there = [table for table in TOLD if table in _tables(connection)]
        query = "SELECT coalesce(max({}), 0) FROM {}"
        return {name: connection.execute(query.format(TOLD[name], name)).fetchone()[0] for name in there}


def _has_rows(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() is not None  # noqa: S608


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]


def _tables_of_runs(connection: sqlite3.Connection) -> list[str]:
    """The tables whose rows belong to a run, whatever later versions add."""
    names = _tables(connection)
    columns = {name: connection.execute(f'PRAGMA table_info("{name}")').fetchall() for name in names}
    return [name for name in names if name != "etl_runtime" and any(each[1] == "run_id" for each in columns[name])]


def _clear_csv(path: Path, runs: list[Key]) -> None:
    """Remove those runs' lines; a CSV with nothing else in it goes too."""
    if not path.exists():
        return
    gone = list(runs)
    kept = []
    for row in csv_log.read(path):
        key = tuple(row[column] or "" for column in COLUMNS)
        if key in gone:
            gone.remove(key)
        else:
            kept.append(key)
    if kept:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *kept])
        write_atomically(path, text.getvalue().encode("utf-8"))
    else:
        path.unlink()


def _clear_success(lake: Lake, schedule: Schedule) -> None:
    """Let the marker tell of the last success that was no demo's again, if there was one."""
    try:
        told = last_success.read(lake, schedule)
    except ValueError:  # somebody else's
        return
    if told and told.demo:
        lake.success_marker.unlink()
        runs = history.last_runs(lake.database, LOOKED_BACK)
        earlier = next((run.run_id for run in runs if run.run_id and run.status == SUCCESS and is_whole(run)), None)
        outcome = history.outcome(lake.database, earlier) if earlier else None
        if outcome is not None:
            record_run(lake, schedule, outcome)


def clear_logs(lake: Lake, marker: Marker) -> None:
    """Cut each log back to what it was before the demo; one that did not exist goes. So do reports made since."""
    for name in LOGS:
        path: Path = getattr(lake, name)
        before = marker.log_sizes.get(name, 0)
        if not path.exists() or path.stat().st_size < before:  # rotated since: what is there is not ours to judge
            continue
        if before:
            os.truncate(path, before)
        else:
            path.unlink()
    begun = marker.begun
    for report in sorted(lake.reports.glob("*")) if lake.reports.is_dir() else ():
        if report.is_file() and report.name != ".gitkeep" and report.stat().st_mtime >= begun:
            report.unlink()
