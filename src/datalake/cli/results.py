"""What a person at a terminal is shown after a run: lines of text out of the outcome, within 100 columns."""

import textwrap
from collections.abc import Mapping, Sequence

from datalake.alerts import currency
from datalake.alerts.run import stands
from datalake.cli.text import clipped, table
from datalake.outcomes import FeedOutcome, FileOutcome, Note, RunOutcome
from datalake.safe_text import written_out
from datalake.settings import Settings
from datalake.words import day, listed, minutes, number
from datalake.zones.paths import Lake

WIDTH = 100
HEADINGS = ("feed", "file", "rows read", "accepted", "rejected", "seconds", "became")
NUMBERS = ("rows read", "accepted", "rejected", "seconds")
NAMES = {"feed": 15, "file": 30}  # characters of a name that are shown
BECAME = {"waiting_for_ok": "waiting", "held": "waiting", "filed": "in history"}  # waiting: for a person's OK


def lines(outcome: RunOutcome, lake: Lake, settings: Settings) -> list[str]:
    """Return the short table of a run: each feed, its files and counts, where the result lies, what to do next."""
    what = "DEMO, made-up data – " if outcome.demo else ""
    shown = [f"{settings.name} – {what}night of {day(outcome.night)}", ""]
    shown += table(HEADINGS, [_row(feed, file) for feed in outcome.feeds for file in feed.files], NUMBERS)
    shown += [line for feed in outcome.feeds for file in feed.files for line in _rest(file)]
    shown += ["", *wrapped(_verdict(outcome, stands(lake, settings.schedule, outcome.night)))]
    changed = currency.changes(outcome.feeds)
    shown += wrapped(f"Changed: {changed}") if changed else []
    for feed in outcome.feeds:
        if feed.reason:
            shown += [*wrapped(f"{feed.feed}: {feed.reason}"), f"  Do: {written_out(feed.fix)}"]
    for text in _notes(outcome.notes):
        shown += wrapped(f"Note: {text}")
    return [*shown, "", *_next(outcome, lake, settings)]


def _notes(notes: Sequence[Note]) -> list[str]:
    """Return what was noted; unknown values of several feeds in one sentence, as the first night brings many."""
    unknown = [note for note in notes if note.kind == "unknown"]
    if len(unknown) < 2:
        return [note.text for note in notes]
    feeds = listed([note.feed for note in unknown], len(unknown))
    counted = f"Unknown values in {feeds}; their rows were loaded. They are counted by `python3 manage.py status`."
    return [*(note.text for note in notes if note.kind != "unknown"), counted]


def _row(feed: FeedOutcome, file: FileOutcome) -> tuple[str, ...]:
    counts = (number(each) for each in (file.rows_read, file.accepted, file.rejected))
    names = clipped(feed.feed, NAMES["feed"]), clipped(file.name, NAMES["file"])
    return (*names, *counts, f"{file.seconds:.1f}", BECAME.get(file.status, file.status))


def _rest(file: FileOutcome) -> list[str]:
    """The rows that are neither accepted nor rejected, so that the counts of a file add up."""
    kinds = (
        (file.duplicates, "identical repeat", "identical repeats"),
        (file.superseded, "replaced by a newer row of the same key", "replaced by newer rows of the same key"),
        (file.excluded, "totals row or repeated header", "totals rows or repeated headers"),
    )
    said = [f"{number(rows)} {one if rows == 1 else more}" for rows, one, more in kinds if rows]
    return wrapped(f"Also in {file.name}: {', '.join(said)}.") if said else []


def wrapped(text: str) -> list[str]:
    """A sentence may go on in a further line; a command in it is not torn at its dashes."""
    return textwrap.wrap(
        written_out(text), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )  # fmt: skip


def _verdict(outcome: RunOutcome, standing: Mapping[str, str]) -> str:
    time = f"{outcome.runtime_sec:.1f} s" if outcome.runtime_sec < 60 else minutes(outcome.runtime_sec)
    failed = [each for each in outcome.feeds if each.failed]
    if outcome.error:
        return f"Failed after {time}: {outcome.error} {outcome.fix}"
    if failed:
        were = "was" if len(failed) == 1 else "were"
        names = listed([each.feed for each in failed])
        return f"Failed after {time}: {names} {were} not updated; nothing wrong was published."
    return f"Done in {time}. {currency.of_success(outcome.feeds, outcome.night, standing)}"


def _next(outcome: RunOutcome, lake: Lake, settings: Settings) -> list[str]:
    tables, log, own = (
        path.relative_to(lake.root) for path in (lake.curated("FEED"), lake.etl_log, lake.config / "local" / "modules")
    )
    dashboard = f"http://{settings.dashboard.host}:{settings.dashboard.port}"
    told = [
        f"Published tables  {tables}/current/FEED.csv for Excel, FEED.parquet for programs",
        f"Log               {log}",
        f"Dashboard         venv/bin/python src/app_dashboard.py, then {dashboard}",
        f"Your own feed     one file in {own}: README.md shows how",
    ]
    if outcome.demo:
        told.append(
            "Next night        bash src/cron_runner.sh --demo; to remove it all: python3 manage.py demo --clear"
        )
    return told
