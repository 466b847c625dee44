"""One run from its first sign to its outcome: recover, plan, carry out, and leave what it came to in the lake.

The lock is held by whoever calls; recording and telling are done by others, from the outcome that is left.
"""

import contextlib
import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from datalake.clock import Clock
from datalake.contracts.model import Contract
from datalake.errors import EXIT_FAILED, EXIT_OK, UsageError
from datalake.freshness import is_expected
from datalake.outcomes import FAILURE, SUCCESS, FeedOutcome, Note, RunOutcome, Trigger, feed_to_json
from datalake.pipeline import by_hand, decisions, reasons
from datalake.pipeline.by_hand import HandOver
from datalake.pipeline.context import Context, Observer, Silent, stage_locally
from datalake.pipeline.decisions import Decision, Decline
from datalake.pipeline.engines import Stager
from datalake.pipeline.log_line import line_of
from datalake.pipeline.plan import Plan, plan, waiting_notes
from datalake.pipeline.preflight import check_raw, check_room, tight_logs
from datalake.pipeline.recover import recover
from datalake.pipeline.retention import keep
from datalake.pipeline.run import run
from datalake.pipeline.views import report
from datalake.runs import crumbs, logs, signals
from datalake.schedule import night_of
from datalake.settings import Settings
from datalake.words import full_day
from datalake.zones.claims import list_incoming
from datalake.zones.manifest import Ledger, read_state
from datalake.zones.paths import Lake
from datalake.zones.state import State

log = logging.getLogger("datalake.nightly")
SIGN_OF_LIFE = 10.0  # seconds between two signs within a stage
NO_FILES = "No files in incoming: nothing to load."


def run_night(
    lake: Lake,
    settings: Settings,
    contracts: Sequence[Contract],
    clock: Clock,
    trigger: Trigger,
    night: date | None = None,
    observer: Observer | None = None,
    work: Decision | HandOver | None = None,
    run_id: str = "",
    stager: Stager = stage_locally,
    record: Callable[[RunOutcome], None] | None = None,
) -> RunOutcome:
    """Do one run and return its outcome, which is also left in the lake for the recorders.

    work: a decision to carry out, or files that a person hands over; else all that incoming holds and earlier runs
    left. The caller holds the lock.
    record: called with the outcome once it is left, also where a signal ends the run and this never returns.
    Raises UsageError, before anything is touched, for a decision about nothing, and for real files in a demo lake.
    """
    state = read_state(lake)
    meant = decisions.chosen(state, work) if work and not isinstance(work, HandOver) else ()
    night = night or (meant[-1].night if meant else night_of(settings.schedule, clock.now()))
    at_work = _Run(
        lake=lake,
        settings=settings,
        contracts=tuple(contracts),
        clock=clock,
        trigger=trigger,
        night=night,
        observer=observer or Silent(),
        run_id=run_id or crumbs.new_run_id(clock.now()),
        stager=stager,
        record=record,
    )
    with signals.ending(at_work.end_now):
        return at_work.go(work)


