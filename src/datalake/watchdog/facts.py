"""The edge: what the watchdog goes by. Whatever cannot be read is a fact too; nothing here raises for it."""

import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from datalake import schedule as calendar
from datalake.alerts import book
from datalake.alerts.incidents import Silence
from datalake.clock import Clock
from datalake.contracts.config import load_contracts
from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.freshness import night_judged, stands
from datalake.outcomes import SUCCESS, RunOutcome
from datalake.runs import crumbs, history, last_success, lock
from datalake.runs.counting import good_run, is_whole
from datalake.runs.database import reading
from datalake.runs.ended import outcome_of
from datalake.runs.history import RecordedRun
from datalake.runs.last_success import LastSuccess
from datalake.runs.lockfile import Holder
from datalake.runs.migrations import NEWEST
from datalake.runs.rows import RuntimeRow
from datalake.settings import Schedule, Settings
from datalake.watchdog import record
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake
from datalake.zones.state import FeedState

DAY = timedelta(days=1)
FURTHEST = 60  # nights back, however long nobody looked


@dataclass(frozen=True)
class Facts:
    """All that a judgement rests on. problems: what could not be read, one sentence each."""

    now: datetime
    night: date  # the latest that was due; in a demo lake the last one simulated
    schedule: Schedule = field(default_factory=Schedule)
    marker: LastSuccess | None = None
    runs: tuple[RecordedRun, ...] = ()  # of all nights to be judged
    only_csv: tuple[RuntimeRow, ...] = ()  # runs that the database lost
    first_night: date | None = None
    last: RunOutcome | None = None  # the run with its feeds that says last how the night went
    holder: Holder | None = None  # of the run lock
    looked: tuple[datetime, date] | None = None  # the last look, and the night it judged
    told: frozenset[date] = frozenset()  # nights that some incident has told already
    losses: tuple[str, ...] = ()  # what was lost with a damaged database, and nobody was told of yet
    open: frozenset[str] = frozenset()  # keys of open incidents
    silences: tuple[Silence, ...] = ()
    states: Mapping[str, FeedState] = field(default_factory=dict)
    contracts: Sequence[Contract] = ()
    usual_rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of each feed's earlier runs, newest first
    free_bytes: int | None = None
    demo: bool = False
    problems: tuple[str, ...] = ()

    @property
    def first_judged(self) -> date:
        """The first night that nobody has judged yet; the latest is judged in any case."""
        start = self.looked[1] + DAY if self.looked else self.night
        return max(min(start, self.night), self.night - DAY * FURTHEST)

    @property
    def feeds_by(self) -> date:
        """The night that feeds are judged by."""
        return night_judged(self.schedule, self.now, filter(None, (run.night for run in self.runs)), self.demo)

    @property
    def stands(self) -> dict[str, str]:
        """How each feed stands by that night (datalake.freshness)."""
        night, known = self.feeds_by, self.states
        state = {each.feed: known.get(each.feed) or FeedState(each.feed) for each in self.contracts}
        return {each.feed: stands(each, state[each.feed], self.schedule, night, self.demo) for each in self.contracts}

    @property
    def running_since(self) -> datetime | None:
        """When the load at work began; now, where its lock does not say."""
        if self.holder is None:
            return None
        try:
            return datetime.fromisoformat(self.holder.since)
        except ValueError:
            return self.now


