"""One check: gather, judge, tell, and leave one line in logs/watchdog_status.log."""

import logging
import socket
import sys
from collections.abc import Mapping

from datalake.clock import Clock
from datalake.errors import EXIT_FAILED, EXIT_OK
from datalake.schedule import zone_named
from datalake.settings import Settings, readable
from datalake.watchdog.facts import Facts, gather
from datalake.watchdog.verdict import Verdict, verdict
from datalake.zones.paths import Lake

logger = logging.getLogger(__name__)


def check(lake: Lake, environ: Mapping[str, str], clock: Clock) -> int:
    """Judge last night; return 0 where it was good, 1 where it was not."""
    settings = readable(lake.root, environ)
    facts = gather(lake, settings.schedule, clock)
    found = verdict(facts, settings.schedule)
    leave_line(lake, status_line(found, facts, settings))
    if found.good:
        return EXIT_OK
    _tell(found, facts, settings)
    return EXIT_FAILED


def _tell(found: Verdict, facts: Facts, settings: Settings) -> None:
    from datalake.alerts.run import send  # late: the quiet check needs none of it
    from datalake.watchdog.messages import message

    told = message(found, facts, settings, socket.gethostname())
    send(told, settings, f"check-{found.night:%Y%m%d}-{facts.now:%H%M%S}")


def status_line(found: Verdict, facts: Facts, settings: Settings) -> str:
    """Return the check's line: when, good or not, which night, why."""
    now = facts.now.astimezone(zone_named(settings.schedule.zone))
    words = " ".join((f"night={found.night.isoformat()}", f"state={found.cause}", *found.disagreements))
    return f"{now:%Y-%m-%d %H:%M:%S%z} {'ok' if found.good else 'ALERT'} {words}"


def leave_line(lake: Lake, text: str) -> None:
    """Append the line to the log; show it to a person who looks on, or where the log cannot be written."""
    try:
        with lake.watchdog_log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text + "\n")
    except OSError as problem:
        print(f"{lake.watchdog_log}: {problem.strerror}\n{text}", file=sys.stderr)
    else:
        if sys.stdout.isatty():
            print(text)
