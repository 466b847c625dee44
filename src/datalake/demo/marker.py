"""What makes a lake a demo lake: data/metadata/demo.json, which knows every file the demo has made.

Demo data and real data never mix: a lake with real data takes no demo, a demo lake takes no real file.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from datalake.contracts.model import Contract
from datalake.contracts.patterns import match_name
from datalake.errors import UsageError
from datalake.safe_text import written_out
from datalake.zones.files import write_atomically
from datalake.zones.paths import Lake

ELSEWHERE = "Try the demo in a clone of its own: git clone, then bash src/cron_runner.sh --demo"
CLEAR_FIRST = "Remove the demo first: python3 manage.py demo --clear"
LOGS = ("etl_log", "watchdog_log", "summary_log")
ZONES = ("raw", "staging", "quarantine", "curated")


@dataclass(frozen=True)
class Marker:
    """What the demo knows of itself. files: name -> sha256 of every file it has put into incoming."""

    seed: int
    first: date
    last: date | None = None  # data date of the newest night
    files: Mapping[str, str] = field(default_factory=dict)
    log_sizes: Mapping[str, int] = field(default_factory=dict)  # bytes of each log before the demo
    metadata: tuple[str, ...] = ()  # what was in data/metadata before, relative to it
    numbers: Mapping[str, int] = field(default_factory=dict)  # last numbers of incidents and messages before
    begun: float = 0.0  # when the demo began by the machine's clock, seconds since the epoch


def is_demo(lake: Lake) -> bool:
    """Tell whether this is a demo lake."""
    return lake.demo_marker.exists()


def read_marker(lake: Lake) -> Marker | None:
    """Return the demo's marker, None in a lake without one; raise ValueError, KeyError on a file that is none."""
    try:
        text = lake.demo_marker.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    known: dict[str, Any] = json.loads(text)
    known["first"] = date.fromisoformat(known["first"])
    known["last"] = date.fromisoformat(known["last"]) if known["last"] else None
    return Marker(**{**known, "metadata": tuple(known["metadata"])})


def write_marker(lake: Lake, marker: Marker) -> None:
    """Make this a demo lake, or bring its marker up to date."""
    document = asdict(marker) | {"first": marker.first.isoformat(), "last": marker.last and marker.last.isoformat()}
    lake.metadata.mkdir(parents=True, exist_ok=True)
    write_atomically(lake.demo_marker, (json.dumps(document, indent=1) + "\n").encode("utf-8"))


def new_marker(lake: Lake, seed: int, first: date, numbers: Mapping[str, int]) -> Marker:
    """Return the marker of a demo that begins now; it remembers what there was before."""
    paths = {name: getattr(lake, name) for name in LOGS}
    sizes = {name: path.stat().st_size for name, path in paths.items() if path.exists()}
    there = sorted(str(path.relative_to(lake.metadata)) for path in lake.metadata.rglob("*") if path.is_file())
    return Marker(seed, first, log_sizes=sizes, metadata=tuple(there), numbers=numbers, begun=time.time())


def refuse_demo_in_real_lake(lake: Lake) -> None:
    """Raise UsageError if something has been loaded here that is not of a demo; a view of nothing is no data."""
    if is_demo(lake):
        return
    loaded = next((path for path in zone_files(lake) if lake.views not in path.parents), None)
    if loaded is not None:
        place = written_out(str(loaded.relative_to(lake.root)))
        raise UsageError(f"Real data has been loaded here ({place}), so this lake takes no demo.", ELSEWHERE)


def refuse_real_files(lake: Lake, contracts: Sequence[Contract], in_demo: bool) -> None:
    """Raise UsageError if a feed's file that the demo did not make waits in a demo lake, or where one is to begin."""
    marker = read_marker(lake)
    if marker is None and not in_demo:
        return
    for path in _foreign(lake, contracts, marker.files if marker else {}):
        shown = written_out(path.name)
        if marker is None:
            raise UsageError(
                f"{shown} waits in data/incoming and is no demo file.", f"Load it, or move it. {ELSEWHERE}"
            )
        raise UsageError(f"{shown} in data/incoming is a real file, and this is a demo lake.", CLEAR_FIRST)


def _foreign(lake: Lake, contracts: Sequence[Contract], known: Mapping[str, str]) -> Iterator[Path]:
    ours = set(known.values())
    for path in sorted(lake.incoming.iterdir()) if lake.incoming.is_dir() else ():
        if path.is_symlink() or not path.is_file() or not match_name(path.name, contracts):
            continue
        if known.get(path.name) is None or fingerprint(path) not in ours:
            yield path


def fingerprint(path: Path) -> str:
    """Return a file's sha256 in hex; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def zone_files(lake: Lake) -> Iterator[Path]:
    """Yield what has been loaded: files in raw, staging, quarantine and curated."""
    for zone in ZONES:
        for path in sorted((lake.data / zone).rglob("*")):
            if path.name != ".gitkeep" and (path.is_file() or path.is_symlink()):
                yield path
