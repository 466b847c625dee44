"""manage.py alerts: what is wrong, what is unsent, and a person's word on it."""

import getpass
import secrets
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import click

from datalake.alerts import book, proofs
from datalake.alerts.incidents import Incident, Silence
from datalake.alerts.outbox import Entry
from datalake.alerts.run import owners
from datalake.alerts.tell import Teller
from datalake.alerts.ways import ways
from datalake.cli import text
from datalake.cli.door import Door, pass_door
from datalake.errors import EXIT_FAILED, EXIT_OK, UsageError
from datalake.runs.database import writing
from datalake.safe_text import written_out
from datalake.schedule import instant_of, zone_named
from datalake.words import clock, count, listed, span

SECONDS = 20.0
SHOWN = 10  # closed problems in the list
UNTIL = click.option(
    "--until", required=True, metavar="DATE|DAYSd", help="Nothing is quiet for ever: 2025-11-10, or 3d."
)


@click.group(invoke_without_command=True)
@click.pass_context
def alerts(context: click.Context) -> None:
    """Show what is wrong or unsent; acknowledge, silence, test, send."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@alerts.command("list")
@pass_door
def show(door: Door) -> None:
    """List open problems, the last closed ones, unsent messages and the channels."""
    now = door.clock.now()
    with writing(door.lake.database, door.lake.runtime_csv) as connection:
        known, unsent = book.incidents(connection, 1_000), book.unsent(connection)
        silences = book.silences(connection, now)
        states, proven = book.channels(connection), proofs.last(connection)
    for line in [*_problems(known, now), *map(_unsent, unsent), *(_silence(door, each) for each in silences)]:
        click.echo(line)
    for name in ways(door.settings(), owners(door.lake)).channels:
        click.echo(_channel(door, name, states.get(name), proven.get(name)))


def _problems(known: Sequence[Incident], now: datetime) -> list[str]:
    is_open = [each for each in reversed(known) if each.open]
    over = [each for each in known if not each.open][:SHOWN]
    first = count(len(is_open), "open problem") if is_open else "Nothing is wrong that is known."
    lines = [first, *(f"  {_line(each, now)}" for each in is_open)]
    return [*lines, "Over:", *(f"  {_line(each, now)}" for each in over)] if over else lines


def _unsent(entry: Entry) -> str:
    return f"Unsent to {entry.channel}: {text.clipped(entry.message.title, 80)} ({entry.answer or 'not tried yet'})"


def _silence(door: Door, silence: Silence) -> str:
    return f"Silent until {_said(door, silence.until)}: {written_out(silence.key)}"


def _channel(door: Door, name: str, state: Any, proven: datetime | None) -> str:
    how = f"broken: {state['answer']}" if state and state["dead_at"] else "works as far as is known"
    seen = f"proven {_said(door, proven)}" if proven else "never proven: python3 manage.py alerts test"
    return f"{name}: {how}; {seen}"


def _line(incident: Incident, now: datetime) -> str:
    since = span((incident.closed_at or now) - incident.opened_at)
    state = f"open {since}" if incident.open else f"was open {since}"
    if incident.open and incident.acked_until and incident.acked_until > now:
        state += f", acknowledged by {incident.acked_by}"
    if incident.open and incident.told_at is None:
        state += f", part of {incident.parent}" if incident.parent else ", not told"
    nights = f"; nights {listed([each.isoformat() for each in incident.nights], 5)}" if incident.nights else ""
    return written_out(f"problem {incident.number}: {incident.title} ({state}{nights})")


@alerts.command()
@click.argument("number", type=int)
@UNTIL
@pass_door
def ack(door: Door, number: int, until: str) -> None:
    """Say that you are on it: no reminders of problem NUMBER until then. A change is still told."""
    end = _end(door, until)
    with writing(door.lake.database, door.lake.runtime_csv) as connection:
        known = book.incident(connection, number)
        if known is None or not known.open:
            raise UsageError(f"There is no open problem {number}.", "See them: python3 manage.py alerts")
        book.acknowledge(connection, number, end, getpass.getuser())
    click.echo(f"No reminders of problem {number} ({known.title}) until {_said(door, end)}.")


@alerts.command("silence")
@click.argument("key")
@UNTIL
@click.option("--why", required=True, help="The reason, for those who wonder.")
@pass_door
def silence_key(door: Door, key: str, until: str, why: str) -> None:
    """Tell nothing of KEY until then: a feed, load, disk, ... What is still wrong at the end is told."""
    feeds = {contract.feed for contract in door.contracts()}
    key, end = f"feed:{key}" if key in feeds else key, _end(door, until)
    with writing(door.lake.database, door.lake.runtime_csv) as connection:
        book.silence(connection, key, end, getpass.getuser(), why, door.clock.now())
    click.echo(
        f"Nothing is told of {key} until {_said(door, end)}; the problems are still kept: python3 manage.py alerts"
    )


def _end(door: Door, until: str) -> datetime:
    """The end of a day, or so many days from now; raise UsageError where it is neither or over already."""
    schedule, now = door.settings().schedule, door.clock.now()
    try:
        if until.endswith("d"):
            end = now + timedelta(days=int(until[:-1]))
        else:
            end = instant_of(schedule, date.fromisoformat(until) + timedelta(days=1), "00:00")
    except (ValueError, OverflowError):
        raise UsageError(f"--until {until}: a date like 2025-11-10 or days like 3d is meant.") from None
    if end <= now:
        raise UsageError(f"--until {until} is over already.")
    return end


def _said(door: Door, end: datetime) -> str:
    return clock(end, zone_named(door.settings().schedule.zone))


@alerts.command("test")
@pass_door
def send_test(door: Door) -> int:
    """Send a code by every channel and ask which arrived; the answer is kept as proof."""
    settings, teller = door.settings(), _teller(door)
    if not teller.ways.channels:
        raise UsageError(
            "There is no way to tell anybody.", "Set SLACK_WEBHOOK in config/secrets.env or alerts.mail.to."
        )
    codes = {name: f"{secrets.randbelow(9000) + 1000}" for name in teller.ways.channels}
    with writing(door.lake.database, door.lake.runtime_csv) as connection:
        proofs.send(connection, codes, settings, door.clock.now())
    sent = teller.flush()
    click.echo("Sent." if sent else "Not everything could be sent: python3 manage.py alerts")
    _ask(door, list(codes))
    return EXIT_OK if sent else EXIT_FAILED


def _ask(door: Door, names: Sequence[str]) -> None:
    if not sys.stdin.isatty():
        click.echo("Say which code arrived: python3 manage.py alerts seen CODE")
        return
    for name in names:
        code = str(click.prompt(f"Which code did you see in {name}? (empty: none)", default="", show_default=False))
        if code:
            _keep_seen(door, code)


@alerts.command()
@click.argument("code")
@pass_door
def seen(door: Door, code: str) -> int:
    """Say that the CODE of a test arrived."""
    return _keep_seen(door, code)


def _keep_seen(door: Door, code: str) -> int:
    with writing(door.lake.database, door.lake.runtime_csv) as connection:
        name = proofs.seen(connection, code.strip(), getpass.getuser(), door.clock.now())
    click.echo(f"{name} is proven." if name else "That code was not sent: nothing is proven.")
    return EXIT_OK if name else EXIT_FAILED


@alerts.command()
@pass_door
def flush(door: Door) -> int:
    """Send now what waits."""
    teller = _teller(door)
    with writing(door.lake.database, door.lake.runtime_csv) as connection:
        book.hurry(connection, door.clock.now())
    told = teller.flush()
    click.echo("Nothing waits any more." if told else "Not everything could be sent: python3 manage.py alerts")
    return EXIT_OK if told else EXIT_FAILED


def _teller(door: Door) -> Teller:
    settings = door.settings()
    return Teller(door.lake, settings, ways(settings, owners(door.lake)), door.clock, SECONDS)
