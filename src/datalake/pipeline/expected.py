"""PURE. What the events add up to, file by file: what must be there, with which bytes, saying what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datalake.engine.job import FINDINGS_FILE
from datalake.zones.state import NOT_FACTS


@dataclass
class Expected:
    """What the events add up to, file by file. Paths are relative to data/."""

    files: dict[str, str] = field(default_factory=dict)  # -> sha256
    versions: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)  # feed -> version -> its facts
    lists: dict[str, dict[str, str]] = field(default_factory=dict)  # feed -> change list -> sha256
    findings: dict[str, str] = field(default_factory=dict)
    tips: set[str] = field(default_factory=set)
    tip: str = ""  # the last one
    count: int = 0


def take_in(expected: Expected, event: Mapping[str, Any]) -> None:
    """Add what one event tells of; a later event about the same file holds."""
    kind, feed = event.get("kind"), str(event.get("feed", ""))
    if kind == "admitted":
        path = Path("raw") / event["raw"]
        expected.files[str(path)] = event["sha256"]
    for name, sha256 in event.get("beside", {}).items():
        expected.files[str((Path("raw") / event["raw"]).with_name(name))] = sha256
    if kind == "published":
        expected.versions.setdefault(feed, {})[event["version"]] = facts_of(event)
        expected.lists.setdefault(feed, {})[event["version"]] = event["history"]
    if kind == "replayed":  # every version and list was made anew
        expected.versions[feed] = dict(event["rebuilt"]["versions"])
        expected.lists[feed] = dict(event["rebuilt"]["lists"])
    if kind in ("filed", "compacted") and event.get("list"):
        lists = expected.lists.setdefault(feed, {})
        for replaced in event.get("replaced", ()):
            lists.pop(replaced, None)
        lists[event["list"]] = event["history"]
    if event.get("findings"):
        place = Path("quarantine", feed, event["data_date"], event["sha256"][:12], FINDINGS_FILE)
        expected.findings[str(place)] = event["findings"]


def facts_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what version.json says of the version that an event tells of."""
    return {name: value for name, value in event.items() if name not in NOT_FACTS or name == "baseline"}
