"""python -m datalake.alerts run RUN_ID: tell what became of a run, if that is to be told.

Exit codes: 0 told, or nothing to tell; 1 somebody could not be told. The run's outcome never depends on it.
"""

import logging
import os
import socket
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from datalake.alerts.channels import Answer, Notice
from datalake.alerts.deliver import channels, deliver
from datalake.alerts.message import Message
from datalake.alerts.messages import Context, kind_of, message
from datalake.errors import EXIT_FAILED, EXIT_OK, DatalakeError
from datalake.outcomes import SUCCESS, RunOutcome
from datalake.runs import crumbs, history
from datalake.runs.history import RecordedRun
from datalake.schedule import zone_named
from datalake.settings import Settings, readable
from datalake.zones.paths import Lake

SECONDS = 8.0  # for all channels together; the runner ends this process after ten
TAIL_BYTES = 65_536
COMPARED = 30  # runs before this one that say what is usual

logger = logging.getLogger(__name__)


def tell_run(lake: Lake, environ: Mapping[str, str], run_id: str) -> int:
    """Given a run's id, send what is due about it; return the exit code. Raise DatalakeError for an unknown run."""
    settings = readable(lake.root, environ)  # a wrong configuration is one of the things to tell
    run = _outcome(lake, run_id)
    before = _runs_before(lake, run)
    if not is_due(run, settings.alerts.on_success, before):
        logger.info("run %s: %s, nothing to tell (alerts.on_success: %s)", run_id, run.status, "changes or never")
        return EXIT_OK
    told = message(run, settings, context(lake, settings, run, before))
    return send(told, settings, f"run-{run_id}")


def send(told: Message, settings: Settings, identifier: str, seconds: float = SECONDS) -> int:
    """Send one message by every channel there is and log what became of it; return the exit code."""
    logger.info("%s", told.summary)
    ways = channels(settings)
    if not ways:
        logger.info("nobody is told: no SLACK_WEBHOOK is set and alerts.mail.to is empty")
        return EXIT_OK
    answers = deliver(Notice(identifier, told, datetime.now(timezone.utc)), ways, seconds)
    for name, answer in answers.items():
        _log(name, answer, identifier)
    return EXIT_OK if all(answer.delivered for answer in answers.values()) else EXIT_FAILED


def _log(name: str, answer: Answer, identifier: str) -> None:
    level = logging.INFO if answer.delivered else logging.ERROR
    logger.log(level, "%s: %s: %s (%s)", name, answer.state, answer.said, identifier)


def is_due(run: RunOutcome, on_success: str, before: tuple[RecordedRun, ...]) -> bool:
    """Tell whether a run is told: a failure always, a success as the settings say (always, changes, never)."""
    if run.status != SUCCESS or on_success == "always":
        return True
    after_failure = bool(before) and before[0].status != SUCCESS
    return on_success == "changes" and (kind_of(run) == "notes" or after_failure)


def _outcome(lake: Lake, run_id: str) -> RunOutcome:
    """The run as recorded, or, where the record could not be written, as the run left it."""
    try:
        found = history.outcome(lake.database, run_id)
    except sqlite3.Error as problem:
        logger.error("%s: %s", lake.database, problem)
        found = None
    left = None if found else crumbs.left_by(lake, run_id)
    found = found or (left.outcome if left else None)
    if found is None:
        raise DatalakeError(f"{run_id}: no such run is recorded.", "See the runs: python manage.py status")
    return found


def _runs_before(lake: Lake, run: RunOutcome) -> tuple[RecordedRun, ...]:
    """Newest first; none where the record cannot be read."""
    try:
        runs = history.last_runs(lake.database, COMPARED + 1)
    except sqlite3.Error:
        return ()
    return tuple(each for each in runs if each.run_id != run.run_id)[:COMPARED]


def context(lake: Lake, settings: Settings, run: RunOutcome, before: tuple[RecordedRun, ...]) -> Context:
    """Gather what a message needs beside the run."""
    wanted = settings.alerts.log_lines if run.status != SUCCESS else 0
    return Context(
        zone=zone_named(settings.schedule.zone),
        host=socket.gethostname(),
        log_path=str(lake.etl_log.relative_to(lake.root)),
        log_tail=last_lines(lake.etl_log, wanted),
        usual_rejected=usual_rejected(before),
    )


def usual_rejected(before: tuple[RecordedRun, ...]) -> tuple[int, int] | None:
    """Return the lowest and highest number of rejected rows in the good runs that loaded some; None under three."""
    counts = [run.rejected for run in before if run.status == SUCCESS and run.rejected is not None and run.accepted]
    return (min(counts), max(counts)) if len(counts) >= 3 else None


def last_lines(path: Path, count: int) -> tuple[str, ...]:
    """Return the last lines of a log that are not empty; none where it cannot be read."""
    if count <= 0:
        return ()
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(each for each in text.splitlines() if each.strip())[-count:]
