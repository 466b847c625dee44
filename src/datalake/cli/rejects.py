"""manage.py rejects: the rows of a feed that were not loaded, each with its reason."""

import getpass
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from datalake.cli import findings, journal, original
from datalake.cli.door import Door, pass_door
from datalake.cli.feeds import find_contract
from datalake.engine.job import FINDINGS_FILE
from datalake.pipeline.findings import Finding, masked, read
from datalake.words import count, number

SHOWN = 50
REJECTED = ("rejected",)
ALL = ("rejected", "nulled", "warned", "duplicate", "superseded", "excluded")
log = logging.getLogger("datalake.cli.rejects")


@click.command()
@click.argument("feed")
@click.option("--csv", "as_csv", is_flag=True, help="All of them as CSV in the file's own layout, on standard output.")
@click.option(
    "--all", "everything", is_flag=True, help="Also what was mended, warned about, or left out as a duplicate."
)
@click.option("--unmasked", is_flag=True, help="Show what the rules mask; the log keeps who did.")
@pass_door
def rejects(door: Door, feed: str, as_csv: bool, everything: bool, unmasked: bool) -> None:
    """Show the rejected rows of a feed, each with its reason.

    Those of its newest file, with line, column, rule and value. --csv is for whoever sent the file: its own header,
    delimiter and text, and in front the line and the reasons.
    """
    contract, limits = find_contract(door.contracts(), feed), door.settings().file_limits
    folder = newest(door.lake.data / "quarantine" / feed)
    if folder is None:
        click.echo(f"{feed}: no row was ever rejected.")
        return
    if unmasked:
        journal.open_log(door.lake)
        log.info("feed=%s rejects shown unmasked to %s", feed, getpass.getuser())
    found = read(folder, ALL if everything else REJECTED)
    if as_csv:
        layout = original.layout_of(door.lake, contract, folder, limits)
        for line in original.lines(found, layout, None if unmasked else contract):
            click.echo(line)
    else:
        _echo_table(found if unmasked else (masked(each, contract) for each in found), feed, folder)


def newest(quarantine: Path) -> Path | None:
    """Return the folder of the newest file, by data date and then by when it was looked at, that has findings."""
    folders = [path.parent for path in quarantine.glob(f"*/*/{FINDINGS_FILE}")]
    return max(folders, key=lambda each: (each.parent.name, (each / FINDINGS_FILE).stat().st_mtime), default=None)


def _echo_table(found: Iterator[Finding], feed: str, folder: Path) -> None:
    shown = list(islice(found, SHOWN))
    if not shown:
        click.echo(f"{feed}: no row of its newest file was rejected ({folder.name} of {folder.parent.name}).")
        return
    more = sum(1 for _ in found)
    click.echo(f"{feed}, file {folder.name} of {folder.parent.name}: {count(len(shown) + more, 'finding')}.")
    for line in findings.table(shown):
        click.echo(line)
    if more:
        click.echo(f"and {number(more)} more: python3 manage.py rejects {feed} --csv")
