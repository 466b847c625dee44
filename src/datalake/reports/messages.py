"""PURE. A week as a message."""

from collections.abc import Sequence

from datalake.alerts.message import Line, Message, Part, Span, line, made_safe, marked, paragraph, small
from datalake.alerts.messages import chain
from datalake.reports import wording
from datalake.reports.model import Report, rate
from datalake.settings import Settings

MOST_NEEDS, MOST_REMARKS = 10, 10


def message(report: Report, settings: Settings, page: str = "") -> Message:
    """Given a week, return what to tell about it; page: where its whole report lies."""
    stamp = "DEMO " if report.demo else ""
    failed = f"{report.span.failed} failed, {report.span.missed} missed"
    told = Message(
        "weekly",
        f"📅 {wording.title(report)} · {report.name}",
        f"{stamp}Weekly ETL summary, {wording.span(report)}: {rate(report.span)}, {failed}.",
        (
            _data(report),
            paragraph(*_first(wording.needs(report), MOST_NEEDS, "`python3 manage.py alerts`")),
            paragraph(*_first(wording.remarks(report), MOST_REMARKS, page or "`python3 manage.py alerts`")),
            paragraph(*(line(each) for each in (*wording.seed_lines(report), *wording.compared(report)))),
            _foot(report, page),
        ),
    )
    return made_safe(told, settings)


def _data(report: Report) -> Part:
    """First what it means for the data."""
    data = wording.data_line(report)
    return paragraph(
        *([line(Span(report.usable, "bold"))] if report.usable else []),
        line(wording.sentence(report)),
        *([line(data)] if data else []),
    )


def _first(texts: Sequence[str], most: int, rest: str) -> list[Line]:
    """The first texts, one a line; of what is left out, how many there are and where they stand."""
    lines = [marked(each) for each in texts[:most]]
    more = len(texts) - most
    return [*lines, marked(f"…and {more} more: {rest}")] if more > 0 else lines


def _foot(report: Report, page: str) -> Part:
    return small(
        marked(wording.monitoring(report)),
        *([line(f"The whole report: {page}")] if page else []),
        *([marked(chain(report.tip))] if report.tip else []),
        line(wording.PROOF),
    )
