"""A cleaned file becomes the published table: merged with the one before, written as a new version, swapped in."""

import secrets
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE, Staged
from datalake.errors import DatalakeError
from datalake.outcomes import Changes
from datalake.pipeline.context import Context
from datalake.pipeline.guards import baseline
from datalake.pipeline.rules import keep
from datalake.zones import curated
from datalake.zones.files import fsync_file
from datalake.zones.raw import file_sha256
from datalake.zones.state import FeedState, OpenDelivery

if TYPE_CHECKING:  # Arrow is loaded when there is something to publish
    import pyarrow as pa

    from datalake.merge.replace import Replacement
    from datalake.zones.curated import Version

TRIES = 3  # with other seeds, where two keys' hashes fell together


def publish(run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged) -> Changes:
    """Publish a cleaned file and return how the table changed; until the swap readers see the old one."""
    feed, lake = contract.feed, run.lake
    state = run.ledger.feed(feed)
    shown = current_version(run, feed)
    merged, draft = _built(run, contract, delivery, staged, shown)
    facts = _facts(run, contract, delivery, staged, state, merged)
    facts |= _hashes(draft, feed)
    version = curated.finish(lake, feed, draft, facts)
    curated.swap(lake, feed, version)
    run.ledger.record("published", feed, facts)
    supersede(run, contract)
    curated.prune(lake, feed, run.settings.keep_versions)
    return merged.differences.changes


def current_version(run: Context, feed: str) -> "Version | None":
    """Return the version that readers see; raise DatalakeError where it is not the one that the events know."""
    state, shown = run.ledger.feed(feed), curated.current(run.lake, feed)
    name = shown.name if shown else ""
    if state.version != name:
        raise DatalakeError(
            f"{feed}: version {state.version or 'none'} was published last, but {name or 'none'} is there.",
            f"Put data/curated/{feed} back from a backup that holds it.",
        )
    return shown


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
    return state.as_of is not None and each.data_date <= state.as_of and each.event < state.published_event


def _built(
    run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged, shown: "Version | None"
) -> "tuple[Replacement, Path]":
    """Write the next table into a draft; a collision of hashes is met by another seed."""
    from datalake.merge.rows import Collision

    for _ in range(TRIES):
        merged = _merged(run, contract, delivery, staged, shown)
        draft = curated.begin(run.lake, contract.feed)
        try:
            _write(merged, draft, contract, run.settings.csv_twin)
            return merged, draft
        except Collision:
            continue
    raise DatalakeError(f"{contract.feed}: keys could not be told apart.", "Run it again.")


def _merged(
    run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged, shown: "Version | None"
) -> "Replacement":
    place = (contract.feed, delivery.data_date, delivery.delivery)
    table = curated.table_path(shown.folder, contract.feed) if shown else None
    return replacement(contract, staged, run.lake.staging(*place), run.lake.quarantine(*place), table)


def replacement(
    contract: Contract, staged: Staged, staging: Path, quarantine: Path, table: Path | None
) -> "Replacement":
    """Given a cleaned file's folders and the published Parquet file, if any, return the merge, not yet done."""
    from datalake.clean.schema import output_schema
    from datalake.merge.replace import Rejected, Replacement
    from datalake.zones.tables import ParquetRows

    accepted = ParquetRows([staging / part for part in staged.parts], output_schema(contract))
    current = ParquetRows([table]) if table else None
    rejected = Rejected(_RejectedKeys(quarantine / FINDINGS_FILE), staged.rejected_keys_known)
    return Replacement(current, accepted, rejected, contract.primary_key, secrets.randbits(64))


class _RejectedKeys:
    """The keys of the rows that a file had and that were rejected, as findings name them."""

    def __init__(self, findings: Path) -> None:
        self._findings = findings

    def __iter__(self) -> "Iterator[pa.Array]":
        import pyarrow.compute as pc

        from datalake.zones.tables import ParquetRows

        if self._findings.exists():
            for batch in ParquetRows([self._findings]).batches(["key", "outcome"]):
                keys = batch.filter(pc.equal(batch.column("outcome"), "rejected")).column("key")
                yield keys.drop_null()


def _write(merged: "Replacement", draft: Path, contract: Contract, twin: bool) -> None:
    from datalake.zones.tables import TableWriter
    from datalake.zones.twin import Twin

    table = TableWriter(curated.table_path(draft, contract.feed), merged.schema)
    separators = {each.name: each.separator for each in contract.columns if each.type == "list"}
    beside = Twin(curated.twin_path(draft, contract.feed), merged.schema, separators) if twin else None
    for batch in merged.batches():
        table.write(batch)
        if beside:
            beside.write(batch)
    table.close()
    if beside:
        beside.close()
    for path in draft.iterdir():
        fsync_file(path)


def _facts(
    run: Context,
    contract: Contract,
    delivery: OpenDelivery,
    staged: Staged,
    state: FeedState,
    merged: "Replacement",
) -> dict[str, Any]:
    """What version.json and the event say: nothing of the run or its time, so a rebuild says the same."""
    seq, changes = state.seq + 1, merged.differences.changes
    return {
        "feed": contract.feed,
        "version": curated.version_name(seq, delivery.data_date),
        "seq_of_feed": seq,
        "data_date": delivery.data_date.isoformat(),
        "sha256": delivery.sha256,
        "name": delivery.name,
        "raw": delivery.raw,
        "bytes": delivery.size,
        "night": delivery.night.isoformat(),
        "rules": keep(run.lake, contract),
        "rows": merged.rows,
        "kept": merged.kept,
        "new": changes.new,
        "changed": changes.changed,
        "gone": changes.gone,
        "baseline": baseline(staged),
    }


def _hashes(draft: Path, feed: str) -> dict[str, Any]:
    return {"files": {path.name: file_sha256(path) for path in sorted(draft.iterdir())}}
