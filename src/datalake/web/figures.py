"""PURE. From rows of the record to what a page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from datalake.web.runtimes import RunRow
from datalake.web.text import count, duration


@dataclass(frozen=True)
class Chart:
    """One chart: data for the script, and the finding in words for those who do not see it."""

    data: dict[str, Any]
    finding: str


def runtime_chart(newest_first: Sequence[RunRow]) -> Chart:
    """Given runs, newest first, return the runtimes in minutes, oldest first, successes and failures apart."""
    rows = [row for row in reversed(newest_first) if row.runtime_sec is not None]
    data = {
        "labels": [row.start_time or row.date for row in rows],
        "success": [_minutes(row) if row.status == "success" else None for row in rows],
        "failure": [_minutes(row) if row.status != "success" else None for row in rows],
    }
    return Chart(data, _finding(rows))


def _minutes(row: RunRow) -> float:
    return round((row.runtime_sec or 0) / 60, 3)


def _finding(rows: Sequence[RunRow]) -> str:
    good = [row.runtime_sec for row in rows if row.status == "success" and row.runtime_sec is not None]
    failures = len(rows) - len(good)
    middle = f"median {duration(median(good))}, longest {duration(max(good))}" if good else "no success"
    return f"Runtime of {count(len(rows), 'run')}: {middle}, {count(failures, 'failure')}."
