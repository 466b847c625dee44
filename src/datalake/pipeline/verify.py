"""Every file of the lake held against the events, and the events against each other. Only looks."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datalake.contracts.model import Contract
from datalake.pipeline import reported, rules
from datalake.pipeline.expected import Expected, take_in
from datalake.zones import curated, events, history
from datalake.zones.curated import VERSION_FILE
from datalake.zones.paths import Lake
from datalake.zones.raw import file_sha256

DAMAGED = ".damaged"  # what stood under a raw file's name before its bytes came again


@dataclass(frozen=True)
class Problem:
    """One thing that is not as the events say: where, relative to data/, and what."""

    place: str
    what: str


def verify(
    lake: Lake, contracts: Iterable[Contract], known_tips: Mapping[str, str], keep: int | None = None
) -> tuple[list[Problem], Expected]:
    """Return what is not as it was recorded, and what was.

    known_tips: where a tip was noted -> the tip. keep: versions that the settings keep now, all of them if None.
    """
    expected, problems = Expected(), []
    for line in events.read(lake.events):
        expected.count += 1
        expected.tip = line.after.tip
        expected.tips.add(expected.tip)
        if line.event is None or not line.intact:
            problems.append(_broken(line))
        if line.event is not None:
            take_in(expected, line.event)
    problems += _lost_tips(expected, known_tips)
    kept = {each.feed for each in contracts if each.history != "none"}
    problems += [*_raw(lake, expected), *_findings(lake, expected), *_versions(lake, expected, keep)]
    problems += [*_lists(lake, expected, kept), *_rules(lake, expected), *_views(lake, expected)]
    return problems, expected


def _lost_tips(expected: Expected, known: Mapping[str, str]) -> list[Problem]:
    """One problem for all lines that the log lacks: who wrote it anew has changed every line from there on."""
    lost = {where: tip for where, tip in known.items() if not expected.has(tip)}
    if not lost:
        return []
    where, tip = next(iter(lost.items()))
    others = f", and those that {len(lost) - 1:,} more name" if len(lost) > 1 else ""
    what = f"the log was written anew: it lacks the line that {where} names ({tip[:12]}...){others}"
    return [Problem("metadata/events", what)]


def _broken(line: events.Line) -> Problem:
    what = "cannot be read" if line.event is None else "or one before it was changed or removed"
    return Problem(f"metadata/events/{line.after.segment}{events.ENDING}", f"line {line.after.count} {what}")


def _raw(lake: Lake, expected: Expected) -> Iterator[Problem]:
    for name, sha256 in expected.files.items():
        yield from _kept(lake, expected, name, sha256)
    for path in sorted(lake.raw_zone.glob("*/*/*")):
        name = str(path.relative_to(lake.data))
        if name not in expected.files and not name.endswith(DAMAGED):
            yield Problem(name, "no event tells of it")


def _kept(lake: Lake, expected: Expected, name: str, sha256: str) -> Iterator[Problem]:
    """A file that a rule let go need not be there; one that came back, as by a rebuild, must be right."""
    if name not in expected.removed or (lake.data / name).exists():
        yield from _checked(lake, name, sha256)


def _checked(lake: Lake, name: str, sha256: str) -> Iterator[Problem]:
    path = lake.data / name
    try:
        if file_sha256(path) != sha256:
            yield Problem(name, "its bytes are not those that were recorded")
    except FileNotFoundError:
        yield Problem(name, "is missing")
    except OSError as problem:
        yield Problem(name, f"cannot be read: {problem.strerror}")


def _findings(lake: Lake, expected: Expected) -> Iterator[Problem]:
    for name, sha256 in expected.findings.items():
        yield from _kept(lake, expected, name, sha256)


def _rules(lake: Lake, expected: Expected) -> Iterator[Problem]:
    for feed, name in sorted(expected.rules):
        what = rules.harmed(lake, feed, name)
        if what:
            yield Problem(str((lake.rules / feed / f"{name}.json").relative_to(lake.data)), what)


def _views(lake: Lake, expected: Expected) -> Iterator[Problem]:
    for place, what in reported.misled(lake, expected.shown):
        yield Problem(place, what)
    for folder in sorted(lake.views.glob("*/versions")):
        for place, what in reported.harmed(lake, folder.parent.name, expected.views.get(folder.parent.name, {})):
            yield Problem(place, what)


def _versions(lake: Lake, expected: Expected, keep: int | None) -> Iterator[Problem]:
    for feed, versions in expected.versions.items():
        there = curated.version_names(lake, feed)
        last = max(versions, default="")
        link = lake.curated(feed) / "current"
        if not link.is_symlink() or link.readlink().name != last:
            yield Problem(f"curated/{feed}/current", f"does not lead to {last}, which was published last")
        oldest = min(there, default=last)
        must = expected.must.get(feed, [])[-keep if keep else None :]
        for name, facts in versions.items():
            if name >= oldest or name in must:
                yield from _version(lake, feed, name, facts)
        for name in there:
            if name not in versions:
                yield Problem(f"curated/{feed}/versions/{name}", "no event tells of it")


def _version(lake: Lake, feed: str, name: str, facts: Mapping[str, Any]) -> Iterator[Problem]:
    place = f"curated/{feed}/versions/{name}"
    folder = lake.data / place
    if not folder.is_dir():
        yield Problem(place, "is missing")
        return
    for file, sha256 in facts["files"].items():
        yield from _checked(lake, f"{place}/{file}", sha256)
    try:
        told = json.loads((folder / VERSION_FILE).read_bytes())
        same = all(told.get(key) == value for key, value in facts.items())
    except (OSError, ValueError, AttributeError):
        same = False
    if not same:
        yield Problem(f"{place}/{VERSION_FILE}", "does not say what the event says")
    for path in sorted(folder.iterdir()):
        if path.name not in (*facts["files"], VERSION_FILE):
            yield Problem(f"{place}/{path.name}", "no event tells of it")


def _lists(lake: Lake, expected: Expected, kept: set[str]) -> Iterator[Problem]:
    for feed, lists in expected.lists.items():
        there = history.names(lake, feed)
        for name, sha256 in lists.items():
            place = f"curated/{feed}/history/{name}{history.ENDING}"
            if sha256 and (feed in kept or name in there):
                yield from _checked(lake, place, sha256)
        for name in there:
            if name not in lists:
                yield Problem(f"curated/{feed}/history/{name}{history.ENDING}", "no event tells of it")
