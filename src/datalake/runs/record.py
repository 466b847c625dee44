"""A run into the record: the table, the CSV, then the success marker; and what dead runs left, likewise.

All of it may be done again: a run is in each of them once, by its run id.
"""

import logging
import sqlite3
import time
from collections.abc import Callable

from datalake.errors import DatalakeError
from datalake.outcomes import SUCCESS, RunOutcome
from datalake.runs import crumbs, csv_log, database, history, last_success
from datalake.runs.counting import good_run, is_whole
from datalake.runs.ended import outcome_of
from datalake.runs.rows import RuntimeRow, row_of
from datalake.settings import Schedule
from datalake.zones.files import remove_leftovers
from datalake.zones.paths import Lake

Step = Callable[[Lake, Schedule, RunOutcome], None]
RECOVERY_SECONDS = 4.0  # for all runs together: the night waits for it
HEALED = 50  # newest runs of the table that the CSV is compared with each time

logger = logging.getLogger(__name__)


class NotRecorded(DatalakeError):
    """The run's outcome stays in the lake: the next run records it."""


def record_run(lake: Lake, schedule: Schedule, run: RunOutcome) -> None:
    """Put one run into the table and the CSV, then the marker; raise NotRecorded, once each was tried."""
    problems = [
        problem for problem in (_tried(step, lake, schedule, run) for step in (into_table, into_csv)) if problem
    ]
    if problems:
        raise NotRecorded(f"Run {run.run_id} is not in the record yet: {'; '.join(problems)}.")


def _tried(step: Step, lake: Lake, schedule: Schedule, run: RunOutcome) -> str:
    try:
        step(lake, schedule, run)
    except (OSError, sqlite3.Error, DatalakeError) as problem:
        return str(problem)
    return ""


def into_table(lake: Lake, schedule: Schedule, run: RunOutcome) -> None:
    """Put one run into logs/etl_stats.db; raise sqlite3.Error, OSError or DatalakeError."""
    lake.logs.mkdir(parents=True, exist_ok=True)
    with database.writing(lake.database, lake.runtime_csv) as connection:
        database.insert_run(connection, run, schedule.zone)


def into_csv(lake: Lake, schedule: Schedule, run: RunOutcome) -> None:
    """Put one run into the runtime CSV, and with it any other that the table has and the CSV lost; then finish."""
    lake.logs.mkdir(parents=True, exist_ok=True)
    csv_log.ensure(lake.runtime_csv, _rows_due(lake, schedule, run))
    if database.is_recorded(lake.database, run.run_id):
        _finish(lake, schedule, run)


def _rows_due(lake: Lake, schedule: Schedule, run: RunOutcome) -> list[RuntimeRow]:
    """What the CSV must hold: all of the table where there is no CSV, else its newest runs and this one."""
    own = row_of(run, schedule.zone)
    try:
        everything = not lake.runtime_csv.exists()
        rows = history.last_rows(lake.database, None if everything else HEALED)
    except sqlite3.Error as problem:
        logger.warning("%s cannot be read (%s): the CSV gets this run alone", lake.database, problem)
        return [own]
    return rows if own.key in {row.key for row in rows} else [*rows, own]


def _finish(lake: Lake, schedule: Schedule, run: RunOutcome) -> None:
    if run.status == SUCCESS and _counts(lake, run):
        last_success.write(lake, schedule, run)
    crumbs.forget(lake, run.run_id)


def _counts(lake: Lake, run: RunOutcome) -> bool:
    """Whether a success is its night's load, or what made that good: a file taken by hand alone is neither."""
    if is_whole(run):
        return True
    good = good_run(history.runs_of_nights(lake.database, run.night, run.night))
    return good is not None and good.run_id == run.run_id


def recover_unrecorded(lake: Lake, schedule: Schedule, before: str) -> tuple[RunOutcome, ...]:
    """Given the id of the run that holds the lock, record every other that left something; return what became of them.

    The lock is what makes it safe: whatever began before the run that holds it is over. What cannot be recorded now
    stays for the next time.
    """
    remove_leftovers(lake.outcomes)
    recovered = []
    end = time.monotonic() + RECOVERY_SECONDS
    for left in crumbs.all_left(lake):
        if time.monotonic() > end:
            logger.warning("recording what earlier runs left takes too long: the rest is left for the next run")
            break
        if left.run_id == before:
            continue
        run = outcome_of(left, schedule)
        try:
            with database.patience(end - time.monotonic()):
                record_run(lake, schedule, run)
        except NotRecorded as problem:
            logger.warning("%s", problem)
            continue
        logger.warning("run=%s recorded late: %s, exit code %d. %s", run.run_id, run.status, run.exit_code, run.error)
        recovered.append(run)
    return tuple(recovered)
