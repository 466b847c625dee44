"""PURE. A week as a message."""

from datalake.alerts.message import Message, Span, line, made_safe, marked, paragraph, small
from datalake.reports import wording
from datalake.reports.model import Report, rate
from datalake.settings import Settings

MOST_REMARKS = 12


def message(report: Report, settings: Settings, page: str = "") -> Message:
    """Given a week, return what to tell about it; page: where its whole report lies."""
    stamp = "DEMO " if report.demo else ""
    failed = f"{report.span.failed} failed, {report.span.missed} missed"
    data = wording.data_line(report)
    remarks = wording.remarks(report)[:MOST_REMARKS]
    told = Message(
        "weekly",
        f"📅 {wording.title(report)} · {report.name}",
        f"{stamp}Weekly ETL summary, {wording.span(report)}: {rate(report.span)}, {failed}.",
        (
            paragraph(
                *([line(Span(report.usable, "bold"))] if report.usable else []),
                line(wording.sentence(report)),
                *([line(data)] if data else []),
            ),
            paragraph(*(marked(each) for each in remarks)),
            paragraph(*(line(each) for each in wording.seed_lines(report))),
            small(
                marked(wording.monitoring(report.monitoring, len(report.nights))),
                *([line(f"The whole report: {page}")] if page else []),
                line(wording.PROOF),
            ),
        ),
    )
    return made_safe(told, settings.secrets.values())
