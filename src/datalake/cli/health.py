"""The doctor's checks: each looks at one thing that a quiet night needs and says what to do where it is missing."""

import os
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from datalake import environment, interpreters
from datalake import schedule as calendar
from datalake.cli import crontab, host
from datalake.cli.door import Door
from datalake.errors import DatalakeError, DataLost
from datalake.runs import lock, lockfile
from datalake.words import clock, count, full_day, size
from datalake.zones.paths import Lake

if TYPE_CHECKING:
    from datalake.settings import Schedule, Settings

OK, WARN, BAD = "ok", "warn", "bad"
LEAST_FREE = 1_000_000_000  # bytes: a night of small files and its log never need more
COPIES = 3  # of tonight's files: raw, staging with quarantine, curated
LONG = timedelta(hours=6)
SETTINGS_FIRST = ("cannot be told while the settings are wrong", "python3 manage.py check")


@dataclass(frozen=True)
class Finding:
    """What one check saw: state is ok, warn or bad; do is the command or the step that mends it."""

    what: str
    state: str
    says: str
    do: str = ""


def check_python(version: tuple[int, ...]) -> Finding:
    """Judge the Python that runs everything."""
    says = ".".join(str(part) for part in version[:3])
    oldest, newest = (".".join(map(str, each)) for each in (interpreters.OLDEST, interpreters.NEWEST))
    if version[:2] < interpreters.OLDEST:
        return Finding("python", BAD, f"{says} is too old", f"install Python {oldest} to {newest}, remove venv")
    if version[:2] > interpreters.NEWEST:
        return Finding("python", WARN, f"{says} is newer than any that was tried ({oldest} to {newest})")
    return Finding("python", OK, says)


def check_venv(root: Path) -> Finding:
    """Judge whether the environment holds what the lock file names, every file of it."""
    lacking = interpreters.damaged(str(environment.python_of(root)))
    if lacking:
        return Finding("venv", BAD, f"lacks files of {', '.join(lacking)}", "python3 manage.py setup")
    if environment.is_current(root, environment.LOCKS):
        return Finding("venv", OK, "as requirements.lock says")
    return Finding("venv", BAD, "is not as requirements.lock says", "python3 manage.py setup")


def check_cron_daemon(running: bool | None) -> Finding:
    """Judge whether anything will start the night."""
    if running is None:
        return Finding(
            "cron daemon", WARN, "this host does not show its processes", "ask who runs it whether cron does"
        )
    if running:
        return Finding("cron daemon", OK, "is running")
    return Finding("cron daemon", BAD, "is not running: no night will start", "sudo service cron start")


def check_lines(table: str, block: str, root: str) -> Finding:
    """Judge the user's crontab against the lines of the schedule."""
    installed = crontab.installed_block(table, root)
    strays = crontab.stray_lines(table, root)
    if strays:
        return Finding("crontab lines", WARN, f"a line outside our block: {strays[0]}", "delete it with `crontab -e`")
    if not installed:
        return Finding("crontab lines", BAD, "are not installed for this user", "python3 manage.py cron --install")
    if installed != block:
        return Finding("crontab lines", WARN, "are not those of the schedule", "python3 manage.py cron --install")
    return Finding("crontab lines", OK, "are those of the schedule")


def check_zone(zone: str, now: datetime) -> Finding:
    """Judge the schedule's zone against the host's, which cron goes by."""
    here = host.host_zone_name()
    if zone == "local":
        return Finding("zone", OK, f"the host's: {here}")
    if host.zones_agree(ZoneInfo(zone), host.host_zone(), now):
        return Finding("zone", OK, zone)
    return Finding(
        "zone", BAD, f"{zone}, but cron goes by {here}", f"sudo timedatectl set-timezone {zone}, restart cron"
    )


def check_nights(schedule: "Schedule", now: datetime) -> Finding:
    """Say which nights come next, and warn of one whose time the clocks will skip or repeat."""
    coming = calendar.next_nights(schedule, now, 3)
    zone = calendar.zone_named(schedule.zone)
    says = ", ".join(clock(calendar.due(schedule, night), zone) for night in coming)
    odd = calendar.coming_changes(schedule, now)
    if not odd:
        return Finding("next nights", OK, says)
    verb = "skip" if calendar.clock_change(schedule, odd[0]) == calendar.SKIPPED else "repeat"
    warns = f"{says}; on {full_day(odd[0])} the clocks {verb} {schedule.nightly}"
    do = "set schedule.nightly to a time after 03:00, then: python3 manage.py cron --install"
    return Finding("next nights", WARN, warns, do)


