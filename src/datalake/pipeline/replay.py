"""A feed rebuilt from raw: every delivery that came to a good end, in that order, by the rules as they are now.

It is built in a lake apart that shares only raw. Where it comes out as what is there, nothing is touched; where not,
because something was lost or damaged or the rules have changed, it takes its place in one step.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from datalake.contracts.model import Contract
from datalake.engine.job import Staged
from datalake.errors import DatalakeError, Refused
from datalake.outcomes import Changes
from datalake.pipeline.context import Context
from datalake.pipeline.ends import facts_of
from datalake.pipeline.expected import Expected, findings_place, take_in
from datalake.pipeline.filing import file_late
from datalake.pipeline.publish import cleaned_of, findings_sha256, publish
from datalake.pipeline.rules import changed, keep
from datalake.pipeline.staging import stage
from datalake.zones import curated
from datalake.zones.events import read
from datalake.zones.exchange import exchange
from datalake.zones.files import make_folder, remove_tree
from datalake.zones.manifest import Ledger, good_ends
from datalake.zones.paths import Lake
from datalake.zones.raw import file_sha256
from datalake.zones.state import OpenDelivery

log = logging.getLogger("datalake.pipeline")
APART = ".replay"
DELIVERED = ("data_date", "sha256", "name", "raw", "bytes", "night")


@dataclass(frozen=True)
class Apart(Lake):
    """A lake in a folder of another one's data, over the same raw files."""

    real: Lake

    @property
    def raw_zone(self) -> Path:
        return self.real.raw_zone


@dataclass(frozen=True)
class Replayed:
    """What a rebuild came to. differs: files that were not there, or were not these bytes."""

    feed: str
    versions: int
    differs: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()  # files that the rules of now refuse, and why
    rules_changed: tuple[str, ...] = ()  # where, since the table was published
    changes: Changes | None = None  # of the table that is shown; None where it cannot be told, or nothing differs
    columns: tuple[tuple[str, int], ...] = ()  # and in how many of its changed records each column differs

    @property
    def same(self) -> bool:
        return not self.differs


def replay(run: Context, contract: Contract, dry: bool = False) -> Replayed:
    """Rebuild a feed's staging and published tables from raw; dry: only say what that would change.

    Raises DatalakeError where a raw file is missing or damaged: then nothing is touched.
    """
    feed = contract.feed
    lake = Apart(run.lake.data / APART, run.lake)
    remove_tree(lake.root)
    make_folder(lake.metadata)
    settings = replace(run.settings, keep_versions=_versions_kept(run, contract))
    ledger = Ledger(lake, run.clock.now)
    aside = Context(lake, settings, run.clock, ledger, run.night, run.observer, run.stager, shared=run.engines)
    contract = replace(contract, legal_hold=False)  # it is about the lake's own versions, which are all made again
    try:
        mine = [event for event in good_ends(run.lake) if event["feed"] == feed]
        refused = [each for event in mine for each in _again(aside, contract, event)]
        done = _compared(run, aside, contract, tuple(refused))
        if not dry:
            _take_place(run, aside, contract, done)
        return done
    finally:
        remove_tree(lake.root)


def _versions_kept(run: Context, contract: Contract) -> int:
    """As many as are there, which may be more than the settings say; where they are lost, a hold asks for all."""
    there = len(curated.version_names(run.lake, contract.feed))
    every = run.ledger.feed(contract.feed).seq if contract.legal_hold and not there else 0
    return max(run.settings.keep_versions, there, every)


