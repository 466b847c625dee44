"""The first record: which delimiter, and which column stands where. Columns are found by name, never by position."""

import csv
import io
import re
from dataclasses import dataclass

from datalake.contracts.model import Contract
from datalake.contracts.names import HeaderMatch, header_key, match_header, normalise
from datalake.errors import Refused
from datalake.settings import FileLimits

DELIMITERS = (",", ";", "\t", "|")
_DECLARED = re.compile(r'"?sep=([ -~\t])"?', re.IGNORECASE)
_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


@dataclass(frozen=True)
class Header:
    """The header as it stands in the file. positions: column of the table -> cell of a row, from 0."""

    cells: tuple[str, ...]
    delimiter: str
    positions: dict[str, int]
    absent: tuple[str, ...]  # columns of the contract that are not there
    new: tuple[str, ...]  # columns that the contract does not know, as they are spelled here
    grown: tuple[str, ...] = ()  # names under which new columns join the table, where the contract evolves
    records: int = 1  # records up to and with the header: two, where a line like sep=; comes first

    @property
    def width(self) -> int:
        """Return how many cells a whole row has."""
        return len(self.cells)


def read_header(record: str, contract: Contract, limits: FileLimits, line: int, delimiter: str) -> Header:
    """Given the first record's text and how its cells are told apart, return what it says.

    Raises Refused: too_many_columns, duplicate_header, missing_column, new_column.
    """
    cells = _cells(record, delimiter, contract)
    if len(cells) > limits.max_columns:
        message = f"The header has {len(cells):,} columns; the limit is {limits.max_columns:,}."
        raise Refused("too_many_columns", message, "", line)
    try:
        match = match_header(cells, contract)
    except Refused as problem:
        raise Refused(problem.rule, problem.message, problem.fix, line) from None
    _refuse_missing(match, delimiter, record, contract, line)
    _refuse_new(match, contract, line)
    grown = _grown(cells, match) if contract.schema_contract.new_columns == "evolve" else {}
    return Header(tuple(cells), delimiter, {**match.positions, **grown}, match.absent, match.new, tuple(grown))


def _grown(cells: list[str], match: HeaderMatch) -> dict[str, int]:
    known = set(match.positions.values())
    return {normalise(cell): place for place, cell in enumerate(cells) if place not in known and normalise(cell)}


def declared_delimiter(first_line: str) -> str:
    """Return the delimiter that a first line like sep=; declares, as Excel writes it; nothing for any other line."""
    found = _DECLARED.fullmatch(first_line)
    return found[1] if found else ""


def delimiter_of(first_line: str, contract: Contract) -> str:
    """Return the contract's delimiter, or, where that is auto, the one that finds the most columns in the header."""
    if not contract.dialect.delimiter.isascii():
        raise Refused("not_csv", "The feed's rules name a delimiter that is not ASCII.", "Use one that is, or auto.")
    if contract.dialect.delimiter != "auto":
        return contract.dialect.delimiter
    return max(DELIMITERS, key=lambda each: _found(first_line, each, contract))


def _found(record: str, delimiter: str, contract: Contract) -> int:
    """Return how many names that the contract knows are in the header if that is the delimiter, one there twice too."""
    known = {header_key(name) for each in contract.columns for name in (each.name, *each.aliases)}
    return len(known & {header_key(cell) for cell in _cells(record, delimiter, contract)})


def _cells(record: str, delimiter: str, contract: Contract) -> list[str]:
    csv.field_size_limit(2**31 - 1)
    lines = io.StringIO(record, newline="")
    return next(csv.reader(lines, delimiter=delimiter, quotechar=contract.dialect.quote), [])


def _refuse_missing(match: HeaderMatch, delimiter: str, record: str, contract: Contract, line: int) -> None:
    frozen = contract.schema_contract.missing_columns == "freeze"
    missing = [each for each in match.absent if frozen or contract.column(each).must_exist]
    if not missing and match.positions:
        return
    names = ", ".join(f'"{each}"' for each in missing) or "any of the feed's columns"
    message = f"The header has no column {names}." if missing else f"The header has not {names}."
    if match.new:
        message += f" It has {_quoted(match.new)} instead."
    raise Refused("missing_column", message + _other_delimiter(delimiter, record, contract), _FIX, line)


_FIX = "If a column was renamed, add its new name under aliases in the feed's rules."


def _quoted(names: tuple[str, ...]) -> str:
    shown = ", ".join(f'"{each[:60]}"' for each in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _other_delimiter(delimiter: str, record: str, contract: Contract) -> str:
    others = [each for each in DELIMITERS if each != delimiter]
    best = max(others, key=lambda each: _found(record, each, contract))
    if _found(record, best, contract) <= _found(record, delimiter, contract):
        return ""
    return f" It looks {_WORDS[best]}-separated; the feed's rules say {_WORDS.get(delimiter, delimiter)}."


def _refuse_new(match: HeaderMatch, contract: Contract, line: int) -> None:
    if match.new and contract.schema_contract.new_columns == "freeze":
        message = f"The header has columns that the feed's rules do not know: {_quoted(match.new)}."
        raise Refused("new_column", message, "Add them to the feed's rules, or set new_columns: discard_value.", line)
