"""The next version of a table, written where no reader looks: its Parquet files, its twin, its change list.

The table lies in one file, or in partitions by key. Each is merged by itself, here or on workers; the driver puts
twins and change lists together, in the order of the partitions, and so both are the same wherever the work was done.
"""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE, Spread, Staged
from datalake.outcomes import Changes
from datalake.pipeline.merging import (
    Lists,
    Portion,
    Slice,
    incoming_of,
    join_lists,
    merge_of,
    merge_slice,
    partitioning,
    portions,
    shuffle_portion,
    write_lines,
)
from datalake.zones import curated, history
from datalake.zones.curated import Version
from datalake.zones.files import fsync_file, temporary
from datalake.zones.paths import Lake

if TYPE_CHECKING:  # Arrow is loaded when there is something to publish
    import pyarrow as pa

    from datalake.merge.base import Incoming, Merge
    from datalake.merge.rows import Rows
    from datalake.zones.tables import ParquetRows

PORTION = 8  # staged parts, or published files, that one worker puts in order at a time


@dataclass(frozen=True)
class Cleaned:
    """A cleaned file: what became of its rows, and where they are."""

    staged: Staged
    data_date: date
    staging: Path
    quarantine: Path


@dataclass(frozen=True)
class Built:
    """A version that has no name yet. listed is where its change list lies, None where it has none."""

    draft: Path
    listed: Path | None
    rows: int
    kept: int
    changes: Changes


def build(
    lake: Lake, contract: Contract, cleaned: Cleaned, shown: Version | None, seq: int, twin: bool, spread: Spread = map
) -> Built:
    """Write version seq, which follows the one shown, out of readers' sight; raise OSError or DatalakeError."""
    draft = curated.begin(lake, contract.feed)
    with _scratch(lake, contract.feed) as folder:
        plan = _Plan(contract, cleaned, shown, seq, draft, folder)
        slices = plan.slices(twin, spread)
        done = list(spread(merge_slice, slices))
        if twin:
            _put_together([each.twin for each in slices if each.twin], curated.twin_path(draft, contract.feed))
        lists = [each.changes for each, came in zip(slices, done, strict=True) if each.changes and came.listed]
        changes = Changes(*(sum(getattr(each.changes, name) for each in done) for name in ("new", "changed", "gone")))
        rows, kept = sum(each.rows for each in done), sum(each.kept for each in done)
        return Built(draft, _one_list(lake, contract.feed, lists, spread), rows, kept, changes)


@contextlib.contextmanager
def _scratch(lake: Lake, feed: str) -> Iterator[Path]:
    """A folder that all who work on a version share."""
    folder = temporary(curated.versions_folder(lake, feed))
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # what is left goes with the next run's tidying


@dataclass(frozen=True)
class _Plan:
    """How a version is cut into slices."""

    contract: Contract
    cleaned: Cleaned
    shown: Version | None
    seq: int
    draft: Path
    folder: Path

    def slices(self, twin: bool, spread: Spread) -> list[Slice]:
        count = max(1, self.contract.partitions)
        shown = table_of(self.shown.folder, self.contract.feed) if self.shown else None
        if count == 1:
            return [self._slice(0, shown, accepted_of(self.contract, self.cleaned), twin)]
        accepted = self._shuffled("accepted", accepted_of(self.contract, self.cleaned), spread)
        before = self._before(spread)
        return [self._slice(each, before[each], accepted[each], twin) for each in range(count)]

    def _before(self, spread: Spread) -> "Sequence[Rows | None]":
        """The published rows by partition: as they lie there, if they lie so; else put in order first."""
        from datalake.zones.tables import ParquetRows

        if self.shown is None:
            return [None] * self.contract.partitions
        if self.shown.facts.get("partitions") == partitioning(self.contract):
            return [ParquetRows([path]) for path in curated.table_paths(self.shown.folder, self.contract.feed)]
        return self._shuffled("before", table_of(self.shown.folder, self.contract.feed), spread)

    def _shuffled(self, name: str, rows: "ParquetRows", spread: Spread) -> "Sequence[Rows]":
        from datalake.zones.shuffle import Shuffled
        from datalake.zones.tables import ParquetRows

        count, key = self.contract.partitions, self.contract.primary_key
        tasks = [
            Portion(ParquetRows(some, rows.schema), key, count, self.folder / f"{name}-{number:05d}.arrow")
            for number, some in enumerate(portions(rows.paths, PORTION))
        ]
        paths = list(spread(shuffle_portion, tasks))
        return [Shuffled(paths, number, count, rows.schema) for number in range(count)]

    def _slice(self, number: int, current: "Rows | None", accepted: "Rows", twin: bool) -> Slice:
        cleaned, contract = self.cleaned, self.contract
        feed, parts = contract.feed, contract.partitions
        findings, known = cleaned.quarantine / FINDINGS_FILE, cleaned.staged.rejected_keys_known
        listed = self.shown is not None or contract.history != "none"  # a first version without history needs none
        return Slice(
            contract=contract,
            number=number,
            seq=self.seq,
            current=current,
            incoming=incoming_of(accepted, findings, known, cleaned.data_date),
            table=curated.part_path(self.draft, feed, number) if parts > 1 else curated.table_path(self.draft, feed),
            changes=self.folder / f"changes-{number:03d}.parquet" if listed else None,
            twin=self.folder / f"twin-{number:03d}.csv" if twin else None,
            folder=self.folder,
        )


