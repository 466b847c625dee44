"""PURE. One feed over the nights: its rows and its rejected rows."""

from collections.abc import Sequence

from datalake.web.figures.runtimes import Chart
from datalake.web.rows import FeedRow
from datalake.words import count, day, number


def feed_chart(newest_first: Sequence[FeedRow]) -> Chart:
    """Given a feed's outcomes, newest first, return the chart of published rows and rejected rows, oldest first."""
    rows = list(reversed(newest_first))
    data = {
        "labels": [day(row.night) if row.night else "" for row in rows],
        "rows": [row.rows if row.ok else None for row in rows],
        "rejected": [row.rejected for row in rows],
        "failed": [row.rows if not row.ok else None for row in rows],
    }
    return Chart(data, _finding(rows))


def _finding(rows: Sequence[FeedRow]) -> str:
    if not rows:
        return "No outcome has been recorded yet."
    failed = sum(not row.ok for row in rows)
    rejected = sum(row.rejected for row in rows)
    went = f"from {number(rows[0].rows)} to {count(rows[-1].rows, 'row')}"
    return f"{count(len(rows), 'outcome')}: {went}, {count(rejected, 'rejected row')}, {failed} not published."
