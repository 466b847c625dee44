"""Runs as a night leaves them, for whoever words or shows them. New York time, night of Wed 5 Nov 2025."""

from dataclasses import replace
from datetime import date, datetime, timezone

from datalake.outcomes import Changes, FeedOutcome, FileOutcome, Note, RunOutcome

NIGHT = date(2025, 11, 5)
TUESDAY, MONDAY = date(2025, 11, 4), date(2025, 11, 3)
START = datetime(2025, 11, 5, 7, 0, 0, tzinfo=timezone.utc)  # 02:00 EST
END = datetime(2025, 11, 5, 7, 2, 15, tzinfo=timezone.utc)


def file(feed: str, status: str = "published", **values) -> FileOutcome:
    name = {"irb": "IRB_PROTOCOL_2025-11-04.csv", "grants": "GRANTS_2025-11-04.csv"}.get(feed, f"{feed}_2025-11-04.csv")
    return FileOutcome(**{"name": name, "status": status, "delivery": "0a1b2c3d4e5f", "data_date": TUESDAY, **values})


def feed(name: str, status: str = "published", **values) -> FeedOutcome:
    known = {"feed": name, "status": status, "as_of": TUESDAY, "rows": 1200, "files": (file(name),)}
    return FeedOutcome(**{**known, **values})


IRB = feed(
    "irb",
    changes=Changes(14, 31, 2),
    files=(file("irb", rows_read=8_012, accepted=8_000, rejected=12),),
)
GRANTS = feed("grants", changes=Changes(6, 118, 0), files=(file("grants", rows_read=40_210, accepted=40_210),))
OTHERS = tuple(feed(name, "confirmed", files=()) for name in ("awards", "coi", "iacuc", "people", "proposals", "units"))

SUCCESS = RunOutcome(
    run_id="20251105T070000Z-4711",
    night=NIGHT,
    trigger="cron",
    start=START,
    end=END,
    runtime_sec=135.0,
    status="success",
    exit_code=0,
    feeds=(IRB, GRANTS, *OTHERS),
    tip="5e" * 32,
)
NOTES = replace(
    SUCCESS,
    feeds=(IRB, replace(GRANTS, status="nothing", as_of=MONDAY, files=(), changes=Changes())),
    notes=(
        Note("no_file_for_feed", "no file of Tue 4 Nov has come", "grants"),
        Note("unmatched", "budget final (2).csv belongs to no feed's rules; it stays in data/incoming"),
        Note("rejected_rows", "12 rows were rejected: see `python3 manage.py rejects irb`", "irb"),
    ),
)
FAILURE = replace(
    SUCCESS,
    status="failure",
    exit_code=1,
    feeds=(
        IRB,
        replace(
            GRANTS,
            status="refused",
            as_of=MONDAY,
            changes=Changes(),
            files=(file("grants", "refused", reason='no column "status"'),),
            reason='GRANTS_2025-11-04.csv has no column "status"',
            fix="In config/local/modules/grants.yaml add the column's new name under aliases,"
            " then `python3 manage.py retry grants`",
        ),
        *OTHERS,
    ),
)
HELD = replace(
    FAILURE,
    feeds=(
        replace(
            IRB,
            status="held",
            as_of=MONDAY,
            changes=Changes(),
            reason="4.2 % of the rows of IRB_PROTOCOL_2025-11-04.csv were rejected; the limit is 1 %",
            fix="",
        ),
        GRANTS,
    ),
)
KILLED = replace(
    FAILURE,
    feeds=(),
    exit_code=137,
    error="The run was killed (signal 9; out of memory, or a restart?) while it cleaned irb",
    fix="bash src/cron_runner.sh",
)
EVERY = {"success": SUCCESS, "notes": NOTES, "failure": FAILURE, "held": HELD, "killed": KILLED}