def check_lock(lake: Lake, now: datetime) -> Finding:
    """Judge whether a run is at work, and since when."""
    try:
        holder = lock.holder(lake)
    except PermissionError:
        return Finding("lock", WARN, "may not be looked at by this user", "run the doctor as the user of the crontab")
    if holder is None:
        return Finding("lock", OK, "free")
    says = lockfile.held_sentence(holder)
    if holder.pid and now - datetime.fromisoformat(holder.since) > LONG:
        return Finding("lock", BAD, says, f"see whether it still moves: tail logs/cron_etl.log; else kill {holder.pid}")
    return Finding("lock", OK, says)


def check_disk(free: int, waiting: int) -> Finding:
    """Judge the room, in bytes, for a night of the files that wait."""
    needed = max(LEAST_FREE, COPIES * waiting)
    says = f"{size(free)} free"
    if free < needed:
        return Finding(
            "disk", BAD, f"{says}; a night needs {size(needed)}", "make room, or move data/ to a larger disk"
        )
    return Finding("disk", OK, says)


def check_webhook(settings: "Settings") -> Finding:
    """Judge whether Slack can be told; its address was checked with the settings and is not called here."""
    if not settings.alerts.slack.enabled:
        return Finding("webhook", OK, "Slack is switched off in the settings")
    if settings.secrets.get("SLACK_WEBHOOK"):
        return Finding("webhook", OK, "is set")
    return Finding("webhook", WARN, "none: nothing goes to Slack", "put SLACK_WEBHOOK=... into config/secrets.env")


def check_sendmail(settings: "Settings") -> Finding:
    """Judge whether mail can be sent to those who are to get it."""
    mail = settings.alerts.mail
    if not mail.to:
        return Finding(
            "sendmail", WARN, "no recipient: no mail is sent", "alerts: mail: to: in config/local/settings.yaml"
        )
    if not os.access(mail.sendmail, os.X_OK):
        return Finding("sendmail", BAD, f"{mail.sendmail} is not there", "install an MTA (postfix, msmtp-mta)")
    return Finding("sendmail", OK, f"{mail.sendmail} to {', '.join(mail.to)}")


def check_contracts(door: Door) -> Finding:
    """Judge the feeds' rules."""
    try:
        contracts = door.contracts()
    except DatalakeError as problem:
        mistakes = count(len(problem.message.splitlines()), "mistake")
        return Finding("feeds' rules", BAD, mistakes, "python3 manage.py check")
    return Finding("feeds' rules", OK, count(len(contracts), "feed"))


def examine(door: Door) -> list[Finding]:
    """Return all findings; none of the checks changes anything or leaves this host."""
    findings = [
        check_python(sys.version_info[:3]),
        check_venv(door.lake.root),
        check_cron_daemon(host.cron_is_running()),
        *_with_settings(door),
        check_lock(door.lake, door.clock.now()),
        _disk(door.lake),
        check_contracts(door),
    ]
    return sorted(findings, key=lambda each: ORDER.index(each.what))


ORDER = (
    "python",
    "venv",
    "cron daemon",
    "crontab lines",
    "zone",
    "next nights",
    "lock",
    "disk",
    "webhook",
    "sendmail",
    "feeds' rules",
)


NEED_SETTINGS = ("crontab lines", "zone", "next nights", "webhook", "sendmail")


def _with_settings(door: Door) -> list[Finding]:
    try:
        settings = door.settings()
    except DatalakeError:
        return [Finding(what, BAD, *SETTINGS_FIRST) for what in NEED_SETTINGS]
    return [
        _lines(door, settings),
        check_zone(settings.schedule.zone, door.clock.now()),
        check_nights(settings.schedule, door.clock.now()),
        check_webhook(settings),
        check_sendmail(settings),
    ]


def _lines(door: Door, settings: "Settings") -> Finding:
    root = str(door.lake.root)
    try:
        return check_lines(host.read_crontab(), crontab.block(settings.schedule, root), root)
    except DatalakeError as problem:
        return Finding("crontab lines", BAD, problem.message, problem.fix)


def _disk(lake: Lake) -> Finding:
    if lockfile.data_is_lost(lake.root):
        lost = DataLost(lake.root)
        return Finding("disk", BAD, lost.message, lost.fix)
    if not lake.incoming.is_dir():
        return Finding("disk", BAD, f"{lake.incoming} is not there", f"mkdir -p {lake.incoming}")
    return check_disk(shutil.disk_usage(lake.data).free, _waiting_bytes(lake.incoming))


def _waiting_bytes(incoming: Path) -> int:
    return sum(path.lstat().st_size for path in incoming.iterdir() if path.is_file() and not path.is_symlink())
