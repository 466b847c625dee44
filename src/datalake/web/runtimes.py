"""The runtime record as the dashboard reads it: from SQLite, or, where that cannot be read, from the CSV.

Both are opened for reading only. Columns are taken by name, so a file of an older form is read as far as it goes.
"""

import csv
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalake.zones.paths import Lake

BUSY_SECONDS = 1.0


@dataclass(frozen=True)
class RunRow:
    """One run as the record has it. Times are local text; runtime_sec in seconds, None where it cannot be read."""

    date: str
    start_time: str
    end_time: str
    runtime_sec: float | None
    status: str
    hostname: str = ""
    run_id: str = ""
    night: str = ""
    trigger: str = ""
    exit_code: int | None = None
    error: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Runtimes:
    """The latest runs, newest first; total counts all of them; problem says what could not be read, if anything."""

    rows: tuple[RunRow, ...] = ()
    total: int = 0
    problem: str = ""


def read_runtimes(lake: Lake, limit: int) -> Runtimes:
    """Given a lake, return its latest runs, at most limit of them, from the best source that can be read."""
    if not lake.database.exists():
        return _from_csv(lake.runtime_csv, limit, "logs/etl_stats.db is missing.")
    try:
        return _from_database(lake.database, limit)
    except sqlite3.Error as error:
        return _from_csv(lake.runtime_csv, limit, f"logs/etl_stats.db cannot be read ({error}).")


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """Given a database file, return a connection that cannot write it; raise sqlite3.Error if it cannot be opened."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    connection.row_factory = sqlite3.Row
    return connection


def _from_database(path: Path, limit: int) -> Runtimes:
    with closing(connect_for_reading(path)) as connection:
        rows = connection.execute("SELECT * FROM etl_runtime ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
        (total,) = connection.execute("SELECT count(*) FROM etl_runtime").fetchone()
    return Runtimes(tuple(_row(dict(row)) for row in rows), total)


def _from_csv(path: Path, limit: int, problem: str) -> Runtimes:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = _readable(csv.DictReader(file))
    except FileNotFoundError:
        return Runtimes()
    except (OSError, csv.Error) as error:
        return Runtimes(problem=f"{problem} logs/etl_runtime_stats.csv cannot be read either ({error}).")
    newest = tuple(reversed(rows))[:limit]
    return Runtimes(newest, len(rows), f"{problem} These runs come from logs/etl_runtime_stats.csv.")


def _readable(lines: Iterable[Mapping[str, Any]]) -> list[RunRow]:
    """A torn or foreign line has no status that we write; it is no run."""
    return [_row(line) for line in lines if line.get("status") in ("success", "failure")]


def _row(values: Mapping[str, Any]) -> RunRow:
    def text(name: str) -> str:
        return str(values.get(name) or "")

    return RunRow(
        date=text("date"),
        start_time=text("start_time"),
        end_time=text("end_time"),
        runtime_sec=_number(values.get("runtime_sec")),
        status=text("status"),
        hostname=text("hostname"),
        run_id=text("run_id"),
        night=text("night") or text("date"),
        trigger=text("trigger"),
        exit_code=values.get("exit_code"),
        error=text("error"),
        fix=text("fix"),
    )


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
