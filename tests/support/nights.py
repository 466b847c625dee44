"""A small research office: a lake, two feeds, files that arrive, and nights by a clock that is moved by hand."""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from datalake.clock import MovedClock
from datalake.contracts.model import Column, Constraints, Contract, Delivery, Limits
from datalake.nightly import run_night
from datalake.outcomes import FeedOutcome, FileOutcome, RunOutcome
from datalake.settings import Schedule, Settings
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake
from datalake.zones.state import FeedState

HEADER = "protocol_id,study_title,status,last_updated"
REQUIRED = Constraints(required=True)

IRB = Contract(
    feed="irb",
    delivery=Delivery("IRB_PROTOCOL_{date:%Y-%m-%d}.csv"),
    columns=(
        Column("protocol_id", constraints=REQUIRED, must_exist=True),
        Column("study_title"),
        Column("status", constraints=REQUIRED, must_exist=True),
        Column("last_updated", type="date"),
    ),
    primary_key=("protocol_id",),
    limits=Limits(rejected_percent=30),
)
GRANTS = Contract(
    feed="grants",
    delivery=Delivery("GRANTS_{date:%Y-%m-%d}.csv"),
    columns=(
        Column("award_id", constraints=REQUIRED, must_exist=True),
        Column("amount", type="number", precision=(14, 2)),
    ),
    primary_key=("award_id",),
)


def irb_csv(*rows: str) -> str:
    """A file of the irb feed: each row is id,title,status,date, or an id alone for a good row of it."""
    return "\n".join([HEADER, *(row if "," in row else f"{row},Study {row},Approved,2025-10-01" for row in rows), ""])


def grants_csv(*rows: str) -> str:
    return "\n".join(["award_id,amount", *rows, ""])


class Killed(BaseException):
    """What no handler catches, as a SIGKILL is."""


@dataclass
class Office:
    """What the tests of whole nights work with. Nights are due at 02:00 New York time."""

    lake: Lake
    contracts: tuple[Contract, ...] = (GRANTS, IRB)
    settings: Settings = field(default_factory=lambda: Settings(schedule=Schedule(zone="America/New_York"), threads=1))
    clock: MovedClock = field(default_factory=lambda: MovedClock(datetime(2025, 11, 5, 7, tzinfo=timezone.utc)))

    def deliver(self, name: str | bytes, content: str | bytes, age: float = 3600) -> Path:
        """Put a file into incoming as a sender would, its last change so many seconds ago."""
        path = Path(os.fsdecode(os.path.join(os.fsencode(self.lake.incoming), os.fsencode(name))))
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        stamp = self.clock.now().timestamp() - age
        os.utime(path, (stamp, stamp))
        return path

    def irb(self, day: str, *rows: str) -> Path:
        return self.deliver(f"IRB_PROTOCOL_{day}.csv", irb_csv(*rows))

    def night(self, **options: Any) -> RunOutcome:
        """One run now."""
        return run_night(
            self.lake, self.settings, self.contracts, self.clock, options.pop("trigger", "hand"), **options
        )

    def next_night(self, **options: Any) -> RunOutcome:
        """A day later, one run."""
        self.clock.advance(timedelta(days=1).total_seconds())
        return self.night(**options)

    def state(self, feed: str = "irb") -> FeedState:
        return read_state(self.lake)[feed]

    def table(self, feed: str = "irb") -> list[dict[str, Any]]:
        """The published rows, lake columns too, as a reader of the Parquet file gets them."""
        rows: list[dict[str, Any]] = pq.read_table(self.lake.curated(feed) / "current" / f"{feed}.parquet").to_pylist()
        return rows

    def twin(self, feed: str = "irb") -> list[list[str]]:
        """The published CSV as the csv module reads it, header first."""
        text = (self.lake.curated(feed) / "current" / f"{feed}.csv").read_bytes().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))

    def ids(self, feed: str = "irb", column: str = "protocol_id") -> list[str]:
        return [row[column] for row in self.table(feed)]

    def incoming(self) -> list[str]:
        """What lies in incoming, all that people see of it."""
        return sorted(name for name in os.listdir(self.lake.incoming) if not name.startswith("."))

    def with_irb(self, **changes: Any) -> "Office":
        """The same office, the irb feed's rules changed."""
        self.contracts = tuple(replace(each, **changes) if each.feed == "irb" else each for each in self.contracts)
        return self


def office(root: Path) -> Office:
    """A new office over an empty lake."""
    lake = Lake(root)
    lake.incoming.mkdir(parents=True)
    return Office(lake)


def feed(outcome: RunOutcome, name: str = "irb") -> FeedOutcome:
    return next(each for each in outcome.feeds if each.feed == name)


def file(outcome: RunOutcome, name: str = "irb") -> FileOutcome:
    files = feed(outcome, name).files
    assert len(files) == 1, files
    return files[0]


def kinds(outcome: RunOutcome) -> list[str]:
    return [each.kind for each in outcome.notes]


def note(outcome: RunOutcome, kind: str) -> str:
    return next(each.text for each in outcome.notes if each.kind == kind)


def days(first: date, count: int) -> Sequence[date]:
    return [first + timedelta(days=each) for each in range(count)]
