"""PURE. How the lake stands: which feeds can be used, and the one sentence that says so.

`manage.py status` and the dashboard both say it in these words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from datalake import freshness
from datalake.alerts import currency
from datalake.contracts.model import Contract
from datalake.freshness import CURRENT, DRAFT, NEVER, RETIRED
from datalake.outcomes import FeedOutcome
from datalake.pipeline.plan import FeedPlan, Waiting
from datalake.runs.counting import good_run, is_whole
from datalake.runs.history import RecordedRun
from datalake.runs.lockfile import Holder, held_sentence
from datalake.schedule import is_skipped, zone_named
from datalake.settings import Schedule
from datalake.views.unknown import Unknown
from datalake.words import clock, day
from datalake.zones.state import FeedState

GOOD, BAD, WAITING = "good", "bad", "wait"
RUN = "bash src/cron_runner.sh"


@dataclass(frozen=True)
class Known:
    """All that is known of a lake: its rules, its state, its record (newest run first) and what lies in incoming."""

    now: datetime
    schedule: Schedule
    contracts: Sequence[Contract]
    states: Mapping[str, FeedState]
    runs: Sequence[RecordedRun] = ()
    waiting: Sequence[Waiting] = ()
    next_run: Sequence[FeedPlan] = ()
    holder: Holder | None = None
    demo: bool = False
    last_load: date | None = None  # the latest night that has one, be it of before these runs
    unknown: Sequence[Unknown] = ()  # published values that lead nowhere

    @property
    def night(self) -> date:
        """The night that everything is judged by."""
        return freshness.night_judged(
            self.schedule, self.now, filter(None, (run.night for run in self.runs)), self.demo
        )

    @property
    def loaded(self) -> RecordedRun | None:
        """The newest run that succeeded."""
        return next((run for run in self.runs if run.status == "success"), None)

    def state(self, contract: Contract) -> FeedState:
        """Return a feed's state; one that never had a file has an empty one."""
        return self.states.get(contract.feed) or FeedState(contract.feed)

    @property
    def standing(self) -> dict[str, str]:
        """How each feed stands, by name."""
        night = self.night
        judged = (self.schedule, night, self.demo)
        return {each.feed: freshness.stands(each, self.state(each), *judged) for each in self.contracts}


@dataclass(frozen=True)
class Verdict:
    """Whether today's data can be used: good, bad or waiting, in a sentence or two, and the command that helps."""

    kind: str
    sentence: str
    do: str = ""


def verdict(known: Known) -> str:
    """Return in one sentence or two whether today's data can be used, and what to do if not."""
    found = judged(known)
    words = f"{found.sentence} Do: {found.do}" if found.do else found.sentence
    return f"DEMO · {words}" if known.demo else words


def judged(known: Known) -> Verdict:
    """Return whether today's data can be used."""
    if known.holder:
        return Verdict(WAITING, held_sentence(known.holder).replace("Another", "A", 1))
    active = {feed: how for feed, how in known.standing.items() if how not in (DRAFT, RETIRED)}
    if not known.runs and all(how == NEVER for how in active.values()):
        return Verdict(WAITING, f"No data yet: nothing has been loaded. Put files into data/incoming, then: {RUN}")
    if _missed(known):
        return Verdict(BAD, f"The load of {day(known.night)} did not run. {_tables(known)}", RUN)
    failed = _failed(known)
    if failed:
        return Verdict(BAD, f"The load of {day(known.night)} failed: {failed.error} {_tables(known)}", failed.fix)
    if all(how == CURRENT for how in active.values()):
        return Verdict(GOOD, f"{currency.of_success(_shown(known, active), known.night)}{_loaded(known)}")
    shows = {feed: known.states[feed].as_of if feed in known.states else None for feed in active}
    return Verdict(BAD, currency.some_behind(shows, active, known.night))


def _missed(known: Known) -> bool:
    nights = [run.night for run in known.runs if run.night and is_whole(run)]
    nights += [known.last_load] if known.last_load else []
    planned = is_skipped(known.schedule, known.night)
    return not known.demo and bool(nights) and max(nights) < known.night and not planned


def _failed(known: Known) -> RecordedRun | None:
    """The night's last load, where that night has no good one and failed as a whole, not for one feed."""
    tonight = [run for run in known.runs if run.night == known.night]
    loads = [run for run in tonight if is_whole(run)]
    if not loads or good_run(reversed(tonight)) or not loads[0].error:
        return None
    return loads[0]


def _tables(known: Known) -> str:
    days = sorted({each.as_of for each in known.states.values() if each.as_of})
    if not days:
        return "Nothing has been published yet."
    span = day(days[0]) if len(days) == 1 else f"{day(days[0])} to {day(days[-1])}"
    return f"The published tables are whole and show Huron as of {span}."


def _shown(known: Known, judged: Mapping[str, str]) -> list[FeedOutcome]:
    states = [known.state(each) for each in known.contracts if each.feed in judged]
    return [FeedOutcome(each.feed, "published", each.as_of) for each in states]


def _loaded(known: Known) -> str:
    run = known.loaded
    return f" Loaded {clock(run.end, zone_named(known.schedule.zone))}." if run and run.end else ""
