"""manage.py retention: what is kept no longer, shown or removed."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import click

from datalake.cli import journal
from datalake.cli.check import read_all
from datalake.cli.door import Door, pass_door
from datalake.errors import EXIT_FAILED, EXIT_OK
from datalake.pipeline.context import Context
from datalake.pipeline.retention import Removal, due, keep
from datalake.runs import lock, logs
from datalake.schedule import night_of
from datalake.words import count, size
from datalake.zones.manifest import Ledger, read_state

REMOVED, WOULD = "removed", "would go"
Line = tuple[str, str, str]  # zone, feed, the rule


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go; change nothing.")
@pass_door
def retention(door: Door, dry_run: bool) -> int:
    """Remove what is kept no longer, as every night does at its end.

    By `retention` in the settings. What tables, history or a rebuild need always stays, and all of a feed whose rules
    say `legal_hold: true`.
    """
    settings, contracts = read_all(door)
    night = night_of(settings.schedule, door.clock.now())
    if dry_run:
        found = list(due(door.lake, settings.retention, contracts, read_state(door.lake), night))
        _say(found, logs.too_large(door.lake, settings.retention), WOULD)
        return EXIT_OK
    journal.open_log(door.lake)
    with lock.held(door.lake):
        begun = logs.rotate(door.lake, settings.retention)
        run = Context(door.lake, settings, door.clock, Ledger(door.lake, door.clock.now), night)
        _say(keep(run, contracts), begun, REMOVED)
    for note in run.notes:
        click.echo(note.text)
    return EXIT_FAILED if run.notes else EXIT_OK


def _say(removals: Sequence[Removal], begun: Sequence[Path], verb: str) -> None:
    groups: dict[Line, list[Removal]] = defaultdict(list)
    for each in removals:
        groups[each.zone, each.feed, each.rule].append(each)
    for (zone, feed, rule), group in sorted(groups.items()):
        files = sum(len(each.paths) for each in group)
        total = sum(each.size for each in group)
        of = f"{count(len(group), 'delivery', 'deliveries')} ({rule})"
        click.echo(f"{zone:<10} {feed}: {count(files, 'file')}, {size(total)}, of {of} {verb}")
    aside = "put aside and begun anew" if verb == REMOVED else "would be put aside and begun anew"
    for path in begun:
        click.echo(f"{'logs':<10} {path.name}: {aside}")
    if not removals and not begun:
        click.echo("Nothing is due: all that is there is kept.")
