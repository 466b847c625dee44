"""PURE. A message as plain data: what to say, apart from how Slack or a mail writes it.

Text that came from outside stands in spans like any other: the renderers escape every span, so it cannot be markup.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from datalake.safe_text import clipped, one_line, printable, redacted
from datalake.settings import Settings

LONGEST_SPAN = 1_000  # characters; what is longer keeps its head and its tail
_CODE = re.compile(r"`([^`\n]+)`")
_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:'()_-]+")


@dataclass(frozen=True)
class Span:
    """A piece of a line. style is "", bold, code or link; a link has its url."""

    text: str
    style: str = ""
    url: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Part:
    """One block of a message: a paragraph, steps (numbered, what to do), a log (as it stands) or small print."""

    kind: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Message:
    """What is told. summary is one sentence that begins with the state: notifications and screen readers use it."""

    kind: str  # success notes failure held check weekly test ...
    title: str
    summary: str
    parts: tuple[Part, ...] = ()

    @property
    def subject(self) -> str:
        """The mail's subject: letters, digits, spaces and .,:'()_- only: nothing in it can be a header."""
        plain = self.title.replace("–", "-").replace("·", "-")
        return " ".join(_UNSAFE.sub("", plain).split())


def to_json(message: Message) -> dict[str, Any]:
    """Return the message as JSON values."""
    return asdict(message)


def from_json(document: dict[str, Any]) -> Message:
    """Given what to_json made, return the message; raise KeyError or TypeError on anything else."""
    parts = (
        Part(part["kind"], tuple(tuple(Span(**span) for span in each) for each in part["lines"]))
        for part in document["parts"]
    )
    return Message(document["kind"], document["title"], document["summary"], tuple(parts))


def line(*pieces: str | Span) -> Line:
    """Given texts and spans, return the line they make."""
    return tuple(piece if isinstance(piece, Span) else Span(piece) for piece in pieces)


def marked(text: str) -> Line:
    """Given our own sentence with commands in `backticks`, return it with those as code."""
    spans = []
    for place, piece in enumerate(_CODE.split(text)):
        if piece:
            spans.append(Span(piece, "code" if place % 2 else ""))
    return tuple(spans)


def paragraph(*lines: Line) -> Part:
    return Part("paragraph", lines)


def steps(*lines: Line) -> Part:
    return Part("steps", lines)


def small(*lines: Line) -> Part:
    return Part("small", lines)


def log(lines: Iterable[str]) -> Part:
    return Part("log", tuple(line(each) for each in lines))


def made_safe(message: Message, settings: Settings) -> Message:
    """Return the message with every text printable, without secrets and of a bearable length: the one choke point."""
    known, addresses = tuple(settings.secrets.values()), settings.alerts.addresses

    def text(given: str) -> str:
        return clipped(redacted(_one_line_or_space(given), known, addresses), LONGEST_SPAN)

    return replace(
        message,
        title=one_line(redacted(message.title, known, addresses)),
        summary=one_line(redacted(message.summary, known, addresses)),
        parts=tuple(_safe_part(part, text) for part in message.parts),
    )


def _one_line_or_space(given: str) -> str:
    return printable(given).replace("\n", " ")


def _safe_part(part: Part, text: Callable[[str], str]) -> Part:
    return replace(
        part, lines=tuple(tuple(replace(span, text=text(span.text)) for span in each) for each in part.lines)
    )
