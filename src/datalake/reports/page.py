"""PURE. A report as one HTML page without any outside part."""

from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from datalake.nights import WORDS
from datalake.reports import wording
from datalake.reports.chart import finding, runtime_chart
from datalake.reports.model import Report
from datalake.safe_text import printable
from datalake.words import day

TEMPLATES = Path(__file__).parent / "templates"


def html(report: Report) -> str:
    """Return the page."""
    return _template().render(
        report=report,
        title=wording.title(report),
        span=wording.span(report),
        sentence=wording.sentence(report),
        trend=wording.trend(report.span, report.before),
        strip=[_cell(each.day, each.state, each.loaded) for each in report.nights],
        remarks=[*wording.needs(report), *wording.remarks(report)],
        finding=finding(report),
        chart=Markup(runtime_chart(report)),  # noqa: S704 - every text in it is escaped by chart.py
        tables=(wording.figures(report), wording.nights(report), wording.feeds(report)),
        monitoring=wording.monitoring(report).replace("`", ""),
    )


def _cell(night: str, state: str, loaded: bool) -> dict[str, object]:
    return {
        "day": day(date.fromisoformat(night)),
        "word": WORDS.get(state, state),
        "bad": not loaded and state != "skipped",
    }


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_shown
    )
    return environment.get_template("week.html")


def _shown(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
