"""Events made again from the zones themselves, for the day when the metadata folder is lost.

curated says what is published, raw what was delivered, the notes beside it what people decided. What lies in raw and
is newer than what is published is taken up again by the next run: it is checked, held or refused as before.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datalake.zones import curated, history
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake
from datalake.zones.raw import Delivery, delivery_facts, file_sha256, note_path, read_delivery


def rebuild(lake: Lake, ledger: Ledger) -> list[str]:
    """Given a ledger without events, record what the zones show; return the feeds that had anything."""
    feeds = sorted({each.name for each in _folders(lake.raw_zone)} | _published(lake))
    return [feed for feed in feeds if _rebuild_feed(lake, ledger, feed)]


def _rebuild_feed(lake: Lake, ledger: Ledger, feed: str) -> bool:
    shown = curated.current(lake, feed)
    versions = _versions(lake, feed, shown)
    deliveries = sorted(_deliveries(lake, feed), key=lambda each: (each[0].data_date, each[0].modified))
    for delivery, declined in deliveries:
        facts = delivery_facts(delivery)
        ledger.record("admitted", feed, {**facts, "beside": _beside(lake, delivery)})
        if declined:
            ledger.record("declined", feed, facts)
        elif not (lake.raw_zone / delivery.raw).exists() and _removals(lake, delivery):
            ledger.record("superseded", feed, facts)  # only what nobody needs is ever let go
        elif shown and not _is_of(delivery, versions) and facts["data_date"] <= shown.facts["data_date"]:
            ledger.record("ended", feed, facts)
    for facts in versions.values():
        ledger.record("published", feed, facts)
    for removed in (each for delivery, _ in deliveries for each in _removals(lake, delivery)):
        ledger.record("removed", feed, removed)
    if shown:
        ledger.record("replayed", feed, {**shown.facts, **_as_found(lake, feed, versions)})
    return bool(shown or deliveries)


def _versions(lake: Lake, feed: str, shown: curated.Version | None) -> dict[str, dict[str, Any]]:
    """What each version on disk, up to the one that is shown, says of itself."""
    folder = curated.versions_folder(lake, feed)
    names = [name for name in curated.version_names(lake, feed) if shown and name <= shown.name]
    return {name: _facts(folder / name / curated.VERSION_FILE) for name in names}


def _is_of(delivery: Delivery, versions: dict[str, dict[str, Any]]) -> bool:
    mine = (delivery.sha256, delivery.data_date.isoformat())
    return any((facts["sha256"], facts["data_date"]) == mine for facts in versions.values())


def _beside(lake: Lake, delivery: Delivery) -> dict[str, str]:
    """The notes beside a raw file, by name and sha256."""
    path = lake.raw_zone / delivery.raw
    stem = note_path(path, "").name.removesuffix("..json")
    return {each.name: file_sha256(each) for each in path.parent.glob(f"{stem}.*.json")}


def _removals(lake: Lake, delivery: Delivery) -> list[dict[str, Any]]:
    """What its notes say that a rule let go of a delivery."""
    path = lake.raw_zone / delivery.raw
    return [_facts(each) for each in sorted(path.parent.glob(note_path(path, "removed-*").name))]


def _as_found(lake: Lake, feed: str, versions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is taken as it is found, there being no other witness: versions and change lists."""
    lists = {name: file_sha256(history.path_of(lake, feed, name)) for name in history.names(lake, feed)}
    current = max(versions)[:6]
    return {
        "lists": [name for name in lists if "." in name or "-to-" in name],
        "filed": sum(name.startswith(f"{current}.") for name in lists),
        "rebuilt": {"versions": versions, "lists": lists},
    }


def _deliveries(lake: Lake, feed: str) -> Iterator[tuple[Delivery, bool]]:
    """Every delivery of a feed in raw, and whether a person declined it."""
    for note in (lake.raw_zone / feed).glob("*/*.delivery.json"):
        stem = note.name.removesuffix(".delivery.json")
        decided = sorted(note.parent.glob(f"{stem}.decision-*.json"))
        yield read_delivery(note), bool(decided) and _facts(decided[-1])["decision"] == "declined"


def _facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.read_bytes())
    return facts


def _published(lake: Lake) -> set[str]:
    return {each.name for each in _folders(lake.data / "curated") if (each / "current").is_symlink()}


def _folders(zone: Path) -> list[Path]:
    if not zone.is_dir():
        return []
    return [each for each in zone.iterdir() if each.is_dir() and not each.name.startswith(".")]
