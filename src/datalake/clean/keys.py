"""A row's key as one text: what findings name, and what tells whether a rejected row is already published."""

from typing import Any

from datalake.clean.values import plain

SEPARATOR = " | "
NOTHING = "\\N"


def key_text(parts: list[Any]) -> str:
    """Return the parts of a key as one text, no two keys alike: a single part as it is, several joined by a bar."""
    if len(parts) == 1:
        return plain(parts[0])
    return SEPARATOR.join(NOTHING if each is None else _escaped(plain(each)) for each in parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")
