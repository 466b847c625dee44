"""PURE. What makes a cleaned file wait for a person: each guard is a function, and GUARDS is the list of them.

A guard is given the file and what it is measured against, and returns why the file must wait, or nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from datalake.contracts.model import Contract
from datalake.engine.job import Staged
from datalake.words import few, percent, was


@dataclass(frozen=True)
class Judged:
    """A cleaned file, its feed's rules, and the last accepted file's baseline (empty where there was none)."""

    contract: Contract
    staged: Staged
    last: Mapping[str, Any]
    stated: int | None = None  # rows that a control total beside the file says it has
    days_ahead: int = 0  # by which its data date lies after the night


NAMED = 5  # columns that a reason names; the rest it counts
Guard = Callable[[Judged], str]


def too_many_rejected(file: Judged) -> str:
    """More of the rows were rejected than the rules allow; rows that are no records do not count."""
    limit = file.contract.limits.rejected_percent
    rows = file.staged.rows_read - file.staged.excluded
    if limit is None or file.staged.rejected * 100 <= limit * rows:
        return ""
    share = percent(file.staged.rejected, rows)
    rejected = file.staged.rejected
    return f"{rejected:,} of {rows:,} rows {was(rejected)} rejected ({share}; the limit is {limit:g} %)"


def nothing_accepted(file: Judged) -> str:
    """Every row was rejected: publishing that would say nothing about any record."""
    return "none of its rows could be accepted" if not file.staged.accepted else ""


def columns_missing(file: Judged) -> str:
    """Columns that the last accepted file had are gone. On a first file, or new in the rules, they are simply empty."""
    if not file.last or file.contract.schema_contract.missing_columns == "fill_null":
        return ""
    had = file.last["filled"].keys() - set(file.last["absent"])
    lost = [name for name in file.staged.absent if name in had]
    if not lost:
        return ""
    new = file.staged.new_columns
    return f"it has no column {few(lost)}, which the last file had" + (f"; new in it: {few(new)}" if new else "")


def from_the_future(file: Judged) -> str:
    """A mistyped date would keep every later file out of the table; a day ahead may be another zone's."""
    return f"its data date is {file.days_ahead:,} days after the night" if file.days_ahead > 1 else ""


def control_total(file: Judged) -> str:
    """The sender said how many rows there are, and there are not."""
    if file.stated is None or file.stated == file.staged.rows_read:
        return ""
    return f"its control total says {file.stated:,} rows, and it has {file.staged.rows_read:,}"


def rows_lost(file: Judged) -> str:
    """A full file has far fewer good rows than the last one: cut off, or exported with a filter?"""
    limit, before = file.contract.limits.row_drop_percent, file.last.get("accepted", 0)
    if limit is None or file.contract.write_disposition != "replace":
        return ""
    lost = before - file.staged.accepted
    if lost * 100 <= limit * before:
        return ""
    now = f"{file.staged.accepted:,} good row{'' if file.staged.accepted == 1 else 's'}, the last file had {before:,}"
    return f"it has {now} ({percent(lost, before)} fewer; the limit is {limit:g} %)"


def gone_blank(file: Judged) -> str:
    """A column that was filled is now blank far more often: a change of shape, whatever the header says."""
    limit = file.contract.limits.blank_rise_percent
    if limit is None or not file.last.get("accepted") or not file.staged.accepted:
        return ""
    risen = [text for name in file.staged.filled if (text := _risen(file, name, limit))]
    if not risen:
        return ""
    more = f" and {len(risen) - NAMED} more" if len(risen) > NAMED else ""
    return f"more is blank than in the last file (the limit is {limit:g} points): {', '.join(risen[:NAMED])}{more}"


def _risen(file: Judged, name: str, limit: float) -> str:
    before = file.last["filled"].get(name)
    if before is None or name in file.staged.absent or name in file.last["absent"]:
        return ""
    was = 100 - 100 * before / file.last["accepted"]
    now = 100 - 100 * file.staged.filled[name] / file.staged.accepted
    return f"{name} {was:.1f} % to {now:.1f} %" if now - was > limit else ""


def sums_moved(file: Judged) -> str:
    """The total of a money column is far from the last full file's."""
    if file.contract.write_disposition != "replace":
        return ""
    moved = [text for name in file.contract.limits.sum_change_percent if (text := _moved(file, name))]
    return "; ".join(moved)


def _moved(file: Judged, name: str) -> str:
    limit = file.contract.limits.sum_change_percent[name]
    before, now = file.last.get("sums", {}).get(name), file.staged.sums.get(name)
    if before is None or now is None or name in file.staged.absent:
        return ""
    was, change = Decimal(before), Decimal(now) - Decimal(before)
    if abs(change) * 100 <= Decimal(str(limit)) * abs(was):
        return ""
    share = f"{100 * change / abs(was):+.1f} %" if was else "from nothing"
    return f"the sum of {name} went from {was:,} to {Decimal(now):,} ({share}; the limit is {limit:g} %)"


GUARDS: tuple[Guard, ...] = (
    nothing_accepted,
    from_the_future,
    control_total,
    too_many_rejected,
    columns_missing,
    rows_lost,
    gone_blank,
    sums_moved,
)


def reasons(file: Judged) -> list[str]:
    """Return why the file must wait; empty when it may be published."""
    return [reason for guard in GUARDS if (reason := guard(file))]


def baseline(staged: Staged, last: Mapping[str, Any], newest: str = "") -> dict[str, Any]:
    """Return what the next file will be measured against, as JSON values.

    newest: the latest value of the column by which rows are ordered; still counts the files in which it stood there.
    """
    return {
        "newest": newest,
        "still": last.get("still", 0) + 1 if newest and newest == last.get("newest") else 0,
        "rows_read": staged.rows_read,
        "accepted": staged.accepted,
        "rejected": staged.rejected,
        "absent": list(staged.absent),
        "filled": staged.filled,
        "sums": staged.sums,
    }
