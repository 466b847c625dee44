"""Two nights of one large feed in a folder of their own: what `bench scale` measures, as a process.

The second file is the first without its first record, so that the second night merges all rows with those of the first.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from datalake.bench.task import contract
from datalake.clock import MovedClock
from datalake.contracts.model import Contract, Delivery
from datalake.errors import DatalakeError
from datalake.nightly import run_night
from datalake.settings import Settings
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake

FIRST = datetime(2025, 11, 4, 7, tzinfo=timezone.utc)
SAID = "said.json"


def rules(partitions: int) -> Contract:
    """Return the rules of `bench clean` for files that come night by night."""
    delivery = Delivery("IRB_{date:%Y-%m-%d}.csv")
    return replace(contract(), delivery=delivery, partitions=partitions, history="scd2")


def load(source: Path, root: Path, partitions: int, settings: Settings) -> dict[str, Any]:
    """Do both nights in an empty folder; return what was published: rows, and each file's sha256."""
    lake, clock, feed = Lake(root), MovedClock(FIRST), rules(partitions)
    lake.incoming.mkdir(parents=True)
    for number, deliver in enumerate((_whole, _without_first)):
        deliver(source, lake.incoming / f"IRB_2025-11-{4 + number:02d}.csv")
        outcome = run_night(lake, settings, (feed,), clock, "bench")
        if outcome.exit_code:
            told = outcome.feeds[0] if outcome.feeds else outcome
            raise DatalakeError(f"The night failed: {getattr(told, 'reason', outcome.error)}", told.fix)
        clock.advance(timedelta(days=1).total_seconds())
    published = read_state(lake)["irb"].published
    return {name: published[name] for name in ("rows", "new", "changed", "gone", "files", "history", "findings")}


def _whole(source: Path, path: Path) -> None:
    shutil.copyfile(source, path)
    os.utime(path, (0, 0))


def _without_first(source: Path, path: Path) -> None:
    with source.open("rb") as file, path.open("wb") as out:
        out.write(file.readline())
        file.readline()
        shutil.copyfileobj(file, out, 1_048_576)
    os.utime(path, (0, 0))


def words_of(source: Path, root: Path, partitions: int, threads: int, scheduler: str) -> Iterator[str]:
    """Yield the words with which this module is started for a load; scheduler: empty for this host."""
    yield from (str(source), str(root), str(partitions), str(threads), scheduler)


if __name__ == "__main__":
    from_file, to, parts, count, address = sys.argv[1:]
    chosen = Settings(threads=int(count), engine="dask" if address else "local", scheduler=address)
    found = load(Path(from_file), Path(to), int(parts), chosen)
    (Path(to) / SAID).write_text(json.dumps(found), encoding="utf-8")
