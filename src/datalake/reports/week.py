"""PURE. A week in figures, by night: what was due counts, not what happens to be recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datalake import schedule as calendar
from datalake.nights import FAILED, MISSED, SKIPPED, UNKNOWN, Night, View, judge
from datalake.runs.history import RecordedRun
from datalake.settings import Schedule

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Week:
    """The nights of one week that can be judged, Monday first; before are those of the week before."""

    monday: date
    nights: tuple[Night, ...]
    before: tuple[Night, ...] = ()

    @property
    def sunday(self) -> date:
        return self.monday + 6 * DAY

    @property
    def good(self) -> int:
        return sum(night.loaded for night in self.nights)

    @property
    def failed(self) -> int:
        return sum(night.state == FAILED for night in self.nights)

    @property
    def missed(self) -> int:
        return sum(night.state == MISSED for night in self.nights)

    @property
    def average_seconds(self) -> float | None:
        """The average runtime of the runs that made the good nights good; None where there is none."""
        seconds = [night.best.runtime_sec for night in self.nights if night.loaded and night.best]
        known = [float(each) for each in seconds if each is not None]
        return sum(known) / len(known) if known else None


def last_week(schedule: Schedule, now: datetime) -> date:
    """Return the Monday of the last whole week."""
    today = calendar.local_day(schedule, now)
    return today - DAY * (today.weekday() + 7)


def week(
    schedule: Schedule, monday: date, runs: Sequence[RecordedRun], first_night: date | None, now: datetime
) -> Week:
    """Given a week's Monday and the runs of it and of the week before, return its figures."""
    days = calendar.nights(schedule, monday - 7 * DAY, monday + 6 * DAY)
    judged = [day for day in days if first_night and first_night <= day and calendar.due(schedule, day) <= now]
    nights = [night for night in judge(schedule, judged, runs, View(now)) if night.state not in (SKIPPED, UNKNOWN)]
    return Week(
        monday,
        tuple(night for night in nights if night.day >= monday),
        tuple(night for night in nights if night.day < monday),
    )


def rate(nights: Sequence[Night]) -> str:
    """Say the success rate, always in this form: `6 of 7 nights (86 %)`."""
    if not nights:
        return "no nights to judge"
    good = sum(night.loaded for night in nights)
    word = "night" if len(nights) == 1 else "nights"
    return f"{good} of {len(nights)} {word} ({round(100 * good / len(nights))} %)"
