"""A lake with years of nights, for the dashboard's bench.

The nights of the record are written by the recorders; the last two are real ones, of files with rows of every feed, and
the last file of irb has so many rows to reject.
"""

import os
import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone

from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.nightly import run_night
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
from datalake.runs.record import record_run
from datalake.runs.rows import row_of
from datalake.settings import Schedule, Settings
from datalake.zones.paths import Lake

LAST = date(2025, 11, 5)
DELIVERY = "0123456789ab"
FEEDS = ("agreements", "coi", "grants", "grants_proposal", "iacuc", "irb", "irb_submission", "safety")
STAGES = ("claim", "admit", "clean", "guard", "publish")
REJECTS = 1_000_000
ROWS = 5_000  # of each feed
SETTINGS = Settings(schedule=Schedule(zone="UTC"))
RULES = """\
title: {feed}
delivery: {{pattern: "{feed}_{{date:%Y-%m-%d}}.csv"}}
primary_key: [id]
history: scd2
limits: {{rejected_percent: 100}}
columns:
  - {{name: id, constraints: {{required: true}}}}
  - {{name: status, constraints: {{enum: [Approved, Expired]}}}}
  - {{name: amount, type: number, precision: [14, 2]}}
"""
VIEW = """/*
title: Records by status
definition: Every record in the last file.
row: a status
sources:
  irb: {needs: [status, amount]}
columns:
  status: The status
  records: How many
  amount: What they cost
*/
select status, count(*) as records, sum(amount) as amount from irb group by 1 order by 1
"""


def fill(lake: Lake, nights: int, first: date) -> None:
    """Given an empty lake, give it rules, that many nights from the first on, and a million rejected rows."""
    _configure(lake)
    chance = random.Random(5)  # noqa: S311  (the same each time)
    runs = list(_runs(chance, nights - 2, first, REJECTS // nights))
    with database.writing(lake.database, lake.runtime_csv) as connection:
        for run in runs:
            database.insert_run(connection, run, SETTINGS.schedule.zone)
    csv_log.ensure(lake.runtime_csv, [row_of(run, SETTINGS.schedule.zone) for run in runs])
    with lake.etl_log.open("w", encoding="utf-8") as log:
        for run in runs:
            log.writelines(_log_lines(run))
    for back, bad in ((1, 0), (0, REJECTS)):
        _real_night(lake, first + timedelta(days=nights - 1 - back), bad)


def _configure(lake: Lake) -> None:
    for folder in (lake.config / "modules", lake.config / "views", lake.logs, lake.incoming):
        folder.mkdir(parents=True)
    for feed in FEEDS:
        (lake.config / "modules" / f"{feed}.yaml").write_text(RULES.format(feed=feed), encoding="utf-8")
    (lake.config / "views" / "records.sql").write_text(VIEW, encoding="utf-8")


def _real_night(lake: Lake, night: date, bad: int) -> None:
    clock = MovedClock(datetime.combine(night, time(2), timezone.utc))
    for feed in FEEDS:
        path = lake.incoming / f"{feed}_{night}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("id,status,amount\n")
            file.writelines(_good_row(row, night) for row in range(night.day, night.day + ROWS))
            file.writelines(f"X{row:07},Unheard of,1.00\n" for row in range(bad if feed == "irb" else 0))
        os.utime(path, (clock.now().timestamp() - 3600,) * 2)
    contracts = load_contracts(lake.root)
    record = lambda run: record_run(lake, SETTINGS.schedule, run)  # noqa: E731
    run_night(lake, SETTINGS, contracts, clock, "cron", night, record=record)


def _good_row(row: int, night: date) -> str:
    """Every second night one row in fifty has another amount."""
    return f"R{row:07},{'Approved' if row % 7 else 'Expired'},{row + night.day % 2 * (row % 50 == 0)}.50\n"


def _log_lines(run: RunOutcome) -> Iterator[str]:
    begin = f"{run.start:%Y-%m-%d %H:%M:%S},000 INFO datalake"
    yield f"{begin}.nightly: run={run.run_id} night={run.night} trigger={run.trigger}\n"
    for feed in run.feeds:
        yield f"{begin}.pipeline: feed={feed.feed} status={feed.status} as_of={feed.as_of} rows={feed.rows} files=1\n"
    yield f"{begin}.nightly: run={run.run_id} night={run.night} status={run.status} exit_code={run.exit_code}\n"


def _runs(chance: random.Random, nights: int, first: date, rejected: int) -> Iterator[RunOutcome]:
    for number in range(nights):
        night = first + timedelta(days=number)
        if chance.random() > 0.01:  # one night in a hundred does not run
            yield _run(chance, night, rejected, failed=chance.random() < 0.02)


def _run(chance: random.Random, night: date, rejected: int, failed: bool) -> RunOutcome:
    start = datetime(night.year, night.month, night.day, 2, tzinfo=timezone.utc)
    seconds = round(chance.gauss(130, 9), 3)
    feeds = tuple(_feed(feed, night, rejected // len(FEEDS), failed and feed == "grants") for feed in FEEDS)
    return RunOutcome(
        run_id=f"{start:%Y%m%dT%H%M%SZ}-1",
        night=night,
        trigger="cron",
        start=start,
        end=start + timedelta(seconds=seconds),
        runtime_sec=seconds,
        status=FAILURE if failed else SUCCESS,
        exit_code=int(failed),
        feeds=feeds,
        notes=tuple(Note("rejected_rows", f"Rows of {feed} were rejected.", feed) for feed in FEEDS),
        stages=tuple(StageTime(stage, feed, 0.5) for feed in FEEDS for stage in STAGES),
    )


def _feed(feed: str, night: date, rejected: int, failed: bool) -> FeedOutcome:
    day = night - timedelta(days=1)
    name = f"{feed}_{day}.csv"
    if failed:
        file = FileOutcome(name, "refused", DELIVERY, day, reason="has no column status")
        return FeedOutcome(feed, "refused", day, 5_000, files=(file,), reason="has no column status")
    rules = {"status: enum": rejected // 2, "id: required": rejected - rejected // 2}
    counts = {"rows_read": 5_000, "accepted": 5_000 - rejected, "rejected": rejected, "rejected_by_rule": rules}
    file = FileOutcome(name, "published", DELIVERY, day, **counts)  # type: ignore[arg-type]
    return FeedOutcome(feed, "published", day, 5_000, 0, Changes(5, 40, 2), (file,), seconds=2.5)
