"""Packed files, where their name or the feed's pattern says that they are: unpacked within bounds, or refused."""

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import IO

from datalake.errors import Refused

CHUNK = 1_048_576
LARGEST_RATIO = 200  # tables shrink ten- or twentyfold; what shrinks more was made to burst

_RESEND = "Ask for the export to be sent again."


def packing(name: str, pattern: str) -> str:
    """PURE. Return how a file is packed: gz, zip, or nothing.

    A pattern like IRB_*.csv* takes files of both kinds: then the name of each decides.
    """
    kinds = (each.lower().rpartition(".")[2] for each in (name, pattern))
    return next((each for each in kinds if each in ("gz", "zip")), "")


def unpacked(source: Path, pattern: str, work: Path, limit: int) -> Path:
    """Return the file itself, or, where its name or the pattern says that it is packed, what is in it, in work."""
    kind = packing(source.name, pattern)
    if not kind:
        return source
    target = work / "unpacked.csv"
    bound = min(limit, source.stat().st_size * LARGEST_RATIO + CHUNK)
    try:
        with target.open("wb") as out:
            _copy(source, kind, out, bound)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as problem:
        message = f"The {kind} archive cannot be unpacked: {problem}."
        raise Refused("not_csv", message, _RESEND) from None
    return target


def _copy(source: Path, kind: str, out: IO[bytes], bound: int) -> None:
    if kind == "gz":
        with gzip.open(source, "rb") as packed:
            _copy_bounded(packed, out, bound)
        return
    with zipfile.ZipFile(source) as archive:
        files = [each for each in archive.infolist() if not each.is_dir()]
        if len(files) != 1:
            raise Refused("not_csv", f"The zip archive holds {len(files)} files; one is expected.", _RESEND)
        with archive.open(files[0]) as packed:
            _copy_bounded(packed, out, bound)


def _copy_bounded(packed: IO[bytes] | gzip.GzipFile, out: IO[bytes], bound: int) -> None:
    size = 0
    while chunk := packed.read(CHUNK):
        size += len(chunk)
        if size > bound:
            raise Refused("too_large", f"The archive expands beyond {bound // 1_000_000:,} MB.", _RESEND)
        out.write(chunk)
