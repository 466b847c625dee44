"""One check: gather, judge, keep and tell, and leave one line in logs/watchdog_status.log."""

import logging
import os
import socket
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

from datalake.alerts import book
from datalake.alerts.findings import FEED, FEEDS, LOAD, run_signature
from datalake.alerts.heartbeat import beat
from datalake.alerts.incidents import Finding, signature
from datalake.alerts.report import Report
from datalake.alerts.run import owners
from datalake.alerts.tell import UNKEPT, Teller
from datalake.alerts.ways import WATCHDOG, Ways, ways
from datalake.clock import Clock
from datalake.errors import EXIT_FAILED, EXIT_OK
from datalake.nights import DUE, OVERRUN, SHORT, SKIPPED
from datalake.runs.database import insert_row, mend, patience
from datalake.schedule import zone_named
from datalake.settings import Settings, readable
from datalake.watchdog import feeds, host, messages
from datalake.watchdog.facts import gather
from datalake.watchdog.messages import Wording
from datalake.watchdog.verdict import UNMARKED, Verdict, verdict, wants_start
from datalake.zones.paths import Lake

LENGTH, MARKER = "length", "marker"
UNJUDGED = (DUE, SKIPPED)  # planned work does not make good what failed before it
NOBODY: Mapping[str, tuple[str, ...]] = MappingProxyType({})
HEARTBEAT_SECONDS = 3.0
SECONDS = 20.0
LOCK_SECONDS = 20.0  # for a database that another holds, all waits together: then it is told unkept

logger = logging.getLogger(__name__)


def check(
    lake: Lake, environ: Mapping[str, str], clock: Clock, way_out: Ways | None = None, night: date | None = None
) -> int:
    """Judge every night since the last look, up to the one that was due last; return 0 where nothing was
    found and nobody left untold, else 1. night: the last one, where it is a simulated one.
    """
    settings = readable(lake.root, environ)
    with patience(LOCK_SECONDS):
        return _check(lake, settings, clock, way_out, night)


def _check(lake: Lake, settings: Settings, clock: Clock, way_out: Ways | None, night: date | None) -> int:
    _mend(lake)
    facts = gather(lake, settings, clock, night)
    found = verdict(facts, settings.schedule)
    wording = Wording(facts, settings, f"{socket.gethostname()}:{lake.root}")
    out = way_out or ways(settings, owners(lake) if settings.alerts.mail.owners else {})
    made = report(found, wording, out.by_feed)
    teller = Teller(lake, settings, out, clock, SECONDS)
    told = teller.tell(made)
    fine = told and not made.findings and made.message is None
    url = out.heartbeats.get(WATCHDOG, "")
    # also where something is wrong, once somebody knows: it proves the watcher and the way out
    if told and url and not beat(url, WATCHDOG, HEARTBEAT_SECONDS):
        teller.tries.append("no heartbeat")
    leave_line(lake, status_line(found, made, wording, told, teller.tries), [each.title for each in made.findings])
    return EXIT_OK if fine else EXIT_FAILED


def _mend(lake: Lake) -> None:
    """Rebuild a record that is damaged or gone: the night is judged by it then, and the finding says what is lost."""
    try:
        mend(lake.database, lake.runtime_csv)
    except UNKEPT as problem:
        logger.error("%s: %s", lake.database, problem)  # what cannot be read is among the facts


def should_start(lake: Lake, environ: Mapping[str, str], clock: Clock) -> bool:
    """Tell whether the load should be started now because it never ran (schedule.start_if_missed)."""
    settings = readable(lake.root, environ)
    if not settings.schedule.start_if_missed:
        return False
    return wants_start(verdict(gather(lake, settings, clock), settings.schedule))


