"""The 6 AM check on a full disk: what the log does not take is told by the channels, and by what cron mails."""

import os
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from support import samples
from support.installation import BASH, DEADLINE, Ended, Installation
from support.slack_server import SlackServer

from datalake.runs import crumbs
from datalake.runs.record import record_run
from datalake.settings import Schedule

# logs/ on a disk of its own, private to this process, and not one byte left on it
FULL = """
set -eu
cp -a "$1/logs" "$1/logs before"
mount -t tmpfs -o size=256k tmpfs "$1/logs"
cp -a "$1/logs before/." "$1/logs/"
: >>"$1/logs/watchdog_status.log"
dd if=/dev/zero of="$1/logs/full" bs=1k 2>/dev/null || true
shift
exec "$@"
"""


def why_not() -> str:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return "only root may mount a disk of its own"
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return "this machine allows no private mounts" if done.returncode else ""


@pytest.fixture
def missed(installation: Installation) -> Installation:
    """The last good night was days ago."""
    start = datetime.now(timezone.utc) - timedelta(days=3)
    run = replace(samples.SUCCESS, night=start.date(), start=start, end=start + timedelta(minutes=2))
    crumbs.leave(installation.lake, run)
    record_run(installation.lake, Schedule(), run)
    return installation


def on_a_full_disk(installation: Installation) -> Ended:
    check = [BASH, str(installation.root / "src" / "check_etl_watchdog.sh")]
    command = ["unshare", "-m", BASH, "-c", FULL, "full", str(installation.root), *check]
    environ = {**installation.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, timeout=DEADLINE, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
class TestAFullDisk:
    def test_a_missed_night_is_told_though_nothing_can_be_kept(self, missed: Installation, slack: SlackServer) -> None:
        missed.environ["SLACK_WEBHOOK"] = slack.url
        done = on_a_full_disk(missed)
        assert done.code == 1
        assert any("last night's load did not run" in call.everything for call in slack.taken)

    def test_with_no_way_out_cron_mails_what_is_wrong(self, missed: Installation) -> None:
        done = on_a_full_disk(missed)
        assert (done.code, done.out) == (1, "")
        assert "No space left on device" in done.err
        assert "state=missed" in done.err and "the load did not run" in done.err
        assert "ended with exit code 1" in done.err
