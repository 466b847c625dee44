"""A lake with years of nights in its record, written by the real recorders, for the dashboard's bench."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

from datalake.engine.job import FINDINGS_FILE
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
from datalake.zones.paths import Lake

LAST = date(2025, 11, 5)
DELIVERY = "0123456789ab"
FEEDS = ("agreements", "coi", "grants", "grants_proposal", "iacuc", "irb", "irb_submission", "safety")
STAGES = ("claim", "admit", "clean", "guard", "publish")
REJECTS = 1_000_000
ZONE = "UTC"
RULES = """\
title: {feed}
delivery: {{pattern: "{feed}_{{date:%Y-%m-%d}}.csv"}}
primary_key: [id]
columns:
  - {{name: id, constraints: {{required: true}}}}
  - {{name: status}}
"""


def fill(lake: Lake, nights: int, first: date) -> None:
    """Given an empty lake, give it rules, that many nights from the first on, and a million rejected rows."""
    chance = random.Random(5)  # noqa: S311  (the same each time)
    modules = lake.config / "modules"
    modules.mkdir(parents=True)
    for feed in FEEDS:
        (modules / f"{feed}.yaml").write_text(RULES.format(feed=feed), encoding="utf-8")
    lake.logs.mkdir()
    runs = list(_runs(chance, nights, first, REJECTS // nights))
    with database.writing(lake.database, lake.runtime_csv) as connection:
        for run in runs:
            database.insert_run(connection, run, ZONE)
    csv_log.ensure(lake.runtime_csv, [row_of(run, ZONE) for run in runs])
    _write_findings(lake)


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


def _write_findings(lake: Lake) -> None:
    """One file with a million rejected rows: the largest that its page can meet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from datalake.clean.schema import FINDINGS
    from datalake.zones.tables import ROW_GROUP

    folder = lake.quarantine("irb", LAST, DELIVERY)
    folder.mkdir(parents=True)
    same = {"column": "status", "rule": "enum", "outcome": "rejected", "value": "Unheard of", "message": "not known"}
    columns = [pa.array(range(2, REJECTS + 2))]
    texts = {**same, "key": "STUDY00001234", "record": "STUDY00001234,Unheard of"}
    columns += [pa.repeat(texts[field.name], REJECTS) for field in list(FINDINGS)[1:]]
    pq.write_table(pa.Table.from_arrays(columns, schema=FINDINGS), folder / FINDINGS_FILE, row_group_size=ROW_GROUP)
