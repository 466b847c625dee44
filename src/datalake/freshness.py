"""PURE. Whether a feed is current: one answer for run messages, 6 AM check, status, dashboard and weekly report.

A feed is judged at the latest night on which its file was expected: by whether that night brought one, and by how old
its data was at that night's deadline. So the answer is the same at 02:00, at 6 AM and at noon.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from datalake import schedule as calendar
from datalake.contracts.model import Contract
from datalake.settings import Schedule
from datalake.zones.state import FeedState

CURRENT, HELD, REFUSED, LATE, OLD, NEVER, DRAFT, RETIRED = (
    "current",
    "waiting for OK",
    "file refused",
    "no file that night",
    "too old",
    "no data yet",
    "draft",
    "retired",
)
OPEN = (HELD, REFUSED)  # a file of it needs a person
DAY = timedelta(days=1)
LOOKED_BACK = 60  # nights, of which some may be planned work


def stands(contract: Contract, state: FeedState, schedule: Schedule, night: date, demo: bool = False) -> str:
    """Given a feed's rules and state, return how it stands by that night, the latest there is to judge.

    demo: each run counts for tonight and brings days of long ago: their age says nothing.
    """
    if contract.status in (DRAFT, RETIRED):
        return contract.status
    if state.held:
        return HELD
    if any(state.is_current_affair(each, contract.write_disposition == "replace") for each in state.refused):
        return REFUSED
    if state.as_of is None:
        return NEVER
    if state.last_night is None or state.last_night < expected_night(contract, schedule, night):
        return LATE
    limit = None if demo else limit_of(contract)
    return OLD if is_older(contract, state, schedule, night, limit) else CURRENT


def is_older(contract: Contract, state: FeedState, schedule: Schedule, night: date, hours: float | None) -> bool:
    """Tell whether the data ended more than so many hours before the deadline of the night its file was expected."""
    if hours is None or state.as_of is None:
        return False
    asked = calendar.deadline(schedule, expected_night(contract, schedule, night))
    ended = calendar.instant_of(schedule, state.as_of + DAY, "00:00")
    return asked - ended > timedelta(hours=hours)


def expected_night(contract: Contract, schedule: Schedule, night: date) -> date:
    """Return the latest night, up to this one, on which a file of the feed is expected: none is in planned work."""
    days = calendar.weekdays(contract.freshness.days)
    back = (night - DAY * step for step in range(LOOKED_BACK))
    return next((each for each in back if each.weekday() in days and not calendar.is_skipped(schedule, each)), night)


def is_expected(contract: Contract, schedule: Schedule, night: date) -> bool:
    """Tell whether a file of the feed is expected on that very night."""
    asked = night.weekday() in calendar.weekdays(contract.freshness.days)
    return contract.status == "active" and asked and not calendar.is_skipped(schedule, night)


def night_judged(schedule: Schedule, now: datetime, served: Iterable[date], demo: bool = False) -> date:
    """Given the nights that runs have served, return the latest to judge feeds by: one a run has served, or that had
    its time to begin; in a demo lake the last one simulated, whatever the date is today.
    """
    nights = set(served)
    if demo and nights:
        return max(nights)
    begun_by = timedelta(minutes=schedule.start_margin_minutes)
    return max(nights | {calendar.last_due(schedule, now - begun_by)})


def limit_of(contract: Contract) -> float | None:
    """Return the hours after which a feed's data counts as old; None where its rules set no limit."""
    freshness = contract.freshness
    return freshness.error_after_hours if freshness.warn_after_hours is None else freshness.warn_after_hours
