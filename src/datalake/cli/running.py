"""A run that a person starts by a command: lock, run, record, alert, as the nightly script does."""

import logging
import sys
from collections.abc import Callable

import click

from datalake.alerts.run import tell_run
from datalake.cli import journal, progress, results
from datalake.cli.check import read_all
from datalake.cli.door import Door
from datalake.errors import EXIT_OK, DatalakeError
from datalake.nightly import run_night
from datalake.outcomes import RunOutcome, Trigger
from datalake.pipeline.by_hand import HandOver
from datalake.pipeline.decisions import Decision
from datalake.runs import lock, record
from datalake.settings import Schedule, Settings
from datalake.zones.paths import Lake

log = logging.getLogger("datalake.cli.running")


def carry_out(
    door: Door,
    trigger: Trigger,
    work: Decision | HandOver | None = None,
    show: Callable[[RunOutcome, Lake, Settings], list[str]] = results.lines,
) -> int:
    """Do one run, show it, and return its exit code; raise LockHeld, ConfigurationError or UsageError before it."""
    lake = door.lake
    settings, contracts = read_all(door)
    journal.open_log(lake)
    with lock.held(lake) as run_id:
        record.recover_unrecorded(lake, settings.schedule, before=run_id)
        outcome = run_night(
            lake,
            settings,
            contracts,
            door.clock,
            trigger,
            observer=progress.observer(sys.stderr),
            work=work,
            run_id=run_id,
            record=lambda run: _recorded(door, settings.schedule, run),
        )
    for line in show(outcome, lake, settings):
        click.echo(line)
    _tell(door, outcome)
    return outcome.exit_code


def _recorded(door: Door, schedule: Schedule, run: RunOutcome) -> None:
    """A run that cannot be recorded stays the run it was: the next one records it."""
    try:
        record.record_run(door.lake, schedule, run)
    except DatalakeError as problem:
        log.error("%s", problem)
        click.echo(f"warning: {problem}", err=True)


def _tell(door: Door, outcome: RunOutcome) -> None:
    """An alert that fails never changes what the run was."""
    try:
        told = tell_run(door.lake, door.environ, outcome.run_id, door.clock) == EXIT_OK
    except Exception:
        log.exception("the alert of run %s failed", outcome.run_id)
        told = False
    if not told:
        click.echo(f"warning: not everybody could be told; {door.lake.etl_log} says why.", err=True)
