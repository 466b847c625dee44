"""A contract made ready for judging: readers, limits and patterns, once per file, for the fast and the slow path."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import re2

from datalake.clean.dates import Offsets, date_reader, datetime_reader, offsets_of
from datalake.clean.values import (
    BLANKS,
    Parsed,
    Reader,
    Unreadable,
    boolean_reader,
    list_reader,
    number_reader,
    padded,
    read_identifier,
    read_integer,
    read_string,
)
from datalake.contracts.expressions import parse
from datalake.contracts.model import Check, Column, Contract
from datalake.contracts.tree import Expression

Failure = tuple[str, str]  # rule, message

REQUIRED_MESSAGE = "is empty, and the rules ask for a value"
KEY_MESSAGE = "the key is empty"


@dataclass(frozen=True)
class ColumnRule:
    """One column made ready. missing: cells that stand for no value, as they are written without blanks around."""

    column: Column
    read: Reader
    missing: frozenset[str]
    identifier: bool
    enum: frozenset[Any]
    minimum: Any
    maximum: Any

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def trims(self) -> bool:
        """Text columns are kept to the letter; around every other value blanks mean nothing."""
        return self.column.type != "text"

    @cached_property
    def pattern(self) -> Any:
        """The compiled pattern, or None."""
        text = self.column.constraints.pattern
        return re2.compile(whole(text)) if text else None

    def parse(self, cell: str) -> Parsed:
        """Read a raw cell; raise Unreadable."""
        text = cell.strip(BLANKS) if self.trims else cell
        trimmed = ("trimmed",) if text != cell else ()
        if text in self.missing:
            return Parsed(None, trimmed)
        parsed = self.read(text)
        return Parsed(parsed.value, trimmed + parsed.fixes)

    def failures(self, value: Any, text: str) -> list[Failure]:
        """Name the constraints that a value fails; text is what a pattern is matched with where it isn't the value."""
        return [(rule, message) for rule, fails, message in CONSTRAINTS if fails(self, value, text)]


@dataclass(frozen=True)
class Rules:
    """A contract made ready, grown by the new columns of a file where it evolves."""

    contract: Contract
    columns: tuple[ColumnRule, ...]  # in the contract's order
    offsets: Offsets
    checks: tuple[tuple[Check, Expression], ...]
    data_date: date | None = None
    salt: bytes | None = None

    @property
    def unique(self) -> tuple[ColumnRule, ...]:
        """Return the columns whose values may come once, in the contract's order."""
        return tuple(each for each in self.columns if each.column.constraints.unique)

    def column(self, name: str) -> ColumnRule:
        """Return the rule of the column of that name."""
        return next(each for each in self.columns if each.name == name)


def whole(pattern: str) -> str:
    """Return a pattern that matches the whole value or nothing, line ends included."""
    return rf"\A(?:{pattern})\z"


def make_rules(
    contract: Contract,
    zone: str = "local",
    salt: bytes | None = None,
    data_date: date | None = None,
    new: tuple[str, ...] = (),
) -> Rules:
    """Make a contract ready; new columns of a file are added at the end as text."""
    offsets = offsets_of(zone)
    grown = replace(contract, columns=contract.columns + tuple(Column(name) for name in new))
    columns = tuple(column_rule(each, grown, offsets) for each in grown.columns)
    checks = tuple((each, parse(each.expression, contract.columns)) for each in contract.checks)
    return Rules(grown, columns, offsets, checks, data_date, salt)


def column_rule(column: Column, contract: Contract, offsets: Offsets) -> ColumnRule:
    """Make one column ready; its minimum, maximum and allowed values are read by its own type."""
    read, limits = reader(column, is_identifier(column, contract), offsets), column.constraints
    return ColumnRule(
        column=column,
        read=read,
        missing=frozenset(contract.missing_values),
        identifier=is_identifier(column, contract),
        enum=frozenset(_of_type(column, text, offsets) for text in limits.enum),
        minimum=_of_type(column, limits.minimum, offsets) if limits.minimum else None,
        maximum=_of_type(column, limits.maximum, offsets) if limits.maximum else None,
    )


def is_identifier(column: Column, contract: Contract) -> bool:
    """Tell whether a column holds ids: part of the key, a reference, of fixed width, or held to a pattern."""
    if column.type != "string":
        return False
    held = bool(column.constraints.pattern or column.width or column.references)
    return held or column.name in contract.primary_key


def reader(column: Column, identifier: bool, offsets: Offsets) -> Reader:
    """Return the reader of a column's type."""
    makers: dict[str, Callable[[], Reader]] = {
        "string": lambda: _text_reader(column, identifier),
        "text": lambda: read_string,
        "integer": lambda: read_integer,
        "number": lambda: number_reader(column.precision, "percent" in column.formats),
        "boolean": lambda: boolean_reader(column.formats),
        "date": lambda: date_reader(column.formats),
        "datetime": lambda: datetime_reader(column.formats, offsets),
        "list": lambda: list_reader(column.separator),
    }
    return makers[column.type]()


def _text_reader(column: Column, identifier: bool) -> Reader:
    read = read_identifier if identifier else read_string
    return padded(read, column.width) if column.width else read


def _of_type(column: Column, text: str, offsets: Offsets) -> Any:
    """Read a limit of the contract: dates there may be ISO whatever form the file has; items of a list are text."""
    if column.type in ("string", "text", "list"):
        return text
    for formats in ((), column.formats):
        try:
            return reader(replace(column, formats=formats), False, offsets)(text).value
        except Unreadable as problem:
            refusal = problem
    return _day_as_instant(column, text, refusal)


def _day_as_instant(column: Column, text: str, refusal: Unreadable) -> Any:
    if column.type != "datetime":
        raise ValueError(f"{column.name}: {text!r} {refusal.message}") from refusal
    from_day = date_reader(())(text).value
    return datetime_reader((), lambda naive: naive - naive)(f"{from_day} 00:00:00").value


def _outside_enum(rule: ColumnRule, value: Any, text: str) -> bool:
    return bool(rule.enum) and any(each not in rule.enum for each in _items(value))


def _off_pattern(rule: ColumnRule, value: Any, text: str) -> bool:
    matched = _items(value) if rule.column.type in ("string", "text", "list") else [text]
    return rule.pattern is not None and any(rule.pattern.fullmatch(each) is None for each in matched)


def _too_short(rule: ColumnRule, value: Any, text: str) -> bool:
    limit = rule.column.constraints.min_length
    return limit is not None and _length(value, text) < limit


def _too_long(rule: ColumnRule, value: Any, text: str) -> bool:
    limit = rule.column.constraints.max_length
    return limit is not None and _length(value, text) > limit


def _too_small(rule: ColumnRule, value: Any, text: str) -> bool:
    return rule.minimum is not None and value < rule.minimum


def _too_large(rule: ColumnRule, value: Any, text: str) -> bool:
    return rule.maximum is not None and value > rule.maximum


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _length(value: Any, text: str) -> int:
    return len(value if isinstance(value, (str, list)) else text)


Fails = Callable[[ColumnRule, Any, str], bool]
CONSTRAINTS: tuple[tuple[str, Fails, str], ...] = (
    ("enum", _outside_enum, "is not one of the allowed values"),
    ("pattern", _off_pattern, "does not have the form that the rules ask for"),
    ("min_length", _too_short, "is too short"),
    ("max_length", _too_long, "is too long"),
    ("minimum", _too_small, "is below the smallest allowed value"),
    ("maximum", _too_large, "is above the largest allowed value"),
)
