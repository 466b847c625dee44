"""The answer key of a file: for every row what it means, or by which rule it is bad, from what was meant.

A key is a file of JSON lines beside the generated one, never in data/: first the file as a whole, then one line a row
(physical lines count from 1, the header's is 1), last the totals. Nothing in it was read back from the file.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ACCEPTED, REJECTED, DUPLICATE, SUPERSEDED, EXCLUDED = "accepted", "rejected", "duplicate", "superseded", "excluded"


@dataclass
class Entry:
    """One row. rule says why it is not accepted; column is the one at fault, if one is; key is null where lost."""

    outcome: str
    key: str | None
    cells: tuple[Any, ...] | None = None  # what they mean, in the order of KeyHeader.columns; null unless accepted
    rule: str = ""
    column: str | None = None
    line: int = 0


@dataclass(frozen=True)
class KeyHeader:
    """The file as a whole. refused is the rule by which no row of it may be loaded, or nothing."""

    file: str
    feed: str
    data_date: str
    key: str  # the key column
    columns: tuple[str, ...]  # the known ones, in file order; those missing are null in what is published
    encoding: str
    delimiter: str
    refused: str = ""


@dataclass
class Totals:
    """What the counts must be: read = accepted + rejected + duplicates + superseded + excluded."""

    rows_read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    superseded: int = 0
    excluded: int = 0
    rejected_by_rule: dict[str, int] = field(default_factory=dict)
    quirks: dict[str, int] = field(default_factory=dict)  # which quirk was put in how often

    def count(self, entry: Entry) -> None:
        """Add one row."""
        self.rows_read += 1
        name = {DUPLICATE: "duplicates"}.get(entry.outcome, entry.outcome)
        setattr(self, name, getattr(self, name) + 1)
        if entry.outcome == REJECTED:
            self.rejected_by_rule[entry.rule] = self.rejected_by_rule.get(entry.rule, 0) + 1

    def add_quirks(self, counted: Counter[str]) -> None:
        """Add what was done in one block."""
        for name, times in (+counted).items():
            self.quirks[name] = self.quirks.get(name, 0) + times


def json_line(value: Any) -> str:
    """Return a JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def header_line(header: KeyHeader) -> str:
    return json_line({"header": asdict(header)})


def entry_line(entry: Entry) -> str:
    """Return a row's line; an accepted one is the common case and short."""
    if entry.outcome == ACCEPTED:
        return json_line([entry.line, entry.outcome, entry.key, entry.cells])
    return json_line([entry.line, entry.outcome, entry.key, None, entry.rule, entry.column])


def totals_line(totals: Totals) -> str:
    return json_line({"totals": asdict(totals)})


@dataclass(frozen=True)
class AnswerKey:
    """A key read whole, for files small enough."""

    header: KeyHeader
    rows: tuple[Entry, ...]
    totals: Totals

    def record(self, entry: Entry) -> dict[str, Any]:
        """Return an accepted row's cells by column."""
        return dict(zip(self.header.columns, entry.cells or (), strict=True))


def read_key(path: Path) -> AnswerKey:
    """Read a key that was written whole; raise ValueError or KeyError on anything else."""
    lines = list(_lines(path))
    first, last = lines[0]["header"], lines[-1]["totals"]
    header = KeyHeader(**{**first, "columns": tuple(first["columns"])})
    return AnswerKey(header, tuple(map(_entry, lines[1:-1])), Totals(**last))


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _entry(values: list[Any]) -> Entry:
    line, outcome, key, cells, rule, column = (*values, "", None)[:6]
    return Entry(outcome, key, None if cells is None else tuple(cells), rule, column, line)
