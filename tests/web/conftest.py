"""A lake whose record is written by the real recorders, a clock that stands at breakfast, and a client."""

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from support.nights import Office
from support.project import copy_files, project_files

from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.outcomes import (
    FAILURE,
    SUCCESS,
    Changes,
    FeedOutcome,
    FileOutcome,
    Note,
    RunOutcome,
    StageTime,
)
from datalake.runs import csv_log, database
from datalake.runs.rows import row_of
from datalake.settings import Schedule, Settings
from datalake.web.app import create_app
from datalake.zones.paths import Lake

ZONE = "America/New_York"
TUESDAY, WEDNESDAY = date(2025, 11, 4), date(2025, 11, 5)
BREAKFAST = datetime(2025, 11, 5, 7, 0, tzinfo=ZoneInfo(ZONE))
SETTINGS = Settings(schedule=Schedule(zone=ZONE))
COLUMNS = ("date", "hostname", "start_time", "end_time", "runtime_sec", "runtime_min", "status")


def published(feed: str, night: date, rejected: int = 0, rows: int = 100) -> FeedOutcome:
    """A feed that was published with the data of the day before."""
    day = night - timedelta(days=1)
    rules = {"status: enum": rejected} if rejected else {}
    name = f"{feed.upper()}_{day}.csv"
    counts = {"rows_read": rows, "accepted": rows - rejected, "rejected": rejected, "rejected_by_rule": rules}
    file = FileOutcome(name, "published", "0123456789ab", day, **counts)
    return FeedOutcome(feed, "published", day, rows - rejected, 0, Changes(3, 5, 1), (file,), seconds=1.5)


def refused(feed: str, night: date, reason: str = 'has no column "status"') -> FeedOutcome:
    """A feed whose file could not be read, and whose table still shows what it did the night before."""
    day = night - timedelta(days=1)
    fix = f"python3 manage.py retry {feed}"
    file = FileOutcome(f"{feed.upper()}_{day}.csv", "refused", "ba9876543210", day, reason=reason, fix=fix)
    return FeedOutcome(feed, "refused", day - timedelta(days=1), 100, files=(file,), reason=reason, fix=fix)


def night(day: date, *feeds: FeedOutcome, seconds: float = 135, at: str = "02:00", **more: object) -> RunOutcome:
    """A run of that night: a success unless a feed failed."""
    start = datetime.fromisoformat(f"{day} {at}").replace(tzinfo=ZoneInfo(ZONE))
    rejecting = [feed.feed for feed in feeds if feed.files[0].rejected]
    failed = any(feed.failed for feed in feeds) or bool(more.get("error"))
    known: dict[str, object] = {
        "run_id": f"{start:%Y%m%dT%H%M%SZ}-1",
        "night": day,
        "trigger": "cron",
        "start": start,
        "end": start + timedelta(seconds=seconds),
        "runtime_sec": seconds,
        "status": FAILURE if failed else SUCCESS,
        "exit_code": int(failed),
        "feeds": feeds or (published("grants", day), published("irb", day)),
        "notes": tuple(Note("rejected_rows", "Rows were rejected.", feed) for feed in rejecting),
        "stages": (StageTime("plan", "", 0.1), StageTime("clean", "irb", 1.25)),
    }
    return RunOutcome(**{**known, **more})  # type: ignore[arg-type]


def write_record(lake: Lake, *runs: RunOutcome) -> None:
    with database.writing(lake.database, lake.runtime_csv) as connection:
        for run in runs:
            database.insert_run(connection, run, ZONE)
    csv_log.ensure(lake.runtime_csv, [row_of(run, ZONE) for run in runs])


RULES = """\
title: {title}
owner: {feed}-data@example.edu
delivery: {{pattern: "{name}_{{date:%Y-%m-%d}}.csv"}}
primary_key: [id]
limits: {{rejected_percent: 1}}
columns:
  - {{name: id, constraints: {{required: true}}, description: "Names the record"}}
  - {{name: status, aliases: [state], constraints: {{enum: [Approved, Expired]}}, on_fail: reject}}
  - {{name: amount, type: number, precision: [14, 2], classification: confidential}}
checks:
  - {{name: amount_known, expression: "amount >= 0", on_fail: warn}}
"""


def new_lake(root: Path) -> Lake:
    """A lake of two feeds with rules of their own, so that no change of the shipped ones changes a page's truth."""
    copy_files(project_files("config/settings.yaml", "data", "logs"), root)
    (root / "config" / "modules").mkdir()
    for feed, title in (("irb", "IRB protocols"), ("grants", "Awards")):
        rules = RULES.format(feed=feed, title=title, name=feed.upper())
        (root / "config" / "modules" / f"{feed}.yaml").write_text(rules, encoding="utf-8")
    return Lake(root)


VIEW = """/*
title: Studies by status
definition: Every study in the last file.
row: a status
owner: irb-data@example.edu
sources:
  irb: {needs: [status, amount]}
columns:
  status: The status
  studies: How many
  amount: What they cost
*/
select status, count(*) as studies, sum(amount) as amount from irb group by 1 order by 1
"""
FILE = "id,status,amount\nS-1,Approved,10.50\nS-2,Expired,-3.25\nS-3,Approved,\n=S-4,Approved,200.00\n"


def publish(lake: Lake) -> None:
    """One real night with one irb file, and a view of it."""
    (lake.config / "views").mkdir()
    (lake.config / "views" / "studies.sql").write_text(VIEW, encoding="utf-8")
    office = Office(lake, load_contracts(lake.root))
    office.deliver("IRB_2025-11-04.csv", FILE)
    assert office.night().status == "success"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path / "lake")


@pytest.fixture
def client(lake: Lake) -> Iterator[FlaskClient]:
    with create_app(lake, SETTINGS, MovedClock(BREAKFAST)).test_client() as client:
        yield client


@pytest.fixture
def record(lake: Lake) -> Callable[..., None]:
    """record(*runs) puts runs into the table and the CSV by what the nightly job does it with."""

    return lambda *runs: write_record(lake, *runs)


@pytest.fixture
def in_csv(lake: Lake) -> Callable[..., None]:
    """in_csv(*rows) writes a runtime CSV alone, as older versions of the suite did."""

    def write(*rows: tuple[object, ...]) -> None:
        with lake.runtime_csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])

    return write
