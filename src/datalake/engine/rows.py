"""The slow engine's first half: a file split by the csv module, and each row judged by itself."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from datalake.clean.checks import evaluate
from datalake.clean.rules import KEY_MESSAGE, REQUIRED_MESSAGE, ColumnRule, Rules, make_rules
from datalake.clean.values import BLANKS, Unreadable
from datalake.engine import encoding, sniff, structure
from datalake.engine.header import Header, declared_delimiter, delimiter_of, read_header
from datalake.engine.job import StageJob

Finding = dict[str, Any]
ENDING = ("rejected", "duplicate", "superseded", "excluded")


@dataclass
class Row:
    """One record on its way. values are typed and not yet masked; fate is empty while the row is good."""

    line: int
    record: str
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    fixes: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    fate: str = ""
    key: tuple[Any, ...] | None = None  # None: it could not be read

    def find(self, column: str | None, rule: str, outcome: str, value: str | None, message: str) -> None:
        """Note something about this row; the first ending outcome seals its fate."""
        found = {"line": self.line, "column": column, "rule": rule, "outcome": outcome, "value": value}
        self.findings.append({**found, "message": message})
        if outcome in ENDING:
            self.fate = self.fate or outcome


@dataclass(frozen=True)
class ReadFile:
    """A file split into judged rows, before any two of them are compared."""

    rows: list[Row]
    header: Header
    rules: Rules
    encoding: str


def read(job: StageJob) -> ReadFile:
    """Read a whole file and judge each row by itself; raise Refused where the file is not its contract's."""
    text, name = _decode(job.source.read_bytes(), job)
    delimiter, records = _split(text, job)
    first = next(records, None)
    if first is None:
        raise structure.empty_file()
    header = read_header(first[1], job.contract, job.limits, first[0], delimiter)
    rules = make_rules(job.contract, job.zone, job.salt, job.data_date, header.grown)
    judge = RowJudge(header, rules)
    rows = [judge.judge(*each) for each in list(records)]  # what breaks the whole file comes before any row
    if not rows:
        raise structure.header_only()
    return ReadFile(rows, header, rules, name)


def _decode(data: bytes, job: StageJob) -> tuple[str, str]:
    head = data[: sniff.HEAD_BYTES]
    if len(data) > job.limits.max_bytes:
        raise structure.too_large(len(data), job.limits.max_bytes)
    sniff.refuse_other_kinds(head)
    tried = encoding.candidates(head, job.contract.encoding)
    sniff.refuse_unmarked_utf16(head, tried)
    first: tuple[int, int] | None = None
    for name in tried:
        try:
            return data.decode(name).removeprefix("\ufeff"), name
        except UnicodeDecodeError as problem:
            line, byte = _line_of(problem.object, problem.start), problem.object[problem.start]
            if encoding.is_utf8(name) and encoding.mostly_utf8([data]):
                raise encoding.refuse_mixed(line, byte) from None
            first = first or (line, byte)
    raise encoding.refuse_all(tried, *(first or (1, 0)))


def _line_of(data: bytes, offset: int) -> int:
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1


def _split(text: str, job: StageJob) -> tuple[str, Iterator[tuple[int, str, list[str]]]]:
    """Return the delimiter and the records: the line each starts on, its text without the line end, its cells."""
    lines = list(io.StringIO(text, newline=""))
    first = next((each for each in lines if each.strip("\r\n")), "").strip("\r\n")
    declared = declared_delimiter(first)
    delimiter = declared or delimiter_of(first, job.contract)
    return delimiter, _records(lines, delimiter, skip=bool(declared), job=job)


def _records(lines: list[str], delimiter: str, skip: bool, job: StageJob) -> Iterator[tuple[int, str, list[str]]]:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(lines, delimiter=delimiter, quotechar=job.contract.dialect.quote)
    start = 0
    for cells in reader:
        line, record = start + 1, "".join(lines[start : reader.line_num])
        start = reader.line_num
        record = record.removesuffix("\n").removesuffix("\r")
        if not record:
            continue
        _check_length(record, line, reader.line_num == len(lines), delimiter, job)
        if skip:
            skip = False
            continue
        yield line, record, cells


def _check_length(record: str, line: int, last: bool, delimiter: str, job: StageJob) -> None:
    data, limit, quote = record.encode(), job.limits.max_line_bytes, job.contract.dialect.quote
    if len(data) > limit:
        start = data[: limit + 1].decode("utf-8", "ignore")
        raise structure.too_long(line, limit, _ends_in_quotes(start, delimiter, quote))
    if last and _ends_in_quotes(record, delimiter, quote):
        raise structure.unclosed(line)


def _ends_in_quotes(record: str, delimiter: str, quote: str) -> bool:
    quoted, starting, index = False, True, 0
    while index < len(record):
        if quoted and record[index : index + 2] == quote * 2:
            index += 1
        elif record[index] == quote and (quoted or starting):
            quoted = not quoted
        starting = not quoted and record[index] in (delimiter, "\n", "\r")
        index += 1
    return quoted


def _strictly(record: str, delimiter: str, quote: str) -> str:
    """Return what the csv module says of a record when it is strict, nothing where it is content."""
    if quote not in record:
        return ""
    lines = io.StringIO(record, newline="")
    try:
        list(csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True))
    except csv.Error as problem:
        return str(problem)
    return ""


