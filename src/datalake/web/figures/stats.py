"""PURE. Runtimes and outcomes by day or week, each figure with how many nights it is of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from datalake import nights
from datalake.web.figures.nights import JUDGED, Night
from datalake.web.figures.runtimes import good_seconds, percentile

STEPS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Bucket:
    """The nights of one day or week: outcomes counted, runtimes in seconds (None: of no load); n loads."""

    first: date
    nights: int
    good: int
    failed: int
    missed: int
    n: int
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    longest: float | None = None

    @property
    def success_rate(self) -> float | None:
        return round(self.good / self.nights, 4) if self.nights else None


def first_day(day: date, size: str) -> date:
    """Given a day and day or week, return the first day of its bucket."""
    return day - timedelta(days=day.weekday()) if size == "week" else day


def buckets(shown: Sequence[Night], size: str) -> list[Bucket]:
    """Given nights, oldest first, and day or week, return the buckets they fall into, oldest first."""
    groups = groupby(shown, key=lambda night: first_day(night.day, size))
    return [_bucket(first, list(group)) for first, group in groups]


def _bucket(first: date, shown: Sequence[Night]) -> Bucket:
    judged = [night for night in shown if night.state in JUDGED]
    seconds = sorted(good_seconds(judged))
    return Bucket(
        first,
        len(judged),
        sum(night.ok for night in judged),
        sum(night.state == nights.FAILED for night in judged),
        sum(night.state == nights.MISSED for night in judged),
        len(seconds),
        *(round(percentile(seconds, share), 3) for share in (0.5, 0.9, 0.95, 1.0) if seconds),
    )
