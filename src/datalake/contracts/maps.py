"""Meaning maps: what the many spellings of states and sponsors stand for. Unknown values are told, never dropped."""

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from datalake.documents.nodes import Place, Problem, quoted

HEADER = ("value", "group")
UNMAPPED = "unmapped"
_SAME = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
                       "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})  # fmt: skip


@dataclass(frozen=True)
class MeaningMap:
    """One map: rows as they are written, and the group of each value as it is compared."""

    name: str
    rows: tuple[tuple[str, str], ...]
    groups: dict[str, str]

    def group(self, value: str) -> str:
        """Return the group of a value, "unmapped" for one that is not in the map."""
        return self.groups.get(fold(value), UNMAPPED)

    @property
    def fingerprint(self) -> str:
        """What changes with the map's contents."""
        return hashlib.sha256(json.dumps(sorted(self.rows)).encode()).hexdigest()[:12]


def fold(value: str) -> str:
    """Return a value as it is compared: case, kinds of dash and quote, and doubled blanks make no difference."""
    text = unicodedata.normalize("NFKC", value).translate(_SAME).casefold()
    return re.sub(r"\s+", " ", text).strip()


def parse_map(data: bytes, name: str, file: str) -> tuple[MeaningMap, list[Problem]]:
    """Given the bytes of a map's CSV, return the map and what is wrong with it, by line."""
    problems: list[Problem] = []
    rows: dict[str, tuple[str, str]] = {}
    for line, cells in _records(data, file, problems):
        mistake = _row_mistake(cells, rows)
        if mistake:
            problems.append(Problem(Place(file, line), mistake))
        else:
            rows[fold(cells[0])] = (cells[0].strip(), cells[1].strip())
    groups = {key: group for key, (_, group) in rows.items()}
    return MeaningMap(name, tuple(rows.values()), groups), problems


def overlay_map(base: MeaningMap, over: MeaningMap) -> MeaningMap:
    """Return both maps as one; where both know a value, the second decides."""
    rows = {fold(each[0]): each for each in (*base.rows, *over.rows)}
    return MeaningMap(base.name, tuple(rows.values()), base.groups | over.groups)


def _records(data: bytes, file: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield each record after the header with the line it starts on; blank lines and # comments are none."""
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = next(reader, [])
        if tuple(each.strip() for each in header) != HEADER:
            problems.append(Problem(Place(file, 1), f'the first line must be "{",".join(HEADER)}".'))
            return
        line = reader.line_num + 1
        for cells in reader:
            if cells and not cells[0].startswith("#"):
                yield line, cells
            line = reader.line_num + 1
    except UnicodeDecodeError as problem:
        problems.append(Problem(Place(file, data.count(b"\n", 0, problem.start) + 1), "is not UTF-8."))
    except csv.Error as problem:
        problems.append(Problem(Place(file, reader.line_num), f"cannot be read as CSV: {problem}."))


def _row_mistake(cells: list[str], rows: dict[str, tuple[str, str]]) -> str:
    if len(cells) != len(HEADER):
        return f"has {len(cells)} cells, not {len(HEADER)}. Quote a value that holds a comma."
    if not cells[0].strip() or not cells[1].strip():
        return "needs a value and a group."
    known = rows.get(fold(cells[0]))
    return f"{quoted(cells[0])} is here already. Keep one." if known else ""
