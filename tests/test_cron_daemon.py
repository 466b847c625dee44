"""A real cron daemon runs every line that manage.py installs, in a path with a space and a percent sign.

It has a namespace of mounts to itself, so neither the machine's crontabs nor its daemon are seen or touched, and a
clock that goes sixty times as fast. Between two lines the daemon is started anew just before the next one is due, so
that no load waits for the lock of the one before; that also shows that @reboot comes once a boot, not once a start.
"""

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.polling import until
from support.project import copy_project

from datalake.runs import history
from datalake.zones.paths import Lake

LIBRARIES = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]

SCHEDULE = """
schedule: {nightly: "02:00", again: ["03:30"], at_reboot: true, watchdog: "06:00", weekly_day: mon, weekly: "07:00"}
"""
STARTS = ("01:00:10", "01:59:50", "03:29:50", "05:59:50", "06:59:50")  # of cron's clock, on a Monday

# The spool, the daemon's pid file and the system's own crontabs are hidden behind empty ones.
NIGHT = """
set -eu
mount -t tmpfs tmpfs /var/spool/cron
mkdir /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
chmod 1730 /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/cron.d
mount --bind /dev/null /etc/crontab
"$1/venv/bin/python" "$1/manage.py" cron --install >"$1/installed.txt"
while read -r start; do
  env -i LD_PRELOAD="$LIBRARY" FAKETIME="@2025-11-03 $start x60" "$DAEMON" -f &
  read -r done
  kill $! && wait $! || true
done
"""


def what_is_missing() -> str:
    """Why this cannot run here; empty where it can."""
    if os.geteuid() != 0:
        return "only root may start a cron daemon"
    for program in ("cron", "crontab", "unshare"):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            return f"{program} is not installed"
    if not LIBRARIES:
        return "libfaketime is not installed"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        return "this machine allows no private mounts"
    return ""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = copy_project(tmp_path / "100% a path" / "research_datalake")
    local = root / "config" / "local" / "settings.yaml"
    local.parent.mkdir()
    local.write_text(SCHEDULE, encoding="utf-8")
    (local.parent / "modules").mkdir()
    (local.parent / "modules" / "tiny.yaml").write_text("expected_columns: [id]\n", encoding="utf-8")
    return root


@pytest.fixture
def at(project: Path) -> Iterator[Callable[[str], None]]:
    """at(time) lets a daemon begin at that time of a Monday, in place of the one before."""
    cron = str(shutil.which("cron", path="/usr/sbin:/usr/bin:/sbin"))
    command = ["unshare", "-m", "/bin/bash", "-c", NIGHT, "night", str(project)]
    surroundings = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LIBRARY": str(LIBRARIES[0]),
        "DAEMON": cron,
    }
    with subprocess.Popen(
        command, env=surroundings, start_new_session=True, stdin=subprocess.PIPE, text=True
    ) as started:
        assert started.stdin is not None
        begun: list[str] = []

        def begin(time: str) -> None:
            print(*([f"end of {begun[-1]}"] if begun else []), time, sep="\n", file=started.stdin, flush=True)
            begun.append(time)

        yield begin
        os.killpg(started.pid, signal.SIGKILL)


def is_free(lock: Path) -> bool:
    """Try the lock itself: a run lets it go a moment after it is recorded, and nothing is due while this looks."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def put(project: Path, name: str) -> None:
    """Let a file come that has lain there for an hour."""
    path = project / "data" / "incoming" / name
    path.write_text("id\n1\n", encoding="utf-8")
    os.utime(path, (time.time() - 3_600,) * 2)


@pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing() or "-")
def test_cron_runs_every_line_it_is_given(project: Path, at: Callable[[str], None]) -> None:
    lake = Lake(project)

    def loads(*triggers: str) -> bool:
        try:
            runs = [run.trigger for run in reversed(history.last_runs(lake.database, 9))]
        except sqlite3.Error:  # the database is just being made
            return False
        return runs == list(triggers) and is_free(lake.lock)

    put(project, "TINY_2025-11-01.csv")
    at(STARTS[0])
    until(lambda: loads("boot"), "the load after a restart")
    at(STARTS[1])
    until(lambda: loads("boot", "cron"), "the nightly load")
    put(project, "TINY_2025-11-02.csv")
    at(STARTS[2])
    until(lambda: loads("boot", "cron", "again"), "the further try")
    at(STARTS[3])
    until(lake.watchdog_log.exists, "the 6 AM check")
    at(STARTS[4])
    until(lake.summary_log.exists, "the weekly summary")
    assert loads("boot", "cron", "again"), "each line was run once"
    assert [run.status for run in history.last_runs(lake.database, 9)] == ["success"] * 3
    lines = [each for each in (project / "installed.txt").read_text(encoding="utf-8").splitlines() if "/src/" in each]
    assert len(lines) == len(STARTS) and all("100\\% a path" in each for each in lines)
