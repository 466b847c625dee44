"""manage.py trace, diff and asof: what happened to a record, to a feed, and what was true on a date."""

import getpass
import json
import logging
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from datalake.cli import journal, text
from datalake.cli.door import Door, pass_door
from datalake.cli.feeds import find_contract
from datalake.contracts.model import Contract
from datalake.errors import UsageError
from datalake.pipeline.findings import MASKED
from datalake.safe_text import written_out
from datalake.schedule import instant_of
from datalake.words import count, full_day, number

if TYPE_CHECKING:
    from datalake.pipeline.past import Difference
    from datalake.pipeline.trace import Change, Rejection, Trace

SHOWN = 50  # records that a diff lists
WIDEST = 60  # characters of a value on a screen
DAY = click.DateTime(["%Y-%m-%d"])
WORDS = {
    "new": "first seen",
    "changed": "changed",
    "gone": "no longer in the file",
    "filed": "known from a late file",
    "filed_gone": "not in a late file",
}
log = logging.getLogger("datalake.cli.explain")


@click.command()
@click.argument("feed")
@click.argument("key")
@click.option(
    "--unmasked", is_flag=True, help="Show raw rows also where the rules mask columns; the log keeps who did."
)
@pass_door
def trace(door: Door, feed: str, key: str, unmasked: bool) -> None:
    """Show the history of one record.

    What each file changed, with line and raw row, and each rejected row of it. A key of several parts: "A | B".
    """
    from datalake.pipeline.trace import trace as find

    contract = find_contract(door.contracts(), feed)
    if not contract.primary_key:
        raise UsageError(f"{feed} has no primary_key, so its records cannot be told apart.", "Name one in its rules.")
    hidden = any(each.mask for each in contract.columns) and not unmasked
    journal.note_restricted(door.lake, [contract], "trace")
    if unmasked:
        journal.open_log(door.lake)
        log.info("feed=%s key=%s traced unmasked by %s", feed, written_out(key), getpass.getuser())
    for line in trace_lines(find(door.lake, contract, key), contract, hidden):
        click.echo(line)


def trace_lines(found: "Trace", contract: Contract, hidden: bool) -> list[str]:
    """PURE. Return a record's history as lines; hidden: raw rows are masked."""
    if not found.changes and not found.rejections and not found.now:
        return [f"{contract.feed} has never had a record {written_out(found.key)}."]
    state = "published" if found.now else "not published"
    lines = [f"{contract.feed} {written_out(found.key)}: {state}", ""]
    for change in found.changes:
        lines += _change_lines(change, hidden)
    if found.now and not found.changes:
        place = f"{found.now['_source_file']}, line {number(found.now['_source_line'])}"
        lines.append(f"{full_day(found.now['_data_date'])}  from {written_out(place)}")
    if found.rejections:
        lines += ["", "Rows of it that were not loaded:"]
        lines += [line for each in found.rejections for line in _rejection_lines(each, hidden)]
    return lines


def _change_lines(change: "Change", hidden: bool) -> list[str]:
    place = f"  ({written_out(change.file)}, line {number(change.line)})" if change.line else ""
    lines = [f"{full_day(change.since)}  {WORDS[change.change]}{place}"]
    for name, (before, after) in change.values.items():
        lines.append(f"    {name}: {_shown(before)} -> {_shown(after)}")
    if change.raw:
        lines.append(f"    raw: {MASKED if hidden else text.clipped(change.raw, 4 * WIDEST)}")
    if change.same:
        files = f"{count(len(change.same), 'data date')} more, to {full_day(change.same[-1])}"
        lines.append(f"    stayed so through {files}")
    return lines


def _rejection_lines(each: "Rejection", hidden: bool) -> list[str]:
    value = MASKED if hidden else text.clipped(each.value, WIDEST)
    why = f"{each.column} {value}: {each.message}" if each.column else each.message
    lines = [f"{full_day(each.data_date)}  line {number(each.line)}  {each.outcome} ({each.rule}): {why}"]
    return [*lines, f"    raw: {MASKED if hidden else text.clipped(each.raw, 4 * WIDEST)}"]


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return text.clipped("; ".join(value) if isinstance(value, list) else str(value), WIDEST)


