"""PURE. SQL that makes plain text of HTML, for the long fields that people paste Word documents into.

What is published stays as it came; a question or a view asks plain_text(summary) where it wants to be read.
"""

from collections.abc import Iterator
from html.entities import name2codepoint

PLAIN_TEXT = "plain_text"

_UNREAD = r"(?is)<!--.*?-->|<style\b.*?</style>|<script\b.*?</script>"
_LINE_ENDS = r"(?i)<br\s*/?>|</(?:p|div|li|tr|h[1-6])\s*>"
_TAGS = r"</?[A-Za-z][^<>]*>|<[!?][^<>]*>"  # a < that no name follows is less than
_ENTITY = r"^(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]+[0-9]*);"
_NAMED = "MAP {" + ", ".join(f"'{name}': {code}" for name, code in {**name2codepoint, "apos": 39}.items()) + "}"
_CODE = f"""
CREATE MACRO html_code(_name) AS CASE
  WHEN _name ^@ '#x' OR _name ^@ '#X' THEN TRY_CAST('0x' || substr(_name, 3) AS INTEGER)
  WHEN _name ^@ '#' THEN TRY_CAST(substr(_name, 2) AS INTEGER)
  ELSE {_NAMED}[_name] END
"""
# A piece is what follows an ampersand: it starts with an entity, or else the ampersand stands for itself.
_PIECE = """
CREATE MACRO html_piece(_piece, _name, _code) AS CASE
  WHEN _code BETWEEN 1 AND 55295 OR _code BETWEEN 57344 AND 1114111 THEN chr(_code) || substr(_piece, length(_name) + 2)
  ELSE '&' || _piece END
"""


def plain_text_macros() -> Iterator[str]:
    """Yield the statements that define plain_text(text): no tags, entities as the letters that they stand for."""
    yield _CODE
    yield _PIECE
    text = "_text"
    for pattern, instead in ((_UNREAD, "''"), (_LINE_ENDS, "chr(10)"), (_TAGS, "''")):
        text = _replaced(text, pattern, instead)
    text = _without_entities(text)
    for pattern, instead in ((r"[ \t\x{00A0}]+", "' '"), (r"\s*[\r\n]\s*", "chr(10)")):
        text = _replaced(text, pattern, instead)
    yield f"CREATE MACRO {PLAIN_TEXT}(_text) AS trim({text}, ' ' || chr(10))"


def _replaced(text: str, pattern: str, instead: str) -> str:
    return f"regexp_replace({text}, '{pattern}', {instead}, 'g')"


def _without_entities(text: str) -> str:
    name = f"regexp_extract(p, '{_ENTITY}', 1)"
    pieces = f"string_split({text}, '&')"
    rest = f"list_transform({pieces}[2:], lambda p: html_piece(p, {name}, html_code({name})))"
    return f"({pieces}[1] || coalesce(array_to_string({rest}, ''), ''))"
