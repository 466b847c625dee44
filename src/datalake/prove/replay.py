"""`manage.py prove replay`: many generated nights of every feed, with every quirk, against their answer keys.

Every published cell, every line that is not published and what becomes of every file must be what the generator meant.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from datalake import settings
from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.contracts.model import Contract
from datalake.demo.generator.answer_key import AnswerKey, read_key
from datalake.demo.generator.rates import Rates
from datalake.demo.generator.world import World
from datalake.demo.verdict import Expected, bad_lines, found_lines
from datalake.nightly import run_night
from datalake.outcomes import FileOutcome, RunOutcome
from datalake.prove.exports import PACKED
from datalake.prove.posting import DUPLICATE, FILED, PUBLISHED, Post, Sent
from datalake.schedule import due
from datalake.settings import Retention, Settings
from datalake.zones.files import flushed_at_the_end
from datalake.zones.paths import Lake

FIRST = date(2025, 9, 15)
SALT = "a salt for the proof"
OFTEN = 20  # how many times every quirk must have come for the proof to count
HELD = "held"


@dataclass
class Proof:
    """A lake of its own with the shipped rules, and what it must show by now."""

    lake: Lake
    settings: Settings
    contracts: tuple[Contract, ...]
    post: Post
    expected: dict[str, Expected]
    now: datetime
    sent: list[Sent] = field(default_factory=list)

    def nights(self, count: int) -> Iterator[list[str]]:
        """Load that many nights; yield for each what is not as it was meant."""
        for number in range(count):
            with flushed_at_the_end():
                yield self._night(number)

    def rare(self) -> list[str]:
        """Name the quirks that have not come often enough to prove anything."""
        names = set(Rates.__annotations__) - {"bad_rows_at_most"} | set(self.post.seen)
        return sorted(name for name in names if self.post.seen[name] < OFTEN)

    def _night(self, number: int) -> list[str]:
        self.now = start = due(self.settings.schedule, FIRST + timedelta(days=number))
        sent = self.post.night(number, start)
        self.sent += sent
        run = run_night(self.lake, self.settings, self.contracts, MovedClock(start), "hand")
        problems = [f"{start:%Y-%m-%d}: {run.error}"] if run.error else []
        told = {(feed.feed, file.name): file for feed in run.feeds for file in feed.files}
        for each in sent:
            problems += self._file(each, told.get((each.feed, each.name)))
        for feed in sorted({each.feed for each in sent if each.must_be == PUBLISHED}):
            problems += [f"{feed}, night {number}: {each}" for each in self._table(feed)]
        return problems + _failures(run, sent)

    def _file(self, sent: Sent, told: FileOutcome | None) -> list[str]:
        """Compare what became of one file with what had to."""
        if told is None:
            return [f"{sent.name}: nothing is told of it"]
        key, folder = read_key(sent.key), self.lake.quarantine(sent.feed, sent.day, sent.delivery)
        became = _rule(folder) if told.status == "refused" else told.status
        if became != sent.must_be:
            return [f"{sent.name}: {became}, should be {sent.must_be} {told.reason}".strip()]
        if sent.must_be == PUBLISHED:
            self.expected[sent.feed].take(key, sent.delivery)
        return _rows(sent, told, key, folder) if became in (PUBLISHED, FILED, HELD) else []

    def _table(self, feed: str) -> list[str]:
        return self.expected[feed].differences(_read(self.lake.curated(feed) / "current" / f"{feed}.parquet"))


def _rows(sent: Sent, told: FileOutcome, key: AnswerKey, folder: Path) -> list[str]:
    problems = []
    names = ("rows_read", "accepted", "rejected", "duplicates", "superseded", "excluded", "rejected_by_rule")
    for name in names:
        if getattr(told, name) != getattr(key.totals, name):
            problems.append(f"{sent.name}: {name} {getattr(told, name)}, should be {getattr(key.totals, name)}")
    found, bad = found_lines(_read(folder / "findings.parquet")), bad_lines(key)
    problems += [f"{sent.name}: line {line} is {outcome} ({rule})" for line, outcome, rule in sorted(found - bad)]
    problems += [
        f"{sent.name}: line {line} should be {outcome} ({rule})" for line, outcome, rule in sorted(bad - found)
    ]
    return problems


def _failures(run: RunOutcome, sent: list[Sent]) -> list[str]:
    """A feed fails on the night of a refused file, also where a good one followed; what was held is made good by it."""
    refused = {each.feed for each in sent if each.must_be not in (PUBLISHED, DUPLICATE, FILED, HELD)}
    failed = {each.feed: each.reason for each in run.feeds if each.failed}
    problems = [f"{feed} failed and should not: {failed[feed]}" for feed in sorted(failed.keys() - refused)]
    return problems + [f"{feed} had a refused file and did not fail" for feed in sorted(refused - failed.keys())]


def _rule(folder: Path) -> str:
    return str(json.loads((folder / "refused.json").read_text(encoding="utf-8"))["rule"])


def _read(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


@contextlib.contextmanager
def proof(installation: Path, seed: int, rows: int) -> Iterator[Proof]:
    """Give a proof in a folder of its own, which is removed at the end, but stays where the block fails."""
    folder = Path(tempfile.mkdtemp(prefix="datalake-replay-"))
    yield prepare(installation, folder, seed, rows)
    shutil.rmtree(folder)


def prepare(installation: Path, folder: Path, seed: int, rows: int) -> Proof:
    """Make a lake in a folder, with the shipped rules and a few of the proof's own; rows: records of irb."""
    lake, work = Lake(folder / "lake"), folder / "keys"
    shutil.copytree(installation / "config", lake.config, ignore=shutil.ignore_patterns("local", "secrets.env"))
    for place in (lake.incoming, lake.logs, work, lake.config / "local" / "modules"):
        place.mkdir(parents=True)
    chosen = settings.load(lake.root, {"PATH": os.environ.get("PATH", ""), "MASK_SALT": SALT})
    chosen = replace(chosen, retention=Retention(staging_days=36_500))  # all of it is compared with what is rebuilt
    for each in load_contracts(lake.root):
        (lake.config / "local" / "modules" / f"{each.feed}.yaml").write_text(_overlay(each), encoding="utf-8")
    contracts = load_contracts(lake.root)
    expected = {each.feed: Expected(each, chosen.schedule.zone, SALT.encode()) for each in contracts}
    post = Post(World(seed, FIRST, rows), lake.incoming, work)
    return Proof(lake, chosen, contracts, post, expected, due(chosen.schedule, FIRST))


def _overlay(contract: Contract) -> str:
    """Totals rows are left out, person ids are hashed, and two feeds come packed."""
    lines = [f'skip_rows: [{{column: {contract.primary_key[0]}, pattern: "Total"}}]']
    if contract.feed in PACKED:
        lines.append(f'delivery: {{pattern: "{contract.delivery.pattern}.{PACKED[contract.feed]}"}}')
    if "pi_person_id" in contract.names:
        lines.append("columns: [{name: pi_person_id, mask: hash}]")
    return "\n".join(lines) + "\n"
