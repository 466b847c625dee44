"""The edge to the change lists: what each published file changed in a feed's records, newest list first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.web.access import Visitor
from datalake.web.blocks import rows_at
from datalake.web.figures.grid import MASK
from datalake.web.records import hidden_columns
from datalake.zones import history
from datalake.zones.paths import Lake

KINDS = ("new", "changed", "gone", "filed", "filed_gone")
NEWEST = "~"  # in a cursor: behind the name of any list
LISTS = 40  # that one answer may look into
_OWN = ("_change", "_changed", "_valid_from", "_version")
_FROM = ("_source_file", "_source_line", "_delivery")

Place = tuple[str, int]  # a list's name, and a row's number in it


@dataclass(frozen=True)
class ChangeFilter:
    """Which changes are wanted; None or "" means any. Days are data dates, both included."""

    first: date | None = None
    last: date | None = None
    kind: str = ""


@dataclass(frozen=True)
class Changed:
    """One change of one record: key is masked where the visitor may not see it; file is "" of one that is gone."""

    feed: str
    kind: str
    data_date: date
    version: int
    key: str
    columns: tuple[str, ...]
    file: str
    line: int | None
    delivery: str
    place: Place

    @property
    def named(self) -> str:
        """The columns in words."""
        return ", ".join(self.columns)


@dataclass(frozen=True)
class Page:
    """Changes, and the place behind which more may be; None where there is no more."""

    rows: list[Changed]
    next: Place | None


def read(
    lake: Lake, contract: Contract, wanted: ChangeFilter, limit: int, behind: Place | None, visitor: Visitor
) -> Page:
    """Return at most limit changes of a feed. A filter that lets little through may end a page early: go on at next.

    Raises DatalakeError where a list cannot be read.
    """
    rows: list[Changed] = []
    masked = bool(hidden_columns(contract, visitor) & set(contract.primary_key))
    lists = [name for name in names(lake, contract.feed, wanted) if behind is None or name <= behind[0]]
    for name in lists[:LISTS]:
        after = behind[1] if behind and name == behind[0] else -1
        rows += _in_list(lake, contract, name, wanted, after, limit + 1 - len(rows), masked)
        if len(rows) > limit:
            return Page(rows[:limit], rows[limit - 1].place)
    return Page(rows, (lists[LISTS - 1], 2**31) if len(lists) > LISTS else None)


def names(lake: Lake, feed: str, wanted: ChangeFilter) -> list[str]:
    """Return the lists that may hold what is wanted, newest first."""
    return [name for name in reversed(history.names(lake, feed)) if _may_hold(name, wanted)]


def _may_hold(name: str, wanted: ChangeFilter) -> bool:
    """The list of one file is named by its data date; one of whole years may hold any."""
    if "-to-" in name:
        return True
    day = date.fromisoformat(name[-10:])
    return (wanted.first or day) <= day <= (wanted.last or day)


def _in_list(
    lake: Lake, contract: Contract, name: str, wanted: ChangeFilter, after: int, limit: int, masked: bool
) -> Iterator[Changed]:
    with _opened(lake, contract.feed, name) as file:
        places = [place for place in _places(file, wanted) if place > after][:limit]
        columns = [each for each in (*_OWN, *_FROM, *contract.primary_key) if each in file.schema_arrow.names]
        found = rows_at(file, places, columns)
    for place, row in zip(places, found, strict=True):
        yield _changed(contract, row, (name, place), masked)


@contextmanager
def _opened(lake: Lake, feed: str, name: str) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(history.path_of(lake, feed, name)) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        message = f"The change list {name} of {feed} cannot be read: {error}"
        raise DatalakeError(message, "python3 manage.py verify") from error


def _places(file: Any, wanted: ChangeFilter) -> list[int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = file.read(["_change", "_valid_from"])
    mask = pa.chunked_array([pa.repeat(True, table.num_rows)])
    if wanted.kind:
        mask = pc.equal(table.column("_change"), wanted.kind)
    if wanted.first:
        mask = pc.and_(mask, pc.greater_equal(table.column("_valid_from"), pa.scalar(wanted.first)))
    if wanted.last:
        mask = pc.and_(mask, pc.less_equal(table.column("_valid_from"), pa.scalar(wanted.last)))
    places: list[int] = pc.indices_nonzero(mask).to_pylist()
    return places


def _changed(contract: Contract, row: dict[str, Any], place: Place, masked: bool) -> Changed:
    gone = row["_change"].endswith("gone")
    return Changed(
        feed=contract.feed,
        kind=row["_change"],
        data_date=row["_valid_from"],
        version=row["_version"],
        key=MASK if masked else _key(contract, row),
        columns=tuple(row["_changed"] or ()),
        file="" if gone else str(row.get("_source_file") or ""),
        line=None if gone else row.get("_source_line"),
        delivery="" if gone else str(row.get("_delivery") or ""),
        place=place,
    )


def _key(contract: Contract, row: dict[str, Any]) -> str:
    from datalake.clean.keys import key_text

    known = [row.get(name) for name in contract.primary_key]
    return key_text(known) if known else ""


def counted(lake: Lake, contract: Contract, wanted: ChangeFilter) -> int | None:
    """Return how many changes there are of what is wanted; None where that would mean to look into too many lists."""
    lists = names(lake, contract.feed, wanted)
    if len(lists) > LISTS:
        return None
    total = 0
    for name in lists:
        with _opened(lake, contract.feed, name) as file:
            total += len(_places(file, wanted))
    return total


def days_of(lake: Lake, feed: str, days: Sequence[date]) -> tuple[date, date] | None:
    """Given the data dates that one run published of a feed, return the first and last, between which the lists hold
    just that; None where lists of other runs lie between them too."""
    if not days:
        return None
    first, last = min(days), max(days)
    found = names(lake, feed, ChangeFilter(first, last))
    alone = sorted(name[-10:] for name in found) == sorted(day.isoformat() for day in days)
    return (first, last) if alone and not any("-to-" in name or "." in name for name in found) else None
