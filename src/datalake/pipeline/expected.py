"""PURE. What the events add up to, file by file: what must be there, with which bytes, saying what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datalake.engine.job import FINDINGS_FILE
from datalake.pipeline.fates import REMOVED
from datalake.pipeline.reported import REPORTED
from datalake.zones.events import NO_LINE
from datalake.zones.state import NOT_FACTS

SHORTEST = 8  # hex digits of a tip that are taken for one


@dataclass
class Expected:
    """What the events add up to, file by file. Paths are relative to data/."""

    files: dict[str, str] = field(default_factory=dict)  # -> sha256
    versions: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)  # feed -> version -> its facts
    lists: dict[str, dict[str, str]] = field(default_factory=dict)  # feed -> change list -> sha256
    findings: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)  # files that a rule let go: absent is as good as right
    must: dict[str, list[str]] = field(default_factory=dict)  # feed -> versions that no rule let go, oldest first
    rules: set[tuple[str, str]] = field(default_factory=set)  # feed, fingerprint of rules that tables were made by
    views: dict[str, dict[str, str]] = field(default_factory=dict)  # view -> version -> sha256 of its version.json
    shown: dict[str, str] = field(default_factory=dict)  # view -> the version that readers find
    tips: set[str] = field(default_factory=set)
    tip: str = ""  # the last one
    count: int = 0

    def has(self, tip: str) -> bool:
        """Whether the log has the line that a tip names, in full or by its first digits; an empty log ends in none."""
        tip = tip.strip().lower()
        if tip == NO_LINE or tip in self.tips:
            return True
        return SHORTEST <= len(tip) < len(NO_LINE) and any(each.startswith(tip) for each in self.tips)


def take_in(expected: Expected, event: Mapping[str, Any]) -> None:
    """Add what one event tells of; a later event about the same file holds."""
    take = _BY_KIND.get(str(event.get("kind")))
    if take:
        take(expected, str(event.get("feed", "")), event)
    for name, sha256 in event.get("beside", {}).items():
        expected.files[str((Path("raw") / event["raw"]).with_name(name))] = sha256
    if event.get("findings"):
        _find(expected, findings_place(event), event["findings"])


def _admitted(expected: Expected, feed: str, event: Mapping[str, Any]) -> None:
    path = str(Path("raw") / event["raw"])
    expected.files[path] = event["sha256"]
    expected.removed.discard(path)


def _removed(expected: Expected, feed: str, event: Mapping[str, Any]) -> None:
    expected.removed.update(event["files"])


def _published(expected: Expected, feed: str, event: Mapping[str, Any]) -> None:
    expected.versions.setdefault(feed, {})[event["version"]] = facts_of(event)
    _keep(expected, feed, event)
    expected.lists.setdefault(feed, {})[event["version"]] = event["history"]


def _replayed(expected: Expected, feed: str, event: Mapping[str, Any]) -> None:
    """Every version and list was made anew."""
    rebuilt = event["rebuilt"]
    expected.versions[feed], expected.lists[feed] = dict(rebuilt["versions"]), dict(rebuilt["lists"])
    expected.must[feed] = [each for each in expected.must.get(feed, []) if each in expected.versions[feed]]
    for place, sha256 in rebuilt.get("findings", {}).items():
        _find(expected, place, sha256)


def _listed(expected: Expected, feed: str, event: Mapping[str, Any]) -> None:
    """A change list of its own, which may take the place of others."""
    if event.get("list"):
        lists = expected.lists.setdefault(feed, {})
        for replaced in event.get("replaced", ()):
            lists.pop(replaced, None)
        lists[event["list"]] = event["history"]


def _reported(expected: Expected, feed: str, event: Mapping[str, Any]) -> None:
    expected.shown = {view: version for view, (version, _) in event["views"].items()}
    for view, (version, sha256) in event["views"].items():
        expected.views.setdefault(view, {})[version] = sha256


_BY_KIND = {
    "admitted": _admitted,
    "published": _published,
    "replayed": _replayed,
    "filed": _listed,
    "compacted": _listed,
    REMOVED: _removed,
    REPORTED: _reported,
}


def _keep(expected: Expected, feed: str, event: Mapping[str, Any]) -> None:
    """The event says how many versions were kept from then on: none, all of them. Older ones may be gone by rule.

    One that was made up for, as where the log was lost, does not; nor can it say that the rules of then are kept.
    """
    if "keeps" not in event:
        return
    expected.rules.add((feed, event["rules"]))
    must = [*expected.must.get(feed, []), event["version"]]
    expected.must[feed] = must[-event["keeps"] :] if event["keeps"] else must


def _find(expected: Expected, place: str, sha256: str) -> None:
    """What was found wrong with a file's rows lies there now, or, by the rules of now, nothing was."""
    expected.removed.discard(place)
    if sha256:
        expected.findings[place] = sha256
    else:
        expected.findings.pop(place, None)


def findings_place(event: Mapping[str, Any]) -> str:
    """Return where the findings of the file that an event tells of lie."""
    return str(Path("quarantine", event["feed"], event["data_date"], event["sha256"][:12], FINDINGS_FILE))


def facts_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what version.json says of the version that an event tells of."""
    return {name: value for name, value in event.items() if name not in NOT_FACTS or name == "baseline"}
