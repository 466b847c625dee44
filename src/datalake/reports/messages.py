"""PURE. A week as a message."""

from datalake.alerts.message import Message, Span, line, made_safe, marked, paragraph, small
from datalake.alerts.words import day, full_day, minutes
from datalake.nights import WORDS, Night
from datalake.reports.week import Week, rate
from datalake.settings import Settings

PROOF = "If this message is not here on a Monday morning, the monitoring itself is down."


def message(week: Week, settings: Settings, demo: bool) -> Message:
    """Given a week, return what to tell about it."""
    stamp = "DEMO · " if demo else ""
    span = f"{day(week.monday)} – {full_day(week.sunday)}"
    told = Message(
        "weekly",
        f"📅 {stamp}Weekly ETL Summary (Last 7 Days) · {span} · {settings.name}",
        f"{stamp}Weekly ETL summary, {span}: {rate(week.nights)}, {week.failed} failed, {week.missed} missed.",
        (
            paragraph(line(Span(_sentence(week), "bold")), *map(line, _bad_nights(week))),
            paragraph(*(line(each) for each in _figures(week))),
            small(marked(PROOF)),
        ),
    )
    return made_safe(told, settings.secrets.values())


def _sentence(week: Week) -> str:
    if not week.nights:
        return "No nights to judge in this week."
    before = f" (week before: {rate(week.before)})" if week.before else ""
    return f"{rate(week.nights)} loaded{before}."


def _bad_nights(week: Week) -> list[str]:
    return [f"{day(night.day)}: {_bad(night)}" for night in week.nights if not night.harmless]


def _bad(night: Night) -> str:
    why = night.best.error if night.best else ""
    return f"{WORDS[night.state]}{f' ({why})' if why else ''}"


def _figures(week: Week) -> list[str]:
    average = minutes(week.average_seconds) if week.average_seconds is not None else "–"
    return [
        f"✅ Successful runs: {week.good}",
        f"❌ Failed runs: {week.failed}",
        f"⛔ Missed: {week.missed}",
        f"⏱️ Avg runtime: {average}",
        f"Success rate: {rate(week.nights)}",
    ]
