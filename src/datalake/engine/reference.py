"""The slow engine: the csv module, one row at a time, everything in memory. It says what the fast one must say.

It shares with the fast engine the rules of single values (datalake.clean.values, rules) and the refusals of whole
files; how text is split, matched, judged and counted is written twice, and tests hold the two together.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from datalake.clean.keys import key_text
from datalake.clean.masking import mask_value
from datalake.clean.rules import Rules
from datalake.clean.schema import published
from datalake.engine import structure
from datalake.engine.job import Staged, StageJob
from datalake.engine.rows import ReadFile, Row, read


@dataclass(frozen=True)
class Judged:
    """What the reference says of a file: the counts, the accepted rows as published, and every finding."""

    staged: Staged
    rows: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    rules: Rules


def judge(job: StageJob) -> Judged:
    """Read a whole file and judge every row; raise Refused where the file cannot be read as its contract."""
    file = read(job)
    settle_keys(file.rows, file.rules)
    settle_unique(file.rows, file.rules)
    rows = [_published(each, file.rules, job) for each in file.rows if not each.fate]
    findings = [_finding(each, row, file.rules) for row in file.rows for each in row.findings]
    return Judged(_summed_up(file, job), rows, findings, file.rules)


def settle_keys(rows: list[Row], rules: Rules) -> None:
    """Of the good rows with one key keep one: of identical ones the first, of different ones the newest, then last."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    if rules.contract.primary_key:
        for row in rows:
            if not row.fate and row.key:
                groups[row.key].append(row)
    for group in groups.values():
        if len(group) > 1:
            _settle_group(group, rules)


def _settle_group(group: list[Row], rules: Rules) -> None:
    firsts: dict[str, Row] = {}
    lasts: dict[str, Row] = {}
    for row in group:
        firsts.setdefault(repr(row.values), row)
        lasts[repr(row.values)] = row
    winner = repr(max(lasts.values(), key=lambda row: (_age(row, rules), row.line)).values)
    for row in group:
        first = firsts[repr(row.values)]
        if row is not first:
            row.find(None, "duplicate", "duplicate", None, structure.duplicate_message(first.line))
        elif first is not firsts[winner]:
            row.find(None, "superseded_in_file", "superseded", None, structure.superseded_message(firsts[winner].line))


def _age(row: Row, rules: Rules) -> tuple[tuple[bool, Any], ...]:
    values = (row.values[each] for each in rules.contract.order_by)
    return tuple((value is not None, 0 if value is None else value) for value in values)


def settle_unique(rows: list[Row], rules: Rules) -> None:
    """Of the good rows that share the value of a unique column the first stays; the others break the rule."""
    for rule in rules.unique:
        seen: dict[Any, int] = {}
        for row in rows:
            value = row.values.get(rule.name)
            if row.fate or value is None:
                continue
            first = seen.setdefault(repr(value), row.line)
            if first != row.line:
                message = structure.unique_message(first)
                outcome = structure.settled(rule.column.on_fail, True, row.line, f"{rule.name}: {message}")
                row.find(rule.name, "unique", outcome, row.raw.get(rule.name), message)
                if outcome == "nulled":
                    row.values[rule.name] = None


def _published(row: Row, rules: Rules, job: StageJob) -> dict[str, Any]:
    columns = published(rules.contract)
    values = {each.name: mask_value(row.values[each.name], each.mask, rules.salt) for each in columns}
    lake = {"_source_file": job.source_file, "_source_line": row.line, "_data_date": job.data_date}
    return {**values, **lake, "_delivery": job.delivery}


def _finding(finding: dict[str, Any], row: Row, rules: Rules) -> dict[str, Any]:
    key = _key_text(row, rules) if row.key else None
    return {**finding, "key": key, "record": row.record}


def _key_text(row: Row, rules: Rules) -> str:
    masks = [rules.contract.column(each).mask for each in rules.contract.primary_key]
    parts = zip(row.key or (), masks, strict=True)
    return key_text([mask_value(part, mask, rules.salt) for part, mask in parts])


def _summed_up(file: ReadFile, job: StageJob) -> Staged:
    fates = Counter(each.fate for each in file.rows)
    accepted = [each for each in file.rows if not each.fate]
    rejected = [each for each in file.rows if each.fate == "rejected"]
    return Staged(
        rows_read=len(file.rows),
        accepted=fates[""],
        rejected=fates["rejected"],
        duplicates=fates["duplicate"],
        superseded=fates["superseded"],
        excluded=fates["excluded"],
        rejected_by_rule=dict(Counter(_first_rule(each) for each in rejected)),
        fixes=_fixes(accepted),
        absent=file.header.absent,
        new_columns=file.header.new,
        encoding=file.encoding,
        delimiter=file.header.delimiter,
        filled={each.name: _filled(accepted, each.name) for each in published(file.rules.contract)},
        sums=_sums(accepted, file.rules),
        sha256=hashlib.sha256(job.source.read_bytes()).hexdigest(),
        rejected_keys_known=all(each.key is not None for each in rejected),
    )


def _first_rule(row: Row) -> str:
    return next(str(each["rule"]) for each in row.findings if each["outcome"] == "rejected")


def _fixes(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for row in rows:
        for column, fix in row.fixes:
            of_column = counted.setdefault(column, {})
            of_column[fix] = of_column.get(fix, 0) + 1
    return counted


def _filled(rows: list[Row], name: str) -> int:
    return sum(each.values[name] is not None for each in rows)


def _sums(rows: list[Row], rules: Rules) -> dict[str, str]:
    numbers = [each for each in published(rules.contract) if each.type == "number" and not each.mask]
    return {each.name: _sum(rows, each.name, each.precision[1]) for each in numbers}


def _sum(rows: list[Row], name: str, scale: int) -> str:
    total = sum((each.values[name] for each in rows if each.values[name] is not None), Decimal(0))
    return f"{total.quantize(Decimal(1).scaleb(-scale)):f}"
