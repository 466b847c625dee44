"""What a person at a terminal is shown after a run. PURE: lines of text out of the outcome."""

from datalake.alerts.words import count, day, minutes, number
from datalake.cli.text import table
from datalake.outcomes import FeedOutcome, FileOutcome, RunOutcome
from datalake.settings import Settings
from datalake.zones.paths import Lake

HEADINGS = ("feed", "file", "status", "rows read", "accepted", "rejected", "seconds", "as of")
NUMBERS = ("rows read", "accepted", "rejected", "seconds")


def lines(outcome: RunOutcome, lake: Lake, settings: Settings) -> list[str]:
    """Return the short table of a run: each feed, its files and counts, where the result lies, what to do next."""
    shown = [f"{settings.name} – {'DEMO, made-up data – ' if outcome.demo else ''}night of {day(outcome.night)}", ""]
    shown += table(HEADINGS, [_row(feed, file) for feed in outcome.feeds for file in feed.files], NUMBERS)
    shown += ["", _verdict(outcome)]
    for feed in outcome.feeds:
        if feed.reason:
            shown += [f"{feed.feed}: {feed.reason}", f"  {feed.fix}"]
    shown += [f"Note: {each.text}" for each in outcome.notes]
    return [*shown, "", *_next(outcome, lake, settings)]


def _row(feed: FeedOutcome, file: FileOutcome) -> tuple[str, ...]:
    counts = (number(each) for each in (file.rows_read, file.accepted, file.rejected))
    as_of = day(feed.as_of) if feed.as_of else "-"
    return feed.feed, file.name, file.status, *counts, f"{file.seconds:.1f}", as_of


def _verdict(outcome: RunOutcome) -> str:
    time = minutes(outcome.runtime_sec)
    failed = [each for each in outcome.feeds if each.failed]
    if outcome.error:
        return f"Failed after {time}: {outcome.error} {outcome.fix}"
    if failed:
        return f"Failed after {time}: {count(len(failed), 'feed')} not updated; nothing wrong was published."
    return f"Done in {time}."


def _next(outcome: RunOutcome, lake: Lake, settings: Settings) -> list[str]:
    dashboard = settings.dashboard
    return [
        f"Published tables  {lake.data / 'curated'}/<feed>/current/<feed>.csv and .parquet",
        f"Log               {lake.etl_log}",
        f"Dashboard         venv/bin/python src/app_dashboard.py, then http://{dashboard.host}:{dashboard.port}",
        f"Your own feed     one file in {lake.config / 'local' / 'modules'}: README.md shows how",
    ]
