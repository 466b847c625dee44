"""The edge: what the watchdog goes by. Whatever cannot be read is a fact too; nothing here raises."""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datalake import schedule as nights
from datalake.clock import Clock
from datalake.outcomes import RunOutcome
from datalake.runs import history, lock
from datalake.runs.history import RecordedRun
from datalake.runs.lockfile import Holder
from datalake.schedule import night_of, zone_named
from datalake.settings import Schedule
from datalake.zones.paths import Lake

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Marker:
    """What logs/last_success.txt says. Its content decides; its age on disk is nothing to go by."""

    end: datetime  # aware
    night: date


@dataclass(frozen=True)
class Facts:
    """All that a judgement rests on. problems: what could not be read, one sentence each."""

    now: datetime
    night: date  # the latest that was due
    marker: Marker | None = None
    runs: tuple[RecordedRun, ...] = ()  # of that night and the one before
    last: RunOutcome | None = None  # the night's last run with its feeds
    first_night: date | None = None
    holder: Holder | None = None  # of the run lock
    demo: bool = False
    problems: tuple[str, ...] = ()


def gather(lake: Lake, schedule: Schedule, clock: Clock) -> Facts:
    """Look at everything once."""
    now, problems = clock.now(), list[str]()
    night = nights.last_due(schedule, now)
    marker = _marker(lake, schedule, problems)
    runs, last, first = _record(lake, night, problems)
    holder = _holder(lake, problems)
    return Facts(now, night, marker, runs, last, first, holder, lake.demo_marker.exists(), tuple(problems))


def _marker(lake: Lake, schedule: Schedule, problems: list[str]) -> Marker | None:
    try:
        return read_marker(lake.success_marker.read_text(encoding="utf-8"), schedule)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        problems.append(f"logs/last_success.txt cannot be read ({problem}).")
        return None


def read_marker(text: str, schedule: Schedule) -> Marker:
    """Given the marker's text, return what it says; raise ValueError where its first line is no time.

    A marker of the first form has that line alone: local time, whose night follows from the schedule.
    """
    first, *rest = text.splitlines() or [""]
    values = dict(each.split("=", 1) for each in rest if "=" in each)
    end = datetime.fromisoformat(first.strip()).replace(tzinfo=zone_named(values.get("zone", schedule.zone)))
    if "end_utc" in values:
        end = datetime.fromisoformat(values["end_utc"])
    return Marker(end, date.fromisoformat(values["night"]) if "night" in values else night_of(schedule, end))


def _record(
    lake: Lake, night: date, problems: list[str]
) -> tuple[tuple[RecordedRun, ...], RunOutcome | None, date | None]:
    if not lake.database.exists() and lake.success_marker.exists():
        problems.append("logs/etl_stats.db is missing.")
    try:
        runs = history.runs_of_nights(lake.database, night - DAY, night)
        own = [run for run in runs if run.night == night and run.run_id]
        last = history.outcome(lake.database, own[-1].run_id or "") if own else None
        return runs, last, history.first_night(lake.database)
    except (sqlite3.Error, ValueError, TypeError) as problem:
        problems.append(f"logs/etl_stats.db cannot be read ({problem}).")
        return (), None, None


def _holder(lake: Lake, problems: list[str]) -> Holder | None:
    try:
        return lock.holder(lake)
    except OSError as problem:
        problems.append(f"Whether a load is running cannot be told: logs/cron_runner.lock: {problem.strerror}.")
        return None
