"""Which encoding a file is in: the contract's list, tried in order and strictly, or what its byte order mark says."""

import codecs
import re
from collections.abc import Iterable

from datalake.engine.sniff import marked_encoding
from datalake.errors import Refused

_WELL_FORMED = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")


def candidates(head: bytes, listed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the encodings to try: a byte order mark leaves one, else the contract's list."""
    marked = marked_encoding(head)
    return (marked,) if marked else listed


def is_utf8(encoding: str) -> bool:
    """Tell whether an encoding's bytes are UTF-8, with or without a mark."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")


def mostly_utf8(parts: Iterable[bytes]) -> bool:
    """Tell whether most of the characters beyond ASCII are well-formed UTF-8: then the rest is damage, not cp1252."""
    well, odd = 0, 0
    for part in parts:
        matches = _WELL_FORMED.findall(part)
        well += len(matches)
        odd += len(_HIGH.findall(part)) - sum(map(len, matches))
    return well > 0 and well >= odd


def refuse_mixed(line: int, byte: int) -> Refused:
    """Return the refusal of a file that is UTF-8 but for some of its lines."""
    message = f"Line {line:,} is not UTF-8 (byte 0x{byte:02X}), though most of the file is: it mixes encodings."
    return Refused("not_text", message, "Ask for the export to be sent again in one encoding.", line)


def refuse_all(tried: tuple[str, ...], line: int, byte: int) -> Refused:
    """Return the refusal of a file that no listed encoding can read; the place is where the first one failed."""
    message = f"Line {line:,} cannot be read as {' or '.join(tried)} (byte 0x{byte:02X})."
    return Refused("not_text", message, "Add the file's encoding to the feed's rules, or have it sent as UTF-8.", line)
