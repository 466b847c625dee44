"""The run lock for work that Python starts by itself (manage.py): the same flock that Bash holds on its fd 9."""

import contextlib
import errno
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from datalake.errors import DataLost, LockHeld
from datalake.runs import crumbs
from datalake.runs.crumbs import new_run_id
from datalake.runs.lockfile import Holder, data_is_lost, held_sentence, read_holder, sign, take
from datalake.zones.paths import Lake


@contextlib.contextmanager
def held(lake: Lake) -> Iterator[str]:
    """Hold the lock while the block runs; give it the id of the run that this is.

    Raises LockHeld, naming the other; DataLost, before anything is written, where the disk of data/ is not mounted.
    """
    check_data(lake)
    descriptor = _open(lake)
    try:
        if not take(descriptor):
            raise LockHeld(held_sentence(read_holder(lake.lock)), "Wait until it is done: python3 manage.py status")
        now = datetime.now(timezone.utc)
        run_id = new_run_id(now)
        sign(descriptor, Holder(os.getpid(), run_id, now.isoformat(timespec="seconds")))
        try:
            yield run_id
        finally:
            sign(descriptor, None)
    finally:
        os.close(descriptor)


def check_data(lake: Lake) -> None:
    """Raise DataLost where the disk of data/ is not mounted: nothing that is read there would be true."""
    if data_is_lost(lake.root):
        raise DataLost(lake.root)


def holder(lake: Lake) -> Holder | None:
    """Return who holds the lock now; None where it is free. Raise PermissionError where that cannot be told.

    Told from its text and from what the run has left, never by trying the lock: a run that begins in that instant would
    find it held. The text outlives a run that was killed; it is believed while a process of it lives (its
    number alone may be another's by now), the host has not restarted since, and the run has left no outcome.
    """
    if lake.lock.exists() and not os.access(lake.lock, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(lake.lock))
    found = read_holder(lake.lock)
    left = crumbs.left_by(lake, found.run_id) if found else None
    if found is None or found.before_restart or (left and left.outcome is not None):
        return None
    etl = left.pid if left and left.pid != found.pid else 0  # known by its number alone
    return found if found.alive or (etl and found._replace(pid=etl, birth="").alive) else None


def is_free(lake: Lake) -> bool:
    """Try the lock: for proofs that start and end runs themselves, never for a look while others may begin one."""
    descriptor = _open(lake)
    try:
        return take(descriptor)
    finally:
        os.close(descriptor)


def _open(lake: Lake) -> int:
    """As Bash opens it: to append, else, where logs/ is read-only, for reading, or the folder itself."""
    with contextlib.suppress(OSError):
        lake.logs.mkdir(parents=True, exist_ok=True)
        return os.open(lake.lock, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    place: Path = lake.lock if lake.lock.exists() else lake.logs
    return os.open(place, os.O_RDONLY)
