"""From what was found to messages on their way: incidents and outbox in one transaction, then the post.

Where the database cannot be kept (locked, damaged, disk full) the messages go out all the same, once, unremembered.
"""

import logging
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from datalake import schedule as calendar
from datalake.alerts import book, health
from datalake.alerts.channels import Answer, Notice
from datalake.alerts.direct import in_a_word, send_now
from datalake.alerts.incidents import RECOVERED, Change, Incident, Rules, children, update
from datalake.alerts.message import Message
from datalake.alerts.notices import joined, news, recovery
from datalake.alerts.outbox import Entry, reached
from datalake.alerts.post import Post, is_due
from datalake.alerts.report import Report
from datalake.alerts.ways import Ways
from datalake.clock import Clock
from datalake.errors import DatalakeError
from datalake.runs.database import writing
from datalake.settings import Settings
from datalake.zones.paths import Lake

REST = timedelta(hours=12)  # at least, between a message and the reminder of it
UNKEPT = (sqlite3.Error, OSError, DatalakeError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Teller:
    """What telling takes."""

    lake: Lake
    settings: Settings
    ways: Ways
    clock: Clock
    seconds: float
    tries: list[str] = field(default_factory=list)  # what each try to send came to, in a word

    @property
    def zone(self) -> tzinfo:
        return calendar.zone_named(self.settings.schedule.zone)

    def tell(self, report: Report) -> bool:
        """Keep the report and send what is due; return whether everybody was told who is to be told now."""
        messages = [each.message for each in report.findings if not each.parent] + [report.message]
        for message in filter(None, messages):
            logger.info("%s", message.summary)
        if any(messages) and not self.ways.channels:
            logger.info(self.ways.nobody)
            self.tries.append(self.ways.nobody)
        try:
            self.keep(report)
        except UNKEPT as problem:
            logger.error("logs/etl_stats.db: %s: what is to be told is sent without being kept", problem)
            return self._send_unkept(report)
        return self.flush()

    def flush(self) -> bool:
        """Send what waits, then tell of channels that do not work by those that do."""
        if not self.ways.channels:
            return True
        post = Post(self.lake, self.ways.channels, self.clock)
        try:
            post.drain(self.seconds)
            if self.keep(self._channels()):
                post.drain(self.seconds / 4)
            return not post.failed and not self._still_waits()
        except UNKEPT as problem:
            logger.error("logs/etl_stats.db: %s: what waits stays unsent", problem)
            return False
        finally:
            self.tries.extend(post.tries)

    def keep(self, report: Report) -> bool:
        """Write incidents and messages in one transaction; return whether anything of it is to be told."""
        now = self.clock.now()
        with writing(self.lake.database, self.lake.runtime_csv) as connection:
            known = book.open_incidents(connection)
            keys = {incident.key for incident in known}
            rules = Rules(now, next_reminder(self.settings, now), book.silences(connection, now))
            changes = update(known, report.findings, lambda key: report.judged(key, keys), rules)
            report = _with_one_end(report, changes)
            explained = children(changes, known) if report.explains else {}
            said = [self._carry_out(connection, each, explained.get(each.incident.key, ()), report) for each in changes]
            if report.message and not any(said):
                self._enqueue(connection, report.message, report.notice, self.ways.main)
            if report.look:
                report.look(connection)
        return report.message is not None or any(change.news for change in changes)

    def _carry_out(
        self, connection: sqlite3.Connection, change: Change, explains: Sequence[str], report: Report
    ) -> bool:
        """Keep one incident and what is to be told of it; return whether the report's own message is in that."""
        incident = book.keep_incident(connection, change.incident)
        if change.news == RECOVERED:
            return self._recovered(connection, incident, report)
        if change.news:
            made = news(replace(change, incident=incident), self.settings, self.zone, explains)
            self._enqueue(connection, made, "", self._hearing(incident), incident)
        return False

    def _recovered(self, connection: sqlite3.Connection, incident: Incident, report: Report) -> bool:
        """Tell each channel that it is over, or that it came and went; one that heard of nothing hears no more."""
        with_it = report.message if incident.key in report.ends else None
        earlier = book.messages_about(connection, incident.number)
        for name in self._hearing(incident):
            own = [entry for entry in earlier if entry.channel == name]
            if own:
                book.supersede(connection, {entry.id for entry in own if entry.state == "pending"})
                word = recovery if any(reached(entry) for entry in own) else joined
                made = word(incident, self.settings, self.zone, with_it, report.how(incident.key))
                self._enqueue(connection, made, "", (name,), incident)
            elif with_it:
                self._enqueue(connection, with_it, report.notice, (name,))
        return with_it is not None

    def _hearing(self, incident: Incident) -> tuple[str, ...]:
        """The channels that hear of an incident: never the broken one of its own breaking."""
        if incident.audience:
            return (incident.audience,) if incident.audience in self.ways.channels else ()
        return tuple(name for name in self.ways.main if incident.key != health.key(name))

    def _enqueue(
        self,
        connection: sqlite3.Connection,
        message: Message,
        notice: str,
        names: Sequence[str],
        incident: Incident | None = None,
    ) -> None:
        number = incident.number if incident else None
        identifier = f"problem-{number}-{incident.notices}" if incident else notice
        thread = f"problem-{number}-1" if incident else ""
        for name in names:
            entry = Entry(identifier, name, message.kind, message, self.clock.now(), number, thread)
            book.enqueue(connection, entry)

    def _channels(self) -> Report:
        with writing(self.lake.database, self.lake.runtime_csv) as connection:
            states, waiting = book.channels(connection), book.unsent(connection)
        return Report(
            health.findings(self.ways.channels, states, waiting, self.clock.now(), self.settings), health.judged
        )

    def _still_waits(self) -> bool:
        with writing(self.lake.database, self.lake.runtime_csv) as connection:
            waiting = [entry for entry in book.unsent(connection) if entry.channel in self.ways.channels]
        return any(entry.answer or is_due(entry, self.clock.now()) for entry in waiting)

    def _send_unkept(self, report: Report) -> bool:
        told = [finding.message for finding in report.findings if not finding.parent and not finding.audience]
        messages = [*told, *([report.message] if report.message else [])]
        now, answers = self.clock.now(), list[Answer]()
        main = {name: self.ways.channels[name] for name in self.ways.main}
        rest = self.clock.lasting(max((each.spacing for each in main.values()), default=0.0))
        for place, message in enumerate(messages):
            time.sleep(rest if place else 0.0)
            notice = Notice(f"unkept-{now:%Y%m%d%H%M%S}-{place}", message, now)
            found = send_now(main, notice, max(self.seconds / len(messages) - rest, 1.0))
            self.tries.extend(in_a_word(name, answer, notice.id) for name, answer in found.items())
            answers += found.values()
        return all(answer.delivered for answer in answers)


def _with_one_end(report: Report, changes: Sequence[Change]) -> Report:
    """Of what is over one at most is told together with the report's message."""
    over = {change.incident.key for change in changes if change.news == RECOVERED}
    return replace(report, ends=tuple(key for key in report.ends if key in over)[:1])


def next_reminder(settings: Settings, now: datetime) -> datetime:
    """Return when something told now is told again: at the daily check, half a day later at the soonest."""
    return calendar.next_due(settings.schedule, now + REST, (settings.schedule.watchdog,))
