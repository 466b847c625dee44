"""What a lake shows after a night, read from its files alone, and whether that is what must be."""

import contextlib
import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from datalake.outcomes import FAILURE, SUCCESS
from datalake.prove.scratch import FEEDS, Scratch
from datalake.runs import crumbs
from datalake.zones.paths import Lake


@dataclass(frozen=True)
class Night:
    """What can be seen: published is feed -> (version, digest of its rows as a set); raw the bytes' digests."""

    published: dict[str, tuple[str, str]]
    raw: frozenset[str]
    waiting: frozenset[str]
    rows: tuple[tuple[str, str, int], ...]  # run id, status and exit code in the table, oldest first
    csv: tuple[str, ...]  # statuses in the CSV, oldest first
    begun: dict[str, bool]  # run id -> whether it had said what it came to; those not yet recorded

    def loaded(self, calm: "Night") -> bool:
        return {feed: rows for feed, (_, rows) in self.published.items()} == {
            feed: rows for feed, (_, rows) in calm.published.items()
        }


def look(scratch: Scratch) -> Night:
    """Read it all."""
    lake = scratch.lake
    return Night(
        published={feed: _published(lake, feed) for feed in FEEDS if (lake.curated(feed) / "current").exists()},
        raw=frozenset(_digest(path) for path in (lake.data / "raw").rglob("*.csv")),
        waiting=frozenset(path.name for path in lake.incoming.rglob("*") if path.is_file()),
        rows=_rows(lake),
        csv=tuple(line.rpartition(",")[2] for line in _lines(lake.runtime_csv)[1:]),
        begun={left.run_id: _has_spoken(left) for left in crumbs.all_left(lake)},
    )


def _published(lake: Lake, feed: str) -> tuple[str, str]:
    import pyarrow.parquet as parquet

    version = (lake.curated(feed) / "current").resolve()
    rows = sorted(map(repr, parquet.read_table(version / f"{feed}.parquet").to_pylist()))
    return version.name, hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _rows(lake: Lake) -> tuple[tuple[str, str, int], ...]:
    if not lake.database.exists():
        return ()
    with contextlib.closing(sqlite3.connect(lake.database)) as connection:
        return tuple(connection.execute("SELECT run_id, status, exit_code FROM etl_runtime ORDER BY id"))


def _has_spoken(left: crumbs.Left) -> bool:
    if left.outcome is not None:
        return left.outcome.status == SUCCESS
    return any(line["event"] == "done" for line in left.progress)


def judge(before: Night, killed: Night, after: Night, calm: Night, code: int, killed_code: int) -> list[str]:
    """PURE. Given the lake before the killed run, after it and after the next one, return what is wrong.

    calm: what one undisturbed run makes of the same lake; code: the next run's exit code; killed_code: what that of
    a run that was killed so must be.
    """
    problems = [f"the next run ended with exit code {code}"] if code else []
    if not after.loaded(calm):
        problems.append(f"published rows differ from a calm night's: {after.published} and {calm.published}")
    if after.raw != calm.raw:
        problems.append("raw does not hold what a calm night's does")
    if after.waiting:
        problems.append(f"still in incoming: {sorted(after.waiting)}")
    if after.begun:
        problems.append(f"not recorded: {sorted(after.begun)}")
    if list(after.csv) != [status for _, status, _ in after.rows]:
        problems.append(f"the CSV says {list(after.csv)}, the table {after.rows}")
    return problems + _of_the_record(before, killed, after, calm, killed_code)


def _of_the_record(before: Night, killed: Night, after: Night, calm: Night, killed_code: int) -> list[str]:
    new = after.rows[len(before.rows) :]
    began = bool(killed.begun) or len(killed.rows) > len(before.rows)
    if after.rows[: len(before.rows)] != before.rows or len(new) != 1 + began:
        return [f"the record had {before.rows}, the killed run {'began' if began else 'had not begun'}: {after.rows}"]
    if new[-1][1:] != (SUCCESS, 0):
        return [f"the next run is recorded as {new[-1]}"]
    if not began:
        return []
    run_id, status, code = new[0]
    if status == SUCCESS and not killed.loaded(calm):
        return [f"{run_id} is recorded as a success although it had not published everything"]
    if status == FAILURE and killed.begun.get(run_id):
        return [f"{run_id} had said that it was a success, and is recorded as a failure"]
    if status == FAILURE and code != killed_code:
        return [f"{run_id} was killed, and is recorded with exit code {code}, not {killed_code}"]
    return []
