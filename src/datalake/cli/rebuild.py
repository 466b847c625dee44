"""manage.py replay and verify: the lake rebuilt from raw, and held against its events."""

import re
import sqlite3
import sys
from contextlib import closing

import click

from datalake.cli import journal, progress
from datalake.cli.check import read_all
from datalake.cli.door import Door, pass_door
from datalake.cli.feeds import find_contract
from datalake.errors import EXIT_FAILED, EXIT_OK, UsageError
from datalake.pipeline.context import Context
from datalake.pipeline.replay import Replayed
from datalake.runs import last_success, lock
from datalake.runs.database import reading
from datalake.safe_text import written_out
from datalake.schedule import night_of
from datalake.settings import Schedule
from datalake.words import count, listed, number
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake

SHOWN = 10


@click.command()
@click.argument("feed", required=False)
@click.option("--dry-run", is_flag=True, help="Only say what it would change.")
@pass_door
def replay(door: Door, feed: str | None, dry_run: bool) -> int:
    """Rebuild staging and published tables from raw.

    By the rules as they are now; under the same rules it gives the same bytes.
    """
    from datalake.pipeline.replay import replay as rebuild
    from datalake.pipeline.views import again

    settings, contracts = read_all(door)
    chosen = [find_contract(contracts, feed)] if feed else list(contracts)
    journal.open_log(door.lake)
    with lock.held(door.lake):
        ledger = Ledger(door.lake, door.clock.now)
        night = night_of(settings.schedule, door.clock.now())
        watcher = progress.observer(sys.stderr)
        run = Context(door.lake, settings, door.clock, ledger, night, watcher)
        with closing(run.engines):
            done = [rebuild(run, each, dry_run) for each in chosen if ledger.feed(each.feed).version]
            views = again(run, contracts) if done and not dry_run else []
            if views:
                ledger.save()
    for each in done:
        for line in _told(each, dry_run):
            click.echo(line)
    if views:
        click.echo(f"{count(len(views), 'view')} made anew: {listed(views)}.")
    if not done:
        click.echo("Nothing was published yet, so there is nothing to rebuild.")
    return EXIT_FAILED if any(each.refused for each in done) else EXIT_OK


def _told(done: Replayed, dry_run: bool) -> list[str]:
    verb = "would be" if dry_run else "was" if len(done.differs) == 1 else "were"
    same = f"{done.feed}: the same bytes, {count(done.versions, 'version')}."
    lines = [same if done.same else f"{done.feed}: {count(len(done.differs), 'file')} {verb} made anew:"]
    lines += [f"  {written_out(name)}" for name in done.differs[:SHOWN]]
    if len(done.differs) > SHOWN:
        lines.append(f"  and {number(len(done.differs) - SHOWN)} more")
    if done.rules_changed:
        lines.append(f"  Its rules have changed since its table was published: {listed(done.rules_changed)}.")
    if done.changes:
        lines.append(f"  In the table that is shown: {_in_records(done)}.")
    return lines + [f"  refused by the rules of now: {written_out(name)}: {why}" for name, why in done.refused]


def _in_records(done: Replayed) -> str:
    changes, columns = done.changes, [f"{name} in {number(times)}" for name, times in done.columns]
    if not changes or not (changes.new or changes.changed or changes.gone):
        return "no record differs"
    named = f" ({listed(columns)})" if columns else ""
    return f"{number(changes.new)} new, {number(changes.changed)} changed{named}, {number(changes.gone)} gone"


@click.command()
@click.option("--tip", default="", help="The end of the event chain that you noted, from a message or a report.")
@pass_door
def verify(door: Door, tip: str) -> int:
    """Check every file of the lake against the events.

    And the events against each other, and against the tips that the record of runs holds. Writes nothing.
    """
    from datalake.pipeline.verify import verify as check

    if tip and not re.fullmatch(r"[0-9a-fA-F]{8,64}", tip):
        raise UsageError(f"{tip!r} is no tip: it has 8 to 64 digits and letters a to f.", "Copy it from the message.")
    lock.check_data(door.lake)
    settings = door.settings()
    known = {**({"--tip": tip} if tip else {}), **_recorded(door.lake, settings.schedule)}
    problems, expected = check(door.lake, door.contracts(), known, settings.keep_versions)
    for each in problems:
        click.echo(f"{written_out(each.place)}: {written_out(each.what)}")
    tables = sum(len(versions) for versions in expected.versions.values())
    seen = f"{count(expected.count, 'event')}, {count(len(expected.files), 'raw file')}, {count(tables, 'version')}"
    if problems:
        click.echo(f"{count(len(problems), 'problem')} in {seen}.")
        return EXIT_FAILED
    click.echo(f"All is as it was recorded: {seen}.")
    if tip:
        click.echo("The log still has the line that --tip names.")
    click.echo(f"Tip: {expected.tip}")
    return EXIT_OK


def _recorded(lake: Lake, schedule: Schedule) -> dict[str, str]:
    """The tip that each run left in the record, and the last good one in the marker; none where there are none."""
    found = _tip_of_marker(lake, schedule)
    if not lake.database.exists():
        return found
    try:
        with closing(reading(lake.database)) as connection:
            rows = connection.execute("SELECT run_id, tip FROM etl_runtime WHERE tip != ''").fetchall()
    except sqlite3.Error:
        return found
    return {**{f"run {run_id} in the record": tip for run_id, tip in rows}, **found}


def _tip_of_marker(lake: Lake, schedule: Schedule) -> dict[str, str]:
    try:
        told = last_success.read(lake, schedule)
    except (OSError, ValueError):
        told = None
    return {lake.success_marker.name: told.tip} if told and told.tip else {}
