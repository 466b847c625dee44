"""The edge to what was found wrong with the rows of one file: read from quarantine, masked for the visitor."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE
from datalake.web.access import HIDDEN_CLASSES, Visitor
from datalake.web.blocks import rows_at
from datalake.web.figures.grid import MASK
from datalake.zones.paths import Lake

DELIVERY = re.compile(r"[0-9a-f]{12}", re.ASCII)
OUTCOMES = ("rejected", "superseded", "duplicate", "excluded", "nulled", "warned")
COLUMNS = ("line", "column", "rule", "outcome", "value", "message", "key", "record")


@dataclass(frozen=True)
class Finding:
    """One thing found: line counts from 1; column is "" where it is about the whole row; record is the raw row."""

    line: int
    column: str
    rule: str
    outcome: str
    value: str
    message: str
    key: str
    record: str


@dataclass(frozen=True)
class Wanted:
    """Which findings are wanted: their outcome, and the first rule that a row broke, under which it is counted."""

    outcome: str = "rejected"
    rule: str = ""


@dataclass(frozen=True)
class Found:
    """Findings of one file, a page of them; total counts all of that outcome."""

    rows: list[Finding]
    total: int
    lines: int  # rows of the file that these findings are of
    counts: dict[str, int]


def folder_of(lake: Lake, contract: Contract, day: str, delivery: str) -> Path | None:
    """Given what a URL says, return the folder of that file's findings; None where there is none."""
    try:
        folder = lake.quarantine(contract.feed, date.fromisoformat(day), delivery)
    except ValueError:
        return None
    return folder if DELIVERY.fullmatch(delivery) and (folder / FINDINGS_FILE).is_file() else None


def read(folder: Path, contract: Contract, wanted: Wanted, first: int, most: int, visitor: Visitor) -> Found:
    """Return findings of one outcome from the first-th on, at most so many, without what the visitor may not see."""
    import pyarrow.parquet as pq

    path = folder / FINDINGS_FILE
    stamp = path.stat()
    index = _index(path, wanted, stamp.st_mtime_ns, stamp.st_size)
    with pq.ParquetFile(path) as file:
        rows = rows_at(file, index.places[first : first + most].to_pylist(), COLUMNS)
    hidden = _hidden(contract, visitor)
    shown = [_shown(_finding(row), contract, hidden, visitor) for row in rows]
    return Found(shown, len(index.places), index.lines, dict(index.counts))


@dataclass(frozen=True)
class _Index:
    """Where the findings that are wanted stand, of how many rows they are, and how many there are of each outcome."""

    places: Any
    lines: int
    counts: dict[str, int]


@lru_cache(maxsize=4)
def _index(path: Path, wanted: Wanted, *_: int) -> _Index:
    """A file of a million findings is gone through once for all its pages: it never changes."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, read_dictionary=["outcome"]) as file:
        table = file.read(["outcome", "line"] + (["rule"] if wanted.rule else []))
    outcomes = table.column("outcome").cast(pa.string())
    counts = {str(each["values"].as_py()): each["counts"].as_py() for each in pc.value_counts(outcomes)}
    places = pc.indices_nonzero(pc.equal(outcomes, wanted.outcome))
    places = _first_by_rule(table, places, wanted.rule) if wanted.rule else places
    return _Index(places, _distinct(table.column("line").take(places)), counts)


def _first_by_rule(table: Any, places: Any, rule: str) -> Any:
    """Of findings in the order of the file, the first of each row, where that broke the rule."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lines = table.column("line").take(places).combine_chunks()
    before = pa.concat_arrays([pa.array([None], lines.type), lines[:-1]])
    first = pc.fill_null(pc.not_equal(lines, before), True)
    return places.filter(pc.and_(first, pc.equal(table.column("rule").take(places).combine_chunks(), rule)))


def _distinct(lines: Any) -> int:
    """How many rows of the file they are of: findings stand in the order of the file."""
    import pyarrow.compute as pc

    if not len(lines):
        return 0
    whole = lines.combine_chunks()
    return 1 + int(pc.sum(pc.not_equal(whole[1:], whole[:-1])).as_py() or 0)


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(row["line"], *(str(row[name] or "") for name in COLUMNS[1:]))


def _hidden(contract: Contract, visitor: Visitor) -> set[str]:
    """Columns whose raw values the visitor may not see: masked ones are a steward's alone."""
    if visitor.stewards:
        return set()
    masked = {each.name for each in contract.columns if each.mask}
    closed = {each.name for each in contract.columns if each.classification in HIDDEN_CLASSES}
    return masked if visitor.reads else masked | closed


def _shown(found: Finding, contract: Contract, hidden: set[str], visitor: Visitor) -> Finding:
    """A message may quote the value, the raw row holds them all, and a key is a value too."""
    key = MASK if hidden & set(contract.primary_key) and found.key else found.key
    record = found.record if visitor.stewards else ""
    if found.column in hidden:
        return Finding(found.line, found.column, found.rule, found.outcome, MASK, found.rule, key, record)
    return Finding(found.line, found.column, found.rule, found.outcome, found.value, found.message, key, record)


def csv_rows(found: Sequence[Finding]) -> list[list[object]]:
    """Return findings as the rows of a CSV whose columns are COLUMNS."""
    return [[getattr(each, name) for name in COLUMNS] for each in found]
