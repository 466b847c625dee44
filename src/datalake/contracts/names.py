"""PURE. Which cell of a header is which column: by name, in any order and spelling, never by position."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from datalake.contracts.model import Column, Contract
from datalake.errors import Refused

# studyTitle, PIName, IRBNumber; but "IDs" is one word
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class HeaderMatch:
    """What a header says to a contract. Positions count from 0; new: cells that are no column of it, as spelled."""

    positions: dict[str, int]
    absent: tuple[str, ...]
    new: tuple[str, ...]


def normalise(header: str) -> str:
    """Given a header cell, return it in snake_case: "Protocol ID", PROTOCOL_ID and protocolId are protocol_id."""
    text = unicodedata.normalize("NFKC", header).replace("\ufeff", "")
    return _BETWEEN.sub("_", _HUMPS.sub("_", text)).casefold().strip("_")


def header_key(header: str) -> str:
    """Return what two spellings of one name share: "PI Name", piname and pi_name are one."""
    return normalise(header).replace("_", "")


def match_header(header: Sequence[str], contract: Contract) -> HeaderMatch:
    """Given the header's cells, return where the contract's columns are.

    A column's own name goes before its aliases: a file that has both keeps the alias as a new column. Raises
    Refused("duplicate_header") where two cells have one name, or two aliases of one column are there without it.
    """
    cells = _by_key(header)
    positions = {each.name: cells[key] for each in contract.columns if (key := header_key(each.name)) in cells}
    taken = set(positions.values())
    for column in contract.columns:
        if column.name not in positions:
            at = _alias_found(column, header, cells, taken)
            if at is not None:
                positions[column.name] = at
    taken = set(positions.values())
    return HeaderMatch(
        positions=positions,
        absent=tuple(each for each in contract.names if each not in positions),
        new=tuple(cell for at, cell in enumerate(header) if at not in taken and header_key(cell)),
    )


def _by_key(header: Sequence[str]) -> dict[str, int]:
    cells: dict[str, int] = {}
    for at, cell in enumerate(header):
        key = header_key(cell)
        if key in cells:
            raise _duplicate(header, cells[key], at, "have one name")
        if key:
            cells[key] = at
    return cells


def _alias_found(column: Column, header: Sequence[str], cells: dict[str, int], taken: set[int]) -> int | None:
    keys = dict.fromkeys(header_key(each) for each in column.aliases)
    found = [cells[key] for key in keys if key in cells and cells[key] not in taken]
    if len(found) > 1:
        raise _duplicate(header, found[0], found[1], f"are both other names of {column.name}")
    return found[0] if found else None


def _duplicate(header: Sequence[str], first: int, second: int, why: str) -> Refused:
    names = f'"{header[first][:60]}" and "{header[second][:60]}"'
    message = f"Columns {first + 1:,} and {second + 1:,} of the header, {names}, {why}."
    return Refused("duplicate_header", message, "Have one of them left out or renamed in the export.")
