"""The loads of a simulated year: what a runner leaves in lake and record, without the work of loading."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

from datalake.alerts.run import tell_run
from datalake.clock import MovedClock
from datalake.outcomes import FAILURE, SUCCESS, Changes, FeedOutcome, FeedStatus, FileOutcome, Note, RunOutcome
from datalake.prove.year_plan import DAY, FAILURES, HELD_WHY, KILLED, UNFED, Load
from datalake.runs import crumbs
from datalake.runs.lockfile import Holder, leave_started, sign, take
from datalake.runs.record import record_run, recover_unrecorded
from datalake.schedule import night_of
from datalake.settings import Schedule, readable
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake

ROWS = 1_000
# how a load went -> what irb and grants came to; of one alone where it served one feed
COMES: dict[str, tuple[FeedStatus, ...]] = {
    "ok": ("published", "published"),
    "no file": ("nothing", "published"),
    "held": ("held", "published"),
    "no files": ("nothing", "nothing"),
    "nothing new": ("nothing", "nothing"),
    "approved": ("published",),
}


@dataclass
class Loads:
    """The runner's part. tips: where the event chain ended after each run, by its night and beginning."""

    lake: Lake
    clock: MovedClock
    environ: Mapping[str, str]
    tips: dict[tuple[date, str], str] = field(default_factory=dict)
    _run_id: str = ""
    _start: datetime = datetime(1, 1, 1, tzinfo=timezone.utc)
    _lock: int = -1

    @property
    def schedule(self) -> Schedule:
        return readable(self.lake.root, {}).schedule

    def begin(self, day: date, load: Load) -> None:
        """Take the lock, leave the crumb that says so, and record what dead runs left."""
        self._start = self.clock.now()
        self._run_id = crumbs.new_run_id(self._start)
        self._lock = os.open(self.lake.lock, os.O_RDWR | os.O_CREAT, 0o600)
        assert take(self._lock)
        since, pid = self._start.isoformat(timespec="seconds"), _dead_pid() if load.how == KILLED else os.getpid()
        sign(self._lock, Holder(pid, self._run_id, since))
        leave_started(self.lake.outcomes, {"run_id": self._run_id, "trigger": load.trigger, "start": since, "pid": pid})
        recover_unrecorded(self.lake, self.schedule, before=self._run_id)

    def end(self, day: date, load: Load) -> None:
        """Leave, record and tell the outcome; a run that is killed lets the lock go and no more."""
        self.clock.set(self._start + timedelta(seconds=load.seconds))
        if load.how == KILLED:
            os.close(self._lock)
            return
        run = self._outcome(day, load)
        crumbs.leave(self.lake, run)
        sign(self._lock, None)
        os.close(self._lock)
        self.tips[day, load.begins] = run.tip
        record_run(self.lake, self.schedule, run)
        tell_run(self.lake, self.environ, self._run_id, self.clock)

    def _outcome(self, day: date, load: Load) -> RunOutcome:
        ledger = Ledger(self.lake, self.clock.now)
        night = night_of(self.schedule, self._start)
        feeds = tuple(
            self._feed(ledger, feed, status, night, load)
            for feed, status in zip(("irb", "grants"), COMES.get(load.how, ()), strict=False)
        )
        ledger.save()
        return RunOutcome(
            run_id=self._run_id,
            night=night,
            trigger=load.trigger,
            start=self._start,
            end=self.clock.now(),
            runtime_sec=load.seconds,
            status=SUCCESS if load.good else FAILURE,
            exit_code=0 if load.good else 1,
            feeds=feeds,
            notes=(Note("no_file_for_feed", "no file came", "irb"),) if load.how in UNFED else (),
            error=FAILURES.get(load.how, ""),
            tip=ledger.tip,
        )

    def _feed(self, ledger: Ledger, feed: str, status: FeedStatus, night: date, load: Load) -> FeedOutcome:
        """Leave the events of one feed, and return what became of it."""
        new, changed, gone, rejected = load.counts if feed == "irb" else (load.counts[1], 0, 0, 0)
        facts = _delivery(feed, night)
        if status != "nothing":
            if load.how != "approved":
                ledger.record("admitted", feed, {**facts, "night": night.isoformat(), "bytes": 1, "raw": feed})
            ledger.record(status, feed, {**facts, **_publication(ledger, feed, night), "reason": HELD_WHY})
        published = status == "published"
        return FeedOutcome(
            feed,
            status,
            ledger.feed(feed).as_of,
            rows=ROWS,
            changes=Changes(new, changed, gone) if published else Changes(),
            files=(FileOutcome(facts["name"], "published", rejected=rejected, accepted=ROWS),) if published else (),
            reason=HELD_WHY if status == "held" else "",
        )


def _dead_pid() -> int:
    """A process that has ended: whose the lock's text is after a kill."""
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def _delivery(feed: str, night: date) -> dict[str, Any]:
    day = night - DAY
    sha256 = hashlib.sha256(f"{feed} {day}".encode()).hexdigest()
    return {"sha256": sha256, "data_date": day.isoformat(), "name": f"{feed.upper()}_{day}.csv"}


def _publication(ledger: Ledger, feed: str, night: date) -> dict[str, Any]:
    seq = ledger.feed(feed).seq + 1
    return {"version": f"{seq}-{night - DAY}", "seq_of_feed": seq, "rows": ROWS, "kept": 0, "baseline": {}}
