"""A report as a PDF of one or two pages: real text, in the fonts that every reader has."""

import io
from datetime import datetime, timezone

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from datalake.alerts.text import printable
from datalake.reports import wording
from datalake.reports.chart import HEIGHT, WIDTH, runtime_chart
from datalake.reports.model import Report

FONT = "Helvetica"  # one of the fonts of every PDF reader: Latin-1 only, which _latin sees to
LATIN = str.maketrans({"–": "-", "—": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "✅": "", "❌": ""})
MARGIN = 18.0


def pdf(report: Report) -> bytes:
    """Return the PDF. The same report gives the same bytes."""
    paper = FPDF(format="A4")
    paper.set_margins(MARGIN, MARGIN, MARGIN)
    paper.set_auto_page_break(True, MARGIN)
    paper.set_title(_latin(wording.title(report)))
    paper.set_lang("en")
    paper.set_creation_date(
        datetime(report.last_day.year, report.last_day.month, report.last_day.day, tzinfo=timezone.utc)
    )
    paper.add_page()
    _head(paper, report)
    _chart(paper, report)
    for table in (wording.figures(report), wording.nights(report), wording.feeds(report)):
        _table(paper, table)
    _line(paper, wording.monitoring(report).replace("`", ""))
    if report.tip:
        _line(paper, f"Event chain up to {report.tip}.")
    return bytes(paper.output())


def _head(paper: FPDF, report: Report) -> None:
    paper.set_font(FONT, "B", 15)
    _line(paper, wording.title(report), 7)
    paper.set_font(FONT, "", 10)
    _line(paper, f"{report.name} · {report.week}")
    if report.usable:
        paper.set_font(FONT, "B", 11)
        _line(paper, report.usable, 6)
    paper.set_font(FONT, "", 10)
    _line(paper, f"{wording.sentence(report)} {wording.trend(report.span, report.before)}".strip())
    for remark in (*wording.needs(report), *wording.remarks(report)):
        _line(paper, f"- {remark}")


def _line(paper: FPDF, text: str, height: float = 5.2) -> None:
    paper.multi_cell(0, height, _latin(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _chart(paper: FPDF, report: Report) -> None:
    width = paper.epw * 0.8
    paper.ln(1)
    paper.image(io.BytesIO(runtime_chart(report).encode("utf-8")), w=width, h=width * HEIGHT / WIDTH)


def _table(paper: FPDF, table: wording.Table) -> None:
    if not table.rows:
        return
    paper.set_font(FONT, "B", 11)
    _line(paper, table.caption, 6.5)
    paper.set_font(FONT, "", 9)
    widths = table.widths or (1,) * len(table.headings)
    bold = FontFace(emphasis="BOLD")
    with paper.table(headings_style=bold, line_height=4.6, text_align="LEFT", col_widths=widths) as drawn:
        for row in (table.headings, *table.rows):
            cells = drawn.row()
            for cell in row:
                cells.cell(_latin(cell))
    paper.ln(2)
    paper.set_font(FONT, "", 10)


def _latin(text: str) -> str:
    return printable(text).translate(LATIN).encode("latin-1", "replace").decode("latin-1")
