"""PURE. What makes a cleaned file wait for a person: each guard is a function, and GUARDS is the list of them.

A guard is given the file and what it is measured against, and returns why the file must wait, or nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datalake.contracts.model import Contract
from datalake.engine.job import Staged
from datalake.pipeline.words import few, percent


@dataclass(frozen=True)
class Judged:
    """A cleaned file, its feed's rules, and the last accepted file's baseline (empty where there was none)."""

    contract: Contract
    staged: Staged
    last: Mapping[str, Any]


Guard = Callable[[Judged], str]


def too_many_rejected(file: Judged) -> str:
    """More of the rows were rejected than the rules allow; rows that are no records do not count."""
    limit = file.contract.limits.rejected_percent
    rows = file.staged.rows_read - file.staged.excluded
    if limit is None or file.staged.rejected * 100 <= limit * rows:
        return ""
    share = percent(file.staged.rejected, rows)
    return f"{file.staged.rejected:,} of {rows:,} rows were rejected ({share}; the limit is {limit:g} %)"


def nothing_accepted(file: Judged) -> str:
    """Every row was rejected: publishing that would say nothing about any record."""
    return "none of its rows could be accepted" if not file.staged.accepted else ""


def columns_missing(file: Judged) -> str:
    """Columns that the last accepted file had are gone. On a first file they are simply empty."""
    if not file.last or file.contract.schema_contract.missing_columns == "fill_null":
        return ""
    lost = [name for name in file.staged.absent if name not in file.last["absent"]]
    if not lost:
        return ""
    new = file.staged.new_columns
    return f"it has no column {few(lost)}, which the last file had" + (f"; new in it: {few(new)}" if new else "")


GUARDS: tuple[Guard, ...] = (nothing_accepted, too_many_rejected, columns_missing)


def reasons(file: Judged) -> list[str]:
    """Return why the file must wait; empty when it may be published."""
    return [reason for guard in GUARDS if (reason := guard(file))]


def baseline(staged: Staged) -> dict[str, Any]:
    """Return what the next file will be measured against, as JSON values."""
    return {
        "rows_read": staged.rows_read,
        "accepted": staged.accepted,
        "rejected": staged.rejected,
        "absent": list(staged.absent),
        "filled": staged.filled,
        "sums": staged.sums,
    }
