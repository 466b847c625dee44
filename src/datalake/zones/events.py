"""What happened to every delivery, for good: one JSON line an event, each naming the sha256 of the line before it.

Lines are only ever appended, to a file a month, and flushed before anything relies on them. A change to an old line
breaks the chain from there on. A line without its newline was never acknowledged: it is a write that a crash cut.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from datalake.zones.files import fsync_folder, make_folder, sync

ENDING = ".jsonl"
NO_LINE = "0" * 64  # what the first line names as the one before it


@dataclass(frozen=True)
class Position:
    """A place between two lines: the segment, where its last line starts and ends in bytes, and that line's sha256."""

    segment: str = ""
    start: int = 0
    end: int = 0
    tip: str = NO_LINE
    count: int = 0  # lines up to here, over all segments


@dataclass(frozen=True)
class Line:
    """One line read: event is None where it is not one. intact says whether it names the line before it rightly."""

    event: dict[str, Any] | None
    intact: bool
    after: Position


class EventLog:
    """The end of the log, where lines are appended. Only the holder of the lake's lock may have one."""

    def __init__(self, folder: Path, after: Position) -> None:
        """Given the position after the last whole line, cut off what a crash left behind it."""
        make_folder(folder)
        self._folder = folder
        self.position = after
        if after.segment and _path(folder, after.segment).stat().st_size > after.end:
            os.truncate(_path(folder, after.segment), after.end)

    def append(self, kind: str, at: datetime, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write an event durably and return it; raise OSError, in which case it counts as not having happened."""
        event = {"seq": self.position.count + 1, "at": _instant(at), "kind": kind, **facts}
        line = json.dumps({**event, "previous": self.position.tip}, sort_keys=True).encode("ascii")
        segment = max(at.astimezone(timezone.utc).strftime("%Y-%m"), self.position.segment)  # clocks go back
        start = self.position.end if segment == self.position.segment else 0
        self._write(_path(self._folder, segment), start, line + b"\n")
        self.position = Position(
            segment, start, start + len(line) + 1, hashlib.sha256(line).hexdigest(), self.position.count + 1
        )
        return event

    def _write(self, path: Path, start: int, line: bytes) -> None:
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(start)  # what a failed append before this one may have left
            file.seek(start)
            file.write(line)
            file.flush()
            sync(file.fileno())
        if new:
            fsync_folder(self._folder)


def read(folder: Path, after: Position | None = None) -> Iterator[Line]:
    """Yield the whole lines after a position, oldest first; what is no event is yielded as such, never skipped."""
    last = after or Position()
    for segment in segments(folder):
        if segment < last.segment:
            continue
        start = last.end if segment == last.segment else 0
        with _path(folder, segment).open("rb") as file:
            file.seek(start)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break  # being written, or cut by a crash
                line = _line(raw, replace(last, segment=segment, start=start, end=start))
                start, last = line.after.end, line.after
                yield line


def stands(folder: Path, position: Position) -> bool:
    """Return whether the log still has, at that position, the line that was there."""
    if position == Position():
        return True
    try:
        with _path(folder, position.segment).open("rb") as file:
            file.seek(position.start)
            line = file.read(position.end - position.start)
    except OSError:
        return False
    return line.endswith(b"\n") and hashlib.sha256(line[:-1]).hexdigest() == position.tip


def segments(folder: Path) -> list[str]:
    """Return the months that have a file, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path.name.removesuffix(ENDING) for path in folder.iterdir() if path.name.endswith(ENDING))


def _line(raw: bytes, before: Position) -> Line:
    line = raw[:-1]
    after = Position(
        before.segment, before.end, before.end + len(raw), hashlib.sha256(line).hexdigest(), before.count + 1
    )
    try:
        event = json.loads(line)
        intact = event["previous"] == before.tip and event["seq"] == after.count
        return Line(event, intact, after)
    except (ValueError, KeyError, TypeError):
        return Line(None, False, after)


def _path(folder: Path, segment: str) -> Path:
    return folder / f"{segment}{ENDING}"


def _instant(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat(timespec="seconds")
