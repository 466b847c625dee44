"""manage.py backfill: years of old files by their data date, in one run."""

import getpass
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datalake.cli import results, text
from datalake.cli.door import Door, pass_door
from datalake.cli.running import carry_out
from datalake.errors import EXIT_OK, UsageError
from datalake.outcomes import FeedOutcome, FileOutcome, RunOutcome
from datalake.safe_text import written_out
from datalake.words import count, full_day, number
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake

if TYPE_CHECKING:
    from datalake.pipeline.backfill import Left
    from datalake.settings import Settings

NAMED = 20  # files that need a person; the rest are counted
EXAMPLES = 3  # files left for one reason
HEADINGS = ("feed", "files", "from", "to", "rows", "rejected", "loaded", "history", "before", "not")
NUMBERS = ("files", "rows", "rejected", "loaded", "history", "before", "not")
LEGEND = (
    "loaded: published, or unchanged; history: older than what is published, kept as history; "
    "before: loaded before, a duplicate; not: see below."
)
LOADED, NOT_LOADED = ("published", "confirmed"), ("held", "waiting_for_ok", "refused", "failed")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@pass_door
def backfill(door: Door, folder: Path) -> int:
    """Load years of old files, oldest first.

    All in DIR and below whose name matches a feed, in one run with one message. They are copied: yours stay.
    """
    from datalake.pipeline.backfill import sort, walk
    from datalake.pipeline.by_hand import HandOver

    _check(folder, door.lake)
    entries, unread = walk(folder)
    found = sort(entries, door.contracts(), door.settings().file_limits.max_bytes)
    for line in left_lines([*unread, *found.left], folder):
        click.echo(line)
    if not found.files:
        click.echo("No file in it is one to load.")
        return EXIT_OK
    return carry_out(door, "take", HandOver(found.files, getpass.getuser()), show=_shown)


def _check(folder: Path, lake: Lake) -> None:
    if not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is no folder.", "Name the one that holds the old files.")
    given, own = folder.resolve(), lake.data.resolve()
    if given == own or own in given.parents or given in own.parents:
        raise UsageError(f"{str(folder)!r} and the lake's own data lie within each other.", "Name a folder apart.")


def left_lines(left: Sequence["Left"], folder: Path) -> Iterator[str]:
    """PURE. Say which files stay, by reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for each in left:
        by_reason[each.reason].append(written_out(str(each.path.relative_to(folder))))
    for reason, names in by_reason.items():
        more = f" and {number(len(names) - EXAMPLES)} more" if len(names) > EXAMPLES else ""
        yield f"Not taken, {reason}: {', '.join(names[:EXAMPLES])}{more}"


def _shown(outcome: RunOutcome, lake: Lake, _: "Settings") -> list[str]:
    waiting = {(each.feed, each.delivery) for feed in read_state(lake).values() for each in feed.open}
    return lines(outcome, waiting)


def lines(outcome: RunOutcome, waiting: set[tuple[str, str]]) -> list[str]:
    """PURE. Return the table of a run, a line for each feed, then the files that were not loaded and the notes.

    waiting: feed and delivery of each file that is still open: others gave way to a newer one.
    """
    feeds = [each for each in outcome.feeds if each.files]
    shown = text.table(HEADINGS, [_row(each) for each in feeds], NUMBERS)
    shown += ["", *results.wrapped(LEGEND), *_verdict(outcome)]
    stuck = [(feed.feed, each) for feed in feeds for each in feed.files if each.status in NOT_LOADED]
    for feed, each in stuck[:NAMED]:
        shown += _named(feed, each, (feed, each.delivery) in waiting)
    if len(stuck) > NAMED:
        shown.append(f"and {number(len(stuck) - NAMED)} more: python3 manage.py held")
    return shown + [line for note in outcome.notes for line in results.wrapped(f"Note: {note.text}")]


def _row(feed: FeedOutcome) -> tuple[str, ...]:
    days = [each.data_date for each in feed.files if each.data_date]
    rows = (sum(each.rows_read for each in feed.files), sum(each.rejected for each in feed.files))
    became = (LOADED, ("filed",), ("duplicate",), NOT_LOADED)
    ends = [sum(each.status in statuses for each in feed.files) for statuses in became]
    numbers = [number(each) for each in (*rows, *ends)]
    return (text.clipped(feed.feed, 15), number(len(feed.files)), str(min(days)), str(max(days)), *numbers)


def _verdict(outcome: RunOutcome) -> list[str]:
    files = sum(len(each.files) for each in outcome.feeds)
    if outcome.error:
        return results.wrapped(f"Failed after {count(files, 'file')}: {outcome.error} {outcome.fix}")
    failed = [each.feed for each in outcome.feeds if each.failed]
    after = f" Not updated: {', '.join(failed)}." if failed else ""
    return results.wrapped(f"{count(files, 'file')} in {outcome.runtime_sec:.1f} s.{after}")


def _named(feed: str, file: FileOutcome, is_open: bool) -> list[str]:
    day = f" of {full_day(file.data_date)}" if file.data_date else ""
    became = results.BECAME.get(file.status, file.status)
    told = [f"{feed}: {file.name}{day}, {became}: {file.reason}"]
    if not is_open and file.status != "failed":
        return results.wrapped(f"{told[0]} A newer file took its place.")
    return [*results.wrapped(told[0]), *([f"  Do: {written_out(file.fix)}"] if file.fix else [])]
