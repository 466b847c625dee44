"""What `manage.py status` says, from what is known of the lake. Pure: lines of text out of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datalake.alerts import currency
from datalake.alerts.words import clock, count, day, number
from datalake.cli import text
from datalake.contracts.model import Contract
from datalake.outcomes import FeedOutcome
from datalake.pipeline.plan import FeedPlan, Waiting
from datalake.runs.history import RecordedRun
from datalake.runs.lockfile import Holder, held_sentence
from datalake.schedule import last_due, weekdays, zone_named
from datalake.settings import Schedule
from datalake.zones.state import FeedState, OpenDelivery

CURRENT, HELD, REFUSED, LATE, NEVER, DRAFT, RETIRED = (
    "current",
    "waiting for OK",
    "file refused",
    "no file that night",
    "no data yet",
    "draft",
    "retired",
)


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

    @property
    def night(self) -> date:
        """The night that everything is judged by: the last one due, in a demo lake the last one simulated."""
        due = last_due(self.schedule, self.now)
        simulated = [run.night for run in self.runs if run.night]
        return max(simulated) if self.demo and simulated else due

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
        return {each.feed: _stands(each, self.state(each), self.night) for each in self.contracts}


def _stands(contract: Contract, state: FeedState, night: date) -> str:
    if contract.status in (DRAFT, RETIRED):
        return contract.status
    if state.held:
        return HELD
    if state.refused:
        return REFUSED
    if state.as_of is None:
        return NEVER
    return CURRENT if state.last_night and state.last_night >= _expected(contract, night) else LATE


def _expected(contract: Contract, night: date) -> date:
    """The latest night, up to this one, on which a file of this feed is expected."""
    days = weekdays(contract.freshness.days)
    return next((night - timedelta(back) for back in range(7) if (night - timedelta(back)).weekday() in days), night)


def lines(known: Known) -> list[str]:
    """Return all that status says; the first line is the verdict."""
    return [
        verdict(known),
        *_section("Feeds", feed_lines(known)),
        *_section("Needs a person", person_lines(known)),
        *_section("In incoming", incoming_lines(known)),
        *_section("Last runs", run_lines(known.runs)),
    ]


def _section(title: str, content: list[str]) -> list[str]:
    return ["", title, *(f"  {each}" for each in content)] if content else []


def verdict(known: Known) -> str:
    """Return in one sentence or two whether today's data can be used."""
    words = held_sentence(known.holder).replace("Another", "A", 1) if known.holder else _judged(known)
    return f"DEMO · {words}" if known.demo else words


def _judged(known: Known) -> str:
    judged = {feed: how for feed, how in known.standing.items() if how not in (DRAFT, RETIRED)}
    if not known.runs and all(how == NEVER for how in judged.values()):
        return "No data yet: nothing has been loaded. Put files into data/incoming, then: bash src/cron_runner.sh"
    if _missed(known):
        return f"The load of {day(known.night)} did not run. {_tables(known)} Do: bash src/cron_runner.sh"
    failed = _failed(known)
    if failed:
        return f"The load of {day(known.night)} failed: {failed.error} {_tables(known)} Do: {failed.fix}"
    if all(how == CURRENT for how in judged.values()):
        return f"{currency.of_success(_shown(known, judged))}{_loaded(known)}"
    return _some_behind(known, judged)


def _missed(known: Known) -> bool:
    nights = [run.night for run in known.runs if run.night]
    return not known.demo and bool(nights) and max(nights) < known.night


def _failed(known: Known) -> RecordedRun | None:
    """The night's last run, where that night has no success and failed as a whole, not for one feed."""
    tonight = [run for run in known.runs if run.night == known.night]
    if not tonight or any(run.status == "success" for run in tonight) or not tonight[0].error:
        return None
    return tonight[0]


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


def _some_behind(known: Known, judged: Mapping[str, str]) -> str:
    """`1 of 2 feeds is current as of Tue 4 Nov. grants still shows Mon 3 Nov: waiting for OK.`"""
    current = [feed for feed, how in judged.items() if how == CURRENT]
    dates = {known.states[feed].as_of for feed in current}
    as_of = "".join(f" as of {day(each)}" for each in dates if each and len(dates) == 1)
    verb = "is" if len(current) == 1 else "are"
    first = f"{len(current)} of {count(len(judged), 'feed')} {verb} current{as_of}."
    return " ".join([first, *(_behind(known, feed, how) for feed, how in judged.items() if how != CURRENT)])


def _behind(known: Known, feed: str, how: str) -> str:
    state = known.states.get(feed)
    if state is None or state.as_of is None:
        return f"{feed} has no data yet{'' if how == NEVER else f': {how}'}."
    return f"{feed} shows {day(state.as_of)}: {how}."


def feed_lines(known: Known) -> list[str]:
    """Return the table of feeds: what each shows and how it stands."""
    rows = [_feed_row(each, known.state(each), known.standing[each.feed]) for each in known.contracts]
    return text.table(("feed", "shows", "rows", "kept", "version", "is"), rows, right=("rows", "kept"))


def _feed_row(contract: Contract, state: FeedState, how: str) -> list[str]:
    kept = number(state.kept) if state.kept else "-"
    as_of = day(state.as_of) if state.as_of else "-"
    return [contract.feed, as_of, number(state.rows), kept, state.version or "-", how]


def person_lines(known: Known) -> list[str]:
    """Return what waits for a person's decision or fix, each with what to do."""
    states = (known.state(each) for each in known.contracts)
    return [line for state in states for each in (*state.held, *state.refused) for line in open_lines(each)]


def open_lines(delivery: OpenDelivery) -> list[str]:
    """Return a file that waits for OK or was refused: why, and what to do."""
    kind = REFUSED if delivery.status == "refused" else HELD
    return [
        f"{delivery.feed}: {kind} since {delivery.since[:10]} ({text.harmless(delivery.name)})",
        f"  why: {text.harmless(delivery.reason)}",
        f"  do:  {text.harmless(delivery.fix)}",
    ]


def incoming_lines(known: Known) -> list[str]:
    """Return what the next run will load, and each file that stays with its reason."""
    next_run = [f"{each.contract.feed}: {count(len(each.steps), 'file')} for the next run" for each in known.next_run]
    return next_run + [f"{each.name}: {each.reason}" for each in known.waiting]


RUN_HEADINGS = ("night", "started", "minutes", "by", "read", "rejected", "ended", "because")


def run_lines(runs: Sequence[RecordedRun]) -> list[str]:
    """Return the table of the last runs, newest first."""
    return text.table(RUN_HEADINGS, [_run_row(each) for each in runs], right=("minutes", "read", "rejected"))


def _run_row(run: RecordedRun) -> list[str]:
    return [
        day(run.night) if run.night else run.date or "-",
        run.start_time or "-",
        "-" if run.runtime_min is None else f"{run.runtime_min:g}",
        run.trigger or "-",
        "-" if run.rows_read is None else number(run.rows_read),
        "-" if run.rejected is None else number(run.rejected),
        _ended(run),
        text.clipped(run.error, 60),
    ]


def _ended(run: RecordedRun) -> str:
    if run.status == "success" and run.notes:
        return f"success, {count(len(run.notes), 'note')}"
    return f"{run.status} ({run.exit_code})" if run.exit_code else run.status or "-"
