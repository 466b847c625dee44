"""A contract file's nodes made into a Contract, with every mistake in it. Pure: text in, records and problems out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from datalake.contracts.keys import CONTRACT
from datalake.contracts.model import (
    Check,
    Column,
    Constraints,
    Contract,
    Delivery,
    Dialect,
    Freshness,
    Limits,
    Reference,
    SchemaContract,
    SkipRow,
)
from datalake.contracts.names import normalise
from datalake.contracts.rules import contract_problems
from datalake.documents.forms import Filled
from datalake.documents.nodes import Mapping, Place, Problem

_KEPT = (
    "title",
    "description",
    "owner",
    "status",
    "encoding",
    "missing_values",
    "write_disposition",
    "history",
    "legal_hold",
    "partitions",
    "engine",
)
_COLUMN_KEPT = (
    "name", "type", "aliases", "precision", "separator", "width", "on_fail", "severity", "classification", "mask",
    "map", "description",
)  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    """What came of one file. contract is None where too little of it could be read to go on."""

    contract: Contract | None
    filled: Filled
    problems: tuple[Problem, ...]


def load(document: Mapping, feed: str) -> Loaded:
    """Given a contract file's nodes and the feed's name (the file's own), return the contract and all its mistakes."""
    problems: list[Problem] = []
    filled = CONTRACT.read(document, "", problems)
    problems.extend(_form_problems(filled, feed))
    columns = _columns(filled)
    if not columns:
        return Loaded(None, filled, tuple(problems))
    contract = _contract(filled, feed, columns)
    problems.extend(contract_problems(filled, contract))
    return Loaded(contract, filled, tuple(problems))


def _form_problems(filled: Filled, feed: str) -> Iterator[Problem]:
    if filled.values.get("feed", feed) != feed:
        yield filled.problem("feed", f'is not the name of the file. Write "{feed}", or rename the file.')
    given = [each for each in ("columns", "expected_columns") if filled.node.entry(each)]
    if len(given) == 2:
        yield filled.problem("expected_columns", "stands beside columns. Keep one of them.")
    if not given:
        message = "columns: is missing. List the columns of the file, or their names alone as expected_columns."
        yield Problem(filled.node.place, message)


def _contract(filled: Filled, feed: str, columns: tuple[Column, ...]) -> Contract:
    values = filled.values
    kept = {name: values[name] for name in _KEPT if name in values}
    return Contract(
        feed=feed,
        columns=columns,
        delivery=_delivery(values.get("delivery"), feed),
        primary_key=_names(values.get("primary_key", ())),
        order_by=_names(values.get("order_by", ())),
        dialect=_record(Dialect, values.get("dialect")),
        schema_contract=_record(SchemaContract, values.get("schema_contract")),
        limits=_record(Limits, values.get("limits")),
        freshness=_record(Freshness, values.get("freshness")),
        checks=tuple(_check(each) for each in values.get("checks", ()) if {"name", "expression"} <= set(each.values)),
        skip_rows=tuple(SkipRow(**each.values) for each in values.get("skip_rows", ()) if len(each.values) == 2),
        place=filled.node.place,
        **kept,
    )


def _record(kind: Any, filled: Filled | None) -> Any:
    return kind(**filled.values) if filled else kind()


def _delivery(filled: Filled | None, feed: str) -> Delivery:
    values = filled.values if filled else {}
    return Delivery(**{"pattern": f"{feed.upper()}_*.csv", **values})


def _names(written: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(written))


def _check(filled: Filled) -> Check:
    return Check(**filled.values, place=filled.node.place)


def _columns(filled: Filled) -> tuple[Column, ...]:
    if "columns" not in filled.values:
        return _short_form(filled)
    parts: tuple[str, ...] = filled.values.get("primary_key", ())
    forms = filled.values["formats"].values if "formats" in filled.values else {}
    described = (each for each in filled.values["columns"] if "name" in each.values)
    return tuple(_column(each, parts, forms) for each in described)


def _short_form(filled: Filled) -> tuple[Column, ...]:
    """The prototype's one line: columns by their names, text, each of which must be in the header."""
    names = filled.values.get("expected_columns", ())
    places = [filled.at("expected_columns", index) for index in range(len(names))]
    return tuple(_expected(normalise(name), place) for name, place in zip(names, places, strict=True))


def _expected(name: str, place: Place) -> Column:
    return Column(name, must_exist=True, place=place)


def _column(filled: Filled, key: tuple[str, ...], forms: dict[str, tuple[str, ...]]) -> Column:
    """key: the names under primary_key; forms: accepted forms by type, for a column that names none."""
    values = filled.values
    kept = {name: values[name] for name in _COLUMN_KEPT if name in values}
    column = Column(
        **kept,
        formats=values.get("format", forms.get(values.get("type", ""), ())),
        constraints=_constraints(values.get("constraints"), values["name"] in key),
        references=tuple(_reference(each) for each in values.get("relationships", ()) if "to" in each.values),
        place=filled.node.place,
    )
    return replace(column, must_exist=column.constraints.required)


def _constraints(filled: Filled | None, in_key: bool) -> Constraints:
    """A part of the key is required unless the file says otherwise."""
    values = filled.values if filled else {}
    return Constraints(**{"required": in_key, **values})


def _reference(filled: Filled) -> Reference:
    feed, column = filled.values["to"].split(".")
    return Reference(feed, column, filled.values.get("severity", "warn"))
