"""What was found in a part, as the rows of findings.parquet: in file order, with the raw value and the raw record."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import Ints, int_array, nullable_strings, string_array
from datalake.clean.batch import FAILS, Found
from datalake.clean.keys import key_text
from datalake.clean.masking import mask_value
from datalake.clean.rules import Rules
from datalake.clean.schema import HELD
from datalake.engine import structure
from datalake.engine.judge import Judged
from datalake.engine.rows import Row


@dataclass(frozen=True)
class Finding:
    """One finding about one record of a piece."""

    record: int
    column: str | None
    rule: str
    outcome: str
    value: str | None
    message: str
    key: str | None


def findings_of(judged: Judged, rules: Rules) -> list[Finding]:
    """Return everything found in a piece, in file order; raise Refused where a finding by rule fails the file."""
    found = list(_of_columns(judged, rules))
    for record, row in judged.single.items():
        found += _of_row(record, row, rules)
    found.sort(key=lambda each: each.record)  # stable: what was found of one record stays in order
    _refuse_failed(found, judged)
    return found


def table_of(findings: list[Finding], judged: Judged) -> pa.Table:
    """Return findings as a table in which each record is there once, however much was found in it."""
    records = np.array([each.record for each in findings], np.int64)
    owners, places = np.unique(records, return_inverse=True)
    texts = string_array([judged.records.text(record) for record in owners.tolist()])
    columns = {
        "line": int_array(judged.records.lines[records]),
        **{name: nullable_strings([getattr(each, name) for each in findings]) for name in _TEXTS},
        "record": pa.DictionaryArray.from_arrays(int_array(places).cast(pa.int32()), texts),
    }
    return pa.table([columns[name] for name in HELD.names], schema=HELD)


_TEXTS = ("column", "rule", "outcome", "value", "message", "key")


def _of_columns(judged: Judged, rules: Rules) -> Iterator[Finding]:
    for found in judged.cleaned.found:
        records = judged.rows[found.rows].tolist()
        keys = keys_of(judged, found.rows, rules)
        messages = [found.message] * len(records) if isinstance(found.message, str) else found.message
        for record, value, message, key in zip(records, _values(judged, found), messages, keys, strict=True):
            yield Finding(record, found.column, found.rule, found.outcome, value, message, key)


def _values(judged: Judged, found: Found) -> list[str | None]:
    """Return the raw cells of what was found; Arrow was let to read as missing only what was empty."""
    if found.column is None or found.column not in judged.cells:
        return [None] * len(found.rows)
    cells: list[Any] = judged.cells[found.column].take(int_array(found.rows)).to_pylist()
    return ["" if each is None else each for each in cells]


def keys_of(judged: Judged, rows: Ints, rules: Rules) -> list[str | None]:
    """Return the keys of rows of the columns as findings name them, None where a key could not be read."""
    names = rules.contract.primary_key
    if not names:
        return [None] * len(rows)
    at = int_array(rows)
    parts = [python_values(judged.cleaned.values[each].take(at)) for each in names]
    masks = [rules.contract.column(each).mask for each in names]
    return [
        _key(key, masks, rules.salt) if known else None
        for known, key in zip(judged.cleaned.keyed[rows].tolist(), zip(*parts, strict=True), strict=True)
    ]


def _key(parts: tuple[Any, ...], masks: list[str], salt: bytes | None) -> str:
    return key_text([mask_value(part, mask, salt) for part, mask in zip(parts, masks, strict=True)])


def python_values(array: pa.Array) -> list[Any]:
    """Return an array's values as the value rules give them: instants in UTC without a zone on them."""
    naive = array.cast(pa.timestamp("us")) if pa.types.is_timestamp(array.type) else array
    values: list[Any] = naive.to_pylist()
    return values


def _of_row(record: int, row: Row, rules: Rules) -> Iterator[Finding]:
    masks = [rules.contract.column(each).mask for each in rules.contract.primary_key]
    key = _key(row.key, masks, rules.salt) if row.key else None
    for each in row.findings:
        yield Finding(record, each["column"], each["rule"], each["outcome"], each["value"], each["message"], key)


def _refuse_failed(findings: list[Finding], judged: Judged) -> None:
    failed = next((each for each in findings if each.outcome == FAILS), None)
    if failed:
        what = f"{failed.column}: {failed.message}" if failed.column else failed.rule
        raise structure.failed_by_rule(int(judged.records.lines[failed.record]), what)
