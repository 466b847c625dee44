"""What follows a simulated night, by the moved clock: the telling of its run, the 6 AM check, and on its day the weekly
report. All is kept as on a real morning; nobody is called, and no heartbeat.
"""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime

from datalake.alerts.run import tell_run
from datalake.alerts.ways import Ways
from datalake.clock import Clock
from datalake.outcomes import RunOutcome
from datalake.reports.weekly import summarise
from datalake.schedule import instant_of, weekdays
from datalake.settings import Schedule
from datalake.watchdog.check import check
from datalake.zones.paths import Lake

NOBODY = Ways(nobody="nobody is told of a simulated night")
Step = tuple[datetime, Callable[[Clock], object]]  # when it is due, and what is done then


def tell(lake: Lake, run: RunOutcome, clock: Clock) -> None:
    """Keep what is to be told of a run."""
    tell_run(lake, {}, run.run_id, clock, NOBODY)


def steps(lake: Lake, schedule: Schedule, day: date) -> list[Step]:
    """Return what is due on the morning after a night's load, which may itself be later."""
    due: list[Step] = [(instant_of(schedule, day, schedule.watchdog), lambda clock: _check(lake, clock, day))]
    if day.weekday() in weekdays(schedule.weekly_day):
        due.append((instant_of(schedule, day, schedule.weekly), lambda clock: _summarise(lake, clock)))
    return due


def _check(lake: Lake, clock: Clock, day: date) -> None:
    with _aside():
        check(lake, {}, clock, NOBODY, day)


def _summarise(lake: Lake, clock: Clock) -> None:
    with _aside():
        summarise(lake, {}, clock, way_out=NOBODY)


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """Each of these leaves a line in a log of its own: it is no part of what the month shows, nor of the load's log."""
    logging.disable()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)
