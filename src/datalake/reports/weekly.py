"""python -m datalake.reports.weekly [--week 2025-W45]: a week to Slack and mail, and as pages in logs/reports.

The figures are kept as JSON the first time: a report that was made never changes. Exit codes: 0 every channel took it,
or there is none; 1 a channel did not (what it lacks is sent later), or the record cannot be read; 2 usage.
"""

import argparse
import json
import logging
import os
import sqlite3
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from datalake.alerts.direct import leave_answers_to_the_line
from datalake.alerts.report import Report as Told
from datalake.alerts.tell import Teller
from datalake.alerts.ways import Ways, ways
from datalake.clock import Clock, SystemClock
from datalake.errors import EXIT_FAILED, EXIT_OK, DatalakeError
from datalake.reports.gather import gather
from datalake.reports.messages import message
from datalake.reports.model import Report, from_json, to_json
from datalake.reports.week import WEEK, last_week, named_week, week_name
from datalake.runs.logs import FORMAT
from datalake.schedule import zone_named
from datalake.settings import Settings, readable
from datalake.zones.files import write_atomically
from datalake.zones.paths import Lake

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 20.0
MADE_UP = 4  # weeks back in which a report that is missing is made

logger = logging.getLogger(__name__)


def summarise(
    lake: Lake, environ: Mapping[str, str], clock: Clock, named: str = "", way_out: Ways | None = None
) -> int:
    """Tell a week's figures, the last whole one unless one is named; return the exit code. Raise UsageError."""
    settings = readable(lake.root, environ)
    schedule, out = settings.schedule, way_out or ways(settings)
    monday = named_week(named, schedule, clock.now()) if named else last_week(schedule, clock.now())
    try:
        report = report_of(lake, settings, out, clock, monday)
    except (sqlite3.Error, OSError) as problem:
        return _untold(lake, settings, clock, f"the record cannot be read or the report not kept ({problem})")
    if not named:
        _make_up(lake, settings, out, clock, monday)
    made = message(report, settings, str(_place(lake, monday, "html").relative_to(lake.root)))
    notice = f"week-{report.week}{f'-{clock.now():%Y%m%dT%H%M%S}' if named else ''}"
    teller = Teller(lake, settings, out, clock, SECONDS)
    told = teller.tell(Told(message=made, notice=notice))
    untold = "" if told else "ALERT not everybody could be told"
    leave_line(lake, settings, clock, " ".join(filter(None, (made.summary, untold, "; ".join(teller.tries)))))
    return EXIT_OK if told else EXIT_FAILED


def report_of(lake: Lake, settings: Settings, out: Ways, clock: Clock, monday: date) -> Report:
    """Return a week's report as it was made, or make it now; its pages are written anew each time."""
    kept = _place(lake, monday, "json")
    if kept.exists():
        report = from_json(json.loads(kept.read_text(encoding="utf-8")))
    else:
        report = gather(lake, settings, out, clock, monday)
        lake.reports.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, (json.dumps(to_json(report), ensure_ascii=False, indent=1) + "\n").encode("utf-8"))
    _write_pages(lake, report, monday)
    return report


def _make_up(lake: Lake, settings: Settings, out: Ways, clock: Clock, monday: date) -> None:
    """Make the reports of weeks before that were not made, for the host was off on their Monday; nobody is told."""
    for back in range(1, MADE_UP + 1):
        earlier = monday - back * WEEK
        if not _place(lake, earlier, "json").exists() and gather(lake, settings, out, clock, earlier).nights:
            report_of(lake, settings, out, clock, earlier)


def _place(lake: Lake, monday: date, ending: str) -> Path:
    return lake.reports / f"{week_name(monday)}.{ending}"


def _write_pages(lake: Lake, report: Report, monday: date) -> None:
    """A page that cannot be drawn is logged: the message goes out all the same."""
    from datalake.reports.page import html
    from datalake.reports.pdf import pdf

    for ending, draw in (("html", lambda made: html(made).encode("utf-8")), ("pdf", pdf)):
        try:
            write_atomically(_place(lake, monday, ending), draw(report))
        except Exception:
            logger.exception("%s of %s", ending, report.week)


def _untold(lake: Lake, settings: Settings, clock: Clock, why: str) -> int:
    leave_line(lake, settings, clock, f"ALERT no summary: {why}")
    print(f"weekly summary: {why}", file=sys.stderr)
    return EXIT_FAILED


def leave_line(lake: Lake, settings: Settings, clock: Clock, text: str) -> None:
    """Append one line to the summary's log; show it to a person who looks on, or where the log cannot be written."""
    now = clock.now().astimezone(zone_named(settings.schedule.zone))
    try:
        with lake.summary_log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{now:%Y-%m-%d %H:%M:%S%z} {text}\n")
    except OSError as problem:
        print(f"{lake.summary_log}: {problem.strerror}\n{text}", file=sys.stderr)
    else:
        if sys.stdout.isatty():
            print(text)


def main(arguments: list[str]) -> int:
    """Given the words after the module's name, tell a week and return the exit code."""
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    leave_answers_to_the_line()
    parser = argparse.ArgumentParser(prog="weekly_summary_slack.sh", description="A week's nights to Slack and mail.")
    parser.add_argument("--week", default="", metavar="2025-W45", help="an ISO week; left out, the last whole one")
    named = parser.parse_args(arguments).week
    try:
        return summarise(Lake(ROOT), os.environ, SystemClock(), named)
    except DatalakeError as problem:
        print(f"{parser.prog}: {problem}", file=sys.stderr)
        return problem.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
