"""PURE. A message as Slack's incoming webhooks take it: text, and blocks within the limits Slack documents.

Limits: https://api.slack.com/reference/block-kit/blocks (section 3,000 characters, header 150, context 10 elements,
50 blocks); escaping of & < > and nothing else: https://api.slack.com/reference/surfaces/formatting
"""

from collections.abc import Callable, Sequence
from typing import Any

from datalake.alerts.message import Line, Message, Part, Span
from datalake.safe_text import clipped

SECTION, HEADER, TEXT, BLOCKS = 2_900, 148, 2_900, 12  # a little under what Slack allows
FENCE = "```"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
Block = dict[str, Any]


def payload(message: Message) -> dict[str, Any]:
    """Given a message that was made safe, return the JSON values of a webhook call: text and blocks."""
    blocks = [_header(message.title), *(_block(part) for part in message.parts if part.lines)]
    if len(blocks) > BLOCKS:
        blocks = [*blocks[: BLOCKS - 1], _context(["…and more in the log"])]
    return {**plain_payload(message.summary), "blocks": blocks}


def plain_payload(text: str) -> dict[str, Any]:
    """Return the smallest call there is: what is sent where Slack refuses the blocks."""
    return {"text": _escaped(_fit(text, TEXT)), "unfurl_links": False, "unfurl_media": False}


def whole_text(message: Message) -> str:
    """Return all of a message as plain text, for the second try after blocks were refused."""
    lines = [message.title]
    for part in message.parts:
        lines += ["".join(span.text for span in each) for each in part.lines]
    return "\n".join(lines)


def _header(title: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": clipped(title, HEADER, _width), "emoji": False}}


def _block(part: Part) -> Block:
    return _WRITERS[part.kind](part)


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(texts: Sequence[str]) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text) for text in texts]}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}  # verbatim: a name like evil.com does not become a link


def _paragraph(part: Part) -> Block:
    return _section(_joined([_written(each) for each in part.lines], part.lines))


def _steps(part: Part) -> Block:
    numbered = [f"{number}. {_written(each)}" for number, each in enumerate(part.lines, start=1)]
    return _section(_joined(["*Do*", *numbered], part.lines))


def _small(part: Part) -> Block:
    return _context([_joined([_written(each) for each in part.lines], part.lines)])


def _log(part: Part) -> Block:
    text = "\n".join("".join(span.text for span in each) for each in part.lines).replace("`", "'")
    return _section(f"{FENCE}\n{_escaped(_fit(text, SECTION - 2 * len(FENCE) - 2))}\n{FENCE}")


_WRITERS: dict[str, Callable[[Part], Block]] = {
    "paragraph": _paragraph,
    "steps": _steps,
    "small": _small,
    "log": _log,
}


def _joined(written: list[str], lines: Sequence[Line]) -> str:
    """Join lines; too long, give up the styles, for a cut could fall into one."""
    text = "\n".join(written)
    if _length(text) <= SECTION:
        return text
    return _escaped(_fit("\n".join("".join(span.text for span in each) for each in lines), SECTION))


def _written(given: Line) -> str:
    return "".join(_span(span) for span in given)


def _span(span: Span) -> str:
    text = _escaped(span.text)
    if not text.strip():
        return text
    if span.style == "code":
        return f"`{text.replace('`', chr(39))}`"
    if span.style == "bold":
        return f"*{text.replace('*', '')}*"
    if span.style == "link":
        return f"<{_escaped(span.url).replace('|', '%7C')}|{text}>"
    return text


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(each, each) for each in text)


def _fit(text: str, limit: int) -> str:
    """Clip unescaped text so that it fits once it is escaped: no cut can then fall into an entity."""
    return clipped(text, limit, lambda character: _width(_ENTITIES.get(character, character)))


def _length(text: str) -> int:
    return sum(map(_width, text))


def _width(text: str) -> int:
    """Count as UTF-16 does, the larger of the two ways in which Slack may count."""
    return sum(2 if ord(each) > 0xFFFF else 1 for each in text)
