"""The raw zone: the legal record. Every file that matched a feed, byte for byte, read-only, with a note beside it."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from datalake.errors import DatalakeError
from datalake.zones.claims import Claim, StillWritten, identity, open_plain
from datalake.zones.files import display, fitted, make_folder, put_if_absent, remove, sync, temporary, write_durably
from datalake.zones.paths import Lake

READ_ONLY = 0o444
BLOCK = 1 << 18  # bytes; copying takes a third less time than by the MB, which no longer fits the cache of a core
_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]")


@dataclass(frozen=True)
class Delivery:
    """One file in raw."""

    feed: str
    data_date: date
    sha256: str
    name: str  # as it was called in incoming, made displayable
    raw: str  # where it lies, relative to the raw zone
    size: int  # bytes
    night: date  # the night that took it
    modified: str = ""  # its mtime in incoming, ISO, UTC
    again: bool = False  # the same bytes had come for the same date before

    @property
    def short(self) -> str:
        """The delivery's id: the first 12 hex digits of the sha256."""
        return self.sha256[:12]


def admit(
    lake: Lake, taken: Claim, feed: str, day: date, night: date, progress: Callable[[int], None] | None = None
) -> Delivery:
    """Copy a claimed file into raw and note it there; raise StillWritten if it changed meanwhile, OSError."""
    folder = lake.raw(feed, day)
    make_folder(folder)
    draft = temporary(_drafts(lake))
    try:
        sha256 = _copy(taken, draft, progress)
        path = folder / raw_name(taken.name, sha256)
        _place(draft, path, sha256)
    except (OSError, DatalakeError):
        remove(draft)
        raise
    delivery = Delivery(
        feed=feed,
        data_date=day,
        sha256=sha256,
        name=display(taken.name),
        raw=str(path.relative_to(lake.raw_zone)),
        size=taken.identity[2],
        night=night,
        modified=datetime.fromtimestamp(taken.identity[3] / 1e9, timezone.utc).isoformat(timespec="seconds"),
    )
    first = put_beside(path, "delivery", _noted(delivery, taken))
    return delivery if first else replace(delivery, again=True)


def raw_name(name: str, sha256: str) -> str:
    """Return <stem>.<sha12><ext>, harmless to any program and never too long for its notes beside it."""
    safe = _UNSAFE.sub("_", display(name)).lstrip("-. ") or "file"
    stem, dot, extension = safe.rpartition(".")
    if not stem:
        stem, dot, extension = safe, "", ""
    ending = f".{sha256[:12]}{dot}{extension[:20]}"
    return fitted(stem[:200], ending)


def note_path(path: Path, word: str) -> Path:
    """Return where a note of that kind stands beside a raw file: <stem>.<sha12>.<word>.json."""
    stem = re.sub(r"(\.[0-9a-f]{12})(\.[^.]*)?$", r"\1", path.name)
    return path.with_name(f"{stem}.{word}.json")


def put_beside(path: Path, word: str, facts: Mapping[str, Any]) -> bool:
    """Write a note beside a raw file, durably and read-only; one that is there already stays, which returns False."""
    draft = temporary(path.parent)
    write_durably(draft, json.dumps(facts, indent=1, sort_keys=True).encode() + b"\n", READ_ONLY)
    return put_if_absent(draft, note_path(path, word))


def notes_beside(path: Path, words: Sequence[str]) -> dict[str, str]:
    """Return the notes of these kinds that stand beside a raw file: their names and sha256."""
    notes = (note_path(path, word) for word in words)
    return {each.name: file_sha256(each) for each in notes if each.exists()}


def read_delivery(note: Path) -> Delivery:
    """Return the delivery that a .delivery.json tells of; raise KeyError or ValueError if it does not."""
    facts = json.loads(note.read_text(encoding="utf-8"))
    return Delivery(
        feed=facts["feed"],
        data_date=date.fromisoformat(facts["data_date"]),
        sha256=facts["sha256"],
        name=facts["name"],
        raw=facts["raw"],
        size=facts["bytes"],
        night=date.fromisoformat(facts["night"]),
        modified=facts["modified"],
    )


def delivery_facts(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as events have it."""
    return {
        "data_date": delivery.data_date.isoformat(),
        "sha256": delivery.sha256,
        "name": delivery.name,
        "raw": delivery.raw,
        "bytes": delivery.size,
        "night": delivery.night.isoformat(),
    }


def _drafts(lake: Lake) -> Path:
    """Copies in progress lie in one folder, where the next run finds them if this one is killed."""
    folder = lake.raw_zone / ".drafts"
    make_folder(folder)
    return folder


def _copy(taken: Claim, draft: Path, progress: Callable[[int], None] | None) -> str:
    """Copy and hash in one pass, fsync, and check that the source stood still."""
    source = open_plain(taken.path)
    try:
        sha256, copied = _pour(source, draft, progress)
        if identity(source) != taken.identity or copied != taken.identity[2]:
            raise StillWritten(
                f"{display(taken.name)} changed while it was being read.", "It is left for the next run."
            )
    finally:
        os.close(source)
    return sha256


def _pour(source: int, draft: Path, progress: Callable[[int], None] | None) -> tuple[str, int]:
    digest, copied = hashlib.sha256(), 0
    target = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
    with os.fdopen(target, "wb") as file:
        while block := os.read(source, BLOCK):
            digest.update(block)
            file.write(block)
            copied += len(block)
            if progress:
                progress(copied)
        file.flush()
        sync(file.fileno())
    return digest.hexdigest(), copied


def _place(draft: Path, path: Path, sha256: str) -> None:
    """The name holds the content's hash, so what is there already is the same bytes, or damaged and now mended."""
    if path.exists() and file_sha256(path) != sha256:
        path.rename(path.with_name(fitted(path.name, ".damaged")))
    put_if_absent(draft, path)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _noted(delivery: Delivery, taken: Claim) -> dict[str, Any]:
    return {
        **delivery_facts(delivery),
        "format": 1,
        "feed": delivery.feed,
        "name_bytes": os.fsencode(taken.name).hex(),
        "modified": delivery.modified,
    }
