"""A simulated year of alerts: the runner's, the check's and the report's own code against real sinks, by a moved clock.

What is lived through is the plan of year_plan.py; what must come of it is worked out in year_truth.py, which knows
none of the code at work here.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from datalake.alerts import book
from datalake.clock import MovedClock
from datalake.prove.sinks import Sinks, open_sinks
from datalake.prove.year_loads import Loads
from datalake.prove.year_plan import DAY, Load, Moment, Year
from datalake.prove.year_truth import label
from datalake.reports.weekly import summarise
from datalake.runs.database import writing
from datalake.watchdog.check import check
from datalake.zones.paths import Lake

ZONE = "America/New_York"
FIRST = date(2026, 12, 28)  # a Monday; both changes of 2027 follow
SETTINGS = """\
schedule: {{zone: local, min_runtime_seconds: 20, maintenance: [{windows}]}}
alerts:
  free_disk_gb: 0
  mail: {{to: [oncall@example.edu], sender: lake@example.edu, relay: {{host: 127.0.0.1, port: {port}, security: none}}}}
"""
WINDOW = "{{first: {0}, last: {1}, reason: planned work}}"
ACKNOWLEDGE = re.compile(r"python3 manage.py alerts ack (\d+) --until ")


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
    loads: Loads
    checks: dict[date, int] = field(default_factory=dict)  # the check's exit code, by day

    @property
    def environ(self) -> dict[str, str]:
        return {"SLACK_WEBHOOK": self.sinks.webhook}

    def at(self, day: date, clock: str) -> datetime:
        """Move the clock to a local time, unless it is past; one that comes twice is the second."""
        hour, minute = map(int, clock.split(":"))
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(ZONE), fold=hour > 0)
        if hour == 2:  # one that the clocks skip is when they jump
            local = local.replace(fold=0)
        instant = local.astimezone(timezone.utc)
        self.clock.set(max(instant, self.clock.now()))
        return instant

    def night(self, day: date) -> None:
        """Live through one day, moment by moment."""
        self.sinks.dead = self.year.is_dead(day)
        for moment in self.year.moments(day):
            self.sinks.moment = label(moment)
            self._happen(day, moment)

    def _happen(self, day: date, moment: Moment) -> None:
        if moment.load:
            self._load(day, moment, moment.load)
        elif moment.what == "check":
            self.at(day, moment.at)
            self.checks[day] = check(self.lake, self.environ, self.clock)
        elif moment.what == "week":
            self.at(day, moment.at)
            summarise(self.lake, self.environ, self.clock)
        elif moment.what == "backup":
            shutil.copyfile(self.lake.database, self.lake.root / "backup.db")
        elif moment.what == "restore":
            shutil.copyfile(self.lake.root / "backup.db", self.lake.database)
        else:
            self.at(day, moment.at)
            self._person(day, moment.what)

    def _load(self, day: date, moment: Moment, load: Load) -> None:
        if moment.what == "begin":
            self.at(day, load.begins)
            self.loads.begin(day, load)
        else:
            self.loads.end(day, load)

    def _person(self, day: date, word: str) -> None:
        """Acknowledge the problem that the newest reminder names, or silence the load's, to the end of a day."""
        last = next(each.until for each in self.year.quiet if (each.day, each.word) == (day, word)) + DAY
        until = datetime(last.year, last.month, last.day, tzinfo=ZoneInfo(ZONE)).astimezone(timezone.utc)
        with writing(self.lake.database, self.lake.runtime_csv) as connection:
            if word == "silence":
                book.silence(connection, "load", until, "somebody", "it is known", self.clock.now())
            else:
                named = [ACKNOWLEDGE.search(arrived.text) for arrived in self.sinks.arrived]
                book.acknowledge(connection, int([each for each in named if each][-1][1]), until, "somebody")


@contextmanager
def simulation(root: Path, year: Year) -> Iterator[Simulation]:
    """Make a scratch lake with the configuration of this installation, and sinks for its alerts."""
    scratch = Path(tempfile.mkdtemp(prefix="datalake-year-"))
    clock = MovedClock(datetime(year.first.year, year.first.month, year.first.day, tzinfo=ZoneInfo(ZONE)))
    try:
        with clock_of_new_york(), open_sinks(clock) as sinks:
            lake = Lake(scratch)
            _furnish(lake, root, sinks, year)
            loads = Loads(lake, clock, {"SLACK_WEBHOOK": sinks.webhook})
            yield Simulation(lake, year, clock, sinks, loads)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _furnish(lake: Lake, root: Path, sinks: Sinks, year: Year) -> None:
    """Put this installation's settings and the rules of two small feeds into a lake."""
    for folder in (lake.logs, lake.incoming, lake.metadata, lake.config / "local", lake.config / "modules"):
        folder.mkdir(parents=True)
    shutil.copy(root / "config" / "settings.yaml", lake.config)
    windows = ", ".join(WINDOW.format(first, last) for first, last in year.windows)
    text = SETTINGS.format(port=sinks.smtp_port, windows=windows)
    (lake.config / "local" / "settings.yaml").write_text(text, encoding="utf-8")
    for feed in ("irb", "grants"):
        (lake.config / "modules" / f"{feed}.yaml").write_text("expected_columns: [protocol_id]\n", encoding="utf-8")
