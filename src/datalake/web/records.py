"""The edge that finds records by what a person types, and tells one's history as far as the visitor may see it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from datalake.contracts.model import Contract
from datalake.pipeline.trace import Change, Rejection, Trace, trace
from datalake.web import shelves
from datalake.web.access import HIDDEN_CLASSES, Visitor
from datalake.web.figures.grid import MASK
from datalake.zones.paths import Lake

MOST = 25  # keys that a search lists


def searchable(contract: Contract, visitor: Visitor) -> bool:
    """Tell whether a feed's records can be named: it has a key, and the visitor may see all of it."""
    hidden = hidden_columns(contract, visitor)
    return bool(contract.primary_key) and contract.status != "retired" and not hidden & set(contract.primary_key)


def hidden_columns(contract: Contract, visitor: Visitor) -> set[str]:
    """Return the columns whose values the visitor may not see."""
    if visitor.reads:
        return set()
    return {each.name for each in contract.columns if each.classification in HIDDEN_CLASSES}


def closed_key(contract: Contract) -> bool:
    """Tell whether a record's key alone is something that only readers may see."""
    closed = {each.name for each in contract.columns if each.classification in HIDDEN_CLASSES}
    return bool(closed & set(contract.primary_key))


def find(lake: Lake, contracts: Sequence[Contract], typed: str) -> list[tuple[str, str]]:
    """Return (feed, key) of published records whose key holds what was typed; those that are just that come first."""
    found = [(each.feed, key) for each in contracts for key in _keys(lake, each, typed)]
    return sorted(found, key=lambda each: (each[1].lower() != typed.lower(), len(each[1]), each))[:MOST]


def _keys(lake: Lake, contract: Contract, typed: str) -> list[str]:
    import pyarrow.compute as pc

    from datalake.merge.hashes import key_texts
    from datalake.zones.tables import ParquetRows

    table = shelves.published_table(lake, contract, reads=True)
    if table is None or not set(contract.primary_key) <= {each.name for each in table.columns}:
        return []
    keys: list[str] = []
    for batch in ParquetRows(table.paths).batches(contract.primary_key):
        texts = key_texts(batch, contract.primary_key)
        keys += texts.filter(pc.fill_null(pc.match_substring(texts, typed, ignore_case=True), False)).to_pylist()[:MOST]
    return keys


def history_of(lake: Lake, contract: Contract, key: str, visitor: Visitor) -> Trace:
    """Return a record's history, newest first, without what the visitor may not see."""
    told = trace(lake, contract, key)
    hidden = hidden_columns(contract, visitor)
    masked = {each.name for each in contract.columns if each.mask} | hidden
    changes = tuple(_change(each, hidden, visitor) for each in reversed(told.changes))
    rejections = tuple(_rejection(each, masked, visitor) for each in reversed(told.rejections))
    now = {name: MASK if name in hidden and value is not None else value for name, value in told.now.items()}
    return replace(told, changes=changes, rejections=rejections, now=now)


def _change(change: Change, hidden: set[str], visitor: Visitor) -> Change:
    values: dict[str, tuple[Any, Any]] = {
        name: (MASK, MASK) if name in hidden else pair for name, pair in change.values.items()
    }
    return replace(change, values=values, raw=change.raw if visitor.stewards else "")


def _rejection(found: Rejection, masked: set[str], visitor: Visitor) -> Rejection:
    """The raw row, and a raw value that the rules mask, are a steward's alone; a message may quote the value."""
    if visitor.stewards:
        return found
    if found.column in masked:
        return replace(found, value=MASK, message=found.rule, raw="")
    return replace(found, raw="")
