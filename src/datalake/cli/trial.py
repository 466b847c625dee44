"""manage.py try: the full check of one file, as a night would make it, with nothing written to the lake."""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datalake.cli import progress, trial_text
from datalake.cli.check import read_all
from datalake.cli.door import Door, pass_door
from datalake.cli.feeds import find_contract
from datalake.contracts.model import Contract
from datalake.errors import EXIT_FAILED, EXIT_OK, UsageError
from datalake.pipeline.findings import masked, read
from datalake.schedule import night_of

if TYPE_CHECKING:
    from datalake.pipeline.preview import Preview, Sample
    from datalake.settings import Settings

FIRST = 10  # rejected rows that are shown


@click.command(name="try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "feed", help="The feed whose rules apply, where the name matches none.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The data date, where the name has none.")
@pass_door
def try_file(door: Door, file: Path, feed: str | None, day: datetime | None) -> int:
    """Check FILE in full: what would load, be rejected and change. Writes nothing."""
    _require_readable(file)
    settings, contracts = read_all(door)
    contract, named = choose(contracts, file.name, feed)
    night = night_of(settings.schedule, door.clock.now())
    data_date = (day.date() if day else named) or night
    with tempfile.TemporaryDirectory(prefix="datalake-try-") as folder:
        sample = _sample(file, data_date, Path(folder), night)
        seen = _preview(door, settings, contract, sample)
        rejected = list(islice(read(sample.quarantine, ("rejected",)), FIRST))
    shown = [masked(each, contract) for each in rejected]
    for line in trial_text.lines(file.name, contract, data_date, seen, shown):
        click.echo(line)
    return EXIT_OK if seen.end in trial_text.FINE else EXIT_FAILED


def _require_readable(file: Path) -> None:
    if file.is_symlink():  # as in incoming: what lies behind it is not what was delivered
        raise UsageError(f"{str(file)!r} is a symbolic link, which a run would skip.", "Name the file itself.")
    if not file.is_file():
        raise UsageError(f"{str(file)!r} is no file.", "Name one, such as data/incoming/IRB_PROTOCOL_2025-11-04.csv.")
    if not os.access(file, os.R_OK):
        raise UsageError(f"{str(file)!r} cannot be read: its permissions forbid it.", "Run it as its owner.")


def choose(contracts: Sequence[Contract], name: str, feed: str | None) -> tuple[Contract, date | None]:
    """Return the rules that apply to a file of that name and the date in it; raise UsageError where none do."""
    from datalake.contracts.patterns import match_name

    matches = match_name(name, contracts)
    if feed:
        dates = [each.data_date for each in matches if each.feed == feed]
        return find_contract(contracts, feed), dates[0] if dates else None
    if len(matches) == 1:
        return find_contract(contracts, matches[0].feed), matches[0].data_date
    many = f"more than one feed ({', '.join(each.feed for each in matches)})" if matches else "no feed"
    patterns = "; ".join(f"{each.feed} takes {each.delivery.pattern}" for each in contracts)
    raise UsageError(f"The name {name!r} matches {many}.", f"{patterns}. Or name the feed: --as FEED.")


def _sample(file: Path, data_date: date, folder: Path, night: date) -> "Sample":
    """A copy that nobody else can write to while it is read."""
    from datalake.pipeline.preview import Sample

    source = folder / "source"
    shutil.copyfile(file, source)
    return Sample(source, file.name, data_date, folder, night)


def _preview(door: Door, settings: "Settings", contract: Contract, sample: "Sample") -> "Preview":
    from datalake.pipeline.preview import preview
    from datalake.zones.manifest import read_state
    from datalake.zones.state import FeedState

    state = read_state(door.lake).get(contract.feed) or FeedState(contract.feed)
    watch, total = progress.observer(sys.stderr), sample.source.stat().st_size
    seen = preview(
        door.lake,
        settings,
        contract,
        state,
        sample,
        lambda rows, done: watch.progress(contract.feed, rows, done, total),
    )
    watch.stage_ended("clean", contract.feed)
    return seen
