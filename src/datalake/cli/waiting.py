"""manage.py held, approve, decline, retry: what waits for a person, and the person's answer."""

import getpass
import logging
import shlex

import click

from datalake.alerts.run import tell_declined
from datalake.cli.door import Door, pass_door
from datalake.cli.overview import open_lines
from datalake.cli.running import carry_out
from datalake.errors import EXIT_OK, UsageError
from datalake.pipeline.context import Context
from datalake.pipeline.decisions import Approve, Decline, Retry, chosen, decide
from datalake.runs import lock
from datalake.safe_text import written_out
from datalake.schedule import night_of
from datalake.zones.manifest import Ledger, read_state
from datalake.zones.state import OpenDelivery

log = logging.getLogger("datalake.cli.waiting")
WHY = click.option("--why", default="", help="The reason, kept beside the file.")
TARGET = click.argument("target", metavar="FEED|FILE")


@click.command()
@pass_door
def held(door: Door) -> None:
    """Show what waits for OK or was refused, and what to do."""
    lock.check_data(door.lake)
    states = read_state(door.lake)
    waiting = [each for name in sorted(states) for each in (*states[name].held, *states[name].refused)]
    if not waiting:
        click.echo("Nothing waits for OK, and nothing was refused.")
    for each in waiting:
        for line in open_lines(each):
            click.echo(line)


@click.command()
@TARGET
@WHY
@pass_door
def approve(door: Door, target: str, why: str) -> int:
    """Publish a file that waits for OK.

    It becomes what the next file is measured against. Who and why are kept beside the raw file.
    """
    return carry_out(door, "approve", Approve(target, getpass.getuser(), _reason(why, "approve", target)))


@click.command()
@TARGET
@WHY
@pass_door
def decline(door: Door, target: str, why: str) -> None:
    """Leave a waiting or refused file for good.

    The published table stays as it is. Who and why are kept beside the raw file.
    """
    decision = Decline(target, getpass.getuser(), _reason(why, "decline", target))
    files = settle(door, decision)
    for each in files:
        click.echo(f"Declined: {written_out(each.name)}. The published table of {each.feed} stays as it is.")
    _close_problems(door, files, decision.who)


def _close_problems(door: Door, files: tuple[OpenDelivery, ...], who: str) -> None:
    """An alert that fails changes nothing about the decision."""
    try:
        told = tell_declined(door.lake, door.environ, door.clock, files, who) == EXIT_OK
    except Exception:
        log.exception("that files were declined could not be told")
        told = False
    if not told:
        click.echo(f"warning: not everybody could be told; {door.lake.etl_log} says why.", err=True)


def settle(door: Door, decision: Decline) -> tuple[OpenDelivery, ...]:
    """Record a decision that asks for no load, under the lock: it is no run. Return the files it was about."""
    settings = door.settings()
    with lock.held(door.lake):
        ledger = Ledger(door.lake, door.clock.now)
        night = night_of(settings.schedule, door.clock.now())
        files = chosen(ledger.state, decision)
        decide(Context(door.lake, settings, door.clock, ledger, night), decision, files)
    return files


@click.command()
@TARGET
@WHY
@pass_door
def retry(door: Door, target: str, why: str) -> int:
    """Take a refused file, or rejected rows, again after a fix."""
    return carry_out(door, "retry", Retry(target, getpass.getuser(), why))


def _reason(why: str, word: str, target: str) -> str:
    """Who decides says why: the next person, or an auditor, will ask."""
    if not why.strip():
        said = f"python3 manage.py {word} {shlex.quote(target)} --why '...'"
        raise UsageError("A reason is needed; it is kept beside the file.", said)
    return why.strip()
