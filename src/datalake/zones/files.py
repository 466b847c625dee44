"""Writing that a crash or a power cut cannot tear: temporary file, fsync, rename, fsync of the folder.

A rename without the first fsync can leave an empty file under the final name, one without the second no file at all.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from datalake.safe_text import written_out

TEMPORARY = ".tmp-"
NAME_MAX = 255  # bytes; the limit of ext4, XFS and APFS
_deferred: list[bool] = []  # not empty while flushed_at_the_end runs
display = written_out  # how people and records are told the name of a file
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS)


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put data under path, whole or not at all, and durably; raise OSError with the old content untouched."""
    draft = temporary(path.parent)
    try:
        write_durably(draft, data, mode)
        draft.replace(path)
    except OSError:
        remove(draft)
        raise
    fsync_folder(path.parent)


def write_durably(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Create path, which must not exist, write data and fsync it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        sync(file.fileno())


def temporary(folder: Path) -> Path:
    """Return a name that is not taken, beside the final one: /tmp may be full or another file system."""
    return folder / f"{TEMPORARY}{secrets.token_hex(8)}"


def put_if_absent(draft: Path, path: Path) -> bool:
    """Give a finished draft its final name unless that is taken; return whether it was free. The draft is gone."""
    try:
        os.link(draft, path, follow_symlinks=False)
        free = True
    except FileExistsError:
        free = False
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        return _put_without_link(draft, path)
    draft.unlink()
    fsync_folder(path.parent)
    return free


def _put_without_link(draft: Path, path: Path) -> bool:
    """For file systems without hard links: the lake's lock keeps other writers away between look and rename."""
    if path.exists():
        draft.unlink()
        return False
    draft.rename(path)
    fsync_folder(path.parent)
    return True


def make_folder(path: Path) -> None:
    """Create a folder and its parents, each durably entered in its parent."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    fsync_folder(path.parent)


@contextlib.contextmanager
def flushed_at_the_end() -> Iterator[None]:
    """Flush nothing one by one while the block runs, everything once at its end.

    For work that is simply done again after a power cut, such as a simulated month; never for a real night.
    """
    _deferred.append(True)
    try:
        yield
    finally:
        _deferred.pop()
        os.sync()


def sync(descriptor: int) -> None:
    """Flush a file to the disk itself: on macOS fsync(2) stops at the drive's cache and F_FULLFSYNC does not."""
    if _deferred:
        return
    if sys.platform == "darwin":
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def fsync_file(path: Path) -> None:
    """Flush a file that something else wrote."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folder(path: Path) -> None:
    """Flush a folder's entries: the names just made, renamed or removed in it."""
    fsync_file(path)


def remove(path: Path) -> None:
    """Remove a file or a link if it is there."""
    path.unlink(missing_ok=True)


def remove_tree(path: Path) -> None:
    """Remove a folder if it is there: first renamed, so that no reader meets half of it under its name."""
    if not path.exists():
        return
    doomed = temporary(path.parent)
    path.rename(doomed)
    shutil.rmtree(doomed)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders that a killed run left here."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if not path.name.startswith(TEMPORARY):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            remove(path)


def fitted(stem: str, rest: str) -> str:
    """Return stem + rest, the stem cut so that the whole is a legal file name."""
    room = NAME_MAX - len(os.fsencode(rest))
    return os.fsencode(stem)[:room].decode("utf-8", "ignore") + rest
