"""PURE. For how many hours of a week each feed's data was older than its rules expected it to be.

A night on which a file is expected asks for fresh data by that night's deadline. The data is old from then until a run
of that night or a later one has updated the feed, or until the next such deadline, which then counts for itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from datalake import schedule as calendar
from datalake.nights import Night, local_instant
from datalake.outcomes import SUCCESS, RunOutcome
from datalake.settings import Schedule

DAY = timedelta(days=1)
UPDATED = ("published", "confirmed")
Update = tuple[datetime, date]  # when a run that updated the feed ended, and the night it served


def updates(runs: Iterable[RunOutcome]) -> dict[str, list[Update]]:
    """Given runs, return of each feed when it was updated; one that was only seen has an empty list."""
    found: dict[str, list[Update]] = {}
    for run in runs:
        for feed in run.feeds:
            own = found.setdefault(feed.feed, [])
            if feed.status in UPDATED:
                own.append((run.end, run.night))
    return found


def updates_of_csv(schedule: Schedule, nights: Iterable[Night]) -> list[Update]:
    """Return the successes of which only the CSV still knows: each may have updated any feed, and is taken to have."""
    runs = ((run, night.day) for night in nights for run in night.runs if run.status == SUCCESS and not run.run_id)
    ends = ((run.end or local_instant(schedule, run.end_time), day) for run, day in runs)
    return [(end, day) for end, day in ends if end]


def old_hours(
    schedule: Schedule,
    nights: Collection[date],
    days: Mapping[str, str],
    updated: Mapping[str, Sequence[Update]],
    week: tuple[datetime, datetime],
) -> dict[str, float]:
    """Return the hours of old data by feed, to one decimal; feeds without any are left out.

    nights: those that were judged, from a week before on. days: the weekdays on which a feed's file is expected.
    week: its start and its end, or now where that is earlier. Nights before a feed was first updated do not count.
    """
    found = {}
    for feed, weekdays in days.items():
        own = sorted(updated.get(feed, ()))
        asked = [night for night in sorted(nights) if own and night >= min(night for _, night in own)]
        hours = sum((_old(schedule, night, weekdays, own, week) for night in asked), timedelta(0)) / timedelta(hours=1)
        if hours >= 0.05:
            found[feed] = round(hours, 1)
    return found


def _old(
    schedule: Schedule, night: date, weekdays: str, own: Sequence[Update], week: tuple[datetime, datetime]
) -> timedelta:
    """How long within the week one night's data was asked for and not there."""
    wanted = calendar.weekdays(weekdays)
    if night.weekday() not in wanted:
        return timedelta(0)
    following = next(night + DAY * step for step in range(1, 8) if (night + DAY * step).weekday() in wanted)
    fresh = [end for end, served in own if served >= night]
    stop = min([calendar.deadline(schedule, following), week[1], *fresh])
    return max(stop - max(calendar.deadline(schedule, night), week[0]), timedelta(0))
