"""Does the lake say what the answer keys say? Cell by cell for what is published, line by line for what is not.

What is expected is worked out here from the keys alone, with none of the code that cleans, merges or masks.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from datalake.contracts.model import Column, Contract
from datalake.demo.generator.answer_key import ACCEPTED, REJECTED, AnswerKey, Entry

Key = tuple[Any, ...]
Record = dict[str, Any]
Bad = tuple[int, str, str]  # line, outcome, rule
MISBUILT = ("cell_count", "stray_quote", "nul_byte")
SHOWN = 20


def expected_value(meant: Any, column: Column, zone: str, salt: bytes | None = None) -> Any:
    """Return what must be published for what a cell means; instants aware in UTC, numbers with all their places."""
    value = _typed(meant, column, zone)
    if value is None or column.mask not in ("hash", "redact"):
        return value
    return "[redacted]" if column.mask == "redact" else hmac.new(salt or b"", str(value).encode(), "sha256").hexdigest()


def _typed(meant: Any, column: Column, zone: str) -> Any:
    if meant is None:
        return None
    if column.type == "date":
        return date.fromisoformat(meant)
    if column.type == "number":
        return Decimal(meant).quantize(Decimal(1).scaleb(-column.precision[1]))
    if column.type == "datetime":
        naive = datetime.fromisoformat(meant.removesuffix("Z"))
        local = timezone.utc if meant.endswith("Z") else ZoneInfo(zone) if zone != "local" else None
        return (naive.replace(tzinfo=local) if local else naive).astimezone(timezone.utc)
    return meant


@dataclass
class Expected:
    """The published table of a feed with write_disposition replace, as its files' keys say it must be."""

    contract: Contract
    zone: str
    salt: bytes | None = None
    table: dict[Key, Record] = field(default_factory=dict)

    def take(self, key: AnswerKey, delivery: str) -> None:
        """Publish one file: its good rows, and what may not look deleted."""
        fresh = {self._key(key.record(each)): self._row(key, each, delivery) for each in key.rows if _good(each)}
        rejected = [each for each in key.rows if each.outcome == REJECTED]
        if all(self._readable(each, key) for each in rejected):
            named = {(each.key, *[None] * (len(self.contract.primary_key) - 1)) for each in rejected}
            stay = {name: row for name, row in self.table.items() if name in named and name not in fresh}
        else:  # any vanished key may be one of those that could not be read: nothing is deleted
            stay = {name: row for name, row in self.table.items() if name not in fresh}
        self.table = fresh | stay

    def differences(self, published: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return how a published table differs from what is expected, one line each, the first few."""
        found: list[str] = []
        left = dict(self.table)
        for row in published:
            key = tuple(row[each] for each in self.contract.primary_key)
            expected = left.pop(key, None)
            if expected is None:
                found.append(f"{key} is published and should not be")
            elif expected != dict(row):
                found += _differing(key, expected, row)
        found += [f"{key} is missing" for key in left]
        return found[:SHOWN]

    def _key(self, record: Mapping[str, Any]) -> Key:
        return tuple(record.get(each) for each in self.contract.primary_key)

    def _row(self, key: AnswerKey, entry: Entry, delivery: str) -> Record:
        record = key.record(entry)
        columns = [each for each in self.contract.columns if each.mask != "drop"]
        row = {each.name: expected_value(record.get(each.name), each, self.zone, self.salt) for each in columns}
        day = date.fromisoformat(key.header.data_date)
        lake = {"_source_file": key.header.file, "_source_line": entry.line, "_data_date": day, "_delivery": delivery}
        return {**row, **lake}

    def _readable(self, entry: Entry, key: AnswerKey) -> bool:
        """A misbuilt row's key is trusted only where a pattern vouches for each of its parts that the file has."""
        if entry.key is None:
            return False
        parts = [self.contract.column(each) for each in self.contract.primary_key if each in key.header.columns]
        vouched = bool(parts) and all(each.constraints.pattern for each in parts)
        return entry.rule not in MISBUILT or vouched


def _differing(key: Key, expected: Record, row: Mapping[str, Any]) -> list[str]:
    wrong = [name for name in expected.keys() | row.keys() if expected.get(name) != row.get(name)]
    return [f"{key}: {name} is {row.get(name)!r}, should be {expected.get(name)!r}" for name in sorted(wrong)]


def _good(entry: Entry) -> bool:
    return entry.outcome == ACCEPTED


def bad_lines(key: AnswerKey) -> set[Bad]:
    """Return the lines of a file that must not be published: line, outcome and rule of each."""
    return {(each.line, each.outcome, each.rule) for each in key.rows if each.outcome != ACCEPTED}


def found_lines(findings: Iterable[Mapping[str, Any]]) -> set[Bad]:
    """Return the same from what the quarantine holds: each line by the first finding that ended it."""
    found: dict[int, Bad] = {}
    for each in findings:
        if each["outcome"] in ("rejected", "duplicate", "superseded", "excluded"):
            found.setdefault(each["line"], (each["line"], each["outcome"], each["rule"]))
    return set(found.values())
