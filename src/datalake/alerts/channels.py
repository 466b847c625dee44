"""What a channel is: a way to a person, which answers whether the message went out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from datalake.alerts.message import Message

SENT, QUEUED = "sent", "queued"  # taken by Slack; taken by this host's sendmail, which is not yet a delivery
LATER, REFUSED, DEAD = "later", "refused", "dead"  # try again; this message cannot go; the channel itself is broken


@dataclass(frozen=True)
class Answer:
    """What became of one try. said is safe to show: no address, no secret."""

    state: str
    said: str
    retry_after: float | None = None  # seconds, where the other side named them
    unsure: bool = False  # it may have arrived all the same

    @property
    def delivered(self) -> bool:
        return self.state in (SENT, QUEUED)


@dataclass(frozen=True)
class Notice:
    """One message on its way. id is the same on every try and every channel; thread is the id of the first notice."""

    id: str
    message: Message
    created: datetime
    thread: str = ""


class Channel(Protocol):
    """A way to a person."""

    @property
    def name(self) -> str:
        """Return what people call it: Slack, mail."""

    @property
    def spacing(self) -> float:
        """Return the seconds to leave between two messages, as the other side asks."""

    def send(self, notice: Notice, seconds: float) -> Answer:
        """Try once, for about that many seconds; never raise for what the network or the other side does."""
