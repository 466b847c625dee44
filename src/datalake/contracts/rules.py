"""Whether the parts of a contract fit each other: keys, checks, limits and names speak of columns that there are."""

from collections.abc import Iterable, Iterator

from datalake.contracts import expressions
from datalake.contracts.model import Column, Contract
from datalake.contracts.names import header_key
from datalake.contracts.patterns import PatternError, parse_pattern
from datalake.contracts.tree import ExpressionError
from datalake.contracts.types import column_problems, form_problems, pattern_mistake
from datalake.documents.forms import Filled
from datalake.documents.nodes import Problem, did_you_mean, quoted

NEVER_FAILS = "latin-1"  # every byte is a character of it
RESERVED = ("views",)  # data/curated/views is where the views are


def contract_problems(filled: Filled, contract: Contract) -> Iterator[Problem]:
    """Given a contract as read and as a record, yield every contradiction within it."""
    yield from _name_problems(filled, contract)
    yield from _delivery_problems(filled)
    yield from _key_problems(filled, contract)
    yield from _disposition_problems(filled, contract)
    yield from _check_problems(filled, contract)
    yield from _mention_problems(filled, contract)
    yield from _default_form_problems(filled)
    yield from _freshness_problems(filled, contract)
    described = [each for each in filled.values.get("columns", ()) if "name" in each.values]
    for read, column in zip(described, contract.columns, strict=False):  # none is described in the short form
        yield from column_problems(read, column)
        yield from _mask_problems(read, column, contract)


def _name_problems(filled: Filled, contract: Contract) -> Iterator[Problem]:
    """Two columns must not answer to one header."""
    if contract.feed in RESERVED:
        yield Problem(contract.place, f'a feed cannot be called "{contract.feed}": the lake has a folder of that name.')
    owners: dict[str, Column] = {}
    for column in contract.columns:
        for name in (column.name, *column.aliases):
            owner = owners.setdefault(header_key(name), column)
            if not header_key(name):
                yield Problem(column.place, f"columns.{column.name}: {quoted(name)} holds no letter or digit.")
            elif owner is not column:
                yield Problem(column.place, _shared_name(column, name, owner))


def _shared_name(column: Column, name: str, owner: Column) -> str:
    if name == column.name == owner.name:
        return f"columns.{name}: is here twice, first on line {owner.place.line}."
    return f"columns.{column.name}: {quoted(name)} is also a name of {owner.name} (line {owner.place.line})."


def _delivery_problems(filled: Filled) -> Iterator[Problem]:
    delivery = filled.values.get("delivery")
    if delivery and "pattern" in delivery.values:
        try:
            parse_pattern(delivery.values["pattern"])
        except PatternError as problem:
            yield delivery.problem("pattern", f"{quoted(delivery.values['pattern'])} {problem}")
    encodings = filled.values.get("encoding", ())
    if NEVER_FAILS in encodings[:-1]:
        yield filled.problem("encoding", f"{NEVER_FAILS} takes any bytes, so nothing after it is ever tried.")


def _default_form_problems(filled: Filled) -> Iterator[Problem]:
    forms: Filled | None = filled.values.get("formats")
    if forms:
        for kind in forms.values:
            yield from form_problems(forms, kind, kind)


def _freshness_problems(filled: Filled, contract: Contract) -> Iterator[Problem]:
    freshness = filled.values.get("freshness")
    warn, error = contract.freshness.warn_after_hours, contract.freshness.error_after_hours
    if freshness and warn is not None and error is not None and warn > error:
        yield freshness.problem("warn_after_hours", "is greater than error_after_hours.")


def _key_problems(filled: Filled, contract: Contract) -> Iterator[Problem]:
    yield from _unknown_columns(filled, "primary_key", contract)
    yield from _unknown_columns(filled, "order_by", contract)
    columns = {each.name: each for each in contract.columns}
    parts = [columns[each] for each in contract.primary_key if each in columns]
    if parts and not any(each.constraints.required for each in parts):
        yield filled.problem("primary_key", "at least one part of the key must be required.")
    for part in parts:
        if part.type == "list":
            yield filled.problem("primary_key", f"{part.name} is a list, which cannot tell records apart.")
        if part.on_fail in ("null", "warn"):
            message = f"columns.{part.name}: on_fail {part.on_fail} would publish a row whose key cannot be read."
            yield Problem(part.place, f"{message} Use reject or fail.")


def _disposition_problems(filled: Filled, contract: Contract) -> Iterator[Problem]:
    if contract.primary_key:
        return
    if contract.write_disposition == "merge":
        yield filled.problem("write_disposition", "merge needs a primary_key.")
    if contract.history == "scd2":
        yield filled.problem("history", "scd2 needs a primary_key.")
    if contract.partitions > 1:
        yield filled.problem("partitions", "more than one needs a primary_key: rows are put into them by key.")


def _check_problems(filled: Filled, contract: Contract) -> Iterator[Problem]:
    seen: set[str] = set()
    for read in filled.values.get("checks", ()):
        name = read.values.get("name", "")
        if name and name in seen:
            yield read.problem("name", f"a check called {name} is here already.")
        seen.add(name)
        if "expression" in read.values:
            try:
                expressions.parse(read.values["expression"], contract.columns)
            except ExpressionError as problem:
                yield read.problem("expression", str(problem))


def _mention_problems(filled: Filled, contract: Contract) -> Iterator[Problem]:
    """Yield the columns that are spoken of elsewhere in the file and do not exist, or do not fit."""
    for read in filled.values.get("skip_rows", ()):
        name = read.values.get("column")
        if name and name not in contract.names:
            yield read.problem("column", _unknown(name, contract.names))
        mistake = pattern_mistake(read.values.get("pattern", ""))
        if mistake:
            yield read.problem("pattern", mistake)
    limits = filled.values.get("limits")
    sums = limits.values.get("sum_change_percent", {}) if limits else {}
    numbers = {each.name for each in contract.columns if each.type in ("number", "integer")}
    for name in sums:
        if limits and name not in numbers:
            known = name in contract.names
            yield limits.problem("sum_change_percent", f"{name} is not a number." if known else _unknown(name, numbers))


def _mask_problems(read: Filled, column: Column, contract: Contract) -> Iterator[Problem]:
    if column.name in contract.primary_key and column.mask in ("drop", "redact"):
        yield read.problem("mask", f"{column.mask} would leave records that nothing tells apart. Use hash.")


def _unknown_columns(filled: Filled, key: str, contract: Contract) -> Iterator[Problem]:
    names = filled.values.get(key, ())
    for at, name in enumerate(names):
        if name not in contract.names:
            yield filled.problem(key, _unknown(name, contract.names), at)
        elif name in names[:at]:
            yield filled.problem(key, f"{name} is here twice.", at)


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"there is no column {quoted(name)}.{did_you_mean(name, known)}"