@dataclass
class _Run:
    """A run at work. What it has come to so far is always at hand, for a signal may end it at any point."""

    lake: Lake
    settings: Settings
    contracts: tuple[Contract, ...]
    clock: Clock
    trigger: Trigger
    night: date
    observer: Observer
    run_id: str
    stager: Stager
    record: Callable[[RunOutcome], None] | None
    start: datetime = field(init=False)
    begun: float = field(init=False)  # by the monotonic clock
    demo: bool = field(init=False)
    feeds: list[FeedOutcome] = field(default_factory=list)
    context: Context | None = None
    meant: set[str] = field(default_factory=set)  # feeds that a decision is about

    def __post_init__(self) -> None:
        self.start, self.begun, self.demo = self.clock.now(), self.clock.monotonic(), self.lake.demo_marker.exists()

    def go(self, work: Decision | HandOver | None) -> RunOutcome:
        """Do the work; whatever happens in it becomes part of the outcome."""
        error, fix = "", ""
        try:
            logs.rotate(self.lake, self.settings.retention)
            self._begin()
            self._work(work)
        except UsageError:
            crumbs.forget(self.lake, self.run_id)
            raise
        except Exception as problem:
            log.exception("run=%s stopped", self.run_id)
            error, fix = reasons.worded(problem)
        finally:
            if self.context:
                self.context.engines.close()
        return self._leave(self.outcome(error, fix))

    def _begin(self) -> None:
        crumbs.begin(self.lake, self.run_id, self.start, self.trigger, self.night, self.demo)
        log.info("%s", line_of({"run": self.run_id, "night": self.night, "trigger": self.trigger}))

    def _work(self, work: Decision | HandOver | None) -> None:
        ledger = Ledger(self.lake, self.clock.now)
        check_raw(self.lake, ledger.state)
        watcher = _Signs(self)
        self.context = context = Context(self.lake, self.settings, self.clock, ledger, self.night, watcher, self.stager)
        with context.stage("plan"):
            todo = self._planned(context, work)
        for outcome in run(context, todo):
            if not work or outcome.failed or outcome.feed in self.meant:
                self.feeds.append(outcome)
                watcher.told("feed", outcome=feed_to_json(outcome))
        ledger.save()
        report(context, self.contracts)
        watcher.told("done")  # killed from here on, only its word was missing: runs/ended.py
        keep(context, self.contracts)
        if not work:
            context.notes[:0] = _notes(todo, context, self.night)
        if isinstance(work, HandOver):
            context.notes[:] = by_hand.condensed(context.notes)

    def _planned(self, context: Context, work: Decision | HandOver | None) -> Plan:
        recover(context, self.contracts)
        if isinstance(work, HandOver):
            return self._of_files(context, work)
        return self._of_decision(context, work) if work else self._of_incoming(context)

    def _of_files(self, context: Context, work: HandOver) -> Plan:
        self.meant = {each.feed for each in work.files}
        todo = by_hand.plan_of(context, self.contracts, work)
        check_room(self.lake, self.settings, todo)
        return todo

    def _of_decision(self, context: Context, work: Decision) -> Plan:
        """What is decided is written down only once there is room to carry it out."""
        meant = decisions.chosen(context.ledger.state, work)
        self.meant = {each.feed for each in meant}
        if not isinstance(work, Decline):
            check_room(self.lake, self.settings, decisions.plan_for(self.contracts, self.night, meant))
        decisions.decide(context, work, meant)
        return decisions.plan_of(context, self.contracts, meant)

    def _of_incoming(self, context: Context) -> Plan:
        todo = planned(self.lake, self.settings, self.contracts, context.ledger.state, self.night, self.clock.now())
        if self.demo and self.trigger != "demo" and todo.takes:
            raise UsageError(
                "This lake holds demo data, and incoming holds files for it that the demo did not write.",
                "Remove the demo first: `python3 manage.py demo --clear`.",
            )
        check_room(self.lake, self.settings, todo)
        context.notes += tight_logs(self.lake)
        return todo

    def outcome(self, error: str = "", fix: str = "", exit_code: int | None = None) -> RunOutcome:
        """Return what the run has come to by now."""
        failed = bool(error) or any(each.failed for each in self.feeds)
        code = (EXIT_FAILED if failed else EXIT_OK) if exit_code is None else exit_code
        return RunOutcome(
            run_id=self.run_id,
            night=self.night,
            trigger=self.trigger,
            start=self.start,
            end=self.clock.now(),
            runtime_sec=self.clock.monotonic() - self.begun,
            status=FAILURE if failed else SUCCESS,
            exit_code=code,
            demo=self.demo,
            feeds=tuple(sorted(self.feeds, key=lambda each: each.feed)),
            notes=tuple(self.context.notes) if self.context else (),
            stages=tuple(self.context.stages) if self.context else (),
            error=error,
            fix=fix,
            tip=self.context.ledger.tip if self.context else "",
        )

    def _leave(self, outcome: RunOutcome) -> RunOutcome:
        """Leave the outcome in the lake; from here on no signal changes what the run was."""
        with signals.ending(None):
            try:
                crumbs.leave(self.lake, outcome)
            except OSError as problem:
                log.exception("run=%s could not leave its outcome", self.run_id)
                reason, fix = reasons.worded(problem)
                error = f"{outcome.error} What the run came to could not be written down: {reason}".strip()
                outcome = replace(outcome, status=FAILURE, exit_code=EXIT_FAILED, error=error, fix=outcome.fix or fix)
            for each in outcome.notes:
                log.info("%s", line_of({"note": each.kind, "text": each.text}))
            log.info("%s", _line(outcome))
            if self.record:
                self.record(outcome)
        return outcome

    def end_now(self, number: int) -> None:
        """A signal asks for the end: leave the outcome and go, as a kill would, which the next run knows to mend."""
        where = self.context.observer.where if self.context and isinstance(self.context.observer, _Signs) else ""
        how = "interrupted" if number == signal.SIGINT else "ended from outside"
        error = f"The run was {how} ({signal.Signals(number).name}){where}."
        self._leave(self.outcome(error, "The next run goes on where this one stopped.", 128 + number))
        logging.shutdown()
        os._exit(128 + number)


