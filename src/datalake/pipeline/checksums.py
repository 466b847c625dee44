"""Done markers and checksum files that come with a delivery: what they say is checked, and kept beside raw."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from datalake.safe_text import written_out
from datalake.zones.claims import Entry, open_plain
from datalake.zones.paths import Lake
from datalake.zones.raw import Delivery, note_path, put_beside

NOTE = "companions"
LARGEST = 65_536  # bytes of such a file that are read
ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}  # by number of hex digits
_NUMBER = re.compile(r"(?<![\w.-])(\d{1,3}(,\d{3})+|\d+)(?![\w.-])", re.ASCII)
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,128}(?![0-9A-Za-z])", re.ASCII)


def keep_companions(lake: Lake, companions: Sequence[Entry], delivery: Delivery) -> None:
    """Keep what came with a delivery beside its raw file."""
    texts = {written_out(each.name): _read(each.path) for each in companions}
    if texts:
        put_beside(lake.raw_zone / delivery.raw, NOTE, texts)


def contradiction(path: Path, sha256: str) -> str:
    """Given a raw file and its sha256, return how what came with it contradicts it; empty where nothing does."""
    note = note_path(path, NOTE)
    if not note.exists():
        return ""
    texts = json.loads(note.read_text(encoding="utf-8"))
    return next(filter(None, (_contradiction(path, sha256, name, text) for name, text in texts.items())), "")


def stated_rows(path: Path, name: str) -> int | None:
    """Given a raw file and the name of its control total, return the rows that it states; None where it states none."""
    note = note_path(path, NOTE)
    if not name or not note.exists():
        return None
    text = json.loads(note.read_text(encoding="utf-8")).get(written_out(name), "")
    found = _NUMBER.search(text)
    return int(found[0].replace(",", "")) if found else None


def _contradiction(path: Path, sha256: str, name: str, text: str) -> str:
    stated = [each for each in _HEX.findall(text) if len(each) in ALGORITHMS]
    if not stated:
        return ""
    algorithm = ALGORITHMS[len(stated[0])]
    found = sha256 if algorithm == "sha256" else _digest(path, algorithm)
    if found == stated[0].lower():
        return ""
    return f"Its {algorithm} is {found}, but {name} says {stated[0].lower()}."


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _read(path: Path) -> str:
    descriptor = open_plain(path)
    try:
        return os.read(descriptor, LARGEST).decode("utf-8", "backslashreplace")
    finally:
        os.close(descriptor)
