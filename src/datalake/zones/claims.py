"""What lies in incoming, and taking a file out of it so that nobody else can write to what we read.

Nothing here follows a symbolic link or opens anything that could block: entries are judged by lstat, and files are
opened with O_NOFOLLOW | O_NONBLOCK and judged again by fstat.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from datalake.errors import DatalakeError
from datalake.safe_text import written_out
from datalake.zones.files import fsync_folder, make_folder
from datalake.zones.paths import Lake

TEMPORARY_ENDINGS = (".part", ".filepart", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".swp", "~")
TEMPORARY_STARTS = (".", "~$")
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "symbolic link",
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(frozen=True)
class Entry:
    """One directory entry as it was seen; times are seconds since the epoch."""

    name: str  # as the file system has it: odd bytes as surrogates
    path: Path
    kind: str  # file, or what it is instead
    readable: bool = True
    size: int = 0
    modified: float = 0.0
    changed: float = 0.0  # the inode: content, name or mode
    claimed: date | None = None  # the night that took it out of incoming and did not finish with it

    @property
    def temporary(self) -> bool:
        """Whether the name is one that a transfer in progress, or the system, gives."""
        name = self.name.lower()
        return name.startswith(TEMPORARY_STARTS) or name.endswith(TEMPORARY_ENDINGS)


@dataclass(frozen=True)
class Listing:
    """Everything in incoming, by name, and what an earlier run took out and left."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Claim:
    """A file that is ours alone. identity is what must still hold once it was copied."""

    path: Path
    name: str
    identity: tuple[int, int, int, int]  # device, inode, bytes, mtime in nanoseconds


class Vanished(DatalakeError):
    """The file was there a moment ago."""


class StillWritten(DatalakeError):
    """The file changed under our hands: its sender had not finished."""


def list_incoming(lake: Lake) -> Listing:
    """Look at incoming and at left-over claims; raise DatalakeError where incoming itself is not there."""
    try:
        found = [look(Path(each.path)) for each in os.scandir(lake.incoming)]
    except FileNotFoundError:
        raise DatalakeError(
            f"{lake.incoming} does not exist: is its disk mounted?", f"Mount it, or `mkdir -p {lake.incoming}`."
        ) from None
    left = [look(path, night) for night, path in _left_over(lake.claimed)]
    entries = [each for each in found + left if each is not None]
    return Listing(tuple(sorted(entries, key=lambda each: (each.name, each.claimed is None))))


def claim(lake: Lake, entry: Entry, night: date) -> Claim:
    """Take an entry out of incoming; raise Vanished if it is gone, DatalakeError if it is no plain file any more."""
    path = entry.path
    if entry.claimed is None:
        path = _claim_folder(lake, night) / entry.name
        try:
            entry.path.rename(path)
        except FileNotFoundError:
            path.parent.rmdir()
            raise Vanished(f"{entry.name} vanished before it was taken.") from None
        fsync_folder(path.parent)
        fsync_folder(lake.incoming)
    descriptor = open_plain(path)
    try:
        return Claim(path, entry.name, identity(descriptor))
    finally:
        os.close(descriptor)


def of_original(entry: Entry) -> Claim:
    """Return a claim on a file that a person hands over: it stays where it is, and is only read.

    Raises Vanished if it cannot be opened any more, DatalakeError if it is no plain file.
    """
    try:
        descriptor = open_plain(entry.path)
    except OSError as problem:
        raise Vanished(f"{written_out(entry.name)} could not be opened: {problem.strerror}.") from None
    try:
        return Claim(entry.path, entry.name, identity(descriptor))
    finally:
        os.close(descriptor)


def open_plain(path: Path) -> int:
    """Open a regular file for reading, never a link, pipe or device; raise OSError or DatalakeError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DatalakeError(f"{path.name} is not a regular file.")
    return descriptor


def identity(descriptor: int) -> tuple[int, int, int, int]:
    """Return what tells whether an open file is still the one it was."""
    seen = os.fstat(descriptor)
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns


def put_back(lake: Lake, taken: Claim) -> None:
    """Give a claimed file back to incoming; where its name is taken again it stays claimed for the next run."""
    home = lake.incoming / taken.name
    if not os.path.lexists(home):
        taken.path.rename(home)
        fsync_folder(lake.incoming)
        taken.path.parent.rmdir()


def release(taken: Claim, companions: Sequence[Entry] = ()) -> None:
    """Forget a claimed file once raw has it: the claim's folder goes with it, and so do its companions in incoming."""
    for each in companions:
        each.path.unlink(missing_ok=True)
    taken.path.unlink(missing_ok=True)
    taken.path.parent.rmdir()


def clear_empty_claims(lake: Lake) -> None:
    """Remove what a kill between mkdir and rename left; only who holds the lock may."""
    for folder in lake.claimed.iterdir() if lake.claimed.is_dir() else ():
        with contextlib.suppress(OSError):  # one that is not empty stays
            folder.rmdir()


def look(path: Path, claimed: date | None = None) -> Entry | None:
    """Return what a path is, without following or opening it; None where nothing is."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return None
    kind = _KINDS.get(stat.S_IFMT(seen.st_mode), "something unknown")
    readable = kind != "file" or os.access(path, os.R_OK, follow_symlinks=False)
    return Entry(path.name, path, kind, readable, seen.st_size, seen.st_mtime, seen.st_ctime, claimed)


def _claim_folder(lake: Lake, night: date) -> Path:
    """A folder for each claim, as two files of one name may be claimed and names may be as long as they can be."""
    make_folder(lake.claimed)
    folder = lake.claimed / f"{night.isoformat()}.{secrets.token_hex(8)}"
    folder.mkdir()
    return folder


def _left_over(claimed: Path) -> list[tuple[date, Path]]:
    """Files in claim folders. Only looks: a run may be at work in them, and end with one while we do."""
    found: list[tuple[date, Path]] = []
    for folder in sorted(claimed.iterdir()) if claimed.is_dir() and not claimed.is_symlink() else []:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):  # not one of ours
            night = date.fromisoformat(folder.name.partition(".")[0])
            found += [(night, path) for path in folder.iterdir()]
    return found
