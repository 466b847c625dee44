"""What an engine is asked for and what it answers: the same for every engine, the slow reference one included."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from datalake.contracts.model import Contract
from datalake.settings import FileLimits

STAGED_FILE = "staged.json"
FINDINGS_FILE = "findings.parquet"

Progress = Callable[[int, int], None]  # rows and bytes done so far
# What hands tasks out and takes what comes of them, in order: the built-in map, or what does as it does elsewhere.
Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class StageJob:
    """One file to clean. source is private and does not change; both folders are this file's alone."""

    source: Path
    contract: Contract
    data_date: date
    delivery: str  # first 12 hex digits of the file's sha256
    source_file: str  # the name under which it came
    staging: Path
    quarantine: Path
    zone: str = "local"  # of times that name no zone: an IANA name, or local
    threads: int = 2
    limits: FileLimits = field(default_factory=FileLimits)
    salt: bytes | None = None  # key of hashed columns
    sha256: str = ""  # of source, where it was computed just now
    sync: bool = True  # have the disk confirm each file before staged.json says it is there


@dataclass(frozen=True)
class Staged:
    """What became of the rows. rows_read = accepted + rejected + duplicates + superseded + excluded."""

    rows_read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0  # identical repeats of a key
    superseded: int = 0  # repeats of a key that lost to another row
    excluded: int = 0  # totals rows and repeated headers
    rejected_by_rule: dict[str, int] = field(default_factory=dict)  # each row once, under the first rule it broke
    fixes: dict[str, dict[str, int]] = field(default_factory=dict)  # column -> fix -> accepted cells
    absent: tuple[str, ...] = ()  # columns of the contract that the file lacks
    new_columns: tuple[str, ...] = ()  # columns of the file that the contract lacks, as the header spells them
    encoding: str = ""
    delimiter: str = ""
    filled: dict[str, int] = field(default_factory=dict)  # column -> accepted cells that hold a value
    sums: dict[str, str] = field(default_factory=dict)  # number column -> exact sum of its accepted cells
    sha256: str = ""
    parts: tuple[str, ...] = ()
    rejected_keys_known: bool = True  # every rejected row's key could be read


def to_json(staged: Staged) -> str:
    """Return what staged.json holds."""
    return json.dumps(asdict(staged), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Staged:
    """Given what to_json made, return it; raise ValueError, KeyError or TypeError on anything else."""
    document: dict[str, Any] = json.loads(text)
    for name in ("absent", "new_columns", "parts"):
        document[name] = tuple(document[name])
    return Staged(**document)


def read_staged(staging: Path) -> Staged | None:
    """Return what a finished staging folder says of itself, None where it is not finished."""
    path = staging / STAGED_FILE
    return from_json(path.read_text(encoding="utf-8")) if path.exists() else None
