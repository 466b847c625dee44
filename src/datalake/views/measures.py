"""What each published version of a feed amounts to: counts, ranges of dates, sums, unknown values.

A version never changes, so each is measured once; metadata/measures.json only saves doing it again.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from datalake.contracts.maps import UNMAPPED, MeaningMap
from datalake.contracts.model import Column, Contract
from datalake.views.database import Database
from datalake.views.published import Published, items
from datalake.zones import curated
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.state import FeedState

SCHEMA = pa.schema(
    [
        ("feed", pa.string()),
        ("version", pa.string()),
        ("data_date", pa.date32()),  # of the file that the version was made from
        ("as_of", pa.date32()),  # later than data_date where the same file came again for later dates
        ("is_current", pa.bool_()),
        ("night", pa.date32()),
        ("file", pa.string()),
        ("rows", pa.int64()),
        ("kept", pa.int64()),
        ("new", pa.int64()),
        ("changed", pa.int64()),
        ("gone", pa.int64()),
        ("rows_read", pa.int64()),
        ("rejected", pa.int64()),
        ("unmapped", pa.int64()),
        ("newest_update", pa.date32()),
        ("dates", pa.list_(pa.string())),
        ("sums", pa.list_(pa.string())),
    ]
)
COUNTS = ("rows", "kept", "new", "changed", "gone")


def feed_versions(published: Published, maps: Mapping[str, str], threads: int) -> pa.Table:
    """Return one row for each version of each feed that is on the disk. maps: a fingerprint of each meaning map."""
    path = published.lake.measures
    known = _kept(path)
    found: dict[str, dict[str, Any]] = {}
    rows = []
    with Database(threads) as database:
        for contract, state in _loaded(published):
            for folder in _versions(published, contract):
                facts = json.loads((folder / curated.VERSION_FILE).read_bytes())
                key = _key(contract, facts, maps)
                found[key] = known.get(key) or _measure(database, published.maps, contract, folder)
                rows.append(_row(facts, state, found[key]))
    if found != known:
        make_folder(path.parent)
        write_atomically(path, json.dumps(found, indent=1).encode("ascii") + b"\n")
    return pa.Table.from_pylist(rows, SCHEMA)


def _loaded(published: Published) -> list[tuple[Contract, FeedState]]:
    pairs = [(each, published.states.get(each.feed)) for each in published.contracts.values()]
    return [(contract, state) for contract, state in pairs if state and state.version]


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _versions(published: Published, contract: Contract) -> Sequence[Path]:
    shown = curated.current(published.lake, contract.feed)
    folder = curated.versions_folder(published.lake, contract.feed)
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    return [folder / name for name in names if shown and name <= shown.name]


def _key(contract: Contract, facts: Mapping[str, Any], maps: Mapping[str, str]) -> str:
    """A version measured by other rules or maps is another matter."""
    used = sorted({maps[each.map] for each in contract.columns if each.map in maps})
    files = facts.get("files", {})
    table = ",".join(files[name][:12] for name in sorted(files) if name.endswith(".parquet"))
    return " ".join([contract.feed, str(facts["version"]), table, facts.get("rules", ""), *used])


def _measure(database: Database, maps: Mapping[str, MeaningMap], contract: Contract, folder: Path) -> dict[str, Any]:
    paths = curated.table_paths(folder, contract.feed)
    names = set(pq.read_schema(paths[0]).names)
    columns = [each for each in contract.columns if each.name in names and not each.mask]
    database.hand_in("t", ds.dataset(paths))
    dates = _ranges(database, [each for each in columns if each.type in ("date", "datetime")])
    newest = next((dates[name][1] for name in contract.order_by if name in dates), None)
    sums = _sums(database, [each.name for each in columns if each.type == "number"])
    unmapped = _unmapped(database, [each for each in columns if each.map], maps)
    spans = [f"{name} {first} to {last}" for name, (first, last) in dates.items()]
    return {"unmapped": unmapped, "newest_update": newest, "dates": spans, "sums": sums}


def _ranges(database: Database, columns: Sequence[Column]) -> dict[str, tuple[str, str]]:
    wanted = [f"min({each.name})::DATE AS a{at}, max({each.name})::DATE AS b{at}" for at, each in enumerate(columns)]
    if not wanted:
        return {}
    row = database.table(f"SELECT {', '.join(wanted)} FROM t").to_pylist()[0]  # noqa: S608 - checked names
    found = {each.name: (row[f"a{at}"], row[f"b{at}"]) for at, each in enumerate(columns)}
    return {name: (first.isoformat(), last.isoformat()) for name, (first, last) in found.items() if first}


def _sums(database: Database, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    wanted = ", ".join(f"sum({name}) AS {name}" for name in names)
    row = database.table(f"SELECT {wanted} FROM t").to_pylist()[0]  # noqa: S608
    return [f"{name} {total:,}" for name, total in row.items() if total is not None]


def _unmapped(database: Database, columns: Sequence[Column], maps: Mapping[str, MeaningMap]) -> int:
    total = 0
    for each in columns:
        counted = f"SELECT v, count(*) AS n FROM (SELECT {items(each)} AS v FROM t) WHERE v IS NOT NULL GROUP BY 1"  # noqa: S608
        found = database.table(counted).to_pylist()
        total += sum(row["n"] for row in found if maps[each.map].group(row["v"]) == UNMAPPED)
    return total


def _row(facts: Mapping[str, Any], state: FeedState, measured: Mapping[str, Any]) -> dict[str, Any]:
    current = facts["version"] == state.version
    baseline = facts.get("baseline", {})
    return {
        "feed": facts["feed"],
        "version": facts["version"],
        "data_date": _day(facts["data_date"]),
        "as_of": state.as_of if current else _day(facts["data_date"]),
        "is_current": current,
        "night": _day(facts["night"]),
        "file": facts["name"],
        **{name: facts[name] for name in COUNTS},
        "rows_read": baseline.get("rows_read"),
        "rejected": baseline.get("rejected"),
        **measured,
        "newest_update": _day(measured["newest_update"]),
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
