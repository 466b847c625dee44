"""Events made again from the zones themselves, for the day when the metadata folder is lost.

curated says what is published, raw what was delivered, the notes beside it what people decided. What lies in raw and
is newer than what is published is taken up again by the next run: it is checked, held or refused as before.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from datalake.zones import curated
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake
from datalake.zones.raw import Delivery, delivery_facts, read_delivery


def rebuild(lake: Lake, ledger: Ledger) -> list[str]:
    """Given a ledger without events, record what the zones show; return the feeds that had anything."""
    feeds = sorted({each.name for each in _folders(lake.raw_zone)} | _published(lake))
    return [feed for feed in feeds if _rebuild_feed(lake, ledger, feed)]


def _rebuild_feed(lake: Lake, ledger: Ledger, feed: str) -> bool:
    version = curated.current(lake, feed)
    deliveries = sorted(_deliveries(lake, feed), key=lambda each: (each[0].data_date, each[0].modified))
    for delivery, declined in deliveries:
        if version and delivery.sha256 == version.facts["sha256"] and _same_day(delivery, version):
            continue
        ledger.record("admitted", feed, delivery_facts(delivery))
        if declined:
            ledger.record("declined", feed, delivery_facts(delivery))
        elif version and delivery.data_date <= date.fromisoformat(version.facts["data_date"]):
            ledger.record("filed", feed, delivery_facts(delivery))
    if version:
        ledger.record("published", feed, version.facts)
    return bool(version or deliveries)


def _same_day(delivery: Delivery, version: curated.Version) -> bool:
    return delivery.data_date == date.fromisoformat(version.facts["data_date"])


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
