"""A batch of text columns judged by a contract: typed values, who is accepted, and everything that was found."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from datalake.clean.arrow import Bools, Ints, valid_rows, with_nulls
from datalake.clean.column_checks import Columns, failing
from datalake.clean.columns import ColumnRead, ColumnReader, Problem
from datalake.clean.constraints import Limits
from datalake.clean.moments import ZoneTable
from datalake.clean.rules import KEY_MESSAGE, ColumnRule, Rules

FAILS = "fails"  # an outcome that is none: by rule, the file is refused


@dataclass(frozen=True)
class Found:
    """One thing found in some rows of a batch. column is None where it is the row as a whole."""

    column: str | None
    rule: str
    outcome: str
    message: str | list[str]  # one for all, or one for each row
    rows: Ints


@dataclass
class Cleaned:
    """A batch judged. Every array has a place for every row, accepted or not."""

    values: dict[str, pa.Array]  # typed, not yet masked
    accepted: Bools
    keyed: Bools  # rows whose key could be read
    found: list[Found] = field(default_factory=list)
    fixes: dict[str, dict[str, Ints]] = field(default_factory=dict)  # column -> fix -> rows
    rejected_by_rule: Counter[str] = field(default_factory=Counter)  # each row once, by the first rule it broke

    def note(self, column: str | None, rule: str, outcome: str, message: str | list[str], rows: Ints) -> None:
        """Note something about some rows; a rejecting outcome ends their being accepted."""
        self.found.append(Found(column, rule, outcome, message, rows))
        if outcome == "rejected":
            self.rejected_by_rule[rule] += int(self.accepted[rows].sum())
            self.accepted[rows] = False


class Cleaner:
    """A contract at work on batch after batch of one file, on any thread."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        zone = ZoneTable(rules.offsets)
        self._readers = {each.name: ColumnReader(each, zone) for each in rules.columns}
        self._limits = {each.name: Limits(each) for each in rules.columns}

    def clean(self, cells: Mapping[str, pa.StringArray], rows: int) -> Cleaned:
        """Judge a batch. cells: column -> its raw cells, null where missing; absent columns are not there."""
        batch = Cleaned({}, np.ones(rows, bool), np.ones(rows, bool))
        for rule in self.rules.columns:
            if rule.name in cells:
                self._column(rule, self._readers[rule.name].read(cells[rule.name]), batch)
            else:
                batch.values[rule.name] = pa.nulls(rows, self._readers[rule.name].type)
        self._key(batch)
        self._checks(batch)
        return batch

    def read(self, name: str, cells: pa.StringArray) -> pa.Array:
        """Return the typed values of a column's cells, without judging them."""
        return self._readers[name].read(cells).values

    def _column(self, rule: ColumnRule, found: ColumnRead, batch: Cleaned) -> None:
        batch.values[rule.name] = found.values
        if found.fixes:
            batch.fixes[rule.name] = found.fixes
        for problem in found.problems + self._limits[rule.name].broken(found):
            self._fail(rule, problem, batch)

    def _fail(self, rule: ColumnRule, problem: Problem, batch: Cleaned) -> None:
        outcome = outcome_of(rule.column.on_fail, problem.kept)
        batch.note(rule.name, problem.rule, outcome, problem.message, problem.rows)
        if outcome == "nulled" and problem.kept:
            batch.values[rule.name] = with_nulls(batch.values[rule.name], problem.rows)
        if outcome == "rejected" and rule.name in self.rules.contract.primary_key:
            batch.keyed[problem.rows] = False

    def _key(self, batch: Cleaned) -> None:
        """Reject rows without any key; a part of a key may be missing where its column allows that."""
        names = self.rules.contract.primary_key
        if not names:
            return
        empty = batch.keyed.copy()
        for name in names:
            empty &= ~valid_rows(batch.values[name])
        if empty.any():
            batch.keyed[empty] = False
            batch.note(names[0], "required", "rejected", KEY_MESSAGE, np.flatnonzero(empty))

    def _checks(self, batch: Cleaned) -> None:
        columns = Columns(batch.values, len(batch.accepted), self.rules.data_date, self.rules.offsets)
        for check, expression in self.rules.checks:
            rows = np.flatnonzero(failing(expression, columns))
            if len(rows):
                outcome = outcome_of(check.on_fail, kept=True, nothing_to_null=True)
                batch.note(None, check.name, outcome, check.expression, rows)


def outcome_of(on_fail: str, kept: bool, nothing_to_null: bool = False) -> str:
    """Return what becomes of something that failed; kept: there is a value that could stay."""
    if on_fail in ("reject", "fail"):
        return "rejected" if on_fail == "reject" else FAILS
    return "warned" if nothing_to_null or (on_fail == "warn" and kept) else "nulled"
