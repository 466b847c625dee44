"""What published values lead nowhere: ids of records that no feed has, and values that a meaning map does not know.

Their rows are published all the same. What was found is kept in metadata/unknown.json, and looked for again only where
a table, a map or the rules have changed; Arrow and DuckDB are loaded only then.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from datalake.contracts.maps import UNMAPPED, MeaningMap
from datalake.contracts.model import Column, Contract
from datalake.documents.nodes import quoted
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.paths import Lake
from datalake.zones.state import FeedState

if TYPE_CHECKING:
    from datalake.views.database import Database
    from datalake.views.published import Published

NAMED = 3  # values that are shown; none of a column that is confidential
OPEN_CLASSES = ("public", "internal")
Tables = Mapping[str, FeedState]


@dataclass(frozen=True)
class Unknown:
    """The unknown values of one column. places: where they were looked for, as feed.column or as a map's name."""

    feed: str
    column: str
    places: tuple[str, ...]
    values: int  # different ones
    times: int  # how often they stand there
    examples: tuple[str, ...] = ()  # the most frequent ones

    @property
    def mapped(self) -> bool:
        """Whether a map does not know them; else they are ids of records that are not there."""
        return "." not in self.places[0]


def sentence(each: Unknown) -> str:
    """Return what there is to say of a column's unknown values."""
    such = f", such as {' and '.join(quoted(value) for value in each.examples)}" if each.examples else ""
    times = "once" if each.times == 1 else f"{each.times:,} times"
    values, verb = ("1 value", "is") if each.values == 1 else (f"{each.values:,} values", "are")
    where = f"the map {each.places[0]}" if each.mapped else _either(each.places)
    return f"{values} of {each.feed}.{each.column} ({times}) {verb} not in {where}{such}."


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def kept(lake: Lake) -> list[Unknown]:
    """Return what was found when it was last looked for; nothing where that cannot be read."""
    return [each for entry in _read(lake).values() for each in _from_json(entry["found"])]


def look(
    lake: Lake, contracts: Sequence[Contract], states: Tables, maps: Mapping[str, MeaningMap], threads: int
) -> list[Unknown]:
    """Look through the tables that have changed; return what there is more of than when it was last looked for."""
    before, by_name = _read(lake), {each.feed: each for each in contracts if each.status != "retired"}
    inputs = {feed: each for feed, contract in by_name.items() if (each := _inputs(contract, states, maps))}
    due = [by_name[feed] for feed in inputs if feed not in before or before[feed]["inputs"] != inputs[feed]]
    found = dict(_found(lake, by_name, states, maps, due, threads)) if due else {}
    now = {
        feed: {"inputs": inputs[feed], "found": [asdict(each) for each in found[feed]]}
        if feed in found
        else before[feed]
        for feed in inputs
    }
    if now != before:
        make_folder(lake.unknown.parent)
        write_atomically(lake.unknown, json.dumps(now, indent=1).encode("ascii") + b"\n")
    return _risen(before, now)


def _risen(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Unknown]:
    told = {(each.feed, each.column, each.places): each.values for every in before.values()
            for each in _from_json(every["found"])}  # fmt: skip
    found = [each for every in now.values() for each in _from_json(every["found"])]
    return [each for each in found if each.values > told.get((each.feed, each.column, each.places), 0)]


