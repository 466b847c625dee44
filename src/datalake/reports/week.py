"""PURE. From nights and runs to a week's figures: what was due counts, not what happens to be recorded."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median

from datalake import schedule as calendar
from datalake.errors import UsageError
from datalake.nights import (
    FAILED,
    LATE,
    MISSED,
    OVERRUN,
    RUNNING,
    SKIPPED,
    UNKNOWN,
    Night,
    View,
    days_judged,
    judge,
    local_instant,
    nights_loaded,
)
from datalake.outcomes import FeedOutcome
from datalake.reports.model import FeedFigure, NightFigure, Span
from datalake.runs.history import RecordedRun
from datalake.settings import Schedule

DAY = timedelta(days=1)
WEEK = 7 * DAY
FLAKY = 2  # bad nights within four weeks that make a feed flaky
UNJUDGED = (SKIPPED, UNKNOWN)


def last_week(schedule: Schedule, now: datetime) -> date:
    """Return the Monday of the last whole week."""
    today = calendar.local_day(schedule, now)
    return today - DAY * (today.weekday() + 7)


def named_week(text: str, schedule: Schedule, now: datetime) -> date:
    """Given an ISO week such as 2025-W45, return its Monday; raise UsageError unless it is one that is over."""
    match = re.fullmatch(r"(\d{4})-W(\d\d)", text)
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        monday = None
    if monday is None:
        raise UsageError(f"{text!r} is no week.", "Write one like 2025-W45.")
    if monday > last_week(schedule, now):
        raise UsageError(f"The week {text} is not over yet.")
    return monday


def week_name(monday: date) -> str:
    """Return the ISO name of a week: `2025-W45`."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def judged_nights(
    schedule: Schedule,
    first: date,
    last: date,
    runs: Sequence[RecordedRun],
    first_night: date | None,
    now: datetime,
    lost: frozenset[date] = frozenset(),
) -> list[Night]:
    """Return what the nights of a span came to: those due by now, not before the first load there ever was.

    The rules are the check's. lost: nights whose runs the record no longer has.
    """
    days = days_judged(schedule, first, last, nights_loaded(schedule, runs))
    due = [day for day in days if first_night and first_night <= day and calendar.due(schedule, day) <= now]
    return judge(schedule, due, runs, View(now, lost=lost))


def span_of(nights: Sequence[Night]) -> Span:
    """Return how nights went."""
    judged = [night for night in nights if night.state not in UNJUDGED]
    known = [night.seconds for night in judged if night.seconds is not None]
    return Span(
        judged=len(judged),
        loaded=sum(night.loaded for night in judged),
        failed=sum(
            night.state in (FAILED, RUNNING) or (night.state == OVERRUN and not night.loaded) for night in judged
        ),
        missed=sum(night.state == MISSED for night in judged),
        late=sum(night.state == LATE for night in judged),
        average_seconds=sum(known) / len(known) if known else None,
        median_seconds=median(known) if known else None,
    )


def figures_of(nights: Iterable[Night]) -> tuple[NightFigure, ...]:
    """Return each night as the report shows it."""
    return tuple(_figure(night) for night in nights)


def _figure(night: Night) -> NightFigure:
    best = night.best
    if night.loaded or best is None:
        return NightFigure(night.day.isoformat(), night.state, night.loaded, night.seconds)
    seconds = None if best.runtime_sec is None else float(best.runtime_sec)
    return NightFigure(night.day.isoformat(), night.state, night.loaded, seconds, best.error)


def old_hours(schedule: Schedule, nights: Sequence[Night], start: datetime, until: datetime) -> float:
    """Return for how many hours between two instants the data was overdue.

    It is from a night's deadline until a load of that night or a later one, or until the next deadline.
    """
    total = timedelta(0)
    for place, night in enumerate(nights):
        if night.state in UNJUDGED:
            continue
        stop = min([calendar.deadline(schedule, night.day + DAY), until, *_ends(schedule, nights[place:])])
        total += max(stop - max(calendar.deadline(schedule, night.day), start), timedelta(0))
    return round(total / timedelta(hours=1), 1)


def _ends(schedule: Schedule, nights: Iterable[Night]) -> list[datetime]:
    """When the loads of some nights that succeeded ended, as far as that is known."""
    good = (night.best for night in nights if night.best and night.loaded)
    ends = (run.end or local_instant(schedule, run.end_time) for run in good)
    return [end for end in ends if end]


def feed_figures(
    outcomes: Sequence[tuple[date, FeedOutcome]], old: Mapping[str, float] | None = None
) -> tuple[FeedFigure, ...]:
    """Given (night, outcome) of every feed in every run of a week, oldest first, return what happened in each feed.

    old: hours of old data by feed, also of feeds that no run of the week knew.
    """
    known = old or {}
    names = sorted({outcome.feed for _, outcome in outcomes} | set(known))
    figures = (_feed_figure(name, [each for each in outcomes if each[1].feed == name]) for name in names)
    return tuple(replace(each, old_hours=known.get(each.feed, 0.0)) for each in figures)


def _feed_figure(name: str, outcomes: Sequence[tuple[date, FeedOutcome]]) -> FeedFigure:
    as_of = outcomes[-1][1].as_of if outcomes else None
    published = [outcome for _, outcome in outcomes if outcome.status == "published"]
    return FeedFigure(
        name,
        as_of.isoformat() if as_of else None,
        new=sum(each.changes.new for each in published),
        changed=sum(each.changes.changed for each in published),
        gone=sum(each.changes.gone for each in published),
        rejected=sum(file.rejected for each in published for file in each.files),
        bad_nights=len(bad_nights(outcomes)),
    )


def bad_nights(outcomes: Iterable[tuple[date, FeedOutcome]]) -> set[date]:
    """Return the nights on which a feed was not updated at first."""
    return {night for night, outcome in outcomes if outcome.failed}


def flaky(outcomes: Sequence[tuple[date, FeedOutcome]]) -> tuple[str, ...]:
    """Given (night, outcome) of four weeks, name the feeds that failed more than once."""
    bad: dict[str, set[date]] = {}
    for night, outcome in outcomes:
        if outcome.failed:
            bad.setdefault(outcome.feed, set()).add(night)
    counted = sorted(((len(nights), feed) for feed, nights in bad.items() if len(nights) >= FLAKY), reverse=True)
    return tuple(f"{feed}: {count} bad nights in four weeks" for count, feed in counted)
