"""PURE. What became of every delivery, out of the events: what it must be kept for, and for how long it has been over.

Its age is counted in days on which the lake recorded anything, so that a clock that jumps ahead makes nothing old.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from datalake.zones.state import ENDS

UNUSED = ("declined", "superseded")  # ends after which neither a table, nor history, nor a rebuild asks for the file
REMOVED = "removed"
Identity = tuple[str, str, str]  # feed, data date, first 12 hex digits of the sha256


@dataclass
class Fate:
    """One delivery. last is its newest event; day counts the lake's days up to that."""

    sha256: str
    name: str = ""
    raw: set[str] = field(default_factory=set)  # relative to the raw zone
    needed: bool = False  # it came to a good end once: a rebuild takes it again
    last: str = ""
    at: str = ""  # ISO, UTC
    day: int = 0


@dataclass
class Fates:
    """Every delivery there was, and on how many days the lake recorded anything."""

    of: dict[Identity, Fate] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)

    def take_in(self, event: Mapping[str, Any]) -> None:
        """Add what one event tells of."""
        if event["kind"] == REMOVED:
            return  # removing makes nothing older
        self.days.add(event["at"][:10])
        if not {"feed", "data_date", "sha256"} <= event.keys():
            return
        identity = (event["feed"], event["data_date"], event["sha256"][:12])
        fate = self.of.setdefault(identity, Fate(event["sha256"]))
        fate.name = event.get("name", fate.name)
        fate.raw |= {event["raw"]} if event.get("raw") else set()
        fate.needed = fate.needed or event["kind"] in ENDS
        fate.last, fate.at, fate.day = event["kind"], event["at"], len(self.days)

    def age(self, fate: Fate) -> int:
        """Return on how many days since its newest event the lake recorded anything."""
        return len(self.days) - fate.day


def fates_of(events: Iterable[Mapping[str, Any] | None]) -> Fates:
    """Return what became of every delivery; lines of the log that are no events are left out."""
    fates = Fates()
    for event in events:
        if event and isinstance(event.get("at"), str) and "kind" in event:
            fates.take_in(event)
    return fates
