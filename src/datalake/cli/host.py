"""What this machine says about itself: its crontab, its cron daemon, its zone. Edges only."""

import shutil
import subprocess
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from datalake.errors import DatalakeError

LOCALTIME = Path("/etc/localtime")  # what cron goes by, whatever TZ the person at the terminal has set
CRON_NAMES = ("cron", "crond")


def read_crontab() -> str:
    """Return the user's crontab, empty where there is none; raise DatalakeError where it cannot be asked for."""
    done = _crontab(["-l"], None)
    if done.returncode == 0:
        return done.stdout
    if "no crontab" in done.stderr.lower():
        return ""
    raise DatalakeError(
        f"`crontab -l` failed: {done.stderr.strip()}.", "Ask who may use cron on this host (/etc/cron.allow)."
    )


def write_crontab(table: str) -> None:
    """Replace the user's crontab by this text; raise DatalakeError where cron refuses it or keeps something else."""
    done = _crontab(["-"], table)
    if done.returncode != 0:
        raise DatalakeError(
            f"`crontab` refused the lines: {done.stderr.strip()}.", "The old crontab is still in place."
        )
    if read_crontab().rstrip("\n") != table.rstrip("\n"):
        raise DatalakeError("`crontab` kept something other than what it was given.", "Look at it with `crontab -l`.")


def _crontab(words: list[str], given: str | None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("crontab")
    if program is None:
        raise DatalakeError("This host has no crontab command.", "Install cron (Debian: `apt-get install cron`).")
    return subprocess.run(
        [program, *words], input=given, capture_output=True, encoding="utf-8", errors="surrogateescape", timeout=30
    )


def cron_is_running() -> bool | None:
    """Return whether a cron daemon is running; None where the host does not let one see."""
    names = _process_names()
    return None if names is None else any(name in CRON_NAMES for name in names)


def _process_names() -> set[str] | None:
    if Path("/proc/self/comm").exists():
        found = set()
        for comm in Path("/proc").glob("[0-9]*/comm"):
            try:
                found.add(comm.read_text(encoding="utf-8", errors="replace").strip())
            except OSError:
                continue  # it ended meanwhile
        return found
    done = subprocess.run(["ps", "-axo", "comm="], capture_output=True, text=True, timeout=30)
    return {Path(line).name for line in done.stdout.splitlines()} if done.returncode == 0 else None


def host_zone() -> tzinfo:
    """Return the zone that the host, and so cron, goes by."""
    try:
        with LOCALTIME.open("rb") as rules:
            return ZoneInfo.from_file(rules)
    except OSError:
        return timezone.utc  # no /etc/localtime: the C library takes UTC


def host_zone_name() -> str:
    """Return the host's zone by name where its link tells it, else by its abbreviation now."""
    target = str(LOCALTIME.resolve())
    if "zoneinfo/" in target:
        return target.rpartition("zoneinfo/")[2]
    return datetime.now(host_zone()).strftime("%Z")


def zones_agree(one: tzinfo, other: tzinfo, start: datetime) -> bool:
    """Return whether two zones tell the same time for 400 days from an aware instant on: US/Eastern is New York."""
    hours = (start + timedelta(hours=step) for step in range(400 * 24))
    return all(each.astimezone(one).utcoffset() == each.astimezone(other).utcoffset() for each in hours)
