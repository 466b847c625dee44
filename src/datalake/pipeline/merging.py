"""One partition of a feed merged and written: what a worker does of a publish, here or on another host.

What it writes it writes beside and renames, so that it may be begun twice and leaves the same bytes.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.outcomes import Changes
from datalake.zones.files import fsync_file, temporary

if TYPE_CHECKING:  # Arrow is loaded when there is something to publish
    import pyarrow as pa

    from datalake.merge.base import Incoming, Merge
    from datalake.merge.rows import Rows

TRIES = 3  # with other seeds, where two keys' hashes fell together


@dataclass(frozen=True)
class Slice:
    """A partition of the table before, the rows and rejected keys that a file has for it, and where all goes."""

    contract: Contract
    number: int
    seq: int  # number of the version that this makes
    current: "Rows | None"
    incoming: "Incoming"
    table: Path
    changes: Path | None  # None: no change list is wanted
    twin: Path | None  # None: no CSV is wanted; that of the first partition begins with the header
    folder: Path  # where drafts are written


@dataclass(frozen=True)
class Sliced:
    """What a merged partition came to. listed: its change list has lines, and so is there."""

    rows: int
    kept: int
    changes: Changes
    listed: bool


@dataclass(frozen=True)
class Portion:
    """Rows to put in order by partition, and the file for them."""

    rows: "Rows"
    key: tuple[str, ...]
    count: int
    path: Path


@dataclass(frozen=True)
class Lists:
    """The change lists of partitions, and the file that is to hold all of them."""

    paths: tuple[Path, ...]
    path: Path


def join_lists(task: Lists) -> Path:
    """Write the lines of change lists one after the other; return the file."""
    from datalake.zones.tables import ParquetRows

    rows = ParquetRows(task.paths)
    write_lines(task.path, rows.schema, rows.batches())
    return task.path


def shuffle_portion(task: Portion) -> Path:
    """Write a portion's rows by partition; return its file."""
    from datalake.zones.shuffle import shuffle

    shuffle(task.rows.batches(), task.rows.schema, task.key, task.count, task.path)
    return task.path


def merge_slice(task: Slice) -> Sliced:
    """Merge a partition and write its files; raise OSError or DatalakeError."""
    from datalake.merge.rows import Collision

    for _ in range(TRIES):
        merge = merge_of(task.contract, task.incoming, task.current)
        try:
            _write_table(task, merge)
            listed = task.changes is not None and _write_changes(task.changes, merge, task.seq)
            return Sliced(merge.rows, merge.kept, merge.differences.changes, listed)
        except Collision:
            continue
    raise DatalakeError(f"{task.contract.feed}: keys could not be told apart.", "Run it again.")


def merge_of(contract: Contract, file: "Incoming", current: "Rows | None") -> "Merge":
    """Given a cleaned file and the published rows, if any, return the merge of the two, not yet done."""
    from datalake.merge.append import Append
    from datalake.merge.replace import Replacement
    from datalake.merge.upsert import Upsert

    way = {"replace": Replacement, "merge": Upsert, "append": Append}[contract.write_disposition]
    return way(current, file, contract.primary_key, secrets.randbits(64))


def _write_table(task: Slice, merge: "Merge") -> None:
    from datalake.zones.tables import TableWriter
    from datalake.zones.twin import Twin

    draft, beside = temporary(task.folder), temporary(task.folder)
    table = TableWriter(draft, merge.schema)
    separators = {each.name: each.separator for each in task.contract.columns if each.type == "list"}
    twin = Twin(beside, merge.schema, separators, head=task.number == 0) if task.twin else None
    for batch in merge.batches():
        table.write(batch)
        if twin:
            twin.write(batch)
    table.close()
    if twin:
        twin.close()
    _settle(draft, task.table)
    if task.twin:
        _settle(beside, task.twin)


def _settle(draft: Path, path: Path) -> None:
    fsync_file(draft)
    draft.replace(path)


def _write_changes(path: Path, merge: "Merge", seq: int) -> bool:
    from datalake.merge.changes import change_schema, changes

    return write_lines(path, change_schema(merge.schema), changes(merge, seq))


def write_lines(path: Path, schema: "pa.Schema", lines: "Iterator[pa.RecordBatch]") -> bool:
    """Write lines of a change list to path; return whether there are any, for without there is no file."""
    from datalake.zones.tables import TableWriter

    first = next(lines, None)
    if first is None:
        return False
    draft = temporary(path.parent)
    table = TableWriter(draft, schema)
    table.write(first)
    for batch in lines:
        table.write(batch)
    table.close()
    _settle(draft, path)
    return True


def incoming_of(accepted: "Rows", findings: Path, known: bool, day: date) -> "Incoming":
    """Return a cleaned file, or a partition of one, as merges take it. known: every rejected row's key was read."""
    from datalake.merge.base import Incoming, Rejected

    return Incoming(accepted, Rejected(_RejectedKeys(findings), known), day)


class _RejectedKeys:
    """The keys of the rows that a file had and that were rejected, as findings name them."""

    def __init__(self, findings: Path) -> None:
        self._findings = findings

    def __iter__(self) -> "Iterator[pa.Array]":
        import pyarrow.compute as pc

        from datalake.clean.arrow import text_scalar
        from datalake.zones.tables import ParquetRows

        if self._findings.exists():
            for batch in ParquetRows([self._findings]).batches(["key", "outcome"]):
                keys = batch.filter(pc.equal(batch.column("outcome"), text_scalar("rejected"))).column("key")
                yield keys.drop_null()


def partitioning(contract: Contract) -> dict[str, object]:
    """Return what version.json says of how a table lies in files; nothing where it lies in one."""
    return {"count": contract.partitions, "key": list(contract.primary_key)} if contract.partitions > 1 else {}


def portions(paths: Sequence[Path], size: int) -> Iterator[Sequence[Path]]:
    """Yield so many files at a time."""
    for start in range(0, len(paths), size):
        yield paths[start : start + size]
