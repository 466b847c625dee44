"""The edge: what a week's report is made of, out of record, lake and outbox."""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from datalake.alerts import book, proofs
from datalake.alerts.ways import Ways
from datalake.clock import Clock
from datalake.contracts.config import load_contracts
from datalake.errors import DatalakeError
from datalake.nights import Night, lost
from datalake.outcomes import RunOutcome
from datalake.reports import age, looked, week
from datalake.reports.model import Monitoring, Report
from datalake.reports.week import DAY, WEEK
from datalake.runs import history, last_success
from datalake.runs.database import writing
from datalake.runs.history import RecordedRun
from datalake.schedule import instant_of
from datalake.settings import Settings
from datalake.standing import Known, verdict
from datalake.watchdog.facts import witnesses
from datalake.watchdog.record import known_runs
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake

GROWTH_DAYS = 28  # of raw files that say how fast the disk fills


def gather(lake: Lake, settings: Settings, ways: Ways, clock: Clock, monday: date) -> Report:
    """Return the report of a week that is over. Raise sqlite3.Error where the record cannot be read."""
    schedule, now, sunday = settings.schedule, clock.now(), monday + 6 * DAY
    known = known_runs(lake, schedule, monday - 4 * WEEK, sunday)
    newest = _newest_night(lake)
    last = min(sunday, newest) if lake.demo_marker.exists() and newest else sunday  # a demo ends with its last night
    gone = lost(newest, _witnesses(lake, settings), last)
    nights = week.judged_nights(schedule, monday - 4 * WEEK, last, known.runs, known.first_night, now, gone)
    own = [night for night in nights if night.day >= monday]
    earlier = [night for night in nights if night.day < monday]
    served = _outcomes(lake, known.runs)
    outcomes = [(run.night, feed) for run in served for feed in run.feeds]
    start, end = instant_of(schedule, monday, "00:00"), min(now, instant_of(schedule, sunday + DAY, "00:00"))
    is_last = monday == week.last_week(schedule, now)
    return Report(
        week=week.week_name(monday),
        name=settings.name,
        monday=monday.isoformat(),
        sunday=sunday.isoformat(),
        nights=week.figures_of(own),
        span=week.span_of(own),
        before=week.span_of([night for night in earlier if night.day >= monday - WEEK]),
        four_weeks=week.span_of(earlier),
        demo=lake.demo_marker.exists(),
        usable=_usable(lake, settings, known.runs, now) if is_last else "",
        feeds=week.feed_figures(
            [each for each in outcomes if each[0] >= monday],
            _old_hours(lake, settings, nights, served, (start, end)),
        ),
        flaky=week.flaky([each for each in outcomes if each[0] >= monday - 3 * WEEK]),
        old_hours=week.old_hours(schedule, nights, start, end),
        needs=_needs(lake) if is_last else (),
        monitoring=_monitoring(lake, settings, ways, monday, own),
        days_until_full=_days_until_full(lake) if is_last else None,
        tip=_tip(known.runs),
    )


def _newest_night(lake: Lake) -> date | None:
    """The latest night in the record, of this week or a later one."""
    return max((run.night for run in history.last_runs(lake.database, 30) if run.night), default=None)


def _witnesses(lake: Lake, settings: Settings) -> list[date]:
    """The good nights that marker and lake know of; none where neither can be read."""
    try:
        return witnesses(last_success.read(lake, settings.schedule), read_state(lake))
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _outcomes(lake: Lake, runs: Sequence[RecordedRun]) -> list[RunOutcome]:
    found = (history.outcome(lake.database, run.run_id) for run in runs if run.run_id and run.night)
    return [each for each in found if each is not None]


def _old_hours(
    lake: Lake,
    settings: Settings,
    nights: Sequence[Night],
    served: Sequence[RunOutcome],
    span: tuple[datetime, datetime],
) -> dict[str, float]:
    """Hours of old data by feed: of those in use, or of all that ran where the rules cannot be read."""
    updated = age.updates(served)
    try:
        days = {each.feed: each.freshness.days for each in load_contracts(lake.root) if each.status == "active"}
    except DatalakeError:
        days = dict.fromkeys(updated, "mon-sun")
    judged = [night.day for night in nights if night.state not in week.UNJUDGED]
    for own in updated.values():
        own += age.updates_of_csv(settings.schedule, nights)
    return age.old_hours(settings.schedule, judged, days, updated, span)


def _usable(lake: Lake, settings: Settings, runs: Sequence[RecordedRun], now: datetime) -> str:
    """The dashboard's own sentence on today's data; nothing where the lake cannot be read."""
    try:
        newest = tuple(history.last_runs(lake.database, 30)) or tuple(reversed(runs))
        demo = lake.demo_marker.exists()
        known = Known(now, settings.schedule, load_contracts(lake.root), read_state(lake), newest, demo=demo)
        return verdict(replace(known, last_load=history.last_night(lake.database)))
    except (DatalakeError, OSError, ValueError, KeyError, TypeError):
        return ""


def _needs(lake: Lake) -> tuple[str, ...]:
    with writing(lake.database, lake.runtime_csv) as connection:
        known = book.open_incidents(connection)
    return tuple(f"problem {each.number}: {each.title}" for each in known if not each.audience)


def _monitoring(lake: Lake, settings: Settings, ways: Ways, monday: date, nights: Sequence[Night]) -> Monitoring:
    schedule = settings.schedule
    start, end = (instant_of(schedule, day, "00:00") for day in (monday, monday + WEEK))
    with writing(lake.database, lake.runtime_csv) as connection:
        sent, unsent = book.messages_of(connection, start, end)
        looks, proven = book.looks(connection, start - 8 * WEEK), proofs.last(connection)
    checks = looked.mornings(schedule, [night.day for night in nights], [at for at, _ in looks])
    judged = looked.judged([night.day for night in nights], [night for _, night in looks])
    days = {name: at.date().isoformat() for name, at in proven.items() if name in ways.channels}
    never = tuple(name for name in ways.channels if name not in days)
    return Monitoring(checks, sent, unsent, days, never, judged)


def _days_until_full(lake: Lake) -> int | None:
    """Free space by the growth of raw, which alone is kept for ever; None where nothing grew."""
    since = time.time() - timedelta(days=GROWTH_DAYS).total_seconds()
    grown = 0
    for folder, _, files in os.walk(lake.raw_zone):
        for name in files:
            status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - many files, and os.walk gives text
            grown += status.st_size if status.st_mtime >= since else 0
    try:
        free = shutil.disk_usage(lake.data).free
    except OSError:
        return None
    return int(free / (grown / GROWTH_DAYS)) if grown else None


def _tip(runs: Sequence[RecordedRun]) -> str:
    tips = [str(getattr(run, "tip", "") or "") for run in runs]
    return next((tip for tip in reversed(tips) if tip), "")
