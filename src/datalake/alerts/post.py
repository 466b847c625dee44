"""The edge that empties the outbox: every channel for itself, oldest message first, all within one limit of time.

A message is leased before it is sent and marked after: a process that dies in between leaves it to be sent again, once
the lease is over, with a word that says so. At least once, and never lost.
"""

import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from datalake.alerts import book
from datalake.alerts.channels import DEAD, LATER, REFUSED, Answer, Channel, Notice
from datalake.alerts.direct import SPARE, attempt, in_a_word, log_answer
from datalake.alerts.outbox import SENDING, Entry, after, as_sent, outdated
from datalake.clock import Clock
from datalake.runs.database import writing
from datalake.zones.paths import Lake

LEASE = timedelta(seconds=60)  # longer than any sender lives

Result = tuple[Entry, Answer]


@dataclass(frozen=True)
class Post:
    """What it takes to send: where the messages are, the ways out by name, the clock."""

    lake: Lake
    ways: Mapping[str, Channel]
    clock: Clock
    sent: list[Entry] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)  # each in a word
    failed: dict[str, Answer] = field(default_factory=dict)  # by channel: why it did not take what was due

    def drain(self, seconds: float) -> None:
        """Send what is due until nothing is, or the time is up. Raise sqlite3.Error where the outbox cannot be kept."""
        until = time.monotonic() + seconds
        results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        flying: dict[str, Entry] = {}
        ready = dict.fromkeys(self.ways, 0.0)  # by channel that may have more to send: when it takes the next message
        while True:
            for name in [each for each in sorted(ready) if ready[each] <= time.monotonic()]:
                del ready[name]
                self._start(name, until, flying, results)
            if not flying and min(ready.values(), default=until) >= until:
                return
            try:
                entry, answer = results.get(timeout=max(0.0, min([until, *ready.values()]) - time.monotonic()))
            except queue.Empty:
                if time.monotonic() >= until:
                    break
                continue
            del flying[entry.channel]
            if self._settle(entry, answer):
                ready[entry.channel] = time.monotonic() + self._rest(entry.channel, answer)
        for entry in flying.values():
            self._settle(entry, Answer(LATER, f"no answer within {seconds:.0f} s", unsure=True))

    def _rest(self, name: str, answer: Answer) -> float:
        """How many seconds a channel is to be left alone after an answer."""
        return self.clock.lasting(max(self.ways[name].spacing, answer.retry_after or 0.0))

    def _start(self, name: str, until: float, flying: dict[str, Entry], results: "queue.SimpleQueue[Result]") -> None:
        left = until - time.monotonic() - SPARE
        entry = self._lease(name) if left > 0 else None
        if entry is not None:
            flying[name] = entry
            threading.Thread(target=self._send, args=(entry, left, results), daemon=True).start()

    def _lease(self, name: str) -> Entry | None:
        """Take the oldest message that is due on a channel, so that no other sender does."""
        now = self.clock.now()
        with writing(self.lake.database, self.lake.runtime_csv) as connection:
            book.expire(connection, now)
            waiting = book.unsent(connection, name)
            book.supersede(connection, outdated(waiting))
            needless = outdated(waiting)
            due = [entry for entry in waiting if entry.id not in needless and is_due(entry, now)]
            if not due:
                return None
            leased = replace(
                due[0], state=SENDING, leased_till=now + LEASE, unsure=due[0].unsure or due[0].state == SENDING
            )
            book.keep_entry(connection, leased)
        return leased

    def _send(self, entry: Entry, seconds: float, results: "queue.SimpleQueue[Result]") -> None:
        channel = self.ways[entry.channel]
        notice = Notice(entry.notice, as_sent(entry), entry.created_at, entry.thread)
        results.put((entry, attempt(channel, notice, seconds)))

    def _settle(self, entry: Entry, answer: Answer) -> bool:
        """Keep what one try came to; return whether the channel has more to send and may be able to."""
        now = self.clock.now()
        done = after(entry, answer, now)
        with writing(self.lake.database, self.lake.runtime_csv) as connection:
            book.keep_entry(connection, done, now if answer.delivered else None)
            if answer.delivered or answer.state in (DEAD, REFUSED):
                book.note_channel(connection, entry.channel, now, not answer.delivered, answer.said)
            more = bool(book.unsent(connection, entry.channel))
        log_answer(entry.channel, answer, entry.notice)
        self.tries.append(in_a_word(entry.channel, answer, entry.notice))
        if answer.delivered:
            self.sent.append(done)
            self.failed.pop(entry.channel, None)
        else:
            self.failed[entry.channel] = answer
        return more and (answer.delivered or answer.state == REFUSED or answer.retry_after is not None)


def is_due(entry: Entry, now: datetime) -> bool:
    """Tell whether a message that waits may be tried now."""
    if entry.state == SENDING:
        return entry.leased_till is None or entry.leased_till <= now
    return entry.not_before is None or entry.not_before <= now