class Gathering:
    """One look around; what goes wrong in it is kept in problems."""

    def __init__(self, lake: Lake, settings: Settings, clock: Clock, night: date | None) -> None:
        self._named = night
        self.lake, self.schedule, self.now = lake, settings.schedule, clock.now()
        self.problems: list[str] = []

    def facts(self) -> Facts:
        """Look at everything once."""
        kept = self._kept()
        looked = kept.get("looked")
        states, contracts = self._states(), self._contracts()
        night = self._named or self._night()
        start = looked[1] if looked else night
        known = self._runs(min(max(start, night - DAY * FURTHEST), night) - DAY, night)
        runs = (*known.runs, *map(record.run_left, self._left()))
        return Facts(
            self.now,
            night,
            schedule=self.schedule,
            marker=self._marker(),
            runs=runs,
            only_csv=known.only_csv,
            first_night=known.first_night,
            last=self._last(known.runs, night),
            holder=self._holder(),
            **kept,
            states=states,
            contracts=contracts,
            usual_rows=self._usual_rows(states),
            free_bytes=self._free(),
            demo=self.lake.demo_marker.exists(),
            problems=tuple(self.problems),
        )

    def _night(self) -> date:
        due = calendar.last_due(self.schedule, self.now)
        if not self.lake.demo_marker.exists():
            return due
        try:
            last = history.last_runs(self.lake.database, 1)
        except sqlite3.Error:
            return due
        return last[0].night or due if last else due

    def _kept(self) -> dict[str, Any]:
        """What alerts and earlier looks have kept; nothing where that cannot be read."""
        if not self.lake.database.exists():
            return {}
        try:
            with closing(reading(self.lake.database)) as connection:
                if connection.execute("PRAGMA user_version").fetchone()[0] < NEWEST:
                    return {}  # of before all this was kept; what can be written has been migrated
                return {
                    "looked": book.last_look(connection),
                    "told": book.told_nights(connection),
                    "losses": book.losses(connection),
                    "open": frozenset(incident.key for incident in book.open_incidents(connection)),
                    "silences": book.silences(connection, self.now),
                }
        except (sqlite3.Error, ValueError):
            return {}  # what is wrong with the database is told by _runs

    def _marker(self) -> LastSuccess | None:
        try:
            return last_success.read(self.lake, self.schedule)
        except (OSError, ValueError) as problem:
            self.problems.append(f"logs/last_success.txt cannot be read ({problem}).")
            return None

    def _runs(self, first: date, last: date) -> record.Known:
        if not self.lake.database.exists() and (self.lake.success_marker.exists() or self.lake.runtime_csv.exists()):
            self.problems.append("logs/etl_stats.db is missing.")
        try:
            return record.known_runs(self.lake, self.schedule, first, last)
        except (sqlite3.Error, ValueError, TypeError, OSError) as problem:
            self.problems.append(f"logs/etl_stats.db cannot be read ({problem}).")
        try:
            return record.csv_runs(self.lake, self.schedule, first, last)
        except (OSError, ValueError) as problem:
            self.problems.append(f"logs/etl_runtime_stats.csv cannot be read ({problem}).")
            return record.Known()

    def _last(self, runs: Sequence[RecordedRun], night: date) -> RunOutcome | None:
        """The night's last run: as a dead one left it, where the record does not have it yet. Where the night is not
        loaded, a file taken by hand says nothing of it.
        """
        there: list[RecordedRun | RunOutcome] = [run for run in runs if run.night == night and run.run_id]
        there += (each for each in self._left() if each.night == night)
        if good_run(there) is None:
            there = [run for run in there if is_whole(run) or run.status != SUCCESS]
        last = there[-1] if there else None
        if last is None or isinstance(last, RunOutcome):
            return last
        try:
            return history.outcome(self.lake.database, last.run_id or "")
        except (sqlite3.Error, ValueError, TypeError):
            return None

    def _left(self) -> list[RunOutcome]:
        """What runs came to that are over and not in the record yet."""
        if self._holder() is not None:
            return []
        try:
            return [outcome_of(left, self.schedule) for left in crumbs.all_left(self.lake)]
        except (OSError, ValueError, KeyError):
            return []

    def _holder(self) -> Holder | None:
        try:
            return None if self._named else lock.holder(self.lake)  # whoever simulates a night holds the lock
        except OSError as problem:
            self.problems.append(f"Whether a load is running cannot be told: {problem.strerror}.")
            return None

    def _states(self) -> Mapping[str, FeedState]:
        try:
            return read_state(self.lake)
        except (OSError, ValueError, KeyError, TypeError) as problem:
            self.problems.append(f"The lake's events cannot be read ({problem}).")
            return {}

    def _contracts(self) -> Sequence[Contract]:
        try:
            return load_contracts(self.lake.root)
        except DatalakeError:
            return ()  # a wrong configuration is told by the load that it stopped

    def _usual_rows(self, states: Mapping[str, FeedState]) -> dict[str, tuple[int, ...]]:
        try:
            return {feed: self._rows_of(feed) for feed in states}
        except sqlite3.Error:
            return {}

    def _rows_of(self, feed: str) -> tuple[int, ...]:
        outcomes = history.last_feed_outcomes(self.lake.database, feed, 15)
        return tuple(outcome.rows for _, outcome in outcomes if outcome.status == "published")

    def _free(self) -> int | None:
        try:
            return shutil.disk_usage(self.lake.data).free
        except OSError:
            return None


def gather(lake: Lake, settings: Settings, clock: Clock, night: date | None = None) -> Facts:
    """Look at everything once. night: the one to judge, where it is a simulated one."""
    return Gathering(lake, settings, clock, night).facts()


def witnesses(told: LastSuccess | None, states: Mapping[str, FeedState]) -> list[date]:
    """Return the good nights that the success marker and the lake know of, whatever the record says."""
    known = [told.night] if told else []
    return known + [state.last_night for state in states.values() if state.last_night]