@click.command()
@click.argument("feed")
@click.argument("before", type=DAY, metavar="DATE")
@click.argument("after", type=DAY, metavar="DATE")
@click.option("--json", "as_json", is_flag=True, help="All of them, one JSON object a line.")
@pass_door
def diff(door: Door, feed: str, before: datetime, after: datetime, as_json: bool) -> None:
    """Show how a feed differs between two data dates.

    As both are known now, late files and corrections included.
    """
    from datalake.pipeline.past import compare, rows_known

    contract = find_contract(door.contracts(), feed)
    journal.note_restricted(door.lake, [contract], "diff")
    states = [rows_known(door.lake, contract, each.date()) for each in (before, after)]
    changes, found = compare(contract, *states)
    if as_json:
        for each in found:
            click.echo(json.dumps(_as_json(each), default=str))
        return
    days = f"{full_day(before.date())} to {full_day(after.date())}"
    click.echo(
        f"{feed}, {days}: {number(changes.new)} new, {number(changes.changed)} changed, {number(changes.gone)} gone"
    )
    for each in islice(found, SHOWN):
        click.echo(_difference_line(each, contract))
    total = changes.new + changes.changed + changes.gone
    if total > SHOWN:
        click.echo(f"and {number(total - SHOWN)} more: --json lists all")


def _difference_line(each: "Difference", contract: Contract) -> str:
    row = each.after or each.before
    key = " | ".join(_shown(row[name]) for name in contract.primary_key)
    told = ", ".join(f"{name}: {_shown(each.before[name])} -> {_shown(each.after[name])}" for name in each.columns)
    return f"  {each.change:8}{key}{'  ' + told if told else ''}"


def _as_json(each: "Difference") -> dict[str, Any]:
    return {"change": each.change, "columns": list(each.columns), "before": each.before, "after": each.after}


@click.command()
@click.argument("day", type=DAY, metavar="DATE")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder for the tables.")
@click.option("--feed", "feeds", multiple=True, help="Only this feed; may be given more than once.")
@pass_door
def asof(door: Door, day: datetime, out: Path, feeds: tuple[str, ...]) -> None:
    """Write the tables as they stood on a past date.

    <feed>.shown is what readers saw at the end of that day; <feed>.known is what is known now to have been true then.
    """
    contracts = [find_contract(door.contracts(), name) for name in dict.fromkeys(feeds)] or list(door.contracts())
    schedule = door.settings().schedule
    if instant_of(schedule, day.date(), "00:00") > door.clock.now():
        raise UsageError(f"{full_day(day.date())} is yet to come.", "Give a day that has been, such as 2025-11-04.")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty.", "Give a folder that does not exist yet.")
    out.mkdir(parents=True, exist_ok=True)
    journal.note_restricted(door.lake, contracts, "asof")
    end = instant_of(schedule, day.date() + timedelta(days=1), "00:00")
    for contract in contracts:
        for line in _written(door, contract, day.date(), end, out):
            click.echo(line)


def _written(door: Door, contract: Contract, day: date, end: datetime, out: Path) -> list[str]:
    from datalake.pipeline.past import first_day, rows_known, rows_shown, shown_at, write_rows

    feed, shown, said = contract.feed, shown_at(door.lake, contract.feed, end), []
    if shown is None:
        said.append(f"{feed}: nothing was published by {full_day(day)}")
    try:
        if shown:
            rows = write_rows(rows_shown(door.lake, contract, shown), contract, out, f"{feed}.shown")
            said.append(f"{feed}: {count(rows, 'row')} shown on {full_day(day)}, as of {full_day(shown.as_of)}")
        first = first_day(door.lake, feed)
        if first and first <= day:
            rows = write_rows(rows_known(door.lake, contract, day), contract, out, f"{feed}.known")
            said.append(f"{feed}: {count(rows, 'row')} known now to have been true on {full_day(day)}")
    except UsageError as problem:
        said.append(f"{feed}: {problem}")
    return said
