"""The two recorders as a person or a script of one's own calls them, and as Bash does after a run (--outcome)."""

import argparse
import logging
import os
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from datalake import settings
from datalake.errors import EXIT_FAILED, EXIT_OK, DatalakeError
from datalake.outcomes import FAILURE, SUCCESS, RunOutcome
from datalake.runs import crumbs, csv_log, database, record
from datalake.runs.ended import outcome_of
from datalake.runs.rows import row_given
from datalake.settings import Schedule
from datalake.zones.paths import Lake

ROOT = Path(__file__).resolve().parents[3]
CSV_NAME = "etl_runtime_stats.csv"
PATIENCE = 4.0  # seconds for a lock on the database: the night waits for it
Time = str | datetime
Into = Callable[[Lake, Schedule, RunOutcome], None]


def log_runtime_csv(
    log_dir: str | Path, runtime_sec: float | str, status: str, start_time: Time, end_time: Time
) -> None:
    """Add one run to etl_runtime_stats.csv in log_dir. Times are local, like 2025-11-04 02:00:00; status is success
    or failure. Raise ValueError that says which value is wrong, OSError where the file cannot be written.
    """
    row = row_given(runtime_sec, status, start_time, end_time)
    Path(log_dir).mkdir(parents=True, exist_ok=True)
    csv_log.append(Path(log_dir) / CSV_NAME, row)


def log_runtime_sqlite(
    db_path: str | Path, runtime_sec: float | str, status: str, start_time: Time, end_time: Time
) -> None:
    """Add one run to the table etl_runtime of the database db_path, made if need be. Values as in log_runtime_csv;
    raise ValueError, sqlite3.Error or OSError.
    """
    row = row_given(runtime_sec, status, start_time, end_time)
    Path(db_path).parent.mkdir(parents=True, exist_ok=True)
    with database.writing(Path(db_path), Path(db_path).with_name(CSV_NAME)) as connection:
        database.insert_row(connection, row)


def csv_main(arguments: list[str]) -> int:
    """log_runtime_stats.py: return the exit code."""
    parser = _parser("Add one run to the runtime CSV.", "--log-dir", ROOT / "logs", f"folder of {CSV_NAME}")
    return _main(parser, arguments, log_runtime_csv, "log_dir", record.into_csv)


def sqlite_main(arguments: list[str]) -> int:
    """log_runtime_sqlite.py: return the exit code."""
    parser = _parser("Add one run to the table etl_runtime.", "--db-path", ROOT / "logs" / "etl_stats.db", "database")
    return _main(parser, arguments, log_runtime_sqlite, "db_path", record.into_table)


def _parser(description: str, target: str, default: Path, target_help: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description,
        epilog="Example: 135 success '2025-11-04 02:00:00' '2025-11-04 02:02:15'",
    )
    parser.add_argument("runtime_sec", nargs="?", help="seconds, like 135 or 2.5")
    parser.add_argument("status", nargs="?", help=f"{SUCCESS} or {FAILURE}")
    parser.add_argument("start_time", nargs="?", help="local time, like '2025-11-04 02:00:00'")
    parser.add_argument("end_time", nargs="?", help="likewise")
    parser.add_argument(target, default=default, type=Path, help=f"{target_help} (default: {default})")
    parser.add_argument("--outcome", type=Path, metavar="FILE", help="instead: the outcome that a run left in the lake")
    return parser


def _main(
    parser: argparse.ArgumentParser, arguments: list[str], log: Callable[..., None], target: str, into: Into
) -> int:
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    values = (options.runtime_sec, options.status, options.start_time, options.end_time)
    if (options.outcome is None) == (None in values):
        parser.error("give runtime_sec, status, start_time and end_time, or --outcome FILE")
    try:
        if options.outcome is not None:
            with database.patience(PATIENCE):
                _record_left(options.outcome, into)
        else:
            _log_given(parser, partial(log, getattr(options, target), *values))
    except sqlite3.Error as problem:  # SQLite does not say which file
        print(f"{parser.prog}: {getattr(options, target)}: {problem}", file=sys.stderr)
    except (OSError, DatalakeError) as problem:
        print(f"{parser.prog}: {problem}", file=sys.stderr)
    else:
        return EXIT_OK
    return EXIT_FAILED


def _log_given(parser: argparse.ArgumentParser, log: Callable[[], None]) -> None:
    try:
        log()
    except ValueError as problem:
        parser.error(str(problem))


def _record_left(file: Path, into: Into) -> None:
    """Record the run whose outcome is, or should be, this file: where it was killed, from what else it left.

    Whatever began earlier under the same lock is over too: it comes first.
    """
    lake = _lake_of(file)
    schedule = settings.readable(lake.root, os.environ).schedule  # a run that broke on its settings is recorded too
    run_id = file.name.removesuffix(crumbs.OUTCOME)
    own = crumbs.left_by(lake, run_id)
    if own is None:
        raise DatalakeError(f"{file}: the run left nothing here, so it is recorded already or was none.")
    for left in crumbs.all_left(lake):
        if left.start < own.start:
            into(lake, schedule, outcome_of(left, schedule))
    into(lake, schedule, outcome_of(own, schedule))


def _lake_of(file: Path) -> Lake:
    """The lake whose outcomes that file is, or would be, among."""
    place = file.resolve()
    lake = Lake(place.parents[min(3, len(place.parents) - 1)])
    if place.parent != lake.outcomes.resolve():
        raise DatalakeError(f"{file}: outcomes lie in data/metadata/outcomes of a lake.")
    return lake
