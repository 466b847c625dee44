"""Values that must not be read: a keyed hash, which still joins, or nothing but the word that says so."""

import hmac
from typing import Any

from datalake.clean.values import plain
from datalake.errors import DatalakeError

REDACTED = "[redacted]"


def mask_value(value: Any, mask: str, salt: bytes | None) -> Any:
    """Return a value as it may be published; nothing stays nothing."""
    if value is None or mask not in ("hash", "redact"):
        return value
    return REDACTED if mask == "redact" else keyed_hash(plain(value), salt)


def keyed_hash(text: str, salt: bytes | None) -> str:
    """Return the HMAC-SHA256 of a text in hex: the same text gives the same hash under the same salt alone."""
    if not salt:
        raise DatalakeError("A column is masked by hash, and there is no MASK_SALT.", "Set MASK_SALT in secrets.env.")
    return hmac.new(salt, text.encode(), "sha256").hexdigest()
