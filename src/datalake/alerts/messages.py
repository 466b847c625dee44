"""PURE. What is told about a run: first what it means for the data, then what to do, then detail.

The lines of the project's first description stay as they were: "ETL completed successfully in 2.25 min", start and end;
"Exit code: 1", "Check logs: ...".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo

from datalake.alerts import currency
from datalake.alerts.message import Line, Message, Part, Span, line, log, made_safe, marked, paragraph, small, steps
from datalake.errors import EXIT_CONFIGURATION
from datalake.outcomes import FeedOutcome, RunOutcome
from datalake.schedule import due, zone_named
from datalake.settings import Settings
from datalake.words import clock, full_day, listed, minutes, moment, zone_word

MOST_REASONS, MOST_NOTES = 5, 8
COMMANDS = ("python", "bash ")
SIGNS = {"success": "✅", "notes": "⚠️", "held": "✋", "failure": "❌"}


@dataclass(frozen=True)
class Context:
    """What a message needs beside the run itself."""

    zone: tzinfo
    host: str = ""
    log_path: str = "logs/cron_etl.log"
    log_tail: tuple[str, ...] = ()  # the run's last lines, oldest first
    usual_rejected: tuple[int, int] | None = None  # lowest and highest of the nights before
    samples: tuple[str, ...] = ()  # rejected rows, where the settings allow to show some (alerts.row_samples)
    stands: Mapping[str, str] = field(
        default_factory=dict
    )  # how feeds stand (datalake.freshness); "current" where not there


def message(run: RunOutcome, settings: Settings, context: Context) -> Message:
    """Given a run, return what to tell about it; every text in it is safe to render."""
    kind = kind_of(run)
    parts = _failure(run, context) if kind in ("failure", "held") else _success(run, context, made_up(run, settings))
    parts = [*parts[:-1], *_samples(context), parts[-1]]
    told = Message(kind, _title(kind, run, settings), _summary(kind, run, settings, context), tuple(parts))
    return made_safe(told, settings)


def _samples(context: Context) -> list[Part]:
    lines = [line("Rejected, for example:"), *map(line, context.samples)]
    return [paragraph(*lines)] if context.samples else []


def made_up(run: RunOutcome, settings: Settings) -> str:
    """Say that a whole load began long after it was due, as one does that made up for a missed one; "" where not."""
    schedule = settings.schedule
    begun_by = due(schedule, run.night) + timedelta(minutes=schedule.start_margin_minutes)
    if run.trigger not in ("cron", "boot", "again") or run.demo or run.start <= begun_by:
        return ""
    zone = zone_named(schedule.zone)
    return f"It was due at {clock(due(schedule, run.night), zone)} and began at {clock(run.start, zone)}."


def kind_of(run: RunOutcome) -> str:
    """Return what sort of news a run is: success, notes, held (all that failed waits for OK) or failure."""
    if run.status == "success":
        return "notes" if run.with_notes else "success"
    failed = [feed for feed in run.feeds if feed.failed]
    return "held" if failed and not run.error and all(feed.status == "held" for feed in failed) else "failure"


def _title(kind: str, run: RunOutcome, settings: Settings) -> str:
    states = {"success": "Success", "notes": "Success with notes", "held": "Failure (waiting for OK)"}
    pieces = [
        *(["DEMO"] if run.demo else []),
        f"{settings.name} – ETL {states.get(kind, 'Failure')}",
        full_day(run.night),
    ]
    return f"{SIGNS[kind]} {' · '.join(pieces)}"


def _summary(kind: str, run: RunOutcome, settings: Settings, context: Context) -> str:
    states = {"success": "OK", "notes": "OK WITH NOTES", "held": "WAITING FOR OK"}
    state = ("DEMO " if run.demo else "") + states.get(kind, "FAILED")
    return f"{state}: {settings.name}, {full_day(run.night)}. {_meaning(run, context)}"


def _meaning(run: RunOutcome, context: Context) -> str:
    if run.status == "success":
        return currency.of_success(run.feeds, run.night, context.stands)
    if any(feed.failed for feed in run.feeds):
        return currency.of_failure(run.feeds, run.night, context.stands)
    what = _sentence(_what_and_why(run)[0] or "The load failed")
    said = "nothing was touched" in what or "Nothing half-" in what
    return what if said else f"{what} Nothing half-loaded was published."


def _what_and_why(run: RunOutcome) -> tuple[str, str]:
    """A wrong configuration is told first, then its mistakes; any other error is one thing to say."""
    if run.exit_code != EXIT_CONFIGURATION:
        return run.error, ""
    what, _, why = run.error.partition(". ")
    return what, why


def _success(run: RunOutcome, context: Context, late: str) -> list[Part]:
    start, end = moment(run.start, context.zone), moment(run.end, context.zone)
    zone = zone_word(run.end, context.zone)
    told = [text for text in (currency.changes(run.feeds), currency.rows(run.feeds, context.usual_rejected)) if text]
    done = f"ETL completed successfully in {minutes(run.runtime_sec)} · Start: {start} · End: {end} {zone}"
    return [
        paragraph(line(Span(_meaning(run, context), "bold")), *map(line, told)),
        *([paragraph(*_notes(run))] if run.notes else []),
        *([paragraph(line(late))] if late else []),
        small(line(done), *([marked(chain(run.tip))] if run.tip else [])),
    ]


def chain(tip: str) -> str:
    """Say where the chain of events ends, as the command that later proves that it was not written anew since."""
    return f"Event chain: `python3 manage.py verify --tip {tip}`"


def _notes(run: RunOutcome) -> list[Line]:
    lines = [marked(f"Note: {_named(note.feed)}{_sentence(note.text)}") for note in run.notes[:MOST_NOTES]]
    more = len(run.notes) - MOST_NOTES
    return [*lines, marked(f"…and {more} more: `python3 manage.py status`")] if more > 0 else lines


def _named(feed: str) -> str:
    return f"{feed}: " if feed else ""


def _failure(run: RunOutcome, context: Context) -> list[Part]:
    failed = [feed for feed in run.feeds if feed.failed]
    changed = currency.changes(run.feeds)
    mistakes = _what_and_why(run)[1]  # then they are what the log says, too
    return [
        paragraph(line(Span(_meaning(run, context), "bold")), *([line(changed)] if changed else [])),
        *([paragraph(*_reasons(run, failed))] if failed else []),
        *([paragraph(marked(f"Why: {_sentence(mistakes)}"))] if mistakes else []),
        steps(*fixes(run, failed)),
        *([paragraph(*_notes(run))] if run.notes else []),
        *([log(context.log_tail)] if context.log_tail and not mistakes else []),
        small(_foot(run, context)),
    ]


def _reasons(run: RunOutcome, failed: Sequence[FeedOutcome]) -> list[Line]:
    """Why each feed failed, and before that why the run did, where that is a thing of its own."""
    own = [marked(f"Why: {_sentence(run.error)}")] if run.error else []
    each = [marked(f"Why: {_named(feed.feed)}{_sentence(feed.reason or feed.status)}") for feed in failed]
    more = [feed.feed for feed in failed[MOST_REASONS:]]
    return [*own, *each[:MOST_REASONS], *([line(f"Likewise not updated: {listed(more)}.")] if more else [])]


def fixes(run: RunOutcome, failed: Sequence[FeedOutcome]) -> list[Line]:
    """Return what to do about a run that failed, each thing once, the most important first."""
    given = [run.fix, *(feed.fix or usual_fix(feed.feed, feed.status) for feed in failed)]
    known = list(dict.fromkeys(each for each in given if each))
    if not known:
        return [marked("Look at the log, then load again: `bash src/cron_runner.sh`")]
    return [as_step(each) for each in known[:MOST_REASONS]]


def usual_fix(feed: str, status: str) -> str:
    """Return what to do about a feed whose file waits (held) or could not be loaded, where nothing better is known."""
    if status == "held":
        answer = f"`python3 manage.py approve {feed} --why REASON`, or `decline` in its place"
        return f"See what would change: `python3 manage.py held`. Then {answer}"
    return f"Put it right, then `python3 manage.py retry {feed}`"


def as_step(fix: str) -> Line:
    """Given what to do, a bare command or a sentence with commands in `backticks`, return it as a line."""
    return line(Span(fix, "code")) if fix.startswith(COMMANDS) and "`" not in fix else marked(fix)


def _foot(run: RunOutcome, context: Context) -> Line:
    start, end = run.start.astimezone(context.zone), run.end.astimezone(context.zone)
    times = f"{start:%H:%M:%S}–{end:%H:%M:%S} {zone_word(run.end, context.zone)}"
    pieces = [f"Exit code: {run.exit_code}", times, f"Check logs: {context.log_path}"]
    return line(" · ".join([*pieces, *([f"host {context.host}"] if context.host else [])]))


def _sentence(text: str) -> str:
    """Close a text with a full stop, unless it has an end of its own."""
    text = text.strip()
    return text if not text or text[-1] in ".!?:`" else f"{text}."
