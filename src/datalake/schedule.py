"""PURE. Nights: which there are, when each is due, and which one a run belongs to.

A night is named by its local date. All arithmetic is in UTC: local times are turned into instants first, once. A due
time that the clocks skip in spring is due when they jump, which is when cron runs it; one that comes twice in autumn
is due the first time, unless the settings say the last.
"""

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from datalake.documents import kinds
from datalake.settings import Schedule

WEEKDAYS, weekdays = kinds.WEEKDAYS, kinds.weekdays
SKIPPED, REPEATED = "skipped", "repeated"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class HostZone(tzinfo):
    """The zone that the C library takes for local: what TZ says, else /etc/localtime."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        if dt is None:
            return None
        wall = dt.replace(tzinfo=None, microsecond=0)
        # by timestamp(), which every Python reads alike: astimezone() changed in 3.12 for times that never were
        return wall - datetime.fromtimestamp(wall.timestamp(), timezone.utc).replace(tzinfo=None)

    def dst(self, dt: datetime | None) -> timedelta | None:
        return None  # not known, as datetime allows

    def tzname(self, dt: datetime | None) -> str | None:
        return dt.replace(tzinfo=None).astimezone().tzname() if dt else None

    def fromutc(self, dt: datetime) -> datetime:
        local = dt.replace(tzinfo=timezone.utc).astimezone()
        first = local.replace(tzinfo=self)
        return first if first.utcoffset() == local.utcoffset() else first.replace(fold=1)


def zone_named(name: str) -> tzinfo:
    """Given an IANA name, or local for the host's own, return the zone; raise ZoneInfoNotFoundError for any other."""
    return HostZone() if name == "local" else ZoneInfo(name)


def instant_of(schedule: Schedule, day: date, clock: str) -> datetime:
    """Given a day and a local HH:MM on it, return that instant in UTC."""
    wall, zone = _wall(day, clock), zone_named(schedule.zone)
    skipped = timedelta(0)
    while _clock_change(wall, zone) == SKIPPED:  # back to the last minute before the jump, which is then a minute on
        wall, skipped = wall - MINUTE, MINUTE
    later = int(schedule.repeated_time == "last" and _clock_change(wall, zone) == REPEATED)
    return wall.replace(tzinfo=zone, fold=later).astimezone(timezone.utc) + skipped


def due(schedule: Schedule, night: date) -> datetime:
    """Given a night, return the instant in UTC at which its load is due."""
    return instant_of(schedule, night, schedule.nightly)


def deadline(schedule: Schedule, night: date) -> datetime:
    """Given a night, return the instant in UTC by which its data should be there: the first time after it is due."""
    begun = due(schedule, night)
    moments = (instant_of(schedule, night + DAY * step, schedule.deadline) for step in (0, 1))
    return next(moment for moment in moments if moment > begun)


def is_night(schedule: Schedule, day: date) -> bool:
    """Tell whether a load is due on that day."""
    return day.weekday() in weekdays(schedule.days)


def night_of(schedule: Schedule, instant: datetime) -> date:
    """Given when a run started, return its night: the latest whose due time less the margin has passed."""
    return last_due(schedule, instant + timedelta(minutes=schedule.early_margin_minutes))


def last_due(schedule: Schedule, instant: datetime) -> date:
    """Return the latest night that was due at that instant."""
    day = local_day(schedule, instant) + DAY
    while not is_night(schedule, day) or due(schedule, day) > instant:
        day -= DAY
    return day


def nights(schedule: Schedule, first: date, last: date) -> list[date]:
    """Return the nights from one day to another, both included."""
    days = (first + DAY * step for step in range((last - first).days + 1))
    return [day for day in days if is_night(schedule, day)]


def next_nights(schedule: Schedule, instant: datetime, count: int) -> list[date]:
    """Return the next nights that are not yet due."""
    first = last_due(schedule, instant) + DAY
    return nights(schedule, first, first + DAY * (7 * count))[:count]


def next_due(schedule: Schedule, instant: datetime, clocks: tuple[str, ...]) -> datetime:
    """Return when one of these local times comes next after the instant, on the day of a night or the day after it."""
    today = local_day(schedule, instant)
    moments = (instant_of(schedule, today + DAY * step, clock) for step in range(9) for clock in clocks)
    return min(moment for moment in moments if moment > instant)


def local_day(schedule: Schedule, instant: datetime) -> date:
    """Return the local date at that instant."""
    return instant.astimezone(zone_named(schedule.zone)).date()


def clock_change(schedule: Schedule, night: date) -> str:
    """Tell whether the night's due time is skipped or repeated by a change of the clocks; "" for neither."""
    return _clock_change(_wall(night, schedule.nightly), zone_named(schedule.zone))


def is_skipped(schedule: Schedule, day: date) -> bool:
    """Tell whether nothing is expected on a night: planned work, or a due time that the clocks skip, by policy."""
    planned = any(window.first <= day <= window.last for window in schedule.maintenance)
    return planned or (schedule.skipped_time == "skip" and clock_change(schedule, day) == SKIPPED)


def coming_changes(schedule: Schedule, instant: datetime, days: int = 400) -> list[date]:
    """Return the coming nights whose due time the clocks skip or repeat, within that many days."""
    today = local_day(schedule, instant)
    return [night for night in nights(schedule, today, today + DAY * days) if clock_change(schedule, night)]


def _wall(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock))


def _clock_change(wall: datetime, zone: tzinfo) -> str:
    first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    if first == second or first is None or second is None:
        return ""
    return SKIPPED if second > first else REPEATED
