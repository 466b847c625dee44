"""manage.py status: can today's data be used, and if not, why and what to do."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import click

from datalake.cli import overview
from datalake.cli.door import Door, pass_door
from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.freshness import HELD, REFUSED
from datalake.outcomes import FAILURE
from datalake.pipeline.plan import Plan, plan
from datalake.runs import history, lock
from datalake.runs.history import RecordedRun
from datalake.runs.lockfile import Holder
from datalake.schedule import night_of
from datalake.settings import Settings
from datalake.standing import Known
from datalake.views import unknown
from datalake.zones.claims import list_incoming
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake
from datalake.zones.state import State

SHOWN_RUNS = 7
ENDED = {"refused": REFUSED, "held": HELD, "waiting_for_ok": HELD}  # what became of a feed's file


@click.command()
@click.option("--runs", default=SHOWN_RUNS, show_default=True, type=click.IntRange(1, 1000), help="How many runs.")
@pass_door
def status(door: Door, runs: int) -> None:
    """Show whether today's data can be used, and what waits.

    The first line is the verdict; then the feeds with what they show, what needs a person, what lies in incoming
    and why, and the last runs.
    """
    lock.check_data(door.lake)
    for line in overview.lines(look(door, runs)):
        click.echo(line)


def look(door: Door, runs: int = SHOWN_RUNS) -> Known:
    """Return what is known of the lake now; takes no lock and writes nothing."""
    lake, settings, contracts = door.lake, door.settings(), door.contracts()
    states = read_state(lake)
    planned = _planned(door, settings, contracts, states)
    return Known(
        now=door.clock.now(),
        schedule=settings.schedule,
        contracts=contracts,
        states=states,
        runs=_runs(lake, runs),
        waiting=planned.waiting,
        next_run=[each for each in planned.feeds if each.steps],
        holder=_holder(lake),
        demo=lake.demo_marker.exists(),
        last_load=_last_load(lake),
        unknown=unknown.kept(lake),
    )


def _planned(door: Door, settings: Settings, contracts: Sequence[Contract], states: State) -> Plan:
    """What the next run would do with what lies in incoming; nothing where incoming cannot be looked at."""
    now = door.clock.now()
    night = night_of(settings.schedule, now)
    try:
        listing = list_incoming(door.lake)
    except DatalakeError as problem:
        click.echo(f"warning: {problem}", err=True)
        return Plan(night, ())
    limit = settings.file_limits.max_bytes
    return plan(listing, contracts, states, night, now, settings.settle_seconds, limit)


def _runs(lake: Lake, count: int) -> Sequence[RecordedRun]:
    try:
        return [_with_cause(lake, each) for each in history.last_runs(lake.database, count)]
    except sqlite3.Error as problem:
        click.echo(f"warning: {lake.database} cannot be read ({problem}); the next run mends it.", err=True)
        return ()


def _last_load(lake: Lake) -> date | None:
    try:
        return history.last_night(lake.database)
    except (sqlite3.Error, ValueError):
        return None  # _runs says so


def _with_cause(lake: Lake, run: RecordedRun) -> RecordedRun:
    """A run that failed by its feeds has no error of its own: they are what it failed for."""
    if run.status != FAILURE or run.error or not run.run_id:
        return run
    told = history.outcome(lake.database, run.run_id)
    failed = (
        [f"{each.feed}: {ENDED.get(each.status, 'not updated')}" for each in told.feeds if each.failed] if told else []
    )
    return replace(run, failed=tuple(failed))


def _holder(lake: Lake) -> Holder | None:
    try:
        return lock.holder(lake)
    except PermissionError:
        return None  # another account's lock: whether it is held cannot be seen
