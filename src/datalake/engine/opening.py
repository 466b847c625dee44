"""The beginning of a file of text: its header, found before the first pass can know where cells end."""

import re
from dataclasses import replace

from datalake.contracts.model import Contract
from datalake.engine import structure
from datalake.engine.header import Header, declared_delimiter, delimiter_of, read_header
from datalake.engine.records import Grammar, Records, split
from datalake.engine.source import NotText, TextFile
from datalake.settings import FileLimits

_LINE_END = re.compile(rb"[\r\n]")


def open_header(text: TextFile, contract: Contract, limits: FileLimits) -> Header:
    """Return what the first record says; raise Refused if it is not the contract's, NotText if it is not UTF-8."""
    size = 2 * limits.max_line_bytes + 4_096
    with text.path.open("rb") as file:
        file.seek(text.start)
        data = file.read(size)
    whole = len(data) < size
    first = _first_line(data)
    declared = declared_delimiter(first)
    delimiter = declared or delimiter_of(first, contract)
    grammar = Grammar(ord(delimiter), ord(contract.dialect.quote))
    found = split(data, grammar, whole)
    place = 1 if declared else 0
    if len(found.starts) <= place:
        _refuse_unfinished(data, found, limits.max_line_bytes, whole)
    record, line = _record(data, found, place), int(found.lines[place]) + 1
    limit = limits.max_line_bytes
    if len(record) > limit:
        raise structure.too_long(line, limit, split(record[: limit + 1], grammar, last=True).quoted_rest)
    header = read_header(_decoded(record, line), contract, limits, line, delimiter)
    return replace(header, records=place + 1)


def _first_line(data: bytes) -> str:
    """Return the first line that is not blank; the text of a line too long to be one does not matter."""
    start = len(data) - len(data.lstrip(b"\r\n"))
    end = _LINE_END.search(data, start)
    return data[start : end.start() if end else len(data)].decode("utf-8", "replace")


def _record(data: bytes, found: Records, place: int) -> bytes:
    end = int(found.starts[place + 1]) if place + 1 < len(found.starts) else found.used
    return data[int(found.starts[place]) : end].rstrip(b"\r\n")


def _refuse_unfinished(data: bytes, found: Records, limit: int, whole: bool) -> None:
    line = found.line_count + 1
    if not whole or len(data) - found.used > limit:
        raise structure.too_long(line, limit, found.quoted_rest)
    raise structure.unclosed(line) if found.quoted_rest else structure.empty_file()


def _decoded(record: bytes, line: int) -> str:
    try:
        return record.decode()
    except UnicodeDecodeError as problem:
        before = record[: problem.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        raise NotText(line + before.count(b"\n"), record[problem.start]) from None
