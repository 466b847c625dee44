"""What helps a person decide about a file that waits or was refused: which records would leave, what was renamed."""

import json
import re
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datalake.contracts.model import Column, Constraints, Contract
from datalake.engine.job import Staged, StageJob
from datalake.errors import Refused
from datalake.pipeline.build import Cleaned, whole_merge
from datalake.pipeline.engines import Stager
from datalake.zones.files import temporary

if TYPE_CHECKING:
    import pyarrow as pa

LARGEST = 200_000_000  # bytes of a file that is read once more for advice
ENOUGH = 60  # percent of the values that must agree before a new name is proposed
NAMED = 3  # values that are counted one by one; the others together
NEW_NAME = "_new_{}"  # no column of a contract starts with _
OPEN_CLASSES = ("public", "internal")


@dataclass(frozen=True)
class Renamed:
    """A lost column and the new one that holds its values, in percent of the records that both files have."""

    lost: str
    new: str  # as the header spells it
    share: int


def leaving(contract: Contract, cleaned: Cleaned, table: Sequence[Path]) -> str:
    """Say which records of the published table a file would take out of it, by state and by department."""
    import pyarrow as pa

    from datalake.merge.base import filtered

    if not contract.primary_key or contract.write_disposition != "replace" or not cleaned.staged.accepted:
        return ""
    merge = whole_merge(contract, cleaned, table)
    for _ in merge.batches():
        pass  # what differs is known once all of it has passed
    count = int(merge.differences.gone.sum())
    if not count or merge.current is None:
        return ""
    names = [each for each in (_column(contract, "status"), _column(contract, "department")) if each]
    gone = list(filtered(merge.current.batches(names), merge.differences.gone))
    parts = [_counted(name, pa.chunked_array([batch.column(name) for batch in gone])) for name in names]
    return f"{count:,} published records would leave" + (f": {'; '.join(parts)}" if parts else "")


def _column(contract: Contract, word: str) -> str:
    """The column that tells people what a record is: one whose name says so, and that anyone may see."""
    open_ones = [each for each in contract.columns if each.classification in OPEN_CLASSES and not each.mask]
    named = [each.name for each in open_ones if each.type == "string" and word in each.name]
    return min((each for each in named if not each.endswith("_code")), key=len, default="")


def _counted(name: str, values: "pa.ChunkedArray") -> str:
    """`status 980 Approved, 200 Closed, 24 others`"""
    ordered = Counter("blank" if each is None else str(each) for each in values.to_pylist()).most_common()
    shown = [f"{count:,} {value[:40]}" for value, count in ordered[:NAMED]]
    others = sum(count for _, count in ordered[NAMED:])
    return f"{name} {', '.join(shown + ([f'{others:,} others'] if others else []))}"


def renamed(stager: Stager, job: StageJob, table: Sequence[Path]) -> list[Renamed]:
    """Find new columns of a file that hold the values that lost ones had in the published table."""
    if job.source.stat().st_size > LARGEST or not job.contract.primary_key:
        return []
    folder = temporary(job.staging.parent)
    try:
        relaxed = _relaxed(job.contract)
        first = stager(_apart(job, relaxed, folder), None)
        shown = _shown(table)
        lost = [each for each in first.absent if each in shown and not job.contract.column(each).mask]
        if not lost or not first.new_columns:
            return []
        return _compared(stager, job, relaxed, folder, table, lost, first.new_columns)
    except Refused:
        return []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _shown(table: Sequence[Path]) -> set[str]:
    from datalake.zones.tables import ParquetRows

    return set(ParquetRows(table).schema.names)


def _relaxed(contract: Contract) -> Contract:
    """The same rules, but only the key must be there, and no row is lost to any other column."""
    columns = tuple(each if each.name in contract.primary_key else _lenient(each) for each in contract.columns)
    schema = replace(contract.schema_contract, new_columns="discard_value", missing_columns="fill_null")
    return replace(contract, columns=columns, schema_contract=schema, checks=())


def _lenient(column: Column) -> Column:
    return replace(column, constraints=Constraints(), must_exist=False, on_fail="null", mask="")


def _apart(job: StageJob, contract: Contract, folder: Path) -> StageJob:
    return replace(job, contract=contract, staging=folder / "staging", quarantine=folder / "quarantine", sync=False)


def _compared(
    stager: Stager,
    job: StageJob,
    relaxed: Contract,
    folder: Path,
    table: Sequence[Path],
    lost: Sequence[str],
    new: Sequence[str],
) -> list[Renamed]:
    """Read the new columns as each lost one would be read, and compare record by record."""
    found = []
    for name in lost[:NAMED]:
        column = relaxed.column(name)
        added = [replace(column, name=NEW_NAME.format(at), aliases=(header,)) for at, header in enumerate(new)]
        contract = replace(relaxed, columns=(*relaxed.columns, *added))
        staged = stager(_apart(job, contract, folder), None)
        shares = _shares(folder / "staging", staged, table, relaxed.primary_key, name, [each.name for each in added])
        best = max(range(len(new)), key=lambda at: shares[at])
        if shares[best] >= ENOUGH:
            found.append(Renamed(name, new[best], shares[best]))
    return found


def _shares(
    staging: Path, staged: Staged, table: Sequence[Path], key: Sequence[str], lost: str, new: Sequence[str]
) -> list[int]:
    """For each new column, the percent of common records whose value is what the lost one's was."""
    import numpy as np

    from datalake.merge.hashes import row_hashes
    from datalake.merge.rows import Collector, Index
    from datalake.zones.tables import ParquetRows

    seed = secrets.randbits(64)
    before, now = Collector(key, [lost], seed), Collector(key, [], seed)
    for batch in ParquetRows(table).batches([*key, lost]):
        before.add(batch.filter(batch.column(lost).is_valid()))
    hashes = []
    for batch in ParquetRows([staging / part for part in staged.parts]).batches([*key, *new]):
        now.add(batch)
        hashes.append([row_hashes(batch, [name], seed) for name in new])
    old, fresh = before.done(), now.done()
    was = Index(old).find(fresh.keys, fresh.checks)
    known = was >= 0
    if not known.any():
        return [0] * len(new)
    values = [np.concatenate(parts)[known] for parts in zip(*hashes, strict=True)]
    return [int(100 * np.mean(each == old.contents[was[known]])) for each in values]


def worded(proposals: Iterable[Renamed]) -> str:
    """Say what was found: `New column "current_state" holds the same values as "status" did (98 %).`"""
    return " ".join(
        f'New column "{each.new}" holds the same values as "{each.lost}" did ({each.share} %).' for each in proposals
    )


def fix(proposals: Sequence[Renamed], contract: Contract) -> str:
    """Say what to write into the rules; a column's other names are repeated, for an overlay's list replaces."""
    known = {each.name: each.aliases for each in contract.columns}
    names = {each.lost: ", ".join(map(_in_yaml, (*known.get(each.lost, ()), each.new))) for each in proposals}
    lines = [f"under {lost}, `aliases: [{listed}]`" for lost, listed in names.items()]
    return f"In config/local/modules/{contract.feed}.yaml add {'; '.join(lines)}." if lines else ""


def _in_yaml(name: str) -> str:
    """A name as an item of a YAML list: quoted where it would mean something else."""
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9 _-]*", name) else json.dumps(name, ensure_ascii=False)
