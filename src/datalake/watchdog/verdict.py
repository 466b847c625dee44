"""PURE. From the facts to a verdict on every night since the last look, by its slot and never by the age of a file."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datalake.alerts.findings import LOAD
from datalake.alerts.messages import kind_of
from datalake.nights import (
    DUE,
    FAILED,
    MISSED,
    UNKNOWN,
    Night,
    View,
    days_judged,
    judge,
    lost,
    night_of_run,
    nights_loaded,
)
from datalake.outcomes import SUCCESS, RunOutcome
from datalake.runs.counting import is_whole
from datalake.settings import Schedule
from datalake.watchdog.facts import Facts, witnesses

WAITING, STOPPED, NEVER, UNMARKED, CLOCK = "waiting", "stopped", "never", "unmarked", "clock"
SIGNALLED = 128  # exit codes above it: ended by a signal
DAY = timedelta(days=1)
ASLEEP = timedelta(hours=36)  # between two looks; they are a day apart


@dataclass(frozen=True)
class Verdict:
    """What the check found.

    cause: the latest night's state, or, where that says more, waiting stopped never unmarked clock.
    earlier: nights before the latest that were not good and that nobody was told of.
    """

    night: date
    cause: str
    loaded: bool  # the latest night's data was published
    run: RunOutcome | None = None
    nights: tuple[Night, ...] = ()
    earlier: tuple[Night, ...] = ()
    asleep_since: datetime | None = None

    @property
    def good(self) -> bool:
        """Say whether the latest night gives nothing to tell."""
        return self.cause in GOOD

    @property
    def names_earlier(self) -> bool:
        """Say whether the check words tonight's message itself, and so names the earlier nights in it.

        A load that failed or waits has told of itself already: they need a message of their own then.
        """
        return not self.good and not self.loaded and self.cause not in (FAILED, WAITING)


GOOD = ("ok", "late", "skipped", DUE)


def verdict(facts: Facts, schedule: Schedule) -> Verdict:
    """Given the facts, judge every night since the last look."""
    nights = _nights(facts, schedule)
    latest = nights[-1] if nights else Night(facts.night, UNKNOWN)
    untold = tuple(night for night in nights[:-1] if not night.harmless and night.day not in facts.told)
    asleep = facts.looked[0] if facts.looked and facts.now - facts.looked[0] > ASLEEP else None
    cause = _cause(facts, latest)
    run = facts.last if facts.last and facts.last.night == latest.day else None
    return Verdict(latest.day, cause, latest.loaded, run, tuple(nights), untold, asleep)


def _nights(facts: Facts, schedule: Schedule) -> list[Night]:
    first = max(facts.first_judged, min(facts.first_night or facts.night, facts.night))
    days = days_judged(schedule, first, facts.night, nights_loaded(schedule, facts.runs))
    since = facts.running_since if facts.holder else None
    return judge(schedule, days, facts.runs, View(facts.now, since, _lost(facts, schedule)))


def _lost(facts: Facts, schedule: Schedule) -> frozenset[date]:
    recorded = [night for night in (night_of_run(schedule, run) for run in facts.runs) if night]
    return lost(max(recorded, default=None), witnesses(facts.marker, facts.states), facts.night)


def _cause(facts: Facts, latest: Night) -> str:
    if _clock_is_off(facts):
        return CLOCK
    if latest.loaded:
        return _cause_of_loaded(facts, latest)
    if latest.state == UNKNOWN or _marked(facts, latest):
        return "ok" if _only_the_record_is_gone(facts, latest) else UNKNOWN
    if latest.state == MISSED and facts.first_night is None and facts.marker is None:
        return NEVER
    told = facts.last and (latest.state == FAILED or (latest.state == MISSED and is_whole(facts.last)))
    return _cause_of_failure(facts.last) if facts.last and told else latest.state


def _cause_of_loaded(facts: Facts, latest: Night) -> str:
    """A night that was loaded and of which a later run failed is good, but its problem is not over by that."""
    last = facts.last
    if LOAD in facts.open and last and last.night == latest.day and last.status != SUCCESS:
        return _cause_of_failure(last)
    return latest.state if _marked(facts, latest) else UNMARKED


def _clock_is_off(facts: Facts) -> bool:
    """Instants that are still to come: the clock went back, or a backup came from later."""
    before = facts.looked[0] if facts.looked else facts.now
    return before > facts.now or (facts.marker is not None and facts.marker.end > facts.now)


def _marked(facts: Facts, latest: Night) -> bool:
    return facts.marker is not None and facts.marker.night >= latest.day


def _only_the_record_is_gone(facts: Facts, latest: Night) -> bool:
    """The marker says that the night was good, and no record contradicts it: there is none that can be read."""
    return _marked(facts, latest) and (bool(facts.problems) or facts.first_night is None)


def _cause_of_failure(run: RunOutcome) -> str:
    if kind_of(run) == "held":
        return WAITING
    return STOPPED if run.exit_code > SIGNALLED else FAILED


def wants_start(found: Verdict) -> bool:
    """Tell whether starting the load now would heal the night: it never ran, and nothing else is at work."""
    return found.cause in (MISSED, NEVER)
