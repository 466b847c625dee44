"""The small head over the event log: the state so far and the place in the log it was read to.

manifest.json only saves time. Lost, damaged or older than the log, it is made again from the events, and these,
where they are lost too, from raw and curated (rebuild.py). Nothing ever starts empty while a zone holds something.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from datalake.zones import events
from datalake.zones.events import EventLog, Position
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.paths import Lake
from datalake.zones.state import ENDS, FeedState, fold, from_json, to_json

FORMAT = 3
log = logging.getLogger(__name__)


class Ledger:
    """The state of the lake in the hands of the one run that may change it."""

    def __init__(self, lake: Lake, now: Callable[[], datetime]) -> None:
        """Read the state; remarks says what was found damaged on the way."""
        make_folder(lake.metadata)
        self._lake = lake
        self._now = now
        self.remarks: list[str] = []
        self.state, position = _read(lake, self.remarks)
        self._events = EventLog(lake.events, position)
        self._ended: set[tuple[str, str, str]] | None = None

    @property
    def tip(self) -> str:
        """The sha256 of the last event: whoever knows it can tell whether an older line was changed."""
        return self._events.position.tip

    @property
    def count(self) -> int:
        """How many events there are."""
        return self._events.position.count

    @property
    def empty(self) -> bool:
        return self.count == 0

    def feed(self, name: str) -> FeedState:
        """Return a feed's state; one that never had a file has an empty one."""
        return self.state.get(name) or FeedState(name)

    def record(self, kind: str, feed: str, facts: Mapping[str, Any]) -> None:
        """Append an event, durably, and take it into the state; raise OSError if it could not be written."""
        event = self._events.append(kind, self._now(), {"feed": feed, **facts})
        self.state = fold(self.state, [event])
        if self._ended is not None and kind in ENDS:
            self._ended.add(_end(event))

    def ended_well(self, feed: str, sha256: str, data_date: str) -> bool:
        """Return whether these bytes under this date ever came to a good end."""
        return (feed, sha256, data_date) in self._good_ends()

    def next_date(self, feed: str, day: date) -> date | None:
        """Return the next date after this one for which a file came to a good end."""
        later = (each for of, _, each in self._good_ends() if of == feed and each > day.isoformat())
        found = min(later, default="")
        return date.fromisoformat(found) if found else None

    def _good_ends(self) -> set[tuple[str, str, str]]:
        """Feed, sha256 and date of every one; the first time has the whole log read."""
        if self._ended is None:
            self._ended = {_end(event) for event in good_ends(self._lake)}
        return self._ended

    def save(self) -> None:
        """Write the head."""
        feeds = {name: to_json(feed) for name, feed in sorted(self.state.items())}
        document = {"format": FORMAT, "log": asdict(self._events.position), "feeds": feeds}
        write_atomically(self._lake.manifest, json.dumps(document, indent=1).encode("ascii") + b"\n")


def good_ends(lake: Lake) -> Iterator[dict[str, Any]]:
    """Yield the event of every delivery that came to a good end, oldest first; reads the whole log."""
    told = (line.event for line in events.read(lake.events))
    return (event for event in told if event and event.get("kind") in ENDS)


def _end(event: Mapping[str, Any]) -> tuple[str, str, str]:
    return event["feed"], event["sha256"], event["data_date"]


def read_state(lake: Lake) -> dict[str, FeedState]:
    """Return every feed's state as the events have it now; needs no lock, writes nothing."""
    return _read(lake, [])[0]


def read_with_remarks(lake: Lake) -> tuple[dict[str, FeedState], list[str]]:
    """Return the same, and what was found damaged on the way."""
    remarks: list[str] = []
    return _read(lake, remarks)[0], remarks


def _read(lake: Lake, remarks: list[str]) -> tuple[dict[str, FeedState], Position]:
    state, position = _head(lake, remarks)
    for line in events.read(lake.events, position):
        position = line.after
        if line.event is None:
            remarks.append(f"line {position.count} of the event log ({position.segment}) cannot be read")
            continue
        state = _taken_in(state, line.event, remarks)
    return state, position


def _taken_in(state: dict[str, FeedState], event: Mapping[str, Any], remarks: list[str]) -> dict[str, FeedState]:
    try:
        return fold(state, [event])
    except (KeyError, TypeError, ValueError):
        remarks.append(f"event {event.get('seq')} of the event log lacks something")
        return state


def _head(lake: Lake, remarks: list[str]) -> tuple[dict[str, FeedState], Position]:
    """The head, or an empty one before the first event where there is none that fits the log."""
    try:
        document = json.loads(lake.manifest.read_bytes())
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']}")
        position = Position(**document["log"])
        state = {name: from_json(feed) for name, feed in document["feeds"].items()}
    except FileNotFoundError:
        if events.segments(lake.events):
            remarks.append("manifest.json was missing: made again from the events")
        return {}, Position()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        log.warning("manifest.json cannot be used: %s", problem)
        remarks.append("manifest.json was damaged: made again from the events")
        return {}, Position()
    if not events.stands(lake.events, position):
        remarks.append("manifest.json does not fit the event log: made again from the events")
        return {}, Position()
    return state, position
