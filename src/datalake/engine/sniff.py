"""Is this a table of text at all? Decided by the first bytes, before any parser sees the file."""

import codecs
import re

from datalake.errors import Refused

HEAD_BYTES = 65_536

_RESEND = "Ask for the export to be sent again."
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"Rar!", "a RAR archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"{\\rtf", "a Word document (RTF)"),
)
_HTML = re.compile(rb"<(?:!doctype html|html|head|body|script|meta|title|!--)", re.IGNORECASE)
_JSON = re.compile(rb"(?:\{\s*(?:\"|\})|\[\s*[\[{\"\]])")
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"))
_MARKS_16 = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def marked_encoding(head: bytes) -> str | None:
    """Return the encoding that a byte order mark declares, None without one."""
    return next((name for mark, name in _MARKS + _MARKS_16 if head.startswith(mark)), None)


def refuse_other_kinds(head: bytes) -> None:
    """Raise Refused if a file that starts like this is no table: a picture, an archive, a login page, an error."""
    kind = next((name for magic, name in _MAGIC if head.startswith(magic)), None) or _zipped(head)
    if kind:
        raise Refused("not_csv", f"This is {kind}, not a CSV file.", _RESEND, 1)
    start = _text_start(head)
    if _HTML.match(start) or start[:5].lower() == b"<?xml":
        _refuse_markup(start)
    if _JSON.match(start):
        raise Refused("not_csv", "This is JSON, not a CSV file: perhaps an error answer of the export.", _RESEND, 1)
    if not start.strip(b"\0") and b"\0" in head:
        raise Refused("empty_file", "The file holds nothing but NUL bytes.", _RESEND, 1)


def refuse_unmarked_utf16(head: bytes, encodings: tuple[str, ...]) -> None:
    """Raise Refused if every other byte is NUL, as in UTF-16 without a byte order mark, and no encoding expects it."""
    wide = len(head) >= 4 and any(head[odd::2].count(0) * 10 > (len(head) // 2) * 6 for odd in (0, 1))
    if wide and not any("16" in each for each in encodings):
        message = "The file looks like UTF-16 without a byte order mark, which the feed's rules do not expect."
        raise Refused("not_text", message, "If that is right, add utf-16-le to its encoding list.", 1)


def _zipped(head: bytes) -> str | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    return "an Excel workbook (.xlsx)" if b"[Content_Types].xml" in head or b"xl/" in head else "a zip archive"


def _text_start(head: bytes) -> bytes:
    mark = marked_encoding(head)
    text = head.decode(mark, "ignore").encode() if mark else head
    return text.lstrip(b" \t\r\n\v\f")


def _refuse_markup(start: bytes) -> None:
    if start[:5].lower() == b"<?xml" and not _HTML.search(start[:2048]):
        raise Refused("not_csv", "This is an XML document, not a CSV file.", _RESEND, 1)
    raise Refused("not_csv", "This is an HTML page, not a CSV file: has the login of the export expired?", _RESEND, 1)
