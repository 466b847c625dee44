"""The edge to how a feed's columns changed: its events of the last year, its former rules, its last file's header."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from datalake.engine.job import read_staged
from datalake.web.figures.columns import ColumnChange, column_changes
from datalake.zones.events import ENDING, segments
from datalake.zones.paths import Lake

MONTHS = 13  # of events that are looked through
NAME = 12  # hex digits of a fingerprint


def changes_of(lake: Lake, feed: str) -> list[ColumnChange]:
    """Return when the feed's columns changed, newest first; a damaged line of the events is passed over."""
    events: list[Mapping[str, Any]] = []
    for segment in segments(lake.events)[-MONTHS:]:
        path = lake.events / f"{segment}{ENDING}"
        found = path.stat()
        events += _events(path, feed, found.st_mtime_ns, found.st_size)
    return column_changes(events, lambda name: _rules(lake, feed, name))


@lru_cache(maxsize=256)
def _events(path: Path, feed: str, *_: int) -> list[Mapping[str, Any]]:
    """The feed's events of one month: read again only where the file has changed."""
    mark = f'"feed": "{feed}"'.encode()
    with path.open("rb") as file:
        return [event for event in map(_event, (line for line in file if mark in line)) if event]


def _event(line: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _rules(lake: Lake, feed: str, name: str) -> Mapping[str, Any]:
    if len(name) != NAME or not name.isalnum():
        return {}
    try:
        rules = json.loads((lake.rules / feed / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return rules if isinstance(rules, dict) else {}


def not_taken(lake: Lake, feed: str) -> tuple[str, ...]:
    """Return the columns of the feed's newest checked file that its rules do not name, while its staging is kept."""
    folder = lake.data / "staging" / feed
    days = sorted((each for each in folder.iterdir() if each.is_dir()), reverse=True) if folder.is_dir() else []
    for place in (each for day in days[:1] for each in sorted(day.iterdir())):
        try:
            staged = read_staged(place)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if staged:
            return staged.new_columns
    return ()
