"""manage.py demo: made-up nights, to see all of it work before there is a file of one's own."""

from datetime import date

import click

from datalake.cli.check import read_all
from datalake.cli.door import Door, pass_door
from datalake.cli.journal import open_log
from datalake.cli.progress import PATIENCE
from datalake.errors import UsageError
from datalake.runs import lock
from datalake.schedule import zone_named
from datalake.words import count, day

MOST_NIGHTS = 366


@click.command()
@click.option("--nights", type=click.IntRange(1, MOST_NIGHTS), help="So many nights at once, by a simulated clock.")
@click.option("--clear", "clearing", is_flag=True, help="Remove all that the demo has made, and nothing else.")
@click.option("--write-next", is_flag=True, help="Only write the next night's files into data/incoming.")
@pass_door
def demo(door: Door, nights: int | None, clearing: bool, write_next: bool) -> int:
    """Load a night of made-up Huron files; or a month of them.

    The first data date is 29 days ago. Refused once real data has been loaded.
    """
    if sum((nights is not None, clearing, write_next)) > 1:
        raise UsageError("--nights, --clear and --write-next are three different things.", "Choose one.")
    if write_next:
        return _write(door)
    with lock.held(door.lake):
        if clearing:
            return _clear(door)
        if nights:
            return _simulate(door, nights)
        _write(door)
    from datalake.cli.running import carry_out

    return carry_out(door, "demo")


def _today(door: Door) -> date:
    return door.clock.now().astimezone(zone_named(door.settings().schedule.zone)).date()


def _write(door: Door) -> int:
    """Write the next night's files; the lock is the caller's."""
    from datalake.demo.nights import write_next

    lock.check_data(door.lake)
    night = write_next(door.lake, door.contracts(), door.clock.now(), _today(door))
    click.echo(f"DEMO: wrote {count(len(night.files), 'file')} of data date {night.day} into data/incoming")
    return 0


def _simulate(door: Door, nights: int) -> int:
    """Bring many nights; what went wrong in some of them is part of the show, so the exit code is 0."""
    from tqdm import tqdm

    from datalake.demo.month import Month

    open_log(door.lake)
    month = Month(door.lake, *read_all(door), door.clock.now())
    simulated = month.simulate(nights, _today(door))
    bar = tqdm(simulated, total=nights, desc="nights", unit="night", delay=PATIENCE, leave=False, disable=None)
    done = list(bar)
    for night in done:
        if night.event or night.run is None or night.run.exit_code:
            click.echo(f"DEMO: {day(night.day)}: {_what_happened(night.event)}")
    click.echo(f"DEMO: {count(len(done), 'night')}, from {day(done[0].day)} to {day(done[-1].day)}.")
    if len(done) < nights:
        click.echo("DEMO: that is up to today; the nights before were there already.")
    click.echo("Look at it: python3 manage.py status, and venv/bin/python src/app_dashboard.py")
    click.echo("Remove it:  python3 manage.py demo --clear")
    return 0


def _what_happened(event: str) -> str:
    return {
        "failed": "a column of grants came under another name, so grants was not updated that night.",
        "missed": "the server was down: no run. The next night loaded both files.",
        "late": "the load ran hours late.",
    }.get(event, "the load failed.")


def _clear(door: Door) -> int:
    from datalake.demo.clear import clear

    cleared = clear(door.lake, door.settings().schedule)
    files, runs = count(cleared.files, "file"), count(cleared.runs, "run")
    click.echo(f"Removed the demo: {files} in data/ and {runs} from the record.")
    return 0
