"""A cleaned file becomes the published table: merged with the one before, written as a new version, swapped in."""

from datetime import date
from pathlib import Path
from typing import Any

from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE, Staged
from datalake.errors import DatalakeError
from datalake.outcomes import Changes
from datalake.pipeline.build import Built, Cleaned, build, newest
from datalake.pipeline.context import Context
from datalake.pipeline.filing import compact
from datalake.pipeline.guards import baseline
from datalake.pipeline.merging import partitioning
from datalake.pipeline.rules import keep
from datalake.zones import curated, history
from datalake.zones.curated import Version
from datalake.zones.files import fsync_folder
from datalake.zones.raw import file_sha256
from datalake.zones.state import FeedState, OpenDelivery


def publish(run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged) -> Changes:
    """Publish a cleaned file and return how the table changed; until the swap readers see the old one."""
    feed, lake = contract.feed, run.lake
    shown = current_version(run, feed)
    seq = run.ledger.feed(feed).seq + 1
    cleaned = cleaned_of(run, delivery, staged)
    built = build(lake, contract, cleaned, shown, seq, run.settings.csv_twin, run.engines.spread(contract))
    facts = _facts(run, contract, delivery, cleaned, built)
    version = curated.finish(lake, feed, built.draft, facts)
    if built.listed:
        built.listed.rename(history.path_of(lake, feed, version.name))
        fsync_folder(history.history_folder(lake, feed))
    curated.swap(lake, feed, version)
    keeps = None if contract.legal_hold else run.settings.keep_versions
    run.ledger.record("published", feed, {**facts, "keeps": keeps})
    supersede(run, contract)
    prune(run, contract)
    compact(run, contract)
    return built.changes


def cleaned_of(run: Context, delivery: OpenDelivery, staged: Staged) -> Cleaned:
    """Return a delivery's cleaned file with its place in the zones."""
    place = (delivery.feed, delivery.data_date, delivery.delivery)
    return Cleaned(staged, delivery.data_date, run.lake.staging(*place), run.lake.quarantine(*place))


def findings_sha256(run: Context, delivery: OpenDelivery) -> str:
    """Return the sha256 of what was found wrong with a delivery's rows, by which it can be verified."""
    path = run.lake.quarantine(delivery.feed, delivery.data_date, delivery.delivery) / FINDINGS_FILE
    return file_sha256(path) if path.exists() else ""


def current_version(run: Context, feed: str) -> Version | None:
    """Return the version that readers see; raise DatalakeError where it is not the one that the events know."""
    state, shown = run.ledger.feed(feed), curated.current(run.lake, feed)
    name, rebuild = shown.name if shown else "", f"Rebuild it: `python3 manage.py replay {feed}`."
    if state.version != name:
        message = f"{feed}: version {state.version or 'none'} was published last, but {name or 'none'} is there."
        raise DatalakeError(message, rebuild)
    if shown and shown.facts["files"] != state.published["files"]:
        raise DatalakeError(f"{feed}: {name} is there, but not as it was published.", rebuild)
    return shown


def prune(run: Context, contract: Contract) -> None:
    """Remove versions beyond those that the settings keep, and what a feed without history has no use for then.

    A feed on hold keeps all of it.
    """
    feed = contract.feed
    if contract.legal_hold:
        return
    if curated.prune(run.lake, feed, run.settings.keep_versions) and contract.history == "none":
        history.prune(run.lake, feed, curated.version_names(run.lake, feed))


def supersede(run: Context, contract: Contract) -> None:
    """End what waited and is overtaken: a newer full file was published, or waits in its place."""
    if contract.write_disposition != "replace":
        return
    state = run.ledger.feed(contract.feed)
    for each in overtaken(state):
        facts = {"data_date": each.data_date.isoformat(), "sha256": each.sha256, "name": each.name}
        run.ledger.record("superseded", contract.feed, facts)


def overtaken(state: FeedState) -> list[OpenDelivery]:
    """PURE. Return the waiting files of a replace feed that no longer need anybody."""
    newest = max((each.data_date for each in state.held), default=date.min)
    return [
        each
        for each in (*state.held, *state.refused)
        if _published_over(state, each) or (each in state.held and each.data_date < newest)
    ]


def _published_over(state: FeedState, each: OpenDelivery) -> bool:
    """A refused file of an older date stays until a later night publishes: somebody is to hear of it first."""
    if state.as_of is None or each.data_date > state.as_of or each.event >= state.published_event:
        return False
    corrected = each.data_date.isoformat() == state.published["data_date"]
    return each.status != "refused" or corrected or each.night.isoformat() < state.published["night"]


def _facts(run: Context, contract: Contract, delivery: OpenDelivery, cleaned: Cleaned, built: Built) -> dict[str, Any]:
    """What version.json and the event say: nothing of the run or its time, so a rebuild says the same."""
    state, changes = run.ledger.feed(contract.feed), built.changes
    as_of = max(delivery.data_date, state.as_of or delivery.data_date)
    return {
        "feed": contract.feed,
        "version": curated.version_name(state.seq + 1, as_of),
        "seq_of_feed": state.seq + 1,
        "as_of": as_of.isoformat(),
        "data_date": delivery.data_date.isoformat(),
        "sha256": delivery.sha256,
        "name": delivery.name,
        "raw": delivery.raw,
        "bytes": delivery.size,
        "night": delivery.night.isoformat(),
        "rules": keep(run.lake, contract),
        "rows": built.rows,
        "kept": built.kept,
        "new": changes.new,
        "changed": changes.changed,
        "gone": changes.gone,
        "baseline": baseline(cleaned.staged, state.last_accepted, newest(contract, cleaned)),
        "files": _hashes(built.draft),
        "history": file_sha256(built.listed) if built.listed else "",
        "findings": findings_sha256(run, delivery),
        **({"partitions": partitioning(contract)} if contract.partitions > 1 else {}),
    }


def _hashes(draft: Path) -> dict[str, str]:
    return {path.name: file_sha256(path) for path in sorted(draft.iterdir())}
