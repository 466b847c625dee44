"""python -m datalake.bench.past ROOT NIGHTS: live through many nights in a scratch installation, by the code of a real
night and a moved clock, up to yesterday. What was begun before is gone on with. With --tonight TURN: put today's file.
With --every-feed NUMBER, NIGHTS being studies: put the files of all feeds, of yesterday (0) or today (1).
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.demo.generator.feeds.catalog import FEEDS as FEED_FILES
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.rates import DEMO, USUAL
from datalake.demo.generator.world import World
from datalake.engine.job import Progress, Staged, StageJob
from datalake.errors import DatalakeError
from datalake.nightly import run_night
from datalake.outcomes import SUCCESS
from datalake.pipeline.context import stage_locally
from datalake.runs.record import record_run
from datalake.schedule import due
from datalake.settings import load
from datalake.zones.files import flushed_at_the_end
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake

FEEDS = ("irb",)
STUDIES = 40  # records of irb on the first night: what a night costs beside its rows is what is looked for
SETTLED = 3600.0
BEGUN = "first-night"  # holds the data date of the first night


# Of a few rows one bad one is a large share.
LIMITS = "limits: {rejected_percent: 100, row_drop_percent: 100, blank_rise_percent: 100}\n"


def widen_limits(lake: Lake) -> None:
    """Let a table of a few rows be published whatever comes: an overlay as a person would write it."""
    modules = lake.config / "local" / "modules"
    modules.mkdir(parents=True, exist_ok=True)
    for feed in FEEDS:
        (modules / f"{feed}.yaml").write_text(LIMITS, encoding="utf-8")


def first_night(lake: Lake, nights: int) -> date:
    """Return the data date of the first night, kept from the time when the lake was begun."""
    kept = lake.root / BEGUN
    if not kept.exists():
        today = datetime.now().astimezone().date()
        kept.write_text((today - timedelta(days=nights)).isoformat(), encoding="ascii")
    return date.fromisoformat(kept.read_text(encoding="ascii"))


def put_files(lake: Lake, first: date, day: date, came: float, later: int = 0) -> None:
    """Put a data date's files into incoming, as if they had come at that time (seconds since 1970).

    later: hold what the files of so many days later would.
    """
    world = World(1, first, STUDIES)
    for feed in FEEDS:
        made = generate(Order(world, feed, day + timedelta(days=later), rates=USUAL), lake.incoming).path
        path = made.replace(lake.incoming / FEED_FILES[feed].file_on(day))
        os.utime(path, (came, came))


def live(lake: Lake, nights: int) -> int:
    """Bring the nights that are missing; return how many these were. Raise DatalakeError where one fails.

    Of views only the last night's are ever there, so that none are made on the way: half the time goes into them.
    """
    first, last = first_night(lake, nights), read_state(lake)
    done = (last["irb"].as_of - first).days + 1 if "irb" in last and last["irb"].as_of else 0
    settings, contracts = load(lake.root, {}), load_contracts(lake.root)
    for number in range(done, nights):
        day = first + timedelta(days=number)
        clock = MovedClock(due(settings.schedule, day))
        put_files(lake, first, day, clock.now().timestamp() - SETTLED)
        outcome = run_night(lake, settings, contracts, clock, "cron", night=day, stager=_unflushed)
        clock.advance(140)
        record_run(lake, settings.schedule, outcome)
        if outcome.status != SUCCESS:
            reasons = [each.reason for each in outcome.feeds if each.failed]
            raise DatalakeError(f"The night of {day} failed: {outcome.error or '; '.join(reasons)}")
    return max(0, nights - done)


@contextmanager
def without_views(lake: Lake) -> Iterator[None]:
    """Put the views' files aside; where a process was killed, they are there already."""
    aside = lake.root / "views"
    if not aside.exists():
        (lake.config / "views").rename(aside)
    try:
        yield
    finally:
        aside.rename(lake.config / "views")


def _unflushed(job: StageJob, progress: Progress | None) -> Staged:
    return stage_locally(replace(job, sync=False), progress)


def put_tonight(lake: Lake, nights: int, turn: int) -> None:
    """Put another file for today into incoming: it corrects the one before in what a night of so many turns brings."""
    today = datetime.now().astimezone().date()
    put_files(lake, first_night(lake, nights), today, time.time() - SETTLED, turn)


def put_every_feed(lake: Lake, studies: int, number: int) -> None:
    """Put the files of every feed into incoming: those of yesterday, or, numbered 1, of today."""
    first = datetime.now().astimezone().date() - timedelta(days=1)
    day, came = first + timedelta(days=number), time.time() - SETTLED
    for feed in FEED_FILES:
        path = generate(Order(World(1, first, studies), feed, day, rates=DEMO), lake.incoming).path
        os.utime(path, (came, came))


def main(arguments: list[str]) -> int:
    """Live through the nights and print how many these were, and how long they took; or put files there."""
    lake, nights = Lake(Path(arguments[0])), int(arguments[1])
    if arguments[2:3] == ["--tonight"]:
        put_tonight(lake, nights, int(arguments[3]))
        return 0
    if arguments[2:3] == ["--every-feed"]:
        put_every_feed(lake, nights, int(arguments[3]))
        return 0
    widen_limits(lake)
    begun = time.perf_counter()
    with flushed_at_the_end(), without_views(lake):
        lived = live(lake, nights)
    print(json.dumps({"nights": lived, "seconds": time.perf_counter() - begun}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