def report(found: Verdict, wording: Wording, routes: Mapping[str, tuple[str, ...]] = NOBODY) -> Report:
    """PURE. Given the verdict, return what was found, what was looked at, and what is told of nights gone by.

    routes: the channels that hear of single feeds.
    """
    load = _of_night(found, wording)
    explained = any(each.key == LOAD for each in load) or (found.cause in UNJUDGED and LOAD in wording.facts.open)
    findings = [*load, *feeds.findings(wording, routes, explained), *host.findings(wording)]
    gap = found.earlier and not found.names_earlier
    told = [night.day for night in found.earlier]
    last = f"{told[-1]:%Y%m%d}" if told else ""

    def keep(connection: sqlite3.Connection) -> None:
        for row in wording.facts.only_csv:
            insert_row(connection, row)
        book.losses_told(connection)
        due = found.cause == DUE  # then the next look judges that night
        settled = found.night - timedelta(days=1) if due else found.night
        book.looked(connection, wording.facts.now, settled, found.cause, told if gap else [])

    message = messages.of_gap(found, wording) if gap else None
    return Report(findings, lambda key, keys: _judged(key, found, wording), message, f"gap-{last}", look=keep)


def _judged(key: str, found: Verdict, wording: Wording) -> bool:
    """All that the check looks at; the load only once it can be judged, its length only where it is known."""
    if key == LOAD:
        return found.cause not in UNJUDGED
    if key == LENGTH:
        return found.loaded
    if key.startswith(FEED):
        of_the_check = ":" in key.removeprefix(FEED).partition("@")[0]  # for one channel alone: the others are a run's
        return bool(wording.facts.contracts) and ("@" not in key or of_the_check)
    if key == FEEDS:
        return bool(wording.facts.contracts)
    return key in (MARKER, host.DISK, host.ZONE, host.RECORD)


def _of_night(found: Verdict, wording: Wording) -> list[Finding]:
    before = tuple(night.day for night in found.earlier) if found.names_earlier else ()
    headline = messages.HEADLINES.get(found.cause, "")
    if found.cause in (SHORT, OVERRUN) and found.loaded:
        made = messages.of_length(found, wording)
        return [Finding(LENGTH, signature(found.cause), messages.LENGTHS[found.cause], made, (found.night,))]
    if found.good:
        return []
    made = messages.of_load(found, wording)
    if found.cause == UNMARKED:
        return [Finding(MARKER, signature(found.cause), headline, made)]
    return [
        Finding(
            LOAD, _signature(found), headline.replace("last night's load", "the load"), made, (*before, found.night)
        )
    ]


def _signature(found: Verdict) -> str:
    """As the runner words it, where a run failed: what it has told is no news then."""
    failed = found.run is not None and found.cause in ("failed", "waiting", "stopped")
    return run_signature(found.run) if failed and found.run else signature(found.cause)


def status_line(found: Verdict, made: Report, wording: Wording, told: bool, tries: Sequence[str] = ()) -> str:
    """Return the check's line: when, good or not, which night, what else, and how telling it went (tries)."""
    now = wording.facts.now.astimezone(zone_named(wording.settings.schedule.zone))
    others = [finding.key for finding in made.findings if finding.key not in (LOAD, LENGTH)]
    words = [
        f"night={found.night.isoformat()}",
        f"state={found.cause}",
        *([f"nights={len(found.nights)}"] if len(found.nights) > 1 else []),
        *([f"also={','.join(others)}"] if others else []),
        *([host.lost_rows(wording)] if wording.facts.only_csv else []),
        *wording.facts.losses,
        *wording.facts.problems,
        *([] if told else ["not everybody could be told"]),
        "; ".join(tries),
    ]
    fine = told and not made.findings and made.message is None
    return f"{now:%Y-%m-%d %H:%M:%S%z} {'ok' if fine else 'ALERT'} {' '.join(filter(None, words))}"


def leave_line(lake: Lake, text: str, titles: Sequence[str] = ()) -> None:
    """Append the line to the log; show it to a person who looks on.

    Where the log cannot be written, say it and what is wrong (titles) on stderr, which cron mails.
    """
    try:
        with lake.watchdog_log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text + "\n")
    except OSError as problem:
        _say("\n".join((f"{lake.watchdog_log}: {problem.strerror}", text, *titles)))
    else:
        if sys.stdout.isatty():
            print(text)


def _say(text: str) -> None:
    """On the stderr of the script that called: this process's own goes to the log, which may be full."""
    descriptor = os.environ.get("DATALAKE_SAY", "")
    try:
        os.write(int(descriptor), f"{text}\n".encode("utf-8", "replace"))
    except (OSError, ValueError):
        print(text, file=sys.stderr)
