"""PURE. The runtimes of a week as an SVG picture with a title that says the finding; drawn once for page and PDF."""

from datetime import date
from html import escape

from datalake.reports.model import NightFigure, Report
from datalake.words import WEEKDAYS, minutes

WIDTH, HEIGHT, BASE, TOP = 640, 176, 150, 24
MARKS = {"failed": "failed", "missed": "did not run", "running": "failed", "skipped": "not expected", "unknown": "?"}


def runtime_chart(report: Report) -> str:
    """Return the chart of a week's runtimes in minutes, one bar a night; a night without a load says so in words."""
    longest = max([night.seconds for night in report.nights if night.seconds] or [60.0])
    step = WIDTH / max(len(report.nights), 1)
    bars = "".join(_night(night, place, step, longest) for place, night in enumerate(report.nights))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' role="img" aria-label="{escape(finding(report))}" font-family="Helvetica, Arial, sans-serif" font-size="13">'
        f'<line x1="0" y1="{BASE}" x2="{WIDTH}" y2="{BASE}" stroke="#666666" stroke-width="1"/>{bars}</svg>'
    )


def finding(report: Report) -> str:
    """Say what the chart shows."""
    span = report.span
    if span.median_seconds is None or not span.judged:
        return f"Runtimes: {'none is known' if span.loaded else 'no load'}."
    return f"Runtimes of {span.loaded} loads: median {minutes(span.median_seconds)}."


def _night(night: NightFigure, place: int, step: float, longest: float) -> str:
    middle = step * place + step / 2
    height = (BASE - TOP) * (night.seconds or 0) / longest
    label = MARKS.get(night.state, night.state)
    if night.loaded:
        label = "loaded" if night.seconds is None else minutes(night.seconds)
    bar = ""
    if night.seconds is not None:
        fill = "#2f6f4f" if night.loaded else "#b3261e"
        bar = f'<rect x="{middle - 24:.1f}" y="{BASE - height:.1f}" width="48" height="{height:.1f}" fill="{fill}"/>'
    return bar + _text(middle, BASE - height - 6, label) + _text(middle, BASE + 18, _day(night.day))


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="#1a1a1a">{escape(words)}</text>'


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{WEEKDAYS[day.weekday()]} {day.day}"
