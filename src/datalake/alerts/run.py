"""python -m datalake.alerts run RUN_ID: tell what became of a run, if that is to be told.

Exit codes: 0 told, or nothing to tell; 1 somebody could not be told. The run's outcome never depends on it.
"""

import logging
import os
import shutil
import socket
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from datalake import freshness
from datalake.alerts import book
from datalake.alerts.findings import declined, report
from datalake.alerts.heartbeat import beat
from datalake.alerts.messages import Context, kind_of, made_up
from datalake.alerts.samples import rejected_rows
from datalake.alerts.tell import Teller
from datalake.alerts.ways import RUNNER, Ways, ways
from datalake.clock import Clock
from datalake.contracts.config import load_contracts
from datalake.errors import EXIT_FAILED, EXIT_OK, DatalakeError
from datalake.outcomes import SUCCESS, Note, RunOutcome
from datalake.runs import crumbs, history
from datalake.runs.counting import good_run, is_whole
from datalake.runs.database import patience, reading
from datalake.runs.ended import outcome_of
from datalake.runs.history import RecordedRun
from datalake.safe_text import written_out
from datalake.schedule import zone_named
from datalake.settings import Schedule, Settings, readable
from datalake.words import clock as clock_words
from datalake.words import listed
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake
from datalake.zones.state import FeedState, OpenDelivery

HEARTBEAT_SECONDS = 1.5
SECONDS = 5.0  # for all channels together; the runner ends this process after ten
LOCK_SECONDS = 2.0  # for a database that another holds: then it is told unkept
TAIL_BYTES = 65_536
FULL_BYTES = 100_000  # with less room on the disk of logs/ the database cannot grow
COMPARED = 30  # runs before this one that say what is usual

logger = logging.getLogger(__name__)


def tell_run(lake: Lake, environ: Mapping[str, str], run_id: str, clock: Clock, way_out: Ways | None = None) -> int:
    """Given a run's id, tell what is news about it; return the exit code. Raise DatalakeError for an unknown run."""
    settings = readable(lake.root, environ)  # a wrong configuration is one of the things to tell
    with patience(LOCK_SECONDS):
        return _tell(lake, settings, run_id, clock, way_out)


def _tell(lake: Lake, settings: Settings, run_id: str, clock: Clock, way_out: Ways | None) -> int:
    run = _outcome(lake, settings.schedule, run_id)
    before = _runs_before(lake, run)
    out = way_out or ways(settings, owners(lake) if settings.alerts.mail.owners else {})
    cut_off = _cut_off(lake, settings.schedule, run, before)
    told = is_due(run, settings.alerts.on_success, before) or bool(cut_off or made_up(run, settings))
    run = replace(run, notes=(*run.notes, *cut_off))
    made = report(run, settings, context(lake, settings, run, before), out.by_feed, told, _waiting(lake))
    everybody = Teller(lake, settings, out, clock, SECONDS).tell(made)
    if everybody and _counts(run, before):
        beat(out.heartbeats.get(RUNNER, ""), RUNNER, HEARTBEAT_SECONDS)
    return EXIT_OK if everybody else EXIT_FAILED


def _counts(run: RunOutcome, before: Sequence[RecordedRun]) -> bool:
    """Whether a success is its night's load, or what made that good: a file taken by hand alone is neither."""
    tonight: list[RecordedRun | RunOutcome] = [each for each in reversed(before) if each.night == run.night]
    return run.status == SUCCESS and (is_whole(run) or good_run([*tonight, run]) is run)


def _cut_off(lake: Lake, schedule: Schedule, run: RunOutcome, before: Sequence[RecordedRun]) -> tuple[Note, ...]:
    """What a success says of a run of its night that was killed with its runner, so that nobody was told of it."""
    loads = (each for each in before if each.night == run.night and is_whole(each))
    earlier = next(loads, None) if run.status == SUCCESS and is_whole(run) else None
    if earlier is None or earlier.status == SUCCESS or earlier.start is None:
        return ()
    try:
        with closing(reading(lake.database)) as connection:
            if run.night in book.told_nights(connection):
                return ()
    except sqlite3.Error:
        return ()
    begun = clock_words(earlier.start, zone_named(schedule.zone))
    return (Note("cut_off", f"The load that began {begun} was cut off: {earlier.error} This one did what was left."),)


