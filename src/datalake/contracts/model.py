"""PURE. A feed's rules as frozen records. Defaults are those of the contract file (docs/contracts.md)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from datalake.documents.nodes import Place as Place

OnFail = Literal["reject", "null", "warn", "fail"]
Severity = Literal["info", "warn", "error"]
Classification = Literal["public", "internal", "confidential", "restricted"]  # the strictest last
Mask = Literal["drop", "hash", "redact"]
NewColumns = Literal["evolve", "discard_value", "freeze"]
MissingColumns = Literal["hold", "fill_null", "freeze"]
FeedStatus = Literal["draft", "active", "retired"]
WriteDisposition = Literal["replace", "merge", "append"]
History = Literal["none", "scd2"]
Engine = Literal["local", "dask"]
TYPES = ("string", "integer", "number", "boolean", "date", "datetime", "list", "text")
NOWHERE = Place("", 0)


@dataclass(frozen=True)
class Reference:
    """A column's values are keys of another feed; an orphan is reported, never rejected."""

    feed: str
    column: str
    severity: Severity = "warn"


@dataclass(frozen=True)
class Constraints:
    """What a value must satisfy once it has its type. minimum and maximum are text, read by the column's type."""

    required: bool = False
    unique: bool = False
    enum: tuple[str, ...] = ()
    pattern: str = ""  # RE2, matched against the whole value
    minimum: str = ""
    maximum: str = ""
    min_length: int | None = None
    max_length: int | None = None


@dataclass(frozen=True)
class Column:
    """One column of the published table."""

    name: str
    type: str = "string"  # one of TYPES
    aliases: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()  # accepted forms, first one first; empty: the type's own
    precision: tuple[int, int] = (18, 2)  # of a number: digits in all, digits after the point
    separator: str = ";"  # of a list
    constraints: Constraints = Constraints()
    on_fail: OnFail = "reject"  # what happens to the row
    severity: Severity = "error"  # who hears of it
    classification: Classification = "internal"
    mask: str = ""  # one of Mask, or none
    references: tuple[Reference, ...] = ()
    map: str = ""  # name of a meaning map in config/maps
    description: str = ""
    must_exist: bool = False  # the header must have it (required, part of the key, or listed in expected_columns)
    width: int | None = None  # digits to which lost leading zeros are restored
    place: Place = NOWHERE


@dataclass(frozen=True)
class Check:
    """A rule across the columns of one row."""

    name: str
    expression: str
    on_fail: OnFail = "warn"
    severity: Severity = "warn"
    place: Place = NOWHERE


@dataclass(frozen=True)
class Delivery:
    """Which file is this feed's, and when it is whole."""

    pattern: str  # IRB_PROTOCOL_{date:%Y-%m-%d}.csv
    settle_seconds: int | None = None  # None: the settings' own
    done_marker: str = ""  # e.g. "{name}.done"
    checksum: str = ""  # e.g. "{name}.sha256"
    row_count: str = ""  # marker file that states the rows


@dataclass(frozen=True)
class Dialect:
    """How cells are told apart. delimiter is one character, or auto: found by the header."""

    delimiter: str = ","
    quote: str = '"'


@dataclass(frozen=True)
class SchemaContract:
    """What happens to columns that the rules do not expect, or expect and do not find."""

    new_columns: NewColumns = "discard_value"
    missing_columns: MissingColumns = "hold"


@dataclass(frozen=True)
class Limits:
    """Past one of these a delivery waits for OK. Percent; None: no limit."""

    rejected_percent: float | None = None
    row_drop_percent: float | None = None
    blank_rise_percent: float | None = None
    sum_change_percent: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Freshness:
    """When the feed's data counts as old."""

    days: str = "mon-sun"
    warn_after_hours: float | None = None
    error_after_hours: float | None = None


@dataclass(frozen=True)
class SkipRow:
    """Rows that are no records, such as totals: any row whose column matches the pattern is excluded and counted."""

    column: str
    pattern: str


@dataclass(frozen=True)
class Contract:
    """The rules of one feed."""

    feed: str
    delivery: Delivery
    columns: tuple[Column, ...]
    title: str = ""
    description: str = ""
    owner: str = ""
    status: FeedStatus = "active"
    encoding: tuple[str, ...] = ("utf-8", "cp1252")
    dialect: Dialect = Dialect()
    missing_values: tuple[str, ...] = ("",)
    primary_key: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    write_disposition: WriteDisposition = "replace"
    history: History = "none"
    legal_hold: bool = False  # nothing of it is removed; no rule for its data: rules_text leaves it out
    schema_contract: SchemaContract = SchemaContract()
    limits: Limits = Limits()
    freshness: Freshness = Freshness()
    checks: tuple[Check, ...] = ()
    skip_rows: tuple[SkipRow, ...] = ()
    partitions: int = 1  # files that the published table is cut into, by key
    engine: Engine | Literal[""] = ""  # "": the settings' own
    place: Place = NOWHERE

    def column(self, name: str) -> Column:
        """Return the column of that name; raise KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.feed} has no column {name}")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the contract's order."""
        return tuple(each.name for each in self.columns)


@dataclass(frozen=True)
class Match:
    """A file name read by a delivery pattern."""

    feed: str
    data_date: date | None
