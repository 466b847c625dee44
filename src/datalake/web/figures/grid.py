"""PURE. A table as a page of rows: its columns, what is asked of it, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from datalake.errors import UsageError
from datalake.web import asking

PAGE = 50
LONGEST = 200  # characters of a value in an address
MASK = "•••"
HOWS = {
    "is": "is",
    "exactly": "is exactly",
    "has": "contains",
    "min": "is at least",
    "max": "is at most",
    "blank": "is blank",
}
RESERVED = ("q", "sort", "page", "column", "how", "value")


@dataclass(frozen=True)
class Column:
    """One column as it is shown; hidden: the visitor may not see its values."""

    name: str
    what: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Filter:
    """What the rows must satisfy: a column, one of HOWS, and the value to hold it against."""

    column: str
    how: str
    value: str

    @property
    def parameter(self) -> str:
        return f"{self.column}.{self.how}"

    @property
    def words(self) -> str:
        return f"{self.column} {HOWS[self.how]}" + (f" {self.value}" if self.how != "blank" else "")


@dataclass(frozen=True)
class Wanted:
    """What is asked of a table."""

    search: str = ""
    filters: tuple[Filter, ...] = ()
    sort: str = ""
    down: bool = False
    page: int = 1


@dataclass(frozen=True)
class Listed:
    """The list behind a number: its address, the columns in which it is as the row is, and what else it is held to."""

    address: str
    by: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)

    def link(self, row: Mapping[str, str | None]) -> str:
        """Given a row's texts by column, return the address of its records, "" where no address can hold them."""
        asked = {each: row[each] for each in self.by} | dict(self.only)
        if any(value is not None and not 1 <= len(value) <= LONGEST for value in asked.values()):
            return ""
        held = {f"{name}.blank" if value is None else f"{name}.exactly": value or "1" for name, value in asked.items()}
        return f"{self.address}?{urlencode(held)}"


@dataclass(frozen=True)
class Shown:
    """One page of a table: rows as texts, aligned with the columns; total counts all rows that match."""

    columns: tuple[Column, ...]
    numeric: frozenset[str]
    rows: list[list[str]]
    total: int
    of: int
    lists: Sequence[Mapping[str, str]] = ()  # of each row: the address behind a column's number

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def wanted(given: Mapping[str, str], columns: Sequence[Column]) -> Wanted:
    """Given query parameters, return what they ask; raise UsageError for a column that is not there or is masked."""
    known = {each.name: each for each in columns}
    filters = tuple(_filter(name, value, known) for name, value in given.items() if name not in RESERVED)
    sort = given.get("sort", "")
    if sort:
        _visible(sort.removeprefix("-"), known)
    page = asking.text(given, "page") or "1"
    if not (page.isascii() and page.isdigit() and 1 <= len(page) <= 6 and int(page)):
        raise UsageError(f"page {page!r} is not the number of a page.")
    return Wanted(asking.text(given, "q"), filters, sort.removeprefix("-"), sort.startswith("-"), int(page))


def _filter(name: str, value: str, known: Mapping[str, Column]) -> Filter:
    column, _, how = name.rpartition(".")
    if how not in HOWS:
        raise UsageError(f"{name!r} is not known here.", f"Filters are COLUMN.HOW; HOW is one of {', '.join(HOWS)}.")
    _visible(column, known)
    if len(value) > LONGEST:
        raise UsageError(f"{name} is too long.")
    return Filter(column, how, value)


def _visible(name: str, known: Mapping[str, Column]) -> None:
    if name not in known:
        raise UsageError(f"There is no column {name!r} here.")
    if known[name].hidden:
        raise UsageError(f"{name} is masked for you, so it cannot be filtered or sorted by.")


def added(given: Mapping[str, str]) -> str:
    """Given the parameters of the form that adds a filter, return the query with it, "" where none is added."""
    column, how = given.get("column", ""), given.get("how", "")
    if not column or how not in HOWS:
        return ""
    kept = {name: value for name, value in given.items() if name not in ("column", "how", "value", "page")}
    return urlencode({**kept, f"{column}.{how}": given.get("value", "") if how != "blank" else "1"})
