"""PURE. What each night came to: judged by its runs, not by how old a file is.

The best run of a night counts: its first success, for that is when the data was there. A run that took up single files
is no load: it counts only where it made good what a load of the whole night had left (datalake.runs.counting). Nights
before the first load are not judged. All arithmetic is in UTC.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datalake import schedule as calendar
from datalake.runs.counting import good_run, is_whole
from datalake.runs.history import RecordedRun
from datalake.settings import Schedule

OK, LATE, OVERRUN, SHORT, FAILED = "ok", "late", "overrun", "short", "failed"
MISSED, RUNNING, DUE, SKIPPED, UNKNOWN = "missed", "running", "due", "skipped", "unknown"
WORDS = {
    OK: "loaded",
    LATE: "loaded late",
    OVERRUN: "took too long",
    SHORT: "was too short",
    FAILED: "failed",
    MISSED: "did not run",
    RUNNING: "still runs",
    DUE: "has just become due",
    SKIPPED: "was not expected",
    UNKNOWN: "cannot be told",
}
FURTHEST = timedelta(days=60)  # back, where the record knows nothing
HARMLESS = (OK, LATE, SKIPPED, DUE)
MADE_UP = "demo"  # its runs are shown as they are, and no limit is meant for them


@dataclass(frozen=True)
class Night:
    """One night: its runs in the order they were recorded, and what it came to."""

    day: date
    state: str
    runs: tuple[RecordedRun, ...] = ()

    @property
    def loaded(self) -> bool:
        """Say whether its data was published, however late or slowly."""
        return good_run(self.runs) is not None

    @property
    def harmless(self) -> bool:
        """Say whether there is nothing in it to tell a person."""
        return self.state in HARMLESS

    @property
    def best(self) -> RecordedRun | None:
        """The run that counts: the first success, else the last failure; None where there was no load."""
        loads = [run for run in self.runs if is_whole(run)]
        return good_run(self.runs) or (loads[-1] if loads else None)

    @property
    def seconds(self) -> float | None:
        """How long its load took; None where it is not loaded, or the run that counts was not a whole load."""
        return _length(self.best, self.runs) if self.best and self.loaded else None


@dataclass(frozen=True)
class View:
    """What is known beside the runs when nights are judged."""

    now: datetime
    running_since: datetime | None = None  # of the load at work, which serves the latest night that was due
    lost: frozenset[date] = frozenset()  # nights whose runs the record no longer has


def judge(schedule: Schedule, days: Iterable[date], runs: Sequence[RecordedRun], view: View) -> list[Night]:
    """Given the nights to judge, all of which are due, and their runs, return what each came to."""
    by_night: dict[date, list[RecordedRun]] = defaultdict(list)
    for run in runs:
        night = night_of_run(schedule, run)
        if night is not None:
            by_night[night].append(run)
    return [Night(day, _state(schedule, day, by_night[day], view), tuple(by_night[day])) for day in days]


def nights_loaded(schedule: Schedule, runs: Iterable[RecordedRun]) -> set[date]:
    """Return the nights that had a load, whatever it came to."""
    return {night for night in (night_of_run(schedule, run) for run in runs if is_whole(run)) if night}


def night_of_run(schedule: Schedule, run: RecordedRun) -> date | None:
    """Return the night a run served: as recorded, else by when it started; None where neither can be read."""
    if run.night is not None:
        return run.night
    start = run.start or local_instant(schedule, run.start_time)
    return calendar.night_of(schedule, start) if start else None


def local_instant(schedule: Schedule, local: str | None) -> datetime | None:
    """Given local time as the CSV has it, return the instant; None where it cannot be read."""
    try:
        return datetime.fromisoformat(local or "").replace(tzinfo=calendar.zone_named(schedule.zone))
    except ValueError:
        return None


def _state(schedule: Schedule, day: date, runs: Sequence[RecordedRun], view: View) -> str:
    good = good_run(runs)
    if good is not None:
        return _of_success(schedule, day, good, runs)
    if calendar.is_skipped(schedule, day):
        return SKIPPED
    if view.running_since and day == calendar.last_due(schedule, view.now):
        return OVERRUN if view.now - view.running_since > _longest(schedule) else RUNNING
    if any(is_whole(run) for run in runs):
        return FAILED
    return _without_run(schedule, day, view)


def _length(run: RecordedRun, runs: Sequence[RecordedRun]) -> float | None:
    """How long a whole load took. Of a run that only the CSV knows, one after a night's first may have been an OK."""
    whole = is_whole(run) and (run.trigger is not None or run == runs[0])
    return float(run.runtime_sec) if whole and run.runtime_sec is not None else None


def _of_success(schedule: Schedule, day: date, run: RecordedRun, runs: Sequence[RecordedRun]) -> str:
    """Too short or too long is news of its own; late is only said."""
    seconds = None if run.trigger == MADE_UP else _length(run, runs)
    if seconds is not None and seconds < schedule.min_runtime_seconds:
        return SHORT
    if seconds is not None and timedelta(seconds=seconds) > _longest(schedule):
        return OVERRUN
    end = run.end or local_instant(schedule, run.end_time)
    return LATE if end and end > calendar.deadline(schedule, day) else OK


def _longest(schedule: Schedule) -> timedelta:
    return timedelta(minutes=schedule.max_runtime_minutes)


def _without_run(schedule: Schedule, day: date, view: View) -> str:
    if day in view.lost:
        return UNKNOWN
    begun_by = calendar.due(schedule, day) + timedelta(minutes=schedule.start_margin_minutes)
    return DUE if view.now < begun_by else MISSED


def days_judged(schedule: Schedule, first: date, last: date, known: Collection[date]) -> list[date]:
    """Return the nights from first to last that are scheduled, or had a run all the same."""
    return sorted({*calendar.nights(schedule, first, last), *(day for day in known if first <= day <= last)})


def lost(newest: date | None, witnesses: Iterable[date], last: date) -> frozenset[date]:
    """Return the nights up to last whose runs the record has lost: some other witness knows of a later good night.

    newest: the latest night in the record; witnesses: good nights that the success marker and the lake know of.
    """
    newest = newest or last - FURTHEST
    seen = min(max(witnesses, default=newest), last)
    return frozenset(newest + timedelta(days=step) for step in range(1, (seen - newest).days + 1))
