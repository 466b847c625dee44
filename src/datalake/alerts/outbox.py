"""PURE. Unsent messages: when one is tried again, when it has had its time, and what a repeat says of itself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from datalake.alerts.channels import DEAD, LATER, QUEUED, REFUSED, SENT, Answer
from datalake.alerts.message import Message, line, small

PENDING, SENDING, SUPERSEDED, EXPIRED = "pending", "sending", "superseded", "expired"
BACKOFF = tuple(timedelta(seconds=each) for each in (30, 120, 600, 1800))  # then hourly
HOURLY = timedelta(hours=1)
LIFETIMES = {  # a failure is told however late; what is no news any more is not
    "success": timedelta(hours=12),
    "notes": timedelta(hours=12),
    "weekly": timedelta(days=3),
    "test": timedelta(hours=1),
}
STUCK_AFTER = timedelta(hours=1)
REPEATED = "You may have had this message before: whether the first try arrived is not known."


@dataclass(frozen=True)
class Entry:
    """One message for one channel; id 0: not yet kept."""

    notice: str
    channel: str
    kind: str
    message: Message
    created_at: datetime
    incident: int | None = None
    thread: str = ""
    id: int = 0
    attempts: int = 0
    unsure: bool = False
    state: str = PENDING
    not_before: datetime | None = None
    leased_till: datetime | None = None
    answer: str = ""

    @property
    def expires_at(self) -> datetime | None:
        lifetime = LIFETIMES.get(self.kind)
        return self.created_at + lifetime if lifetime else None

    def is_stuck(self, now: datetime) -> bool:
        """Tell whether it was tried in vain for longer than a hiccup lasts."""
        return self.state in (PENDING, SENDING) and self.attempts > 0 and now - self.created_at >= STUCK_AFTER


def reached(entry: Entry) -> bool:
    """Tell whether a message got to its channel, or may have."""
    return entry.state in (SENT, QUEUED, SENDING) or entry.unsure


def after(entry: Entry, answer: Answer, now: datetime) -> Entry:
    """Given what one try came to, return the entry as it is then."""
    tried = replace(entry, answer=answer.said, leased_till=None)
    if answer.delivered or answer.state == REFUSED:
        return replace(tried, state=answer.state, attempts=entry.attempts + 1, unsure=False)
    unsure = entry.unsure or answer.unsure
    waiting = replace(tried, state=PENDING, unsure=unsure)
    if answer.state == LATER and answer.retry_after is not None:
        return replace(waiting, not_before=now + timedelta(seconds=answer.retry_after))
    attempts = entry.attempts + 1
    return replace(waiting, attempts=attempts, not_before=now + _wait(answer, attempts))


def _wait(answer: Answer, attempts: int) -> timedelta:
    if answer.state == DEAD or attempts > len(BACKOFF):
        return HOURLY
    return BACKOFF[attempts - 1]


def as_sent(entry: Entry) -> Message:
    """Return the message as it goes out: one that may have arrived before says so."""
    if not entry.unsure:
        return entry.message
    return replace(entry.message, parts=(*entry.message.parts, small(line(REPEATED))))


def outdated(waiting: Iterable[Entry]) -> set[int]:
    """Given what waits for one channel, return the ids that a later message on the same incident makes needless."""
    newest: dict[int, int] = {}
    entries = list(waiting)
    for entry in entries:
        if entry.incident is not None:
            newest[entry.incident] = max(entry.id, newest.get(entry.incident, 0))
    return {entry.id for entry in entries if entry.incident is not None and entry.id < newest[entry.incident]}
