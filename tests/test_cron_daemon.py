"""A real cron daemon runs the lines that manage.py installs, in a path with a space and a percent sign.

It has a namespace of mounts to itself, so neither the machine's crontabs nor its daemon are seen or touched, and a
clock that goes sixty times as fast, so that its night takes seconds.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.project import copy_project

from datalake.runs import history

LIBRARIES = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
DEADLINE = 60.0  # seconds of ours for six minutes of cron's

SCHEDULE = """
schedule: {nightly: "02:00", watchdog: "02:03", weekly_day: mon, weekly: "02:05"}
"""

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
exec env -i LD_PRELOAD="$2" FAKETIME="@2025-11-03 01:59:30 x60" "$3" -f
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
    return root


@pytest.fixture
def daemon(project: Path) -> Iterator[None]:
    """A cron daemon of its own from 01:59:30 of a Monday on."""
    cron = str(shutil.which("cron", path="/usr/sbin:/usr/bin:/sbin"))
    command = ["unshare", "-m", "/bin/bash", "-c", NIGHT, "night", str(project), str(LIBRARIES[0]), cron]
    surroundings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    with subprocess.Popen(command, env=surroundings, start_new_session=True, stderr=subprocess.PIPE) as started:
        yield
        os.killpg(started.pid, signal.SIGKILL)


def wait_for(there: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not there():
        assert time.monotonic() < deadline, f"{what} did not come within {DEADLINE:g} seconds"
        time.sleep(0.1)


@pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing() or "-")
def test_cron_runs_the_night_the_check_and_the_summary(project: Path, daemon: None) -> None:
    logs = project / "logs"
    stats = logs / "etl_runtime_stats.csv"
    wait_for(lambda: stats.exists() and len(stats.read_text(encoding="utf-8").splitlines()) == 2, "the night's line")
    assert stats.read_text(encoding="utf-8").endswith(",success\n")
    assert [run.trigger for run in history.last_runs(logs / "etl_stats.db", 2)] == ["cron"]
    wait_for(lambda: (logs / "watchdog_status.log").exists(), "the 6 AM check")
    wait_for(lambda: (logs / "summary_status.log").exists(), "the weekly summary")
    assert "100\\% a path" in (project / "installed.txt").read_text(encoding="utf-8")
