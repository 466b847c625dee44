"""PURE. A report's figures as sentences and rows: the same on the page, in the PDF, in Slack and by mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from datalake.nights import WORDS
from datalake.reports.model import FeedFigure, NightFigure, Report, Span, rate
from datalake.words import count, day, full_day, listed, minutes, number

PROOF = "If this message is not here on a Monday morning, the monitoring itself is down."
MOST_DAYS = 3_650  # until the disk is full; past that a number says nothing
Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Headings and rows of text; the first column names the row."""

    caption: str
    headings: Row
    rows: tuple[Row, ...]
    widths: tuple[int, ...] = ()  # of the columns, relative; none: all alike
    numbers: int = 99  # from this column on there are numbers, which stand to the right


def title(report: Report) -> str:
    """Return the report's heading."""
    stamp = "DEMO · " if report.demo else ""
    return f"{stamp}Weekly ETL Summary (Last 7 Days) · {span(report)}"


def span(report: Report) -> str:
    """Return the week in words: `Mon 27 Oct – Sun 2 Nov 2025`."""
    return f"{day(report.first_day)} – {full_day(report.last_day)}"


def sentence(report: Report) -> str:
    """Say how the week went."""
    if not report.span.judged:
        return "No nights to judge in this week."
    before = f"; week before: {rate(report.before)}" if report.before.judged else ""
    return f"{rate(report.span)} loaded{before}."


def needs(report: Report) -> list[str]:
    """Say what waits for a person."""
    return [f"Needs a person: {each}." for each in report.needs]


def remarks(report: Report) -> list[str]:
    """Say what else a reader should know, most important first; only what there is to say."""
    said = [_bad(night) for night in report.nights if not night.loaded or night.state not in ("ok", "late", "skipped")]
    said += old_data(report)
    said += [f"Flaky: {each}." for each in report.flaky]
    if report.days_until_full is not None:
        said.append(f"The disk is full in {_time_left(report.days_until_full)}, at the growth of the last weeks.")
    return said


def old_data(report: Report) -> list[str]:
    """Say for how long the week's data was older than it should have been: feed by feed, those of most hours first."""
    by_hours: dict[float, list[str]] = {}
    for feed in sorted(report.feeds, key=lambda feed: -feed.old_hours):
        by_hours.setdefault(feed.old_hours, []).append(feed.feed)
    said = [f"{listed(names, 8)} for {_hours(hours)}" for hours, names in by_hours.items() if hours]
    return [f"Old data last week: {'; '.join(said)}."] if said else []


def _hours(hours: float) -> str:
    return f"{hours:g} {'hour' if hours == 1 else 'hours'}"


def _time_left(days: int) -> str:
    return f"about {count(days, 'day')}" if days <= MOST_DAYS else "more than ten years"


def _bad(night: NightFigure) -> str:
    why = f" ({night.why})" if night.why else ""
    return f"{day(date.fromisoformat(night.day))}: {WORDS.get(night.state, night.state)}{why}."


def seed_lines(report: Report) -> list[str]:
    """The lines of the project's first description."""
    return [
        f"✅ Successful runs: {report.span.loaded}",
        f"❌ Failed runs: {report.span.failed}",
        f"⛔ Missed: {report.span.missed}",
        f"⏱️ Avg runtime: {_minutes(report.span.average_seconds)} (median {_minutes(report.span.median_seconds)})",
        f"Success rate: {rate(report.span)}",
    ]


def compared(report: Report) -> list[str]:
    """The same figures of the week before, and of the four weeks before together; none where there were no nights."""
    spans = (("Week before", report.before), ("Four weeks before, together", report.four_weeks))
    return [f"{name}: {_figures_of(each)}" for name, each in spans if each.judged]


def _figures_of(span: Span) -> str:
    average, middle = _minutes(span.average_seconds), _minutes(span.median_seconds)
    return f"{rate(span)}, {span.failed} failed, {span.missed} missed, average {average}, median {middle}"