def _read(lake: Lake) -> dict[str, Any]:
    try:
        known = json.loads(lake.unknown.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _from_json(found: Sequence[Mapping[str, Any]]) -> list[Unknown]:
    return [Unknown(**{**each, "places": tuple(each["places"]), "examples": tuple(each["examples"])}) for each in found]


def _inputs(contract: Contract, states: Tables, maps: Mapping[str, MeaningMap]) -> list[str]:
    """All that the answer depends on; nothing where the feed has no table, or no value to look up."""
    targets = [each for column in _referring(contract) for each in column.references]
    mapped = [each for each in contract.columns if _is_mapped(each, maps)]
    if not _version(states, contract.feed) or not (targets or mapped):
        return []
    versions = sorted({f"{each.feed}.{each.column} {_version(states, each.feed)}" for each in targets})
    prints = [f"{each.name} {maps[each.map].fingerprint}" for each in mapped]
    severities = [f"{column.name} {column.classification}" for column in _referring(contract)]
    return [_version(states, contract.feed), *versions, *prints, *severities]


def _version(states: Tables, feed: str) -> str:
    return " ".join(states[feed].table).strip() if feed in states else ""


def _referring(contract: Contract) -> list[Column]:
    """Columns whose ids can be looked up; info means that nobody wants to hear of it."""
    return [each for each in contract.columns
            if not each.mask and any(reference.severity != "info" for reference in each.references)]  # fmt: skip


def _is_mapped(column: Column, maps: Mapping[str, MeaningMap]) -> bool:
    return bool(column.map) and column.map in maps and not column.mask


def _found(
    lake: Lake,
    contracts: Mapping[str, Contract],
    states: Tables,
    maps: Mapping[str, MeaningMap],
    due: Sequence[Contract],
    threads: int,
) -> Iterator[tuple[str, list[Unknown]]]:
    from datalake.views.database import Database
    from datalake.views.published import Published

    published = Published(lake, contracts, states, maps)
    with Database(threads) as database:
        for contract in due:
            database.hand_in("t", published.table(contract.feed, contract.names))
            looked_up = [(each, _targets(database, published, each)) for each in _referring(contract)]
            found = [_orphans(database, contract.feed, each, targets) for each, targets in looked_up if targets]
            found += [_unmapped(database, contract.feed, each, maps[each.map])
                      for each in contract.columns if _is_mapped(each, maps)]  # fmt: skip
            yield contract.feed, [each for each in found if each.values]


def _targets(database: "Database", published: "Published", column: Column) -> dict[str, str]:
    """Hand in the tables a column leads to; return their SQL by feed.column. Empty if one of them never came."""
    from datalake.views.published import items

    found = {}
    for reference in column.references:
        contract = published.contracts.get(reference.feed)
        if contract is None or not published.files(reference.feed) or contract.column(reference.column).mask:
            return {}
        name = f"of_{reference.feed}"
        database.hand_in(name, published.table(reference.feed, contract.names))
        selected = f"SELECT {items(contract.column(reference.column))} AS id FROM {name}"  # noqa: S608 - checked names
        found[f"{reference.feed}.{reference.column}"] = selected
    return found


def _orphans(database: "Database", feed: str, column: Column, targets: Mapping[str, str]) -> Unknown:
    known = " UNION ALL ".join(targets.values())
    rows = database.table(
        f"SELECT v::VARCHAR AS v, count(*) AS n FROM ({_values(column)})"  # noqa: S608
        f" WHERE v IS NOT NULL AND v NOT IN (SELECT id FROM ({known}) WHERE id IS NOT NULL)"
        " GROUP BY 1 ORDER BY n DESC, v"
    ).to_pylist()
    return _counted(feed, column, tuple(targets), rows)


def _unmapped(database: "Database", feed: str, column: Column, meaning: MeaningMap) -> Unknown:
    rows = database.table(
        f"SELECT v, count(*) AS n FROM ({_values(column)}) WHERE v IS NOT NULL GROUP BY 1 ORDER BY n DESC, v"  # noqa: S608
    ).to_pylist()
    return _counted(feed, column, (column.map,), [each for each in rows if meaning.group(each["v"]) == UNMAPPED])


def _values(column: Column) -> str:
    from datalake.views.published import items

    return f"SELECT {items(column)} AS v FROM t"  # noqa: S608


def _counted(feed: str, column: Column, places: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> Unknown:
    named = [row["v"][:60] for row in rows[:NAMED]] if column.classification in OPEN_CLASSES else []
    return Unknown(feed, column.name, places, len(rows), sum(row["n"] for row in rows), tuple(named))
