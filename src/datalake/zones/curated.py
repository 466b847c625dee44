"""Published tables: whole versions beside each other, and `current`, the one link whose swap is the commit.

curated/<feed>/versions/<seq>-<data date>/ holds <feed>.parquet, <feed>.csv and version.json and never changes once it
has its name. `current` is a relative link, so that a copied lake stands too. What fills a version: zones/tables.py.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from datalake.errors import DatalakeError
from datalake.zones.files import (
    fsync_folder,
    make_folder,
    remove_leftovers,
    remove_tree,
    temporary,
    write_durably,
)
from datalake.zones.paths import Lake

VERSION_FILE = "version.json"


@dataclass(frozen=True)
class Version:
    """A published version as its folder tells of it; facts are those of version.json."""

    name: str
    folder: Path
    facts: Mapping[str, Any]

    @property
    def seq(self) -> int:
        return int(self.facts["seq_of_feed"])


def version_name(seq: int, day: date) -> str:
    """Return <seq>-<data date>; the number grows by one with each publish of the feed."""
    return f"{seq:06d}-{day.isoformat()}"


def versions_folder(lake: Lake, feed: str) -> Path:
    return lake.curated(feed) / "versions"


def table_path(folder: Path, feed: str) -> Path:
    return folder / f"{feed}.parquet"


def part_path(folder: Path, feed: str, number: int) -> Path:
    """Return where a partition of a partitioned table lies; number counts from 0."""
    return folder / f"{feed}-{number:03d}.parquet"


def table_paths(folder: Path, feed: str) -> list[Path]:
    """Return the files that a published table consists of, in order; none where it is not there."""
    whole = table_path(folder, feed)
    return [whole] if whole.is_file() else sorted(folder.glob(f"{feed}-[0-9]*.parquet"))


def twin_path(folder: Path, feed: str) -> Path:
    return folder / f"{feed}.csv"


def begin(lake: Lake, feed: str) -> Path:
    """Return an empty folder in which a version is built, out of readers' sight."""
    versions = versions_folder(lake, feed)
    make_folder(versions)
    draft = temporary(versions)
    draft.mkdir()
    return draft


def finish(lake: Lake, feed: str, draft: Path, facts: Mapping[str, Any]) -> Version:
    """Given a draft whose tables are on the disk, give it its facts and its name; readers do not see it yet."""
    write_durably(draft / VERSION_FILE, json.dumps(facts, indent=1, sort_keys=True).encode("ascii") + b"\n")
    fsync_folder(draft)
    folder = versions_folder(lake, feed) / str(facts["version"])
    remove_tree(folder)  # of a run that was killed between this and the swap
    draft.rename(folder)
    fsync_folder(folder.parent)
    return Version(folder.name, folder, facts)


def swap(lake: Lake, feed: str, version: Version) -> None:
    """Make a version the current one: one rename, and from then on readers see it whole."""
    link = temporary(lake.curated(feed))
    link.symlink_to(Path("versions") / version.name)
    link.replace(lake.curated(feed) / "current")
    fsync_folder(lake.curated(feed))


def current(lake: Lake, feed: str) -> Version | None:
    """Return the version that readers see; None where nothing is published; raise DatalakeError if it is damaged."""
    link = lake.curated(feed) / "current"
    if not os.path.lexists(link):
        return None
    folder = link.resolve()
    try:
        facts = json.loads((folder / VERSION_FILE).read_bytes())
        version = Version(folder.name, folder, facts)
        if version.seq < 1 or not _is_whole(folder, feed, facts):
            raise ValueError("a part of it is missing")
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DatalakeError(
            f"The published table of {feed} is damaged: {problem}.",
            f"Rebuild it: `python3 manage.py replay {feed}`.",
        ) from None
    return version


def _is_whole(folder: Path, feed: str, facts: Mapping[str, Any]) -> bool:
    parts: int = facts.get("partitions", {}).get("count", 1)
    return len(table_paths(folder, feed)) == parts


def tidy(lake: Lake, feed: str, shown: Version | None) -> None:
    """Remove what a killed run left: half-built versions, and whole ones that never became current."""
    versions = versions_folder(lake, feed)
    remove_leftovers(lake.curated(feed))
    remove_leftovers(versions)
    for path in versions.iterdir() if versions.is_dir() else ():
        if shown and path.name[:6] > shown.name[:6]:
            remove_tree(path)


def version_names(lake: Lake, feed: str) -> list[str]:
    """Return the versions on disk, oldest first."""
    versions = versions_folder(lake, feed)
    return sorted(each.name for each in versions.iterdir() if each.name[0] != ".") if versions.is_dir() else []


def prune(lake: Lake, feed: str, keep: int) -> list[str]:
    """Remove all but the newest versions, never the current one nor one after it; return their names."""
    shown = current(lake, feed)
    old = [name for name in version_names(lake, feed) if shown and name < shown.name]
    doomed = old[: max(0, len(old) - max(0, keep - 1))]
    for name in doomed:
        remove_tree(versions_folder(lake, feed) / name)
    return doomed
