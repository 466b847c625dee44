"""Which versions of the views readers find, told to the events, so that `verify` can hold the views against them.

An event names every view with the sha256 of its version.json, which in turn names those of its files.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from datalake.zones import curated, events
from datalake.zones.curated import VERSION_FILE
from datalake.zones.files import remove_tree
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake
from datalake.zones.raw import file_sha256

REPORTED = "reported"


def tell(lake: Lake, ledger: Ledger) -> None:
    """Record which views are shown, if that is not what the newest event of this kind says; raise OSError."""
    shown = {name: list(each) for name, each in _shown(lake)}
    if shown != _told(lake):
        ledger.record(REPORTED, "", {"views": shown})


def _shown(lake: Lake) -> Iterator[tuple[str, tuple[str, str]]]:
    for link in sorted(lake.views.glob("*/current")):
        path = link / VERSION_FILE
        if path.is_file():
            yield link.parent.name, (link.readlink().name, file_sha256(path))


def _told(lake: Lake) -> dict[str, list[str]]:
    """The newest such event of the last two months that had events; an older one is told again."""
    found: dict[str, list[str]] = {}
    for segment in events.segments(lake.events)[-2:]:
        for line in (lake.events / f"{segment}{events.ENDING}").read_bytes().splitlines():
            with contextlib.suppress(ValueError, KeyError):  # a damaged line: they are told once more
                found = json.loads(line)["views"] if b'"kind": "reported"' in line else found
    return found


def harmed(lake: Lake, view: str, told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong in the versions of a view: place under data/, and what. told: version -> sha256."""
    for folder in sorted((lake.views / view / "versions").glob("[!.]*")):
        yield from _version(lake, folder, told.get(folder.name, ""))


def _version(lake: Lake, folder: Path, sha256: str) -> Iterator[tuple[str, str]]:
    place = folder.relative_to(lake.data)
    try:
        document = (folder / VERSION_FILE).read_bytes()
        files = dict(json.loads(document)["files"])
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{place}/{VERSION_FILE}", "cannot be read"
        return
    if sha256 and file_sha256(folder / VERSION_FILE) != sha256:
        yield f"{place}/{VERSION_FILE}", "its bytes are not those that were recorded"
    for name, recorded in files.items():
        if not (folder / name).is_file():
            yield f"{place}/{name}", "is missing"
        elif file_sha256(folder / name) != recorded:
            yield f"{place}/{name}", "its bytes are not those that were recorded"


def drop_harmed(lake: Lake, told: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Remove views that are not what was recorded, to be made anew; return their names."""
    names = sorted(path.name for path in lake.views.glob("*") if path.is_dir())
    doomed = [name for name in names if next(harmed(lake, name, told.get(name, {})), None)]
    for name in doomed:
        remove_tree(lake.views / name)
    return doomed


def misled(lake: Lake, shown: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the views whose link does not lead to the version that was told last."""
    for view, version in shown.items():
        link = lake.views / view / "current"
        if not link.is_symlink() or link.readlink().name != version:
            yield str(link.relative_to(lake.data)), f"does not lead to {version}, which was made last"
        elif version not in curated.version_names(lake, f"views/{view}"):
            yield f"curated/views/{view}/versions/{version}", "is missing"
