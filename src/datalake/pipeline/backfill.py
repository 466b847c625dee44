"""PURE but its walk. Old files in a folder: which feed each is of, by the patterns of the rules, and which stay."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datalake.contracts.model import Contract
from datalake.contracts.patterns import companion, match_name
from datalake.pipeline.by_hand import Handed
from datalake.zones.claims import Entry, look

NO_FEED = "no feed takes that name"


@dataclass(frozen=True)
class Left:
    """A file that is not taken, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Sorted:
    """Every file of a folder: those to take, and those that stay."""

    files: tuple[Handed, ...]
    left: tuple[Left, ...]


def walk(folder: Path) -> tuple[list[Entry], list[Left]]:
    """Look at everything in a folder and below, following no link; return it, and the folders that cannot be read."""
    found: list[Entry] = []
    unread: list[Left] = []

    def note(problem: OSError) -> None:
        unread.append(Left(Path(problem.filename), "the folder cannot be read"))

    for place, folders, names in os.walk(folder, onerror=note):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        folders.sort()
        entries = (look(Path(place) / name) for name in sorted([*names, *links]))
        found += [each for each in entries if each is not None]
    return found, unread


def sort(entries: Sequence[Entry], contracts: Sequence[Contract], max_bytes: int) -> Sorted:
    """PURE. Given what a folder holds, return which file is whose; a file without a data date in its name stays."""
    by_path = {each.path: each for each in entries if each.kind == "file" and each.readable}
    by_feed = {each.feed: each for each in contracts}
    judged = [_judged(each, by_feed, by_path, max_bytes) for each in entries]
    files = tuple(each for each in judged if isinstance(each, Handed))
    beside = {each.path for file in files for each in file.companions}
    left = (each for each in judged if isinstance(each, Left) and each.path not in beside)
    return Sorted(files, tuple(left))


def _judged(
    entry: Entry, contracts: Mapping[str, Contract], by_path: Mapping[Path, Entry], max_bytes: int
) -> Handed | Left:
    matches = [] if entry.temporary else match_name(entry.name, contracts.values())
    why = _why_not(entry, len(matches), max_bytes)
    if why:
        return Left(entry.path, why)
    match = matches[0]
    if match.data_date is None:
        return Left(entry.path, "its name has no data date")
    return Handed(entry, match.feed, match.data_date, tuple(_beside(entry, contracts[match.feed], by_path)))


def _why_not(entry: Entry, matches: int, max_bytes: int) -> str:
    if entry.kind != "file":
        return f"a {entry.kind}, not a file"
    if matches != 1:
        return "more than one feed takes that name" if matches else NO_FEED
    if not entry.readable:
        return "it cannot be read: its permissions forbid it"
    return f"it is over the limit of {max_bytes:,} bytes" if entry.size > max_bytes else ""


def _beside(entry: Entry, contract: Contract, by_path: Mapping[Path, Entry]) -> Iterator[Entry]:
    """What came with a file: a checksum or a control total speaks for it as it did then."""
    delivery = contract.delivery
    for template in filter(None, (delivery.done_marker, delivery.checksum, delivery.row_count)):
        path = entry.path.with_name(companion(template, entry.name))
        if path in by_path:
            yield by_path[path]
