"""PURE. A feed's rules as sentences that a research administrator reads."""

from dataclasses import dataclass
from datetime import datetime, timezone

from datalake.contracts.model import Column, Constraints, Contract
from datalake.words import count, listed

SAMPLE = datetime(2025, 11, 4, 14, 5, 9, tzinfo=timezone.utc)  # shows a person how a date is written
_DISPOSITIONS = {
    "replace": "Each file is the whole table: what is no longer in it leaves the published table.",
    "merge": "Each file brings new and changed records; what it does not name stays.",
    "append": "Each file brings new records only; what is there is never changed.",
}
_FAILS = {
    "reject": "the row is rejected",
    "null": "the value is left blank",
    "warn": "the row is loaded and the finding told",
    "fail": "the file is refused",
}
_TYPES = {
    "string": "text",
    "text": "long text",
    "number": "number",
    "integer": "whole number",
    "boolean": "yes or no",
    "date": "date",
    "datetime": "date and time",
    "list": "list",
}
_NEW = {"evolve": "are taken over", "discard_value": "are left out and told", "freeze": "refuse the file"}
_MISSING = {"hold": "the file waits for OK", "fill_null": "the column is left blank", "freeze": "the file is refused"}


@dataclass(frozen=True)
class ColumnInWords:
    """One line of the data dictionary."""

    name: str
    also: str
    type: str
    rules: str
    fails: str
    classification: str
    description: str
    key: bool


@dataclass(frozen=True)
class RulesInWords:
    """A feed's rules: sentences about its files, its columns, and its checks across columns."""

    sentences: list[str]
    columns: list[ColumnInWords]
    checks: list[tuple[str, str, str]]  # name, expression, what happens


def in_words(contract: Contract) -> RulesInWords:
    """Given a contract, return it in words."""
    checks = [(each.name, each.expression, _FAILS[each.on_fail]) for each in contract.checks]
    return RulesInWords(_sentences(contract), [_column(each, contract) for each in contract.columns], checks)


def _sentences(contract: Contract) -> list[str]:
    found = [
        f"A file is this feed's when its whole name matches {contract.delivery.pattern} (capital or small letters).",
        _DISPOSITIONS[contract.write_disposition],
        *_keys(contract),
        *_limits(contract),
        f"Columns that the rules do not name {_NEW[contract.schema_contract.new_columns]}; "
        f"where one of the others is absent, {_MISSING[contract.schema_contract.missing_columns]}.",
    ]
    if contract.status == "draft":
        found.insert(0, "These rules are a draft: each file is checked and waits for OK.")
    return found


def _keys(contract: Contract) -> list[str]:
    if not contract.primary_key:
        return ["There is no key: rows are not told apart."]
    key = f"A record is known by {listed(contract.primary_key)}."
    newest = f" Of rows with the same key the newest {listed(contract.order_by)} wins." if contract.order_by else ""
    return [key + newest]


def _limits(contract: Contract) -> list[str]:
    limits = contract.limits
    named = [
        (limits.rejected_percent, "more than {} % of its rows are rejected"),
        (limits.row_drop_percent, "it has {} % fewer rows than the last one"),
        (limits.blank_rise_percent, "a column is blank in {} % more of the rows than before"),
    ]
    parts = [words.format(f"{limit:g}") for limit, words in named if limit is not None]
    parts += [f"the sum of {name} changes by {limit:g} %" for name, limit in limits.sum_change_percent.items()]
    return [f"A file waits for OK when {' or '.join(parts)}."] if parts else []


def _column(column: Column, contract: Contract) -> ColumnInWords:
    return ColumnInWords(
        column.name,
        ", ".join(column.aliases),
        _type(column),
        "; ".join(_constraints(column.constraints)) or "–",
        _FAILS[column.on_fail],
        column.classification + (f", {column.mask}" if column.mask else ""),
        column.description,
        column.name in contract.primary_key,
    )


def _type(column: Column) -> str:
    word = _TYPES.get(column.type, column.type)
    if column.type == "number":
        word += f" with {column.precision[1]} decimals"
    if column.type in ("date", "datetime") and column.formats:
        samples = list(dict.fromkeys(SAMPLE.strftime(each) for each in column.formats))
        return f"{word}, like {' or '.join(samples[:2])}{_others(len(samples) - 2)}"
    return f"{word} ({' or '.join(column.formats)})" if column.formats else word


def _others(number: int) -> str:
    return f", or {count(number, 'other form')}" if number > 0 else ""


def _constraints(rules: Constraints) -> list[str]:
    named = [
        ("required", rules.required),
        ("unique", rules.unique),
        (f"one of {listed(rules.enum, 12)}", bool(rules.enum)),
        (f"written as {rules.pattern}", bool(rules.pattern)),
        (f"at least {rules.minimum}", bool(rules.minimum)),
        (f"at most {rules.maximum}", bool(rules.maximum)),
        (f"{rules.min_length} characters or more", rules.min_length is not None),
        (f"{rules.max_length} characters or fewer", rules.max_length is not None),
    ]
    return [words for words, applies in named if applies]
