"""manage.py rejects: the rows of a feed that were not loaded, each with its reason."""

import csv
import getpass
import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datalake.alerts.words import count, number
from datalake.cli import findings, journal
from datalake.cli.door import Door, pass_door
from datalake.cli.feeds import find_contract
from datalake.cli.findings import FIELDS, Finding
from datalake.engine.job import FINDINGS_FILE

if TYPE_CHECKING:
    from datalake.contracts.model import Contract

SHOWN = 50
REJECTED = ("rejected",)
ALL = ("rejected", "nulled", "warned", "duplicate", "superseded", "excluded")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
log = logging.getLogger("datalake.cli.rejects")


@click.command()
@click.argument("feed")
@click.option("--csv", "as_csv", is_flag=True, help="All of them as CSV with the raw rows, on standard output.")
@click.option(
    "--all", "everything", is_flag=True, help="Also what was mended, warned about, or left out as a duplicate."
)
@click.option("--unmasked", is_flag=True, help="Show what the rules mask; the log keeps who did.")
@pass_door
def rejects(door: Door, feed: str, as_csv: bool, everything: bool, unmasked: bool) -> None:
    """Show the rejected rows of a feed, each with its reason.

    Those of its newest file, with line, column, rule and value.
    """
    contract = find_contract(door.contracts(), feed)
    folder = newest(door.lake.data / "quarantine" / feed)
    if folder is None:
        click.echo(f"{feed}: no row was ever rejected.")
        return
    if unmasked:
        journal.open_log(door.lake)
        log.info("feed=%s rejects shown unmasked to %s", feed, getpass.getuser())
    found = _found(folder, contract, ALL if everything else REJECTED, unmasked)
    if as_csv:
        _echo_csv(found)
    else:
        _echo_table(found, feed, folder)


def newest(quarantine: Path) -> Path | None:
    """Return the folder of the newest file, by data date and then by when it was looked at, that has findings."""
    folders = [path.parent for path in quarantine.glob(f"*/*/{FINDINGS_FILE}")]
    return max(folders, key=lambda each: (each.parent.name, (each / FINDINGS_FILE).stat().st_mtime), default=None)


def _found(folder: Path, contract: "Contract", outcomes: tuple[str, ...], unmasked: bool) -> Iterator[Finding]:
    found = findings.read(folder, outcomes)
    return found if unmasked else (findings.masked(each, contract) for each in found)


def _echo_table(found: Iterator[Finding], feed: str, folder: Path) -> None:
    shown = list(islice(found, SHOWN))
    more = sum(1 for _ in found)
    click.echo(f"{feed}, file {folder.name} of {folder.parent.name}: {count(len(shown) + more, 'finding')}.")
    for line in findings.table(shown):
        click.echo(line)
    if more:
        click.echo(f"and {number(more)} more: python manage.py rejects {feed} --csv")


def _echo_csv(found: Iterable[Finding]) -> None:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front, as in the published CSV."""
    click.echo(_csv_line(FIELDS), nl=False)
    for each in found:
        click.echo(_csv_line([_cell(getattr(each, name)) for name in FIELDS]), nl=False)


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
