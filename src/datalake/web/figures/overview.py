"""PURE. The overview's figures, put together from runs and feeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from datalake.runs.history import RecordedRun
from datalake.settings import Schedule
from datalake.web.figures.nights import (
    WORDS,
    Night,
    Rate,
    Span,
    calendar,
    first_monday,
    judge_nights,
    outcomes,
    success_rate,
)
from datalake.web.figures.runtimes import Chart, Usual, good_seconds, runtime_chart, trend, usual

WEEKS = 26  # of the calendar
FEWEST_WEEKS = 8
CHARTED = 90  # nights
RATED = 30  # nights


@dataclass(frozen=True)
class Overview:
    """All that the overview shows of the nights."""

    last: Night
    calendar: list[list[Night]]
    chart: Chart
    pie: Chart
    counts: dict[str, int]
    trend: str
    usual: Usual | None
    rate: Rate
    rate_before: Rate
    charted: list[Night]


def first_needed(last: date) -> date:
    """Given the last night, return the first whose runs the overview needs."""
    return first_monday(last, WEEKS)


def first_shown(span: Span) -> date:
    """Given the nights that can be judged, return the calendar's first Monday: a young lake's is short."""
    since = min(span.first, first_monday(span.last, FEWEST_WEEKS))
    return max(first_needed(span.last), since - timedelta(days=since.weekday()))


def overview(plan: Schedule, runs: Sequence[RecordedRun], span: Span) -> Overview:
    """Given the runs since first_needed, return the overview's figures."""
    first, sunday = first_shown(span), span.last + timedelta(days=6 - span.last.weekday())
    weeks = judge_nights(plan, runs, first, sunday, span)
    nights = [night for night in weeks if span.first <= night.day <= span.last]
    charted = nights[-CHARTED:]
    counts = {state: number for state, number in outcomes(charted).items() if number}
    return Overview(
        last=nights[-1],
        calendar=calendar(weeks),
        chart=runtime_chart(nights, CHARTED),
        pie=_pie(counts),
        counts=counts,
        trend=trend(nights),
        usual=usual(good_seconds(nights)),
        rate=success_rate(nights[-RATED:]),
        rate_before=success_rate(nights[-2 * RATED : -RATED]),
        charted=charted,
    )


def _pie(counts: dict[str, int]) -> Chart:
    words = [WORDS[state] for state in counts]
    finding = "; ".join(f"{number} {word}" for number, word in zip(counts.values(), words, strict=True))
    return Chart({"labels": words, "values": list(counts.values()), "kinds": list(counts)}, finding)