def table_of(folder: Path, feed: str) -> "ParquetRows":
    """Return the rows of a published version."""
    from datalake.zones.tables import ParquetRows

    return ParquetRows(curated.table_paths(folder, feed))


def accepted_of(contract: Contract, cleaned: Cleaned) -> "ParquetRows":
    """Return a cleaned file's accepted rows."""
    from datalake.clean.schema import output_schema
    from datalake.zones.tables import ParquetRows

    return ParquetRows([cleaned.staging / part for part in cleaned.staged.parts], output_schema(contract))


def incoming(contract: Contract, cleaned: Cleaned) -> "Incoming":
    """Return a cleaned file as merges take it."""
    findings, known = cleaned.quarantine / FINDINGS_FILE, cleaned.staged.rejected_keys_known
    return incoming_of(accepted_of(contract, cleaned), findings, known, cleaned.data_date)


def whole_merge(contract: Contract, cleaned: Cleaned, table: Sequence[Path]) -> "Merge":
    """Given a cleaned file and the published files, if any, return the merge of the two, not yet done."""
    from datalake.zones.tables import ParquetRows

    return merge_of(contract, incoming(contract, cleaned), ParquetRows(table) if table else None)


def newest(contract: Contract, cleaned: Cleaned) -> str:
    """Return the latest value of the column that orders a file's rows, if it is a date or a time; else nothing."""
    import pyarrow.compute as pc

    name = next(iter(contract.order_by), "")
    dated = [each.name for each in contract.columns if each.type in ("date", "datetime") and not each.mask]
    if name not in dated:
        return ""
    latest = (pc.max(batch.column(name)).as_py() for batch in accepted_of(contract, cleaned).batches([name]))
    return str(max((each for each in latest if each is not None), default=""))


def _put_together(pieces: Sequence[Path], path: Path) -> None:
    """Make one CSV of those of the partitions."""
    if len(pieces) == 1:
        pieces[0].replace(path)
        return
    with path.open("wb") as whole:
        for piece in pieces:
            with piece.open("rb") as part:
                shutil.copyfileobj(part, whole)
    fsync_file(path)


def _one_list(lake: Lake, feed: str, lists: Sequence[Path], spread: Spread) -> Path | None:
    """Make one change list of those of the partitions; None where there are none."""
    if not lists:
        return None
    path = history.draft_of(lake, feed)
    if len(lists) == 1:
        lists[0].replace(path)
        return path
    (joined,) = spread(join_lists, [Lists(tuple(lists), path)])
    return Path(joined)


def write_list(lake: Lake, feed: str, schema: "pa.Schema", lines: "Iterator[pa.RecordBatch]") -> Path | None:
    """Write lines as a change list that has no name yet; None where there are none."""
    path = history.draft_of(lake, feed)
    return path if write_lines(path, schema, lines) else None
