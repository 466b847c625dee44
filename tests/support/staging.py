"""What the tests of cleaning share: a small contract, a way to stage bytes, and what came out in plain Python."""

from dataclasses import replace
from datetime import date, timezone
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from datalake.contracts.model import Column, Constraints, Contract, Delivery
from datalake.engine import local, reference
from datalake.engine.job import FINDINGS_FILE, Staged, StageJob
from datalake.engine.scan import Sizes
from datalake.errors import Refused
from datalake.settings import FileLimits

DAY = date(2025, 11, 4)
COLUMNS = (
    Column("id", constraints=Constraints(required=True, pattern=r"[A-Z]\d+"), must_exist=True),
    Column("title"),
    Column("amount", type="number", precision=(14, 2)),
    Column("start", type="date", formats=("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d")),
    Column("updated", type="datetime", formats=("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S")),
)


def contract(columns: tuple[Column, ...] = COLUMNS, **words: Any) -> Contract:
    """Return a contract with a key, as far as the words do not say otherwise."""
    words = {"primary_key": ("id",), "order_by": ("updated",)} | words
    names = {each.name for each in columns}
    words = {
        key: tuple(each for each in value if each in names) if key in ("primary_key", "order_by") else value
        for key, value in words.items()
    }
    return Contract("irb", Delivery("IRB_{date:%Y-%m-%d}.csv"), columns, **words)


def job(folder: Path, data: bytes | str, rules: Contract | None = None, **words: Any) -> StageJob:
    """Return the job of cleaning these bytes, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "raw.csv"
    source.write_bytes(data.encode() if isinstance(data, str) else data)
    defaults = {"zone": "America/New_York", "threads": 1, "limits": FileLimits(), "sync": False}
    return StageJob(
        source, rules or contract(), DAY, "0123456789ab", "IRB_2025-11-04.csv", folder / "s", folder / "q",
        **(defaults | words),
    )  # fmt: skip


class Outcome:
    """What a stage came to: the counts, the rows and the findings, or the refusal."""

    def __init__(self, staged: Staged, rows: list[dict[str, Any]], findings: list[dict[str, Any]]) -> None:
        self.staged, self.rows, self.findings = staged, rows, findings

    def column(self, name: str) -> list[Any]:
        """Return the accepted values of a column."""
        return [each[name] for each in self.rows]

    @property
    def rejected(self) -> list[tuple[int, str | None, str]]:
        """Return line, column and rule of every rejecting finding."""
        return [(each["line"], each["column"], each["rule"]) for each in self.findings if each["outcome"] == "rejected"]


def stage(folder: Path, data: bytes | str, rules: Contract | None = None, **words: Any) -> Outcome:
    """Clean bytes with the fast engine, and hold it against the slow one."""
    sizes = words.pop("sizes", None)
    work = job(folder, data, rules, **words)
    found = fast(work, sizes)
    same(found, slow(work))
    return found


def fast(work: StageJob, sizes: Sizes | None = None) -> Outcome:
    """Return what the engine of one machine makes of a job."""
    staged = local.stage(work, sizes=sizes)
    parts = [pq.read_table(work.staging / each) for each in staged.parts]
    rows = [_plain(row) for part in parts for row in part.to_pylist()]
    findings = pq.read_table(work.quarantine / FINDINGS_FILE).to_pylist()
    return Outcome(staged, rows, findings)


def slow(work: StageJob) -> Outcome:
    """Return what the reference makes of a job."""
    judged = reference.judge(work)
    return Outcome(judged.staged, [_plain(each) for each in judged.rows], judged.findings)


def refusal(work: StageJob, engine: Any = fast) -> Refused | Outcome:
    """Return the refusal of a job, or what it came to instead."""
    try:
        found: Outcome = engine(work)
    except Refused as problem:
        return problem
    return found


def same(fast_found: Outcome, slow_found: Outcome) -> None:
    """Assert that both engines say the same."""
    assert replace(fast_found.staged, parts=()) == slow_found.staged
    assert fast_found.rows == slow_found.rows
    assert _sorted(fast_found.findings) == _sorted(slow_found.findings)


def _sorted(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(findings, key=lambda each: (each["line"], str(each["column"]), each["rule"], each["message"]))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _naive(value) for name, value in row.items()}


def _naive(value: Any) -> Any:
    if hasattr(value, "tzinfo") and value.tzinfo:
        return value.astimezone(timezone.utc).replace(tzinfo=None)
    return value
