"""What the dashboard was started for, and the edges that ask what is true now."""

from dataclasses import dataclass, field
from datetime import date, datetime

from flask import current_app

from datalake import schedule
from datalake.clock import Clock, SystemClock
from datalake.nights import View
from datalake.runs import crumbs, lock
from datalake.runs.lockfile import Holder
from datalake.settings import Settings
from datalake.web import queries
from datalake.web.figures.nights import Span
from datalake.web.record import Record
from datalake.words import clock
from datalake.zones.paths import Lake


@dataclass(frozen=True)
class Site:
    """One lake, how it is set, and the clock; problem: what is wrong with the configuration, if anything."""

    lake: Lake
    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=SystemClock)
    problem: str = ""

    @property
    def demo(self) -> bool:
        return self.lake.demo_marker.exists()

    def today(self) -> date:
        """The local date, which presets of a filter count from."""
        return schedule.local_day(self.settings.schedule, self.clock.now())


@dataclass(frozen=True)
class Running:
    """The run at work now: its id, its night, and when it began (aware UTC)."""

    run_id: str
    night: date | None
    start: datetime
    stage: str = ""
    feed: str = ""


def this_site() -> Site:
    """Return the site of the request at hand."""
    site: Site = current_app.config["SITE"]
    return site


def span_of(site: Site, record: Record) -> Span | None:
    """Return the nights that can be judged, None where no run is recorded. A demo lake ends with its last night."""
    recorded = queries.first_and_last_night(record.connection)
    if recorded is None:
        return None
    first, last = recorded
    now = site.clock.now()
    if not site.demo:
        last = max(last, schedule.last_due(site.settings.schedule, now))
    at_work = running(site.lake)
    return Span(first, last, View(now, at_work.start if at_work else None))


def holder_at_work(lake: Lake) -> Holder | None:
    """Given a lake, return who holds the run lock; None where it is free, or where that cannot be seen from here."""
    try:
        return lock.holder(lake)
    except PermissionError:
        return None


def running(lake: Lake) -> Running | None:
    """Return the run at work: the lock's text names it, its process lives and what it left says that it began."""
    holder = holder_at_work(lake)
    left = crumbs.left_by(lake, holder.run_id) if holder else None
    if holder is None or left is None:
        return None
    last = left.progress[-1] if left.progress else {}
    return Running(holder.run_id, left.night, left.start, str(last.get("stage", "")), str(last.get("feed", "")))


def when(site: Site, instant: datetime) -> str:
    """Given an aware instant, return it in the lake's zone as `Wed 5 Nov 02:02 EST`."""
    return clock(instant, schedule.zone_named(site.settings.schedule.zone))
