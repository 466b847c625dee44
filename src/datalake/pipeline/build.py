"""The next version of a table, written where no reader looks: the merge, its Parquet file, its twin, its changes."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE, Staged
from datalake.errors import DatalakeError
from datalake.zones import curated, history
from datalake.zones.curated import Version
from datalake.zones.files import fsync_file
from datalake.zones.paths import Lake

if TYPE_CHECKING:  # Arrow is loaded when there is something to publish
    import pyarrow as pa

    from datalake.merge.base import Incoming, Merge

TRIES = 3  # with other seeds, where two keys' hashes fell together


@dataclass(frozen=True)
class Cleaned:
    """A cleaned file: what became of its rows, and where they are."""

    staged: Staged
    data_date: date
    staging: Path
    quarantine: Path


@dataclass(frozen=True)
class Built:
    """A version that has no name yet. changes is where its change list lies, None where it has none."""

    merge: "Merge"
    draft: Path
    changes: Path | None


def build(lake: Lake, contract: Contract, cleaned: Cleaned, shown: Version | None, seq: int, twin: bool) -> Built:
    """Write version seq, which follows the one shown, out of readers' sight; raise OSError or DatalakeError."""
    from datalake.merge.rows import Collision

    for _ in range(TRIES):
        merge = merge_of(contract, cleaned, curated.table_path(shown.folder, contract.feed) if shown else None)
        draft = curated.begin(lake, contract.feed)
        try:
            _write_table(merge, draft, contract, twin)
            return Built(merge, draft, _write_changes(lake, contract, merge, shown, seq))
        except Collision:
            continue
    raise DatalakeError(f"{contract.feed}: keys could not be told apart.", "Run it again.")


def merge_of(contract: Contract, cleaned: Cleaned, table: Path | None) -> "Merge":
    """Given a cleaned file and the published Parquet file, if any, return the merge of the two, not yet done."""
    from datalake.merge.append import Append
    from datalake.merge.replace import Replacement
    from datalake.merge.upsert import Upsert
    from datalake.zones.tables import ParquetRows

    way = {"replace": Replacement, "merge": Upsert, "append": Append}[contract.write_disposition]
    current = ParquetRows([table]) if table else None
    return way(current, incoming(contract, cleaned), contract.primary_key, secrets.randbits(64))


def incoming(contract: Contract, cleaned: Cleaned) -> "Incoming":
    """Return a cleaned file as merges take it."""
    from datalake.clean.schema import output_schema
    from datalake.merge.base import Incoming, Rejected
    from datalake.zones.tables import ParquetRows

    accepted = ParquetRows([cleaned.staging / part for part in cleaned.staged.parts], output_schema(contract))
    rejected = Rejected(_RejectedKeys(cleaned.quarantine / FINDINGS_FILE), cleaned.staged.rejected_keys_known)
    return Incoming(accepted, rejected, cleaned.data_date)


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


def newest(contract: Contract, file: "Incoming") -> str:
    """Return the latest value of the column that orders a file's rows, if it is a date or a time; else nothing."""
    import pyarrow.compute as pc

    name = next(iter(contract.order_by), "")
    dated = [each.name for each in contract.columns if each.type in ("date", "datetime") and not each.mask]
    if name not in dated:
        return ""
    latest = (pc.max(batch.column(name)).as_py() for batch in file.accepted.batches([name]))
    return str(max((each for each in latest if each is not None), default=""))


def _write_table(merge: "Merge", draft: Path, contract: Contract, twin: bool) -> None:
    from datalake.zones.tables import TableWriter
    from datalake.zones.twin import Twin

    table = TableWriter(curated.table_path(draft, contract.feed), merge.schema)
    separators = {each.name: each.separator for each in contract.columns if each.type == "list"}
    beside = Twin(curated.twin_path(draft, contract.feed), merge.schema, separators) if twin else None
    for batch in merge.batches():
        table.write(batch)
        if beside:
            beside.write(batch)
    table.close()
    if beside:
        beside.close()
    for path in draft.iterdir():
        fsync_file(path)


def _write_changes(lake: Lake, contract: Contract, merge: "Merge", shown: Version | None, seq: int) -> Path | None:
    """Write the change list; a first version of a feed without history needs none, and no change makes none."""
    from datalake.merge.changes import change_schema, changes

    if shown is None and contract.history == "none":
        return None
    return write_list(lake, contract.feed, change_schema(merge.schema), changes(merge, seq))


def write_list(lake: Lake, feed: str, schema: "pa.Schema", lines: "Iterator[pa.RecordBatch]") -> Path | None:
    """Write lines as a change list that has no name yet; None where there are none."""
    from datalake.zones.tables import TableWriter

    first = next(lines, None)
    if first is None:
        return None
    path = history.draft_of(lake, feed)
    table = TableWriter(path, schema)
    table.write(first)
    for batch in lines:
        table.write(batch)
    table.close()
    fsync_file(path)
    return path
