"""manage.py take: a file with an odd name, delivered by hand."""

import getpass
from datetime import datetime
from pathlib import Path

import click

from datalake.cli.door import Door, pass_door
from datalake.cli.running import carry_out
from datalake.cli.trial import choose
from datalake.errors import UsageError
from datalake.pipeline.by_hand import Handed, HandOver
from datalake.safe_text import written_out
from datalake.zones.claims import Entry, look


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "feed", help="The feed whose file it is, where the name matches none.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The data date, where the name has none.")
@pass_door
def take(door: Door, file: Path, feed: str | None, day: datetime | None) -> int:
    """Load FILE, whatever its name.

    It is copied and checked as a night would check it, and stays where it lies. Who took it is kept beside the copy.
    """
    contract, named = choose(door.contracts(), file.name, feed)
    data_date = day.date() if day else named
    if data_date is None:
        raise UsageError(f"The name {file.name!r} has no data date.", "Give the day that its data is of: --date D.")
    entry = _entry(file, door.settings().file_limits.max_bytes)
    code = carry_out(door, "take", HandOver((Handed(entry, contract.feed, data_date),), getpass.getuser()))
    click.echo(f"{written_out(str(file))} was copied; it still lies where it was.")
    return code


def _entry(file: Path, max_bytes: int) -> Entry:
    """Look at the file; raise UsageError for one that a run would not take."""
    entry = look(file)
    if entry is None:
        raise UsageError(f"{str(file)!r} is not there.", "Name a file, such as 'data/incoming/IRB final (2).csv'.")
    if entry.kind != "file":
        raise UsageError(f"{str(file)!r} is a {entry.kind}, which a run would skip.", "Name the file itself.")
    if not entry.readable:
        raise UsageError(f"{str(file)!r} cannot be read: its permissions forbid it.", "Run it as its owner.")
    if entry.size > max_bytes:
        fix = "Raise file_limits.max_bytes in config/local/settings.yaml."
        raise UsageError(f"{str(file)!r} has {entry.size:,} bytes; the limit is {max_bytes:,}.", fix)
    return entry