def _again(aside: Context, contract: Contract, event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Do once more what an event tells of; yield the file and why, if it cannot be read by the rules of now."""
    delivery = _delivery(aside, contract, event)
    if event["kind"] == "confirmed":
        aside.ledger.record("confirmed", contract.feed, facts_of(delivery))
        return
    try:
        staged = stage(aside, contract, delivery)
    except Refused as problem:
        for left in (aside.lake.staging, aside.lake.quarantine):  # what was found before the rules changed stays
            remove_tree(left(delivery.feed, delivery.data_date, delivery.delivery))
        yield delivery.name, problem.message
        return
    _end(aside, contract, delivery, staged, event["kind"])


def _end(aside: Context, contract: Contract, delivery: OpenDelivery, staged: Staged, kind: str) -> None:
    if kind in ("published", "ended"):
        publish(aside, contract, delivery, staged)
        return
    added = file_late(aside, contract, cleaned_of(aside, delivery, staged))
    added["findings"] = findings_sha256(aside, delivery)
    aside.ledger.record("filed", contract.feed, {**facts_of(delivery), **added})


def _delivery(aside: Context, contract: Contract, event: dict[str, Any]) -> OpenDelivery:
    path = aside.lake.raw_zone / event["raw"]
    if not path.is_file() or file_sha256(path) != event["sha256"]:
        raise DatalakeError(
            f"{path} is missing or is not what was delivered, so {contract.feed} cannot be rebuilt.",
            "Put it back from a backup; `python3 manage.py verify` names every such file.",
        )
    facts = {name: event[name] for name in DELIVERED}
    aside.ledger.record("admitted", contract.feed, facts)
    identity = (date.fromisoformat(event["data_date"]), event["sha256"][:12])
    found = next(each for each in aside.ledger.feed(contract.feed).open if each.identity == identity)
    return replace(found, status="approved")


def _compared(run: Context, aside: Context, contract: Contract, refused: tuple[tuple[str, str], ...]) -> Replayed:
    old, new = (_contents(each.lake, contract.feed) for each in (run, aside))
    differs = tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
    state = run.ledger.feed(contract.feed)
    done = Replayed(
        contract.feed,
        aside.ledger.feed(contract.feed).seq,
        differs,
        refused,
        tuple(changed(run.lake, contract, state.rules)),
    )
    return done if done.same or not contract.primary_key else _with_changes(run, aside, contract, done)


def _with_changes(run: Context, aside: Context, contract: Contract, done: Replayed) -> Replayed:
    """Add how the table that is shown would change. Damage is why many a table is rebuilt: then it is left out."""
    from datalake.pipeline.past import compare
    from datalake.zones.tables import ParquetRows

    try:
        shown = [curated.current(each.lake, contract.feed) for each in (run, aside)]
        before, after = (curated.table_paths(each.folder, contract.feed) if each else [] for each in shown)
        if not before or not after:
            return done
        changes, found = compare(contract, ParquetRows(before), ParquetRows(after))
        columns = Counter(name for each in found for name in each.columns)
    except Exception as problem:
        log.info("feed=%s the table shown cannot be compared: %s", contract.feed, problem)
        return done
    return replace(done, changes=changes, columns=tuple(columns.most_common()))


def _contents(lake: Lake, feed: str) -> dict[str, str]:
    """Every published file and link of a feed, by what is in it."""
    folder, found = lake.curated(feed), {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = file_sha256(path)
    return found


def _take_place(run: Context, aside: Context, contract: Contract, done: Replayed) -> None:
    feed, state = contract.feed, aside.ledger.feed(contract.feed)
    _take_staging(run.lake, aside.lake, feed)
    if done.same or not state.version:
        return
    keep(run.lake, contract)
    facts = {**state.published, "baseline": state.last_accepted, "lists": state.lists, "filed": state.filed}
    run.ledger.record("replayed", feed, {**facts, "rebuilt": _rebuilt(aside, feed)})
    if run.lake.curated(feed).exists():
        exchange(run.lake.curated(feed), aside.lake.curated(feed))
    else:
        make_folder(run.lake.curated(feed).parent)
        aside.lake.curated(feed).rename(run.lake.curated(feed))
    run.ledger.save()


def _rebuilt(aside: Context, feed: str) -> dict[str, Any]:
    """The versions that are kept, all change lists and all findings, as the events of the lake apart tell of them."""
    expected, findings = Expected(), {}
    for line in read(aside.lake.events):
        event = line.event or {}
        take_in(expected, event)
        if "findings" in event:
            findings[findings_place(event)] = event["findings"]
    kept = curated.version_names(aside.lake, feed)
    versions = {name: facts for name, facts in expected.versions.get(feed, {}).items() if name in kept}
    return {"versions": versions, "lists": expected.lists.get(feed, {}), "findings": findings}


def _take_staging(lake: Lake, aside: Lake, feed: str) -> None:
    """Cleaned rows and findings of each delivery take the place of what is left of the old ones."""
    for zone in ("staging", "quarantine"):
        for folder in (aside.data / zone / feed).glob("*/*"):
            home = lake.data / zone / folder.relative_to(aside.data / zone)
            make_folder(home.parent)
            if home.exists():
                shutil.rmtree(home)
            folder.rename(home)
