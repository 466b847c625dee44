"""Two folders change names in one step, so that a reader finds the one or the other, never nothing."""

import ctypes
import errno
import os
import sys
from pathlib import Path

from datalake.zones.files import fsync_folder, temporary

_AT_FDCWD = -100
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
_UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def exchange(one: Path, other: Path) -> None:
    """Give each of two folders the other's name; raise OSError with both as they were.

    Where the system cannot do it in one step (old kernels, some network file systems) there are two, quickly.
    """
    if _exchange(os.fsencode(one), os.fsencode(other)):
        fsync_folder(one.parent)
        fsync_folder(other.parent)
        return
    aside = temporary(one.parent)
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    fsync_folder(one.parent)


def _exchange(one: bytes, other: bytes) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        done = libc.renamex_np(one, other, _EXCHANGE)
    elif hasattr(libc, "renameat2"):
        done = libc.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _EXCHANGE)
    else:
        return False
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNABLE:
        return False
    raise OSError(code, os.strerror(code), os.fsdecode(one))
