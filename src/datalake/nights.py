"""PURE. What each night came to: judged by its runs, not by how old a file is.

The best run of a night counts: its first success, for that is when the data was there. Nights before the first run are
not judged.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from datalake import schedule as nights
from datalake.outcomes import SUCCESS
from datalake.runs.history import RecordedRun
from datalake.settings import Schedule

OK, FAILED, MISSED, RUNNING = "ok", "failed", "missed", "running"
GOOD = (OK,)


@dataclass(frozen=True)
class Night:
    """One night: its runs in the order they were recorded, and what it came to."""

    day: date
    state: str
    runs: tuple[RecordedRun, ...] = ()

    @property
    def good(self) -> bool:
        return self.state in GOOD

    @property
    def best(self) -> RecordedRun | None:
        """The run that counts: the first success, else the last failure; None where there was no run."""
        return next((run for run in self.runs if run.status == SUCCESS), self.runs[-1] if self.runs else None)


def judge(schedule: Schedule, days: Iterable[date], runs: Sequence[RecordedRun], running: date | None) -> list[Night]:
    """Given the nights to judge, all of which are due, their runs and the one at work, return what each came to."""
    by_night: dict[date, list[RecordedRun]] = defaultdict(list)
    for run in runs:
        night = night_of_run(schedule, run)
        if night is not None:
            by_night[night].append(run)
    return [Night(day, _state(by_night[day], running == day), tuple(by_night[day])) for day in days]


def night_of_run(schedule: Schedule, run: RecordedRun) -> date | None:
    """Return the night a run served: as recorded, else by when it started; None where neither can be read."""
    if run.night is not None:
        return run.night
    start = run.start or _instant(schedule, run.start_time)
    return nights.night_of(schedule, start) if start else None


def _instant(schedule: Schedule, local: str | None) -> datetime | None:
    try:
        wall = datetime.fromisoformat(local or "")
    except ValueError:
        return None
    return wall.replace(tzinfo=nights.zone_named(schedule.zone))


def _state(runs: Sequence[RecordedRun], running: bool) -> str:
    if any(run.status == SUCCESS for run in runs):
        return OK
    if running:
        return RUNNING
    return FAILED if runs else MISSED
