"""PURE. From the facts to a verdict on last night, by its slot and never by the age of a file."""

from dataclasses import dataclass
from datetime import date

from datalake.alerts.messages import kind_of
from datalake.nights import FAILED, MISSED, OK, RUNNING, judge
from datalake.outcomes import SUCCESS, RunOutcome
from datalake.settings import Schedule
from datalake.watchdog.facts import Facts

WAITING, STOPPED, UNKNOWN, NEVER, UNMARKED = "waiting", "stopped", "unknown", "never", "unmarked"
SIGNALLED = 128  # exit codes above it: ended by a signal


@dataclass(frozen=True)
class Verdict:
    """What the check found: the night's state or cause, in one word, and what does not fit together."""

    night: date
    cause: str  # ok failed missed running waiting stopped unknown never unmarked
    run: RunOutcome | None = None
    disagreements: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.cause == OK


def verdict(facts: Facts, schedule: Schedule) -> Verdict:
    """Given the facts, judge the latest night that was due."""
    running = facts.night if facts.holder else None
    (night,) = judge(schedule, [facts.night], facts.runs, running)
    marked = facts.marker is not None and facts.marker.night >= facts.night
    if facts.marker is not None and facts.marker.end > facts.now:
        later = "logs/last_success.txt tells of a time still to come: was the clock wrong, or a backup restored?"
        return Verdict(facts.night, UNKNOWN, facts.last, (later, *facts.problems))
    if night.state == OK or facts.problems:
        return _checked(facts, night.state == OK, marked)
    if marked:
        lost = "logs/last_success.txt says that the night was good, logs/etl_stats.db knows of no good run."
        return Verdict(facts.night, UNKNOWN, facts.last, (lost,))
    return Verdict(facts.night, _cause(facts, night.state), facts.last)


def _checked(facts: Facts, recorded: bool, marked: bool) -> Verdict:
    """Good by the record, or the record could not be read: then the marker alone decides."""
    if marked:
        return Verdict(facts.night, OK, facts.last, facts.problems)
    if not recorded:
        return Verdict(facts.night, UNKNOWN, facts.last, facts.problems)
    unmarked = "logs/etl_stats.db has a good run of this night, logs/last_success.txt does not say so."
    return Verdict(facts.night, UNMARKED, facts.last, (unmarked, *facts.problems))


def _cause(facts: Facts, state: str) -> str:
    if state == RUNNING:
        return RUNNING
    if state == MISSED:
        return NEVER if facts.first_night is None and facts.marker is None else MISSED
    run = facts.last
    if run is None or run.status == SUCCESS:
        return FAILED
    if kind_of(run) == "held":
        return WAITING
    return STOPPED if run.exit_code > SIGNALLED else FAILED
