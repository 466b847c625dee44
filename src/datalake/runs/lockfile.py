"""The run lock as any Python can take it: an flock on logs/cron_runner.lock, and who holds it as text inside.

Bash opens the file as its fd 9 and starts this file (python3 lockfile.py PID RUN_ID TRIGGER): the lock
belongs to the open file, so Bash keeps it when this process has ended, and the kernel drops it with the last holder,
even after kill -9. The file is never deleted, and its text never decides: the lock does.

Python 3.6 or newer, the standard library only: this runs before venv is there.
"""

import contextlib
import fcntl
import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Dict, NamedTuple, Optional

BASH_FD = 9
ROOT = Path(__file__).resolve().parents[3]
LOCK = Path("logs", "cron_runner.lock")
OUTCOMES = Path("data", "metadata", "outcomes")
EXIT_LOCK_HELD = 75


class Holder(NamedTuple):
    """Who took the lock: its process, its run, when (UTC, ISO form), and by what that process is known again."""

    pid: int
    run_id: str
    since: str
    birth: str = ""

    @property
    def alive(self) -> bool:
        """Say whether that process still runs; a killed runner may leave its ETL process at work."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return self.birth in ("", birth_of(self.pid))  # else its number has been given to another process

    @property
    def before_restart(self) -> bool:
        """Say whether the host has restarted since: no process of that run can be at work then."""
        now = birth_of(os.getpid()).partition(":")[0]
        return bool(self.birth and now) and self.birth.partition(":")[0] != now


def birth_of(pid: int) -> str:
    """Return what no other process has that ever gets this number: `boot id:clock ticks since`, which no change of the
    clock moves (proc(5), field 22 of stat); "" where the system does not say.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path("/proc/{}/stat".format(pid)).read_text(encoding="utf-8", errors="replace")
        return "{}:{}".format(boot, stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return ""


def take(fd: int) -> bool:
    """Take the lock on an open file; return False where another open file holds it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sign(fd: int, holder: Optional[Holder]) -> None:
    """Write the holder into the locked file, None as it is let go; where it cannot be written it holds all the same."""
    try:
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)
        if holder is not None:
            known = (*holder[:3], birth_of(holder.pid))
            os.write(fd, (" ".join(map(str, known)).strip() + "\n").encode("ascii"))
    except OSError:
        pass


def read_holder(path: Path) -> Optional[Holder]:
    """Return who took the lock last; None where the file is absent, empty or not readable."""
    try:
        pid, run_id, since, *birth = path.read_text(encoding="ascii").split()
        holder = Holder(int(pid), run_id, since, "".join(birth))
        return holder if not birth or ":" in holder.birth else None
    except (OSError, ValueError):
        return None


def held_sentence(holder: Optional[Holder]) -> str:
    """Say who is at work, for the one who came second."""
    if holder is None:
        return "Another run is at work: it holds logs/cron_runner.lock."
    gone = "" if holder.alive else " Its runner is gone, but its ETL process is still at work."
    return "Another run is at work: {} (pid {}) since {}.{}".format(holder.run_id, holder.pid, holder.since, gone)


def leave_started(outcomes: Path, started: Dict[str, object]) -> None:
    """Leave the crumb from which a later run sees that this one began; raise OSError where it cannot be written."""
    outcomes.mkdir(parents=True, exist_ok=True)
    final = outcomes / "{}.started.json".format(started["run_id"])
    temporary = outcomes / (".tmp-" + final.name)
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(started, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(final)


def data_is_lost(root: Path) -> bool:
    """Say whether data/ holds nothing although the record tells of data: its disk is not mounted, or was emptied.

    A new installation, and one that never had a file, has no such record.
    """
    data = root / "data"
    if (data / "metadata" / "events").is_dir() or any(_holds(data / zone) for zone in ("raw", "curated")):
        return False
    return _marker_tells_of_data(root) or _table_tells_of_data(root)


def _holds(zone: Path) -> bool:
    try:
        return any(not each.name.startswith(".") for each in zone.iterdir())
    except OSError:
        return False


def _marker_tells_of_data(root: Path) -> bool:
    try:
        lines = (root / "logs" / "last_success.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return any(line.startswith("tip=") and line[len("tip=") :].strip("0") for line in lines)


def _table_tells_of_data(root: Path) -> bool:
    """A run that ended after an event left that event's sha256; before the first there are only zeros."""
    import sqlite3  # seldom needed, and not every Python has it

    database = root / "logs" / "etl_stats.db"
    if not database.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect("{}?mode=ro".format(database.absolute().as_uri()), uri=True)) as table:
            return bool(table.execute("SELECT 1 FROM etl_runtime WHERE trim(tip, '0') != '' LIMIT 1").fetchone())
    except sqlite3.Error:
        return False


def main(pid: str, run_id: str, trigger: str) -> int:
    """Take the lock on Bash's fd 9 and leave the started crumb; return 0, or 75 where another run holds it.

    What is to be said goes to stdout: Bash throws stderr away, where a Python that is none complains.
    """
    if not take(BASH_FD):
        sys.stdout.write(held_sentence(read_holder(ROOT / LOCK)) + "\n")
        return EXIT_LOCK_HELD
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    sign(BASH_FD, Holder(int(pid), run_id, since))
    if data_is_lost(ROOT):
        return 0  # nothing is created where the disk should be; the ETL says so, records it and tells
    try:
        leave_started(ROOT / OUTCOMES, {"run_id": run_id, "trigger": trigger, "start": since, "pid": int(pid)})
    except OSError as problem:
        sys.stdout.write("{}: {}\n".format(ROOT / OUTCOMES, problem.strerror))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