class _Signs:
    """Passes on to the observer, and leaves signs of life for whoever must judge a run that was killed."""

    def __init__(self, at_work: _Run) -> None:
        self._run, self._observer = at_work, at_work.observer
        self._last = at_work.clock.monotonic()
        self.where = ""

    def stage_started(self, stage: str, feed: str) -> None:
        self.where = f" while at {stage}" + (f" of {feed}" if feed else "")
        self.told("stage", stage=stage, feed=feed)
        self._observer.stage_started(stage, feed)

    def stage_ended(self, stage: str, feed: str) -> None:
        self._observer.stage_ended(stage, feed)

    def progress(self, feed: str, rows: int, done: int, total: int) -> None:
        if self._run.clock.monotonic() - self._last > SIGN_OF_LIFE:
            self.told("alive", feed=feed, rows=rows)
        self._observer.progress(feed, rows, done, total)

    def told(self, event: str, **values: Any) -> None:
        """Append a line to the crumbs; a full disk must not end a run for that."""
        self._last = self._run.clock.monotonic()
        with contextlib.suppress(OSError):
            crumbs.add_progress(self._run.lake, self._run.run_id, self._run.clock.now(), event, **values)


def planned(
    lake: Lake, settings: Settings, contracts: Sequence[Contract], state: State, night: date, now: datetime
) -> Plan:
    """Look into incoming and return what a run would do now; `status` asks this too. Writes nothing."""
    return plan(
        list_incoming(lake), contracts, state, night, now, settings.settle_seconds, settings.file_limits.max_bytes
    )


def anything_new(lake: Lake, settings: Settings, contracts: Sequence[Contract], now: datetime) -> bool:
    """Whether a further try would find anything to do: without that it is no run."""
    night = night_of(settings.schedule, now)
    return planned(lake, settings, contracts, read_state(lake), night, now).has_work


def _notes(todo: Plan, context: Context, night: date) -> list[Note]:
    """What is to be said about incoming as a whole, before what happened to each feed."""
    notes = waiting_notes(todo.waiting)
    if not todo.takes:
        text = "No file in incoming is ready for a feed: nothing to load." if notes else NO_FILES
        notes.insert(0, Note("no_files", text))
    for left in todo.waiting:  # every one of them: the note names a few
        log.info("%s", line_of({"left_in_incoming": left.name, "reason": left.reason}))
    for each in todo.feeds:
        state = context.ledger.feed(each.contract.feed)
        expected = is_expected(each.contract, context.settings.schedule, night)
        if expected and not each.steps and state.as_of and state.last_night != night:
            text = f"No file came for {each.contract.feed}: it still shows {full_day(state.as_of)}."
            notes.append(Note("no_file_for_feed", text, each.contract.feed))
    return notes


def _line(outcome: RunOutcome) -> str:
    failed = [each.feed for each in outcome.feeds if each.failed]
    facts: dict[str, object] = {"run": outcome.run_id, "night": outcome.night, "status": outcome.status}
    facts |= {"exit_code": outcome.exit_code, "seconds": round(outcome.runtime_sec, 2)}
    facts |= {"feeds": len(outcome.feeds), "failed": ",".join(failed) or "none", "notes": len(outcome.notes)}
    if outcome.error:
        facts |= {"error": outcome.error, "fix": outcome.fix}
    return line_of(facts)
