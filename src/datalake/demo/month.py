"""Many demo nights at once, by a clock that is moved: each loaded and recorded by the code of a real night.

One fails (Huron renamed a column of grants), one is missed (the server was down), one is late. What is told of them,
the 6 AM check and the weekly report are kept as on a real morning, and sent to nobody.
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from operator import itemgetter

import numpy as np

from datalake.clock import Clock, MovedClock
from datalake.contracts.model import Contract
from datalake.demo import mornings
from datalake.demo.generator.draws import Draws
from datalake.demo.generator.forms import Form
from datalake.demo.marker import Marker, refuse_demo_in_real_lake, refuse_real_files
from datalake.demo.nights import AHEAD, marker_of, next_day, write_night
from datalake.engine.job import Progress, Staged, StageJob
from datalake.nightly import run_night
from datalake.outcomes import RunOutcome
from datalake.pipeline.context import stage_locally
from datalake.runs.record import record_run
from datalake.schedule import due
from datalake.settings import Settings
from datalake.zones.files import flushed_at_the_end
from datalake.zones.paths import Lake

FAILED, MISSED, LATE = "failed", "missed", "late"
EVENTFUL = 10  # nights from which on something goes wrong
LATE_BY = timedelta(hours=5, minutes=47)
RENAMED = {"grants": Form(renamed=(("status", "award_stage"),))}
LONGEST = timedelta(minutes=15)  # a simulated run takes less
TYPICAL = 140.0  # seconds that an ordinary night takes
LOOKS_AT_LEAST, LOOKS_A_FEED = 10, 28  # how often a run looks at the clock, about


class WorkingClock(MovedClock):
    """A clock on which work takes time: every look at it finds it a little later."""

    def __init__(self, start: datetime, looks: Iterator[float]) -> None:
        super().__init__(start)
        self._looks = looks

    def monotonic(self) -> float:
        self.advance(next(self._looks))
        return super().monotonic()


@dataclass(frozen=True)
class Simulated:
    """One night of the month: its data date, what was the matter with it, and its run (None where it was missed)."""

    day: date
    event: str
    run: RunOutcome | None


@dataclass(frozen=True)
class Month:
    """Where the nights take place. now is the real instant, aware: no simulated run starts later."""

    lake: Lake
    settings: Settings
    contracts: Sequence[Contract]
    now: datetime

    def simulate(self, nights: int, today: date) -> Iterator[Simulated]:
        """Bring that many further nights, up to today, one at a time; to be called with the lock held.

        Raises UsageError where there is, or waits, real data, and when the demo has reached today.
        """
        refuse_demo_in_real_lake(self.lake)
        refuse_real_files(self.lake, self.contracts, in_demo=True)
        first = today - max(AHEAD, timedelta(days=nights - 1))
        days = days_to_come(marker_of(self.lake, first), nights, today)
        with flushed_at_the_end():
            for index, day in enumerate(days):
                event = event_of(index, len(days))
                yield Simulated(day, event, self._night(day, event, first))

    def _night(self, day: date, event: str, first: date) -> RunOutcome | None:
        marker = marker_of(self.lake, first)
        start = self._start(marker, day, event)
        write_night(self.lake, self.contracts, marker, day, start, RENAMED if event == FAILED else None)
        ran: list[RunOutcome] = []
        steps = mornings.steps(self.lake, self.settings.schedule, day)
        if event != MISSED:
            steps.append((start, lambda clock: ran.append(self._load(marker, day, clock))))
        for at, step in sorted(steps, key=itemgetter(0)):
            if at <= self.now:
                clock = WorkingClock(at, self._looks(marker, day))
                with _log_by(clock):
                    step(clock)
        return ran[0] if ran else None

    def _load(self, marker: Marker, day: date, clock: Clock) -> RunOutcome:
        outcome = run_night(self.lake, self.settings, self.contracts, clock, "demo", night=day, stager=_stage_unflushed)
        record_run(self.lake, self.settings.schedule, outcome)
        mornings.tell(self.lake, outcome, clock)
        return outcome

    def _looks(self, marker: Marker, day: date) -> Iterator[float]:
        active = sum(each.status == "active" for each in self.contracts)
        return _looks(marker, day, TYPICAL / (LOOKS_AT_LEAST + LOOKS_A_FEED * active))

    def _start(self, marker: Marker, day: date, event: str) -> datetime:
        seconds = 1 + _drawn(marker, "start", day, 4)
        start = due(self.settings.schedule, day) + timedelta(seconds=seconds)
        return min(start + (LATE_BY if event == LATE else timedelta(0)), self.now - LONGEST)


def event_of(index: int, nights: int) -> str:
    """Return what is the matter with a night; with few nights nothing is with any."""
    if nights < EVENTFUL:
        return ""
    return {nights * 2 // 5: FAILED, nights * 3 // 5: MISSED, nights * 4 // 5: LATE}.get(index, "")


def days_to_come(marker: Marker, nights: int, today: date) -> list[date]:
    """Return the next data dates, as many as wanted and there are up to today; raise UsageError for none."""
    first = next_day(marker, today)
    return [first + timedelta(days=index) for index in range(min(nights, (today - first).days + 1))]


def _stage_unflushed(job: StageJob, progress: Progress | None) -> Staged:
    return stage_locally(replace(job, sync=False), progress)


def _looks(marker: Marker, day: date, typical: float) -> Iterator[float]:
    """Return how much later each look at the clock finds it: nights differ, and so do the steps of one."""
    pace = 0.7 + _drawn(marker, "pace", day, 60) / 100
    for look in count():
        yield typical * pace * (0.2 + _drawn(marker, f"look {look}", day, 160) / 100)


def _drawn(marker: Marker, word: str, day: date, below: int) -> int:
    return int(Draws(marker.seed, "month").below(word, np.array([day.toordinal()]), below)[0])


@contextlib.contextmanager
def _log_by(clock: Clock) -> Iterator[None]:
    """Have the log's lines bear the simulated time while the block runs."""

    def stamp(record: logging.LogRecord) -> bool:
        record.created = clock.now().timestamp()
        return True

    handlers = list(logging.getLogger("datalake").handlers)
    for handler in handlers:
        handler.addFilter(stamp)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(stamp)
