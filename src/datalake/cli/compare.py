"""manage.py compare: another list of a feed's records held against the published table."""

import csv
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datalake.clean.values import plain
from datalake.cli import journal, text
from datalake.cli.door import Door, pass_door
from datalake.cli.feeds import find_contract
from datalake.errors import EXIT_FAILED, EXIT_OK, UsageError
from datalake.inert import cell as inert
from datalake.pipeline.findings import MASKED
from datalake.safe_text import written_out
from datalake.words import count, full_day, number
from datalake.zones.claims import look

if TYPE_CHECKING:
    from datalake.contracts.model import Contract
    from datalake.pipeline.compare import Comparison, Found

SHOWN = 20  # examples of each kind of difference
WIDEST = 60  # characters of a value on a screen
HEADER = ("key", "difference", "column", "here", "there")


@click.command()
@click.argument("feed")
@click.option("--with", "other", type=click.Path(path_type=Path), required=True, help="The other list, as CSV.")
@click.option("--csv", "out", type=click.Path(path_type=Path), help="Write all differences to this new file.")
@pass_door
def compare(door: Door, feed: str, other: Path, out: Path | None) -> int:
    """Hold the published table of FEED against another list.

    Ids only here, ids only there, and cells that differ, once the feed's rules have cleaned the list. Exit code 1 if
    anything differs.
    """
    from datalake.pipeline.compare import Comparison, Other

    contract = find_contract(door.contracts(), feed)
    _check(other, out)
    journal.note_restricted(door.lake, [contract], "compare")
    with tempfile.TemporaryDirectory(prefix="datalake-compare-") as folder:
        source = Path(folder) / "source"
        shutil.copyfile(other, source)
        with Comparison(door.lake, door.settings(), contract, Other(source, other.name, Path(folder))) as found:
            same = _told(found, contract, other)
            if out:
                _write(out, _all(found), _hidden(contract))
    return EXIT_OK if same else EXIT_FAILED


def _check(other: Path, out: Path | None) -> None:
    entry = look(other)
    if entry is None or entry.kind != "file" or not entry.readable:
        raise UsageError(f"{str(other)!r} is no file that can be read.", "Name the list to compare with: --with FILE.")
    if out and (out.exists() or out.is_symlink()):
        raise UsageError(f"{str(out)!r} is there already.", "Give the name of a new file.")


def _told(found: "Comparison", contract: "Contract", other: Path) -> bool:
    """Say what differs; return whether nothing does."""
    from datalake.pipeline.compare import HERE, THERE

    hidden = _hidden(contract)
    click.echo(f"{contract.feed} as of {full_day(found.as_of)}, compared with {written_out(other.name)}")
    alone = [_told_alone(found.only(what), what, hidden) for what in (HERE, THERE)]
    counts = found.counts()
    for line in _cell_lines(found, counts, hidden):
        click.echo(line)
    for line in _left_out(found):
        click.echo(line)
    same = not any(alone) and not counts and not found.staged.rejected
    if same:
        click.echo("Nothing differs.")
    return same


def _told_alone(records: Iterable["Found"], what: str, hidden: bool) -> int:
    """Say how many records one side alone has, and which come first; return their number."""
    every = iter(records)
    first = list(islice(every, SHOWN))
    total = len(first) + sum(1 for _ in every)
    click.echo(f"{what}: {count(total, 'record')}")
    for each in [] if hidden else first:
        click.echo(f"  {text.clipped(each.key, WIDEST)}")
    if total > SHOWN and not hidden:
        click.echo(f"  and {number(total - SHOWN)} more")
    return total


def _cell_lines(found: "Comparison", counts: dict[str, int], hidden: bool) -> Iterator[str]:
    """Say how many cells differ in each column, and the first of them."""
    total = sum(counts.values())
    yield f"differs: {count(total, 'cell')}"
    yield from (f"  {name}: {number(cells)}" for name, cells in counts.items())
    for each in islice(found.cells(list(counts)), SHOWN):
        key = MASKED if hidden else text.clipped(each.key, WIDEST)
        yield f"  {key}  {each.column}: here {_shown(each.here)}, there {_shown(each.there)}"
    if total > SHOWN:
        yield f"  and {number(total - SHOWN)} more"


def _left_out(found: "Comparison") -> Iterator[str]:
    """Say what the comparison says nothing about."""
    staged = found.staged
    if found.left_out:
        yield f"Not compared: {', '.join(f'{name} ({why})' for name, why in found.left_out.items())}"
    if staged.new_columns:
        yield f"Not of this feed: {', '.join(written_out(each) for each in staged.new_columns)}"
    if staged.rejected:
        yield f"Rejected by the feed's rules, so not compared: {count(staged.rejected, 'row')} there (`try` shows them)"
    repeats = staged.duplicates + staged.superseded
    if repeats:
        yield f"Repeated keys there: {count(repeats, 'row')}; the one that the rules prefer was compared."


def _hidden(contract: "Contract") -> bool:
    """Whether keys are masked, too."""
    return any(each.mask for each in contract.columns if each.name in contract.primary_key)


def _all(found: "Comparison") -> Iterator["Found"]:
    from datalake.pipeline.compare import HERE, THERE

    return chain(found.only(HERE), found.only(THERE), found.cells(found.columns))


def _write(out: Path, every: Iterable["Found"], hidden: bool) -> None:
    """Write every difference; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    with out.open("x", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(HEADER)
        for each in every:
            key = MASKED if hidden else each.key
            cells = (_plain(each.here), _plain(each.there))
            lines.writerow([inert(cell) for cell in (key, each.what, each.column, *cells)])
    click.echo(f"All of it is in {written_out(str(out))}.")


def _shown(value: Any) -> str:
    return "-" if value is None else text.clipped(_plain(value), WIDEST)


def _plain(value: Any) -> str:
    return "" if value is None else plain(value).removesuffix("+00:00Z") + ("Z" if _is_moment(value) else "")


def _is_moment(value: Any) -> bool:
    return getattr(value, "tzinfo", None) is not None