def cells_of(record: str, delimiter: str, quote: str) -> list[str]:
    """Return a record's cells as the csv module tells them apart."""
    csv.field_size_limit(2**31 - 1)
    return next(csv.reader([record], delimiter=delimiter, quotechar=quote), [])


@dataclass(frozen=True)
class RowJudge:
    """Judges one row by itself: its structure, its cells, its cross-column checks."""

    header: Header
    rules: Rules

    @cached_property
    def _skips(self) -> tuple[tuple[str, Callable[[str], bool]], ...]:
        return structure.skip_patterns(self.rules.contract)

    @cached_property
    def _titles(self) -> list[str]:
        return [each.strip(BLANKS) for each in self.header.cells]

    def judge(self, line: int, record: str, cells: list[str]) -> Row:
        """Return the row with what was found; raise Refused where a rule says that it fails the file."""
        row = self.look(line, record, cells)
        if not row.fate:
            for rule in self.rules.columns:
                self._column(row, rule)
            self._key(row)
            self._checks(row)
        return row

    def look(self, line: int, record: str, cells: list[str]) -> Row:
        """Return the row with what can be told without reading its cells: whether it is one at all, and well built."""
        row = Row(line, record, cells)
        self._exclude(row)
        if not row.fate:
            self._structure(row)
        return row

    def _exclude(self, row: Row) -> None:
        if len(row.cells) == self.header.width and [each.strip(BLANKS) for each in row.cells] == self._titles:
            row.find(None, "repeated_header", "excluded", None, structure.HEADER_MESSAGE)
            return
        if self.header.width > 1 and not any(each.strip(BLANKS) for each in row.cells):
            row.find(None, "blank_row", "excluded", None, structure.BLANK_MESSAGE)
            return
        for name, matches in self._skips:
            cell = self._cell(row, name)
            if cell is not None and matches(cell.strip(BLANKS)):
                row.find(name, "skip_rows", "excluded", cell, structure.SKIP_MESSAGE)
                return

    def _cell(self, row: Row, name: str) -> str | None:
        position = self.header.positions.get(name)
        return row.cells[position] if position is not None and position < len(row.cells) else None

    def _structure(self, row: Row) -> None:
        quote = self.rules.contract.dialect.quote
        if "\0" in row.record:
            row.find(None, "nul_byte", "rejected", None, structure.NUL_MESSAGE)
        elif "expected after" in _strictly(row.record, self.header.delimiter, quote):
            row.find(None, "stray_quote", "rejected", None, structure.QUOTE_MESSAGE)
        elif len(row.cells) != self.header.width:
            message = structure.count_message(len(row.cells), self.header.width)
            row.find(None, "cell_count", "rejected", None, message)
        if row.fate:
            row.key = self._salvaged_key(row)

    def _salvaged_key(self, row: Row) -> tuple[Any, ...] | None:
        """Return the key of a misbuilt row, if the pattern of each key column vouches for what stands in its place.

        A key column that the file lacks is empty in every row, misbuilt or not.
        """
        parts: list[Any] = []
        for name in self.rules.contract.primary_key:
            if name not in self.header.positions:
                parts.append(None)
                continue
            rule, cell = self.rules.column(name), self._cell(row, name)
            if cell is None or rule.pattern is None:
                return None
            try:
                value = rule.parse(cell).value
            except Unreadable:
                return None
            if value is None or rule.failures(value, cell.strip(BLANKS)):
                return None
            parts.append(value)
        return tuple(parts) if any(part is not None for part in parts) else None

    def _column(self, row: Row, rule: ColumnRule) -> None:
        cell = self._cell(row, rule.name)
        if cell is None:
            row.values[rule.name] = None
            return
        row.raw[rule.name] = cell
        try:
            parsed = rule.parse(cell)
        except Unreadable as problem:
            row.values[rule.name] = None
            self._fail(row, rule, problem.rule, problem.message, cell, kept=False)
            return
        row.values[rule.name] = parsed.value
        row.fixes += [(rule.name, fix) for fix in parsed.fixes]
        self._constraints(row, rule, cell)

    def _constraints(self, row: Row, rule: ColumnRule, cell: str) -> None:
        value = row.values[rule.name]
        if value is None:
            if rule.column.constraints.required:
                self._fail(row, rule, "required", REQUIRED_MESSAGE, cell, kept=True)
            return
        for name, message in rule.failures(value, cell.strip(BLANKS)):
            self._fail(row, rule, name, message, cell, kept=True)

    def _fail(self, row: Row, rule: ColumnRule, name: str, message: str, cell: str, kept: bool) -> None:
        outcome = structure.settled(rule.column.on_fail, kept, row.line, f"{rule.name}: {message}")
        row.find(rule.name, name, outcome, cell, message)
        if outcome == "nulled":
            row.values[rule.name] = None

    def _checks(self, row: Row) -> None:
        values = row.values | {"_data_date": self.rules.data_date}
        for check, expression in self.rules.checks:
            if evaluate(expression, values, self.rules.offsets) is False:
                outcome = structure.settled(check.on_fail, True, row.line, check.name, nothing_to_null=True)
                row.find(None, check.name, outcome, None, check.expression)

    def _key(self, row: Row) -> None:
        names = self.rules.contract.primary_key
        broken = {each["column"] for each in row.findings if each["outcome"] == "rejected"}
        if broken.intersection(names):
            return
        row.key = tuple(row.values[each] for each in names)
        if names and all(part is None for part in row.key):
            row.key = None
            row.find(names[0], "required", "rejected", self._cell(row, names[0]), KEY_MESSAGE)
