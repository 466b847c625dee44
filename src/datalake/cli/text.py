"""PURE. Tables and clipped text as a terminal shows them."""

from collections.abc import Sequence

from datalake.safe_text import written_out


def clipped(text: str, width: int) -> str:
    """Return text written out, shortened to that many characters by an ellipsis."""
    text = written_out(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> list[str]:
    """Given headings, rows of text and the headings of number columns, return aligned lines; none for no rows."""
    if not rows:
        return []
    cells = [list(headings), *([written_out(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(headings))]
    return [_line(row, widths, [heading in right for heading in headings]) for row in cells]


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(row, widths, right, strict=True)
    )
    return "  ".join(cells).rstrip()
