"""Change lists on disk: curated/<feed>/history/, one file a publish, only ever added.

<seq>-<data date>.parquet           of the version of that name
<seq>.<nn>-<data date>.parquet      of a late file that was filed while that version was shown
<first seq>-to-<last seq>.parquet   the lists of whole years gone by, one after the other
"""

import re
from collections.abc import Sequence
from pathlib import Path

from datalake.zones.files import make_folder, remove, remove_leftovers, temporary
from datalake.zones.paths import Lake

ENDING = ".parquet"
_NAME = re.compile(r"(?P<first>\d{6})(?:\.(?P<filed>\d{2,}))?(?:-to-(?P<last>\d{6})|-(?P<day>\d{4}-\d\d-\d\d))")


def history_folder(lake: Lake, feed: str) -> Path:
    return lake.curated(feed) / "history"


def filed_name(seq: int, number: int, day: str) -> str:
    """Return the name of the change list of a late file: the number-th since version seq was published."""
    return f"{seq:06d}.{number:02d}-{day}"


def compact_name(first: int, last: int) -> str:
    """Return the name of the file that holds the lists of these versions, and of what was filed under them."""
    return f"{first:06d}-to-{last:06d}"


def path_of(lake: Lake, feed: str, name: str) -> Path:
    return history_folder(lake, feed) / f"{name}{ENDING}"


def draft_of(lake: Lake, feed: str) -> Path:
    """Return where a change list is written before it gets its name."""
    make_folder(history_folder(lake, feed))
    return temporary(history_folder(lake, feed))


def names(lake: Lake, feed: str) -> list[str]:
    """Return the change lists in the order they were made; what a compact file holds is left out."""
    folder = history_folder(lake, feed)
    found = [path.name.removesuffix(ENDING) for path in folder.iterdir()] if folder.is_dir() else []
    found = sorted((name for name in found if _NAME.fullmatch(name)), key=_made)
    compacted = max((_last(name) for name in found if "-to-" in name), default=0)
    return [name for name in found if "-to-" in name or _first(name) > compacted]


def paths(lake: Lake, feed: str) -> list[Path]:
    """Return the files of names()."""
    return [path_of(lake, feed, name) for name in names(lake, feed)]


def tidy(lake: Lake, feed: str, shown: int, known: Sequence[str]) -> None:
    """Remove what a killed run left. shown: number of the current version; known: what was filed or compacted."""
    folder = history_folder(lake, feed)
    remove_leftovers(folder)
    compacted = max((_last(name) for name in known if "-to-" in name), default=0)
    for path in folder.iterdir() if folder.is_dir() else ():
        name = path.name.removesuffix(ENDING)
        found = _NAME.fullmatch(name)
        unfinished = bool(found) and (_first(name) > shown or (_recorded(name) and name not in known))
        swallowed = bool(found) and "-to-" not in name and _first(name) <= compacted
        if unfinished or swallowed:
            remove(path)


def prune(lake: Lake, feed: str, versions: Sequence[str]) -> None:
    """Remove the change lists of a feed without history whose versions are gone."""
    for name in names(lake, feed):
        if name not in versions:
            remove(path_of(lake, feed, name))


def years_gone_by(lake: Lake, feed: str, year: int) -> list[str]:
    """Return the single lists of versions of earlier years, if the first list of this year has just been added."""
    single = [name for name in names(lake, feed) if "-to-" not in name]
    plain = [name for name in single if "." not in name]
    if len(plain) < 2 or int(plain[-1][7:11]) < year:
        return []
    old = [name for name in plain if int(name[7:11]) < year]
    if not old:
        return []
    last = _first(old[-1])
    return [name for name in single if _first(name) <= last]


def _recorded(name: str) -> bool:
    """Whether the name is of a kind that has an event of its own; those of versions have the version's."""
    return "." in name or "-to-" in name


def _made(name: str) -> tuple[int, int, str]:
    """In what order lists were made: of a version, then the late files filed while it was shown, by their number."""
    filed = name[7:].partition("-")[0] if "." in name else ""
    return _first(name), int(filed or 0), name


def _first(name: str) -> int:
    return int(name[:6])


def _last(name: str) -> int:
    return int(name.rpartition("-")[2])
