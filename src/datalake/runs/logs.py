"""logs/*.log kept within bounds: one that has grown too large is put aside as .1, the ones before move on by one.

Who writes to a log holds it open to append (Bash for a whole run), so it is copied and then emptied, never renamed.
"""

import contextlib
import os
import shutil
from pathlib import Path

from datalake.settings import Retention
from datalake.zones.files import remove, temporary
from datalake.zones.paths import Lake

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"  # of every line: the dashboard reads it again
MEGABYTE = 1_000_000
BLOCK = 1 << 20


def too_large(lake: Lake, rules: Retention) -> list[Path]:
    """Return the logs that have outgrown the settings."""
    found = sorted(lake.logs.glob("*.log"))
    return [each for each in found if each.is_file() and each.stat().st_size > rules.log_mb * MEGABYTE]


def rotate(lake: Lake, rules: Retention) -> list[Path]:
    """Put aside each log that is too large, and remove what is over their number; return those begun anew.

    To be called with the lock held, at a run's start: the message of a failure quotes the log's last lines. A log for
    whose copy there is no room stays as it is.
    """
    done = []
    for path in too_large(lake, rules):
        with contextlib.suppress(OSError):
            _put_aside(path, rules.log_files)
            done.append(path)
    return done


def _put_aside(path: Path, count: int) -> None:
    for old in path.parent.glob(f"{path.name}.*"):  # also those of a time when more were kept
        ending = old.name.rpartition(".")[2]
        if ending.isdecimal() and int(ending) >= count:
            remove(old)
    draft = temporary(path.parent)
    try:
        _copy(path, draft)
    except OSError:
        remove(draft)
        raise
    for number in range(count - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            _aside(path, number).rename(_aside(path, number + 1))
    draft.rename(_aside(path, 1))
    os.truncate(path, 0)


def _copy(path: Path, draft: Path) -> None:
    """Copy to the very end, also what is added meanwhile."""
    with path.open("rb") as source, draft.open("xb") as target:
        shutil.copymode(path, draft)
        while block := source.read(BLOCK):
            target.write(block)


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