def data_line(report: Report) -> str:
    """Say in one line what happened in the data."""
    told = [f"{feed.feed}: {_changes(feed)}" for feed in report.feeds if feed.new or feed.changed or feed.gone]
    return f"In the data: {' · '.join(told[:8])}" if told else ""


def _changes(feed: FeedFigure) -> str:
    pieces = ((feed.new, "new"), (feed.changed, "changed"), (feed.gone, "no longer in Huron"))
    return ", ".join(f"{number(value)} {word}" for value, word in pieces if value)


def monitoring(report: Report) -> str:
    """Say how the watching itself went."""
    watched = report.monitoring
    messages = f"{count(watched.sent, 'message')} sent, {number(watched.unsent)} not"
    proven = [f"{name} {day(date.fromisoformat(at))}" for name, at in sorted(watched.proven.items())]
    said = [_checks(report), messages, *([f"alerts proven: {listed(proven)}"] if proven else [])]
    if watched.never_proven:
        said.append(f"never proven: {listed(list(watched.never_proven))} (`python3 manage.py alerts test`)")
    return "; ".join(said) + "."


def _checks(report: Report) -> str:
    """Mornings, and the nights that only a later look judged; of a demo's nights none was looked after."""
    watched, nights = report.monitoring, len(report.nights)
    if report.demo:
        return "The check of a demo looks at its last night alone"
    looked = f"The check looked on {watched.checks} of {count(nights, 'morning')}"
    more = watched.judged - watched.checks
    return f"{looked} and judged {count(more, 'further night', 'further nights')} later" if more > 0 else looked


def figures(report: Report) -> Table:
    """The week against the one before and the four weeks before."""
    spans = (report.span, report.before, report.four_weeks)
    rows = (
        _row("Nights loaded", [rate(each) for each in spans], spans),
        _row("Failed", [str(each.failed) for each in spans], spans),
        _row("Did not run", [str(each.missed) for each in spans], spans),
        _row("Loaded late", [str(each.late) for each in spans], spans),
        _row("Average runtime", [_minutes(each.average_seconds) for each in spans], spans),
        _row("Median runtime", [_minutes(each.median_seconds) for each in spans], spans),
    )
    return Table("The figures", ("Figure", "This week", "Week before", "Four weeks before, together"), rows)


def _row(name: str, values: Sequence[str], spans: Sequence[Span]) -> Row:
    """A span without nights has no figures, which is not the same as noughts."""
    return (name, *(value if each.judged else "–" for value, each in zip(values, spans, strict=True)))


def nights(report: Report) -> Table:
    """Each night."""
    rows = tuple(
        (day(date.fromisoformat(each.day)), WORDS.get(each.state, each.state), _minutes(each.seconds), each.why)
        for each in report.nights
    )
    return Table("The nights", ("Night", "What it came to", "Runtime", "Why"), rows, (14, 18, 12, 56))


def feeds(report: Report) -> Table:
    """What happened in each feed."""
    rows = tuple(
        (
            each.feed,
            day(date.fromisoformat(each.as_of)) if each.as_of else "no data yet",
            *(number(value) for value in (each.new, each.changed, each.gone, each.rejected, each.bad_nights)),
            f"{each.old_hours:g}",
        )
        for each in report.feeds
    )
    headings = (
        "Feed",
        "Data as of",
        "New",
        "Changed",
        "No longer in Huron",
        "Rejected rows",
        "Bad nights",
        "Hours old",
    )
    return Table("In the data", headings, rows, (16, 15, 11, 12, 14, 12, 11, 11), numbers=2)


def _minutes(seconds: float | None) -> str:
    return minutes(seconds) if seconds is not None else "–"


def trend(now: Span, before: Span) -> str:
    """Say in words how the median runtime changed; "" where there is nothing to compare."""
    if not now.median_seconds or not before.median_seconds:
        return ""
    percent = round(100 * (now.median_seconds - before.median_seconds) / before.median_seconds)
    if percent == 0:
        return "The median runtime is that of the week before."
    return f"The median runtime is {abs(percent)} % {'longer' if percent > 0 else 'shorter'} than in the week before."
