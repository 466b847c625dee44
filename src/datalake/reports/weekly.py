"""python -m datalake.reports.weekly: the last whole week to Slack and mail, and one line in logs/summary_status.log.

Exit codes: 0 told; 1 somebody could not be told, or the record cannot be read; 2 usage.
"""

import logging
import os
import sqlite3
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from datalake.alerts.report import Report
from datalake.alerts.tell import Teller
from datalake.alerts.ways import ways
from datalake.clock import Clock, SystemClock
from datalake.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from datalake.reports.messages import message
from datalake.reports.week import Week, last_week, week
from datalake.runs import history
from datalake.schedule import zone_named
from datalake.settings import Settings, readable
from datalake.zones.paths import Lake

ROOT = Path(__file__).resolve().parents[3]
WEEK = timedelta(days=7)
SECONDS = 20.0

logger = logging.getLogger(__name__)


def summarise(lake: Lake, environ: Mapping[str, str], clock: Clock) -> int:
    """Tell last week's figures; return the exit code."""
    settings = readable(lake.root, environ)
    try:
        told = figures(lake, settings, clock)
    except sqlite3.Error as problem:
        return _untold(lake, settings, clock, f"logs/etl_stats.db cannot be read ({problem})")
    made = message(told, settings, lake.demo_marker.exists())
    leave_line(lake, settings, clock, made.summary)
    teller = Teller(lake, settings, ways(settings), clock, SECONDS)
    if teller.tell(Report(message=made, notice=f"week-{told.monday:%Y%m%d}")):
        return EXIT_OK
    leave_line(lake, settings, clock, "ALERT not everybody could be told")
    return EXIT_FAILED


def figures(lake: Lake, settings: Settings, clock: Clock) -> Week:
    monday = last_week(settings.schedule, clock.now())
    runs = history.runs_of_nights(lake.database, monday - WEEK, monday + WEEK)
    return week(settings.schedule, monday, runs, history.first_night(lake.database), clock.now())


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
    """Given the words after the module's name, tell last week and return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if arguments:
        print("usage: bash src/weekly_summary_slack.sh", file=sys.stderr)
        return EXIT_USAGE
    return summarise(Lake(ROOT), os.environ, SystemClock())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
