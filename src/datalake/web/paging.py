"""PURE. Keyset paging: a page ends with the key of its last row, and the next page begins behind it."""

import base64
import binascii
import json
from collections.abc import Sequence

from datalake.errors import UsageError


def foreign() -> UsageError:
    """Return the error of a cursor that we did not make."""
    return UsageError("The cursor is not one of ours.", "Begin again without it.")


def encode(key: Sequence[str | int | float]) -> str:
    """Given a row's key, return the opaque text that stands for it in a link."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def decode_key(cursor: str) -> tuple[str | int | float, int]:
    """Given a cursor of the runs, return the sort value and the row's number; raise UsageError for any other text."""
    key = _decoded(cursor)
    if len(key) != 2 or not isinstance(key[0], (str, int, float)) or type(key[1]) is not int or abs(key[1]) > 2**62:
        raise foreign()
    return key[0], key[1]


def decode_id(cursor: str) -> int:
    """Given a cursor of rows by number, return that number; for "" one behind them all; raise UsageError for others."""
    if not cursor:
        return 2**62
    key = _decoded(cursor)
    if len(key) != 1 or type(key[0]) is not int or abs(key[0]) > 2**62:
        raise foreign()
    return key[0]


def decode_change(cursor: str) -> tuple[str, tuple[str, int] | None]:
    """Given a cursor of the changes, return the feed it stands in, and behind which row of which list."""
    if not cursor:
        return "", None
    key = _decoded(cursor)
    if len(key) != 3 or not isinstance(key[0], str) or not isinstance(key[1], str) or type(key[2]) is not int:
        raise foreign()
    return key[0], (key[1], key[2])


def _decoded(cursor: str) -> list[object]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise foreign() from error
    return key if isinstance(key, list) else []
