"""A report as a PDF of one or two pages: real text, in the fonts that every reader has.

What fits on one page a little smaller is made so; else a table that does not fit goes to the second page whole, heading
and all.
"""

import io
from datetime import datetime, timezone

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from datalake.reports import wording
from datalake.reports.chart import HEIGHT, WIDTH, finding, runtime_chart
from datalake.reports.model import Report
from datalake.safe_text import printable

FONT = "Helvetica"  # one of the fonts of every PDF reader, which are encoded as cp1252
BEYOND = str.maketrans({"✅": "", "❌": ""})  # what cp1252 lacks and words say anyhow
MARGIN, LINE = 16.0, 4.9  # mm
SCALES = (1.0, 0.94, 0.88)


def pdf(report: Report) -> bytes:
    """Return the PDF. The same report gives the same bytes."""
    for scale in SCALES:
        paper = Paper(report, scale)
        if paper.pages_count == 1:
            return bytes(paper.output())
    return bytes(Paper(report, 1.0).output())


class Paper(FPDF):
    """A report on paper, its type smaller by a scale."""

    def __init__(self, report: Report, scale: float) -> None:
        super().__init__(format="A4")
        self.core_fonts_encoding = "cp1252"
        self.scale = scale
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, MARGIN)
        self.set_title(_known(wording.title(report)))
        self.set_lang("en")
        last = report.last_day
        self.set_creation_date(datetime(last.year, last.month, last.day, tzinfo=timezone.utc))
        self.add_page()
        self._head(report)
        self._chart(report)
        for table in (wording.figures(report), wording.nights(report), wording.feeds(report)):
            self._whole(table)
        self._say("The monitoring itself", 11, "B")
        self._say(wording.monitoring(report).replace("`", ""))
        if report.tip:
            self._say(f"Event chain: python3 manage.py verify --tip {report.tip}", 8)

    def footer(self) -> None:
        """Number the pages where there are several."""
        if self.page > 1:
            self.set_y(-MARGIN + 4)
            self.set_font(FONT, "", 8)
            self.cell(0, 4, f"page {self.page}", align="R")

    def _head(self, report: Report) -> None:
        self._say(wording.title(report), 15, "B")
        self._say(f"{report.name} · {report.week}", 9)
        self.ln(1.5 * self.scale)
        if report.usable:
            self._say(report.usable, 11, "B")
        self._say(f"{wording.sentence(report)} {wording.trend(report.span, report.before)}".strip())
        for remark in (*wording.needs(report), *wording.remarks(report)):
            self._say(f"• {remark}".replace("`", ""))

    def _say(self, text: str, points: float = 9.5, style: str = "") -> None:
        self.set_font(FONT, style, points * self.scale)
        height = max(LINE, points * 0.5) * self.scale
        self.multi_cell(0, height, _known(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _chart(self, report: Report) -> None:
        width = self.epw * 0.72 * self.scale
        self.ln(2 * self.scale)
        self._say("Runtimes", 11, "B")
        self._say(finding(report), 9)
        self.image(io.BytesIO(runtime_chart(report).encode("utf-8")), w=width, h=width * HEIGHT / WIDTH)

    def _whole(self, table: wording.Table) -> None:
        """A table with its heading, on one page if it can be."""
        if not table.rows:
            return
        room = self.eph - (self.get_y() - self.t_margin)
        if self._height(table) > room and self._height(table) < self.eph:
            self.add_page()
        self.ln(2 * self.scale)
        self._say(table.caption, 11, "B")
        self._table(table)

    def _height(self, table: wording.Table) -> float:
        """About how high it will be, heading included: long texts take a second line."""
        lines = 2 + sum(1 + max(len(cell) // 70 for cell in row) for row in (table.headings, *table.rows))
        return (lines + 1) * LINE * self.scale

    def _table(self, table: wording.Table) -> None:
        self.set_font(FONT, "", 8.5 * self.scale)
        count = len(table.headings)
        with self.table(
            headings_style=FontFace(emphasis="BOLD"),
            line_height=LINE * 0.88 * self.scale,
            borders_layout="HORIZONTAL_LINES",
            text_align=tuple("RIGHT" if place >= table.numbers else "LEFT" for place in range(count)),
            col_widths=table.widths or (1,) * count,
        ) as drawn:
            for row in (table.headings, *table.rows):
                cells = drawn.row()
                for cell in row:
                    cells.cell(_known(cell))


def _known(text: str) -> str:
    """What the font has of a text; the rest are question marks."""
    return printable(text).translate(BEYOND).encode("cp1252", "replace").decode("cp1252")
