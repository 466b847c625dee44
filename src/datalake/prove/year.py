"""A simulated year of alerts: the runner's, the check's and the report's own code against real sinks, by a moved clock.

What arrives is counted against prove/truth.py, which knows the plan and none of the code.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from datalake.alerts.run import tell_run
from datalake.clock import MovedClock
from datalake.outcomes import FAILURE, SUCCESS, FeedOutcome, RunOutcome
from datalake.prove.sinks import Sinks, open_sinks
from datalake.prove.truth import DAY, SECONDS, USUAL_SECONDS, Expected, Year, week_truth
from datalake.reports.week import week_name
from datalake.reports.weekly import summarise
from datalake.runs.record import record_run
from datalake.settings import readable
from datalake.watchdog.check import check
from datalake.zones.paths import Lake

ZONE = "America/New_York"
FIRST = date(2026, 12, 28)  # a Monday; both changes of 2027 follow
SETTINGS = """\
schedule: {{zone: local, min_runtime_seconds: 20}}
alerts:
  free_disk_gb: 0
  mail: {{to: [oncall@example.edu], sender: lake@example.edu, relay: {{host: 127.0.0.1, port: {port}, security: none}}}}
"""
Event = tuple[str, str]


@contextmanager
def clock_of_new_york() -> Iterator[None]:
    """Let this process's local time be New York's, as the host's would be."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = ZONE
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@dataclass
class Simulation:
    """One year at work in a scratch lake."""

    lake: Lake
    year: Year
    clock: MovedClock
    sinks: Sinks
    runs: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {"SLACK_WEBHOOK": self.sinks.webhook}

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """Move the clock to a local time; one that the clocks skip is when they jump."""
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(ZONE))
        instant = local.astimezone(timezone.utc)
        self.clock.set(max(instant, self.clock.now()))
        return instant

    def night(self, day: date) -> None:
        """Live through one day: load, check, report, as its plan says."""
        kind = self.year.kind(day)
        if kind == "asleep":
            return
        self.sinks.dead = self.year.dead[0] <= day < self.year.dead[1]
        if day == self.year.backup:
            self._back_up()
        if kind not in ("miss", "late"):
            self._load(day, 2, 0, kind in ("fail", "mended"), SECONDS.get(kind, USUAL_SECONDS))
        if kind == "double":
            self._load(day, 4, 0, False, USUAL_SECONDS)
        if day == self.year.restored:
            shutil.copyfile(self.lake.root / "backup.db", self.lake.database)
        self.at(day, 6)
        check(self.lake, self.environ, self.clock)
        if day.weekday() == 0 and day > self.year.first:
            self.at(day, 7)
            summarise(self.lake, self.environ, self.clock)
        if kind in ("late", "mended"):
            self._load(day, 7 if kind == "late" else 9, 30, False, USUAL_SECONDS)

    def _back_up(self) -> None:
        shutil.copyfile(self.lake.database, self.lake.root / "backup.db")

    def _load(self, day: date, hour: int, minute: int, fails: bool, seconds: float) -> None:
        start = self.at(day, hour, minute)
        self.clock.advance(seconds)
        self.runs += 1
        run = RunOutcome(
            run_id=f"{start:%Y%m%dT%H%M%SZ}-{self.runs}",
            night=day,
            trigger="cron" if minute == 0 else "hand",
            start=start,
            end=self.clock.now(),
            runtime_sec=seconds,
            status=FAILURE if fails else SUCCESS,
            exit_code=1 if fails else 0,
            feeds=()
            if fails
            else (FeedOutcome("irb", "published", day - DAY), FeedOutcome("grants", "published", day - DAY)),
            error="The load failed: a disk went away." if fails else "",
        )
        record_run(self.lake, readable(self.lake.root, {}).schedule, run)
        tell_run(self.lake, self.environ, run.run_id, self.clock)


@contextmanager
def simulation(root: Path, year: Year) -> Iterator[Simulation]:
    """Make a scratch lake with the configuration of this installation, and sinks for its alerts."""
    scratch = Path(tempfile.mkdtemp(prefix="datalake-year-"))
    first = datetime(year.first.year, year.first.month, year.first.day, tzinfo=ZoneInfo(ZONE))
    clock = MovedClock(first)
    try:
        with clock_of_new_york(), open_sinks(clock) as sinks:
            lake = Lake(scratch)
            _furnish(lake, root, sinks)
            yield Simulation(lake, year, clock, sinks)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _furnish(lake: Lake, root: Path, sinks: Sinks) -> None:
    """Put this installation's settings and the rules of one small feed into a lake."""
    for folder in (lake.logs, lake.incoming, lake.metadata, lake.config / "local", lake.config / "modules"):
        folder.mkdir(parents=True)
    shutil.copy(root / "config" / "settings.yaml", lake.config)
    text = SETTINGS.format(port=sinks.smtp_port)
    (lake.config / "local" / "settings.yaml").write_text(text, encoding="utf-8")
    (lake.config / "modules" / "irb.yaml").write_text("expected_columns: [protocol_id]\n", encoding="utf-8")


def mistakes(done: Simulation) -> list[str]:
    """Count what arrived, and the weekly figures, against the truth; return what differs, a sentence each."""
    found = []
    for channel, deaf in (("Slack", True), ("mail", False)):
        arrived = sorted((day, title[0]) for name, day, title in done.sinks.arrived if name == channel)
        found += _differences(channel, Expected(done.year, deaf).all(), arrived)
    for place in range(0, len(done.year.kinds) - 7, 7):
        found += _week_mistakes(done, place)
    return found


def _differences(channel: str, expected: list[Event], arrived: list[Event]) -> list[str]:
    missing, extra = list(expected), []
    for event in arrived:
        if event in missing:
            missing.remove(event)
        else:
            extra.append(event)
    said = [f"{channel}: {sign} of {day} never arrived" for day, sign in missing]
    return said + [f"{channel}: {sign} of {day} was not to be sent" for day, sign in extra]


def _week_mistakes(done: Simulation, place: int) -> list[str]:
    monday = done.year.first + timedelta(days=place)
    truth = week_truth(done.year.kinds[place : place + 7])
    kept = done.lake.reports / f"{week_name(monday)}.json"
    if not kept.exists():
        return [f"{week_name(monday)}: no report was made"]
    span = json.loads(kept.read_text(encoding="utf-8"))["span"]
    wrong = [name for name, value in vars(truth).items() if span[name] != value]
    return [f"{week_name(monday)}: {name} is {span[name]}, counted were {getattr(truth, name)}" for name in wrong]
