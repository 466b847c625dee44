"""Taking the demo out of a lake: all that it brought and made, and nothing else."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datalake.demo.marker import ZONES, Marker, fingerprint, read_marker
from datalake.demo.records import clear_logs, clear_records
from datalake.errors import UsageError
from datalake.safe_text import written_out
from datalake.settings import Schedule
from datalake.zones.paths import Lake
from datalake.zones.raw import read_delivery

KEPT = ".gitkeep"


@dataclass(frozen=True)
class Cleared:
    """What was removed."""

    files: int
    runs: int


def clear(lake: Lake, schedule: Schedule) -> Cleared:
    """Remove the demo's files, tables, logs and records. To be called with the lock held.

    The marker goes last: a clearing that is interrupted is taken up by the next. Raises UsageError, before anything
    is touched, where there is no demo, or where a real file has been loaded into it.
    """
    marker = read_marker(lake)
    if marker is None:
        raise UsageError("There is no demo here: nothing was removed.")
    ours = set(marker.files.values())
    for path in _brought_by_others(lake, ours):
        shown = written_out(str(path.relative_to(lake.root)))
        fix = "Nothing was removed. Move the real files out of data/ first, or load them in a clone of their own."
        raise UsageError(f"{shown} is no demo file, so this lake holds real data too.", fix)
    runs = clear_records(lake, marker, schedule)
    files = _clear_incoming(lake, ours) + sum(_empty(lake.data / zone) for zone in ZONES)
    _clear_metadata(lake, marker)
    clear_logs(lake, marker)
    lake.demo_marker.unlink()
    return Cleared(files, runs)


def _brought_by_others(lake: Lake, ours: set[str]) -> Iterator[Path]:
    """What the demo made is known by its bytes: anything else in raw or taken out of incoming was a person's."""
    for note in sorted((lake.data / "raw").rglob("*.delivery.json")):
        if _loaded(note) not in ours:
            yield note
    for path in sorted(lake.claimed.rglob("*")):
        if path.is_file() and fingerprint(path) not in ours:
            yield path


def _loaded(note: Path) -> str:
    try:
        return read_delivery(note).sha256
    except (OSError, KeyError, ValueError):
        return ""  # not a note of ours: not to be removed unseen


def _clear_incoming(lake: Lake, ours: set[str]) -> int:
    """Remove our own files from incoming; whatever else lies there stays."""
    entries = sorted(lake.incoming.iterdir()) if lake.incoming.is_dir() else []
    mine = [each for each in entries if each.is_file() and not each.is_symlink() and fingerprint(each) in ours]
    for path in mine:
        path.unlink()
    removed = len(mine) + _empty(lake.claimed)
    if lake.claimed.is_dir():
        lake.claimed.rmdir()
    return removed


def _clear_metadata(lake: Lake, marker: Marker) -> None:
    """Remove what has come into metadata since the demo began; the log of events and its head begin anew."""
    kept = {lake.metadata / name for name in marker.metadata} | {lake.demo_marker}
    kept -= {path for path in kept if path == lake.manifest or lake.events in path.parents}
    for path in sorted(lake.metadata.rglob("*"), reverse=True):  # what is in a folder before the folder
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):
                path.rmdir()  # only an empty one goes
        elif path not in kept:
            path.unlink()


def _empty(folder: Path) -> int:
    """Remove all that is in a folder but what git keeps; return how many files that were."""
    removed = 0
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name == KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            removed += sum(len(files) for _, _, files in os.walk(path))
            shutil.rmtree(path)
        else:
            path.unlink()
            removed += 1
    return removed