def tell_declined(lake: Lake, environ: Mapping[str, str], clock: Clock, files: Sequence[OpenDelivery], who: str) -> int:
    """Close the problems of feeds of which nothing waits any more since these files were declined; tell who heard."""
    settings = readable(lake.root, environ)
    out = ways(settings, owners(lake) if settings.alerts.mail.owners else {})
    waiting, names = _waiting(lake), [written_out(file.name) for file in files]
    how = f"{listed(names)} {'was' if len(names) == 1 else 'were'} declined by {who}; nothing was loaded."
    closed = declined({file.feed for file in files} - waiting, how)
    return EXIT_OK if Teller(lake, settings, out, clock, SECONDS).tell(closed) else EXIT_FAILED


def _waiting(lake: Lake) -> frozenset[str]:
    """Feeds of which a file waits for OK or was refused, as the daily check sees them too."""
    try:
        state = read_state(lake)
    except (OSError, ValueError, DatalakeError) as problem:
        logger.warning("which files wait cannot be read: %s", problem)
        return frozenset()
    return frozenset(name for name, feed in state.items() if feed.held or feed.refused)


def owners(lake: Lake) -> dict[str, str]:
    """Return the owner's address of each feed that has rules; none where the rules are wrong."""
    try:
        return {contract.feed: contract.owner for contract in load_contracts(lake.root)}
    except DatalakeError:
        return {}


def is_due(run: RunOutcome, on_success: str, before: tuple[RecordedRun, ...]) -> bool:
    """Tell whether a run is told: a failure always, a success as the settings say (always, changes, never)."""
    if run.status != SUCCESS or on_success == "always":
        return True
    after_failure = bool(before) and before[0].status != SUCCESS
    return on_success == "changes" and (kind_of(run) == "notes" or after_failure)


def _outcome(lake: Lake, schedule: Schedule, run_id: str) -> RunOutcome:
    """The run as it left it, which is there until it is in the record, else as recorded: what is left needs no lock."""
    left = crumbs.left_by(lake, run_id)
    if left is not None:
        run = outcome_of(left, schedule)
        return replace(run, notes=(*run.notes, Note("unrecorded", _unrecorded(lake))))
    try:
        found = history.outcome(lake.database, run_id)
    except sqlite3.Error as problem:
        logger.error("%s: %s", lake.database, problem)
        found = None
    if found is None:
        raise DatalakeError(f"{run_id}: no such run is recorded.", "See the runs: python3 manage.py status")
    return found


def _unrecorded(lake: Lake) -> str:
    try:
        full = shutil.disk_usage(lake.logs).free < FULL_BYTES
    except OSError:
        full = False
    why = " (the disk of logs/ is full)" if full else ""
    return f"This run is not in the record yet{why}; the next run writes it."


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
        host=f"{socket.gethostname()}:{lake.root}",
        log_path=str(lake.etl_log.relative_to(lake.root)),
        log_tail=since_its_begin(last_lines(lake.etl_log, wanted), run.run_id),
        usual_rejected=usual_rejected(before),
        samples=rejected_rows(lake, run, settings.alerts.row_samples),
        stands=stands(lake, settings.schedule, run.night),
    )


def stands(lake: Lake, schedule: Schedule, night: date) -> dict[str, str]:
    """Return how each feed stands by that night (datalake.freshness); nothing where rules or state cannot be read."""
    try:
        contracts, states = load_contracts(lake.root), read_state(lake)
    except (OSError, ValueError, KeyError, TypeError, DatalakeError):
        return {}
    state = {each.feed: states.get(each.feed) or FeedState(each.feed) for each in contracts}
    demo = lake.demo_marker.exists()
    return {each.feed: freshness.stands(each, state[each.feed], schedule, night, demo) for each in contracts}


def usual_rejected(before: tuple[RecordedRun, ...]) -> tuple[int, int] | None:
    """Return the lowest and highest number of rejected rows in the good runs that loaded some; None under three."""
    counts = [run.rejected for run in before if run.status == SUCCESS and run.rejected is not None and run.accepted]
    return (min(counts), max(counts)) if len(counts) >= 3 else None


def since_its_begin(lines: tuple[str, ...], run_id: str) -> tuple[str, ...]:
    """Return the lines from the one with which a run begins; all of them where that is further back, or not there."""
    begins = (place for place, each in enumerate(lines) if f"run={run_id} " in each and " trigger=" in each)
    return lines[next(begins, 0) :]


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
