"""PURE. Runtimes: what is usual, what is not, and the chart that shows both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datalake.outcomes import FAILURE
from datalake.web.figures.nights import Night
from datalake.web.rows import key_of
from datalake.web.text import duration
from datalake.words import count
from datalake.words import day as short_day

TRAIL = 28  # good nights that say what is usual
LITTLE = 10  # percent that a median moves by itself
FEWEST = 10  # below that many there is no band


@dataclass(frozen=True)
class Chart:
    """One chart: data for the script, and the finding in words for those who do not see it."""

    data: dict[str, Any]
    finding: str


@dataclass(frozen=True)
class Usual:
    """What is usual over some good nights, in seconds; n of them."""

    n: int
    p10: float
    p50: float
    p90: float


def percentile(values: Sequence[float], share: float) -> float:
    """Given values in rising order (at least one) and a share from 0 to 1, return the value there, interpolated."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def usual(seconds: Sequence[float]) -> Usual | None:
    """Given runtimes of good nights, oldest first, return what is usual in the last 28, None under ten of them."""
    trail = sorted(seconds[-TRAIL:])
    if len(trail) < FEWEST:
        return None
    return Usual(len(trail), percentile(trail, 0.1), percentile(trail, 0.5), percentile(trail, 0.9))


def good_seconds(nights: Sequence[Night]) -> list[float]:
    """Given nights, return the runtimes of the good ones, in their order."""
    loads = (night.load for night in nights)
    return [load.runtime_sec for load in loads if load and load.runtime_sec is not None]


def runtime_chart(nights: Sequence[Night], shown: int) -> Chart:
    """Given nights, oldest first, return the chart of the last `shown` of them; the ones before say what is usual.

    Minutes. A night's band is that of the good nights before it, so that an unusual night stands out of it.
    """
    from_here = max(0, len(nights) - shown)
    bands = [usual(good_seconds(nights[max(0, place - 2 * TRAIL) : place])) for place in range(from_here, len(nights))]
    window = nights[from_here:]
    data = {
        "labels": [short_day(night.day) for night in window],
        "keys": [key_of(night.best) if night.best else "" for night in window],
        "good": [_minutes(night) for night in window],
        "failed": [_failed_minutes(night) for night in window],
        "missed": [0 if night.state == "missed" else None for night in window],
        "median": [_in_minutes(band.p50) if band else None for band in bands],
        "p10": [_in_minutes(band.p10) if band else None for band in bands],
        "p90": [_in_minutes(band.p90) if band else None for band in bands],
    }
    return Chart(data, _finding(window))


def _minutes(night: Night) -> float | None:
    return _in_minutes(night.load.runtime_sec) if night.load else None


def _failed_minutes(night: Night) -> float | None:
    failed = [run.runtime_sec for run in night.runs if run.status == FAILURE and run.runtime_sec is not None]
    return _in_minutes(max(failed)) if failed else None


def _in_minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 3)


def _finding(window: Sequence[Night]) -> str:
    good = sorted(good_seconds(window))
    failed = sum(any(run.status == FAILURE for run in night.runs) for night in window)
    missed = sum(night.state == "missed" for night in window)
    usually = f"median {duration(percentile(good, 0.5))}, longest {duration(good[-1])}" if good else "no good night"
    failures = f"{count(failed, 'night')} with a failed run, {missed} without a run"
    return f"{count(len(window), 'night')}: {usually}; {failures}."


def trend(nights: Sequence[Night]) -> str:
    """Given nights, oldest first, say in one sentence whether the load is getting slower."""
    good = good_seconds(nights)
    size = min(TRAIL, len(good) // 2)
    now, before = usual(good[-size:]), usual(good[-2 * size : -size])
    if not now or not before:
        return f"Too few good nights to say whether it is getting slower ({len(good)} of {2 * FEWEST})."
    change = _change(now.p50, before.p50)
    return f"{change}: median {duration(now.p50)} in the newest {now.n} good nights, {duration(before.p50)} before."


def _change(now: float, before: float) -> str:
    percent = round(100 * (now - before) / before) if before else 0
    if abs(percent) < LITTLE:
        return f"It is not getting slower ({percent:+d} %)" if percent else "It is not getting slower"
    return f"It is getting {'slower' if percent > 0 else 'faster'}, by {abs(percent)} %"


def against_usual(seconds: float | None, is_usual: Usual | None) -> str:
    """Given a runtime and what is usual, return the difference as "+5 %", "" where there is nothing to compare."""
    if seconds is None or not is_usual or not is_usual.p50:
        return ""
    return f"{100 * (seconds - is_usual.p50) / is_usual.p50:+.0f} %"
