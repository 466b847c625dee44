"""PURE. The crontab as text: our marked block made from the schedule, and put into or taken out of what is there."""

import shlex

from datalake.errors import UsageError
from datalake.schedule import weekdays
from datalake.settings import Schedule
from datalake.words import weekday

SCRIPTS = ("cron_runner.sh", "check_etl_watchdog.sh", "weekly_summary_slack.sh")


def block(schedule: Schedule, root: str) -> str:
    """Given when things are due and the absolute root, return the marked block; raise UsageError for a bad path."""
    runner, watchdog, weekly = (command(root, script) for script in SCRIPTS)
    nights = days_field(schedule.days)
    lines = [
        _begin(root),
        "# Written by manage.py cron --install from the schedule in the settings; edit those, not this.",
    ]
    lines += [f"# Run ETL nightly at {schedule.nightly}", f"{_at(schedule.nightly)} * * {nights} {runner}"]
    for time in schedule.again:
        days = days_field(schedule.days, later=int(time < schedule.nightly))
        lines += [
            f"# Try again at {time}, where something is still missing",
            f"{_at(time)} * * {days} {runner} --again",
        ]
    if schedule.at_reboot:
        lines += ["# After a restart: the night that was missed, if one was", f"@reboot {runner} --boot"]
    lines += [f"# Watchdog check at {schedule.watchdog}", f"{_at(schedule.watchdog)} * * * {watchdog}"]
    day = schedule.weekly_day
    lines += [f"# Weekly summary every {weekday(day)} at {schedule.weekly}"]
    lines += [f"{_at(schedule.weekly)} * * {days_field(day)} {weekly}", _end(root)]
    return "\n".join(lines) + "\n"


def replace_block(table: str, root: str, new: str) -> str:
    """Given a crontab, return it with this root's block replaced by new (empty removes it), all else untouched."""
    before, after = _around(table, root)
    if before and not before.endswith("\n"):
        before += "\n"
    return before + new + after


def installed_block(table: str, root: str) -> str:
    """Return the block of this root as it stands in the crontab, markers included; empty where there is none."""
    before, after = _around(table, root)
    end = len(table) - len(after)
    return table[len(before) : end]


def stray_lines(table: str, root: str) -> list[str]:
    """Return the active lines outside the block that start one of this root's scripts: they would run it twice."""
    before, after = _around(table, root)
    paths = [f"{root}/src/{script}" for script in SCRIPTS]
    lines = (before + "\n" + after).splitlines()
    return [each for each in lines if not each.lstrip().startswith("#") and any(path in each for path in paths)]


def command(root: str, script: str) -> str:
    """Return what cron's line says to start a script: quoted for the shell, with cron's own % made plain."""
    path = f"{root}/src/{script}"
    if "\\" in path or "\n" in path:
        raise UsageError(
            f"{root!r}: cron cannot run a script in a path with a backslash or a newline.", "Move the project."
        )
    return shlex.quote(path).replace("%", "\\%")


def days_field(days: str, later: int = 0) -> str:
    """Given mon-fri or mon,wed, return cron's day-of-week field (Sunday is 0), moved on by that many days."""
    wanted = sorted((day + 1 + later) % 7 for day in weekdays(days))
    if len(wanted) == 7:
        return "*"
    if len(wanted) > 2 and wanted[-1] - wanted[0] == len(wanted) - 1:
        return f"{wanted[0]}-{wanted[-1]}"
    return ",".join(str(day) for day in wanted)


def _at(time: str) -> str:
    hour, minute = time.split(":")
    return f"{int(minute)} {int(hour)}"


def _begin(root: str) -> str:
    return f"# --- Research Data Lake Automation: {root} ---"


def _end(root: str) -> str:
    return f"# --- end of Research Data Lake Automation: {root} ---"


def _around(table: str, root: str) -> tuple[str, str]:
    """The text before and after the block; a crontab without one is all before."""
    lines = table.splitlines(keepends=True)
    plain = [line.rstrip("\n") for line in lines]
    if _begin(root) not in plain and _end(root) not in plain:
        return table, ""
    if (
        plain.count(_begin(root)) != 1
        or plain.count(_end(root)) != 1
        or plain.index(_begin(root)) > plain.index(_end(root))
    ):
        raise UsageError(
            f"The crontab holds a damaged block of {root}: its first and last line do not pair.",
            "Mend or delete its lines with `crontab -e`, then try again.",
        )
    first, last = plain.index(_begin(root)), plain.index(_end(root))
    return "".join(lines[:first]), "".join(lines[last + 1 :])
