"""Where views lie: curated/views/<view>/, in versions behind one link as feeds do, each with its card.json.

not_updated.json beside them is there as long as the newest version is not what it should be, and says why.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from datalake.errors import DatalakeError
from datalake.zones import curated
from datalake.zones.curated import Version
from datalake.zones.files import fsync_folder, make_folder, remove, write_atomically
from datalake.zones.paths import Lake

CARD_FILE, NOT_UPDATED_FILE = "card.json", "not_updated.json"


class Shelf(Lake):
    """A lake whose curated folders are those of the views: what zones/curated.py does for feeds, it does for them."""

    def curated(self, feed: str) -> Path:
        return self.views / feed


@dataclass(frozen=True)
class NotUpdated:
    """Why a view is not what it should be, since which night, and from what it could not be made."""

    reason: str
    fix: str = ""
    night: str = ""
    inputs: Mapping[str, Any] | None = None
    quiet: bool = False  # no news to anybody: its feeds never came


@dataclass(frozen=True)
class Standing:
    """What a reader of a view finds: its card, None where it was never made, and why it is not up to date, if so."""

    view: str
    card: Mapping[str, Any] | None
    not_updated: NotUpdated | None = None

    @property
    def as_of(self) -> date | None:
        return date.fromisoformat(self.card["as_of"]) if self.card else None


def shown(lake: Lake, view: str) -> Version | None:
    """Return the version that readers see, None where there is none; raise DatalakeError if it is damaged."""
    return curated.current(Shelf(lake.root), view)


def standing(lake: Lake, view: str) -> Standing:
    """Return how a view stands; a damaged one counts as not there."""
    try:
        version = shown(lake, view)
        card = json.loads((version.folder / CARD_FILE).read_bytes()) if version else None
    except (OSError, ValueError, DatalakeError):
        card = None
    return Standing(view, card, not_updated(lake, view))


def not_updated(lake: Lake, view: str) -> NotUpdated | None:
    """Return why a view is not up to date, None where it is."""
    try:
        return NotUpdated(**json.loads((lake.views / view / NOT_UPDATED_FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def say_not_updated(lake: Lake, view: str, why: NotUpdated) -> None:
    """Keep why a view is not up to date, for its readers and for the next run."""
    make_folder(lake.views / view)
    write_atomically(lake.views / view / NOT_UPDATED_FILE, json.dumps(asdict(why), indent=1).encode("ascii") + b"\n")


def say_updated(lake: Lake, view: str) -> None:
    """Forget why a view was not up to date."""
    path = lake.views / view / NOT_UPDATED_FILE
    if path.exists():
        remove(path)
        fsync_folder(path.parent)
