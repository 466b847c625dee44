"""What src/main.py does: read the configuration, do one run, say how it ended. The lock is its caller's."""

import argparse
import contextlib
import logging
import os
import sqlite3
import sys
from datetime import date, datetime
from typing import TextIO

from datalake.cli.journal import open_log
from datalake.cli.progress import observer
from datalake.clock import Clock, SystemClock
from datalake.contracts.config import load_all
from datalake.errors import EXIT_FAILED, ConfigurationError, DatalakeError, DataLost
from datalake.nightly import anything_new, run_night
from datalake.outcomes import FAILURE, RunOutcome
from datalake.runs import crumbs, history, record
from datalake.runs.counting import is_whole
from datalake.runs.lockfile import data_is_lost
from datalake.schedule import is_skipped, last_due, night_of
from datalake.settings import Schedule, Settings
from datalake.zones.paths import Lake

FURTHER_TRIES = ("again", "boot")  # no runs where they find nothing new and the night has had its run
log = logging.getLogger("datalake.etl")


def main(arguments: list[str], lake: Lake) -> int:
    """Given the words after main.py, do one run and return the exit code."""
    options = _parser().parse_args(arguments)
    open_log(lake)
    try:
        return _run(lake, options)
    except DatalakeError as problem:
        if isinstance(problem, ConfigurationError) and options.run_id:
            _leave_mistakes(lake, options.run_id, problem)
        _say(lake, problem)
        return problem.exit_code
    except Exception:
        log.exception("main.py stopped on a fault in the program")
        print("error: main.py stopped on a fault in the program; the log has the traceback.", file=sys.stderr)
        return EXIT_FAILED


def _say(lake: Lake, problem: DatalakeError) -> None:
    """On stderr, which is the log under cron; at a terminal it is not, and the log gets it too."""
    print(f"error: {problem}", file=sys.stderr)
    if not _is_the_log(sys.stderr, lake):
        log.error("%s", problem)


def _is_the_log(stream: TextIO, lake: Lake) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), lake.etl_log.stat())
    except OSError:
        return False


def _leave_mistakes(lake: Lake, run_id: str, problem: ConfigurationError) -> None:
    """For the record and the message: nothing else of this run says why."""
    with contextlib.suppress(OSError):
        crumbs.add_progress(lake, run_id, SystemClock().now(), "mistakes", text=problem.message)


def _run(lake: Lake, options: argparse.Namespace) -> int:
    chosen, contracts = load_all(lake.root, os.environ)
    clock = SystemClock()
    if data_is_lost(lake.root):
        return _without_data(lake, chosen, clock, options)
    if options.run_id:  # then the lock is held, and whatever else has left something here is over
        record.recover_unrecorded(lake, chosen.schedule, before=options.run_id)
    now, is_further = clock.now(), options.trigger in FURTHER_TRIES
    if is_further and not anything_new(lake, chosen, contracts, now) and not _never_ran(lake, chosen.schedule, now):
        crumbs.forget(lake, options.run_id)
        log.info("run=%s trigger=%s nothing new: no run", options.run_id, options.trigger)
        return 0
    outcome = run_night(
        lake,
        chosen,
        contracts,
        clock,
        options.trigger,
        night=options.night,
        observer=observer(sys.stdout),
        run_id=options.run_id,
    )
    if sys.stdout.isatty() or options.trigger == "demo":
        _show(outcome, lake, chosen)
    return outcome.exit_code


def _never_ran(lake: Lake, schedule: Schedule, now: datetime) -> bool:
    """Whether tonight's load was due and never began, in a lake with earlier loads: then a further try is its run."""
    night = last_due(schedule, now)
    try:
        first, runs = history.first_night(lake.database), history.runs_of_nights(lake.database, night, night)
    except sqlite3.Error:
        return False
    missed = first is not None and first < night and not any(is_whole(run) for run in runs)
    return missed and night == night_of(schedule, now) and not is_skipped(schedule, night)


def _without_data(lake: Lake, chosen: Settings, clock: Clock, options: argparse.Namespace) -> int:
    """A run that could leave nothing in the lake is recorded and told by itself: Bash finds no crumb of it."""
    from datalake.alerts.run import tell_run

    now, lost = clock.now(), DataLost(lake.root)
    log.error("run=%s %s", options.run_id, lost)
    print(f"error: {lost}", file=sys.stderr)
    if options.run_id:  # then the lock is held
        run = RunOutcome(
            run_id=options.run_id,
            night=options.night or night_of(chosen.schedule, now),
            trigger=options.trigger,
            start=now,
            end=now,
            runtime_sec=0,
            status=FAILURE,
            exit_code=EXIT_FAILED,
            error=lost.message,
            fix=lost.fix,
        )
        record.record_run(lake, chosen.schedule, run)
        tell_run(lake, os.environ, run.run_id, clock)
    return lost.exit_code


def _show(outcome: RunOutcome, lake: Lake, chosen: Settings) -> None:
    """For a person who looks on; one who has seen enough (`| head`) does not change what the run was."""
    from datalake.cli.results import lines

    try:
        print("\n".join(lines(outcome, lake, chosen)), flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the last flush would fail again


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py", description="Load what lies in data/incoming.")
    parser.add_argument("--trigger", default="hand", choices=("cron", "hand", "again", "boot", "demo"))
    parser.add_argument("--run-id", default="", help="the run's id, where the caller has given it one")
    parser.add_argument("--night", type=date.fromisoformat, help="the night it serves, YYYY-MM-DD")
    return parser
