"""What runs on a worker around each task: is it the same program, and did its own host let it down?"""

import hashlib
import platform
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from datalake.errors import DatalakeError

PACKAGES = ("pyarrow", "numpy", "google-re2", "dask", "distributed")  # whose versions decide what comes out


def facts(zone: str) -> dict[str, str]:
    """Return what must be the same here and on every worker: name -> what it is. zone: as settings have it."""
    found = {"Python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}
    return {**found, "program": program(), f"time zone {zone}": _offsets(zone)}


def differences(here: dict[str, str], there: dict[str, str]) -> list[str]:
    """PURE. Return in words what a worker has otherwise than this host."""
    told = {name: (mine, there.get(name, "none")) for name, mine in here.items() if there.get(name) != mine}
    return [_told(name, *pair) for name, pair in told.items()]


def _told(name: str, mine: str, theirs: str) -> str:
    if name == "program":
        return "another state of this program"
    if name.startswith("time zone"):
        return f"other hours for the {name}"
    return f"{name} {theirs} where this host has {mine}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


@lru_cache(maxsize=1)
def program() -> str:
    """Return a fingerprint of this package's source."""
    root, digest = Path(__file__).resolve().parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=4)
def _offsets(zone: str) -> str:
    """A fingerprint of the zone's hours through the years that files speak of."""
    from datalake.clean.dates import offsets_of

    offset, start = offsets_of(zone), datetime(1990, 1, 1)  # noqa: DTZ001 - a local time
    found = ",".join(str(offset(start + timedelta(days=days))) for days in range(0, 365 * 60, 7))
    return hashlib.sha256(found.encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def stamp(zone: str) -> str:
    """Return one fingerprint of all that facts() says."""
    return hashlib.sha256(repr(sorted(facts(zone).items())).encode()).hexdigest()[:12]


def introduce(zone: str, token: str) -> dict[str, str]:
    """Return the facts of this worker, and what it reads at a path that the driver wrote to."""
    try:
        seen = Path(token).read_text(encoding="ascii")
    except OSError as problem:
        seen = problem.strerror or str(problem)
    return {**facts(zone), "seen": seen}


def at_work(work: Callable[[Any], Any], task: Any, zone: str, expected: str) -> Any:
    """Do a task; raise DatalakeError where this worker came later and is not the same program, or its host fails it."""
    if stamp(zone) != expected:
        raise DatalakeError(f"The Dask worker on {socket.gethostname()} runs other versions than this host.", SAME)
    try:
        return work(task)
    except MemoryError:
        raise DatalakeError(f"The Dask worker on {socket.gethostname()} had not enough memory.", ROOM) from None
    except OSError as problem:
        where = f"{problem.filename or 'the lake'}: {problem.strerror or problem}"
        raise DatalakeError(f"The Dask worker on {socket.gethostname()} could not use {where}.", MOUNT) from None


SAME = "Start all workers from this checkout, with what requirements-dask.lock names."
ROOM = "Give workers more memory, or fewer threads each."
MOUNT = "See that data/ is there, on that host and here, and has room; the next run takes the file up again."
