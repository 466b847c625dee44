"""How the installation stands, and what it is."""

import platform
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from flask import render_template

from datalake import schedule
from datalake.web.blueprint import blueprint
from datalake.web.record import Record, ask
from datalake.web.rules import read_rules
from datalake.web.site import Running, Site, running, this_site, when

PACKAGES = ("flask", "waitress", "pandas", "pyarrow", "duckdb")


@dataclass(frozen=True)
class FileFact:
    """One file that the monitoring stands on: how large and how old it is; None where it is not there."""

    name: str
    what: str
    bytes: int | None
    changed: str


@dataclass(frozen=True)
class Health:
    """What can be seen of the installation from here."""

    record_problem: str
    rules_problem: str
    running: Running | None
    last_check: str
    files: list[FileFact]
    free: int
    total: int


@blueprint.get("/status")
def status() -> str:
    """How the installation stands."""
    site = this_site()
    seen = health(site)
    since = when(site, seen.running.start) if seen.running else ""
    return render_template("status.html", health=seen, running_since=since)


def health(site: Site) -> Health:
    """Given a site, return what can be seen of it."""
    problem = ask(site.lake, _problem)
    disk = shutil.disk_usage(site.lake.root)
    return Health(
        problem,
        read_rules(site.lake).problem,
        running(site.lake),
        last_line(site.lake.watchdog_log),
        _files(site),
        disk.free,
        disk.total,
    )


def _problem(record: Record) -> str:
    record.connection.execute("SELECT count(*) FROM etl_runtime").fetchone()
    return record.problem


def last_line(path: Path) -> str:
    """Return the last line of a text file, "" where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def _files(site: Site) -> list[FileFact]:
    lake = site.lake
    named = [
        (lake.database, "run record (SQLite)"),
        (lake.runtime_csv, "run record (CSV)"),
        (lake.success_marker, "time of the last success"),
        (lake.etl_log, "log of the nightly load"),
        (lake.watchdog_log, "what the 6 AM check found"),
        (lake.summary_log, "weekly summaries sent"),
        (lake.manifest, "what is published, and what waits"),
    ]
    return [_fact(site, path, what) for path, what in named]


def _fact(site: Site, path: Path, what: str) -> FileFact:
    name = str(path.relative_to(site.lake.root))
    try:
        found = path.stat()
    except OSError:
        return FileFact(name, what, None, "")
    return FileFact(name, what, found.st_size, when(site, datetime.fromtimestamp(found.st_mtime, timezone.utc)))


@dataclass(frozen=True)
class Night:
    """A night to come: its day, when it is due, and what the clocks do to it."""

    due: str
    change: str


@blueprint.get("/about")
def about() -> str:
    """The schedule with the next nights, versions, where things are."""
    site = this_site()
    plan = site.settings.schedule
    nights = schedule.next_nights(plan, site.clock.now(), 5)
    coming = [Night(when(site, schedule.due(plan, night)), schedule.clock_change(plan, night)) for night in nights]
    changes = schedule.coming_changes(plan, site.clock.now())
    versions = [("Python", platform.python_version()), *((name, version(name)) for name in PACKAGES)]
    return render_template("about.html", plan=plan, nights=coming, changes=changes, versions=versions)
