"""PURE. A message as a mail: plain text first, its HTML twin second (RFC 5322, 2046, 3834)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from datalake.alerts.message import Line, Message, Part, Span

WIDTH = "max-width:46em;font-family:sans-serif;font-size:15px;line-height:1.45;color:#1a1a1a"
PRE = "background:#f4f4f4;padding:8px;font-size:13px;white-space:pre-wrap;overflow-wrap:anywhere"
SMALL = "color:#555;font-size:13px"


@dataclass(frozen=True)
class Envelope:
    """Who mails whom, from settings only; message_id is the same for every try of one mail."""

    sender: str
    to: tuple[str, ...]
    date: datetime
    message_id: str  # <...@host>
    thread: str = ""  # the Message-ID of the notice this one belongs to
    name: str = ""  # of this installation, for List-Id


def mail(message: Message, envelope: Envelope) -> EmailMessage:
    """Given a message that was made safe and its envelope, return the mail."""
    made = EmailMessage()
    made["Date"] = format_datetime(envelope.date)
    made["Message-ID"] = envelope.message_id
    made["From"] = envelope.sender
    made["To"] = ", ".join(envelope.to)
    made["Subject"] = message.subject
    made["Auto-Submitted"] = "auto-generated"
    if envelope.thread and envelope.thread != envelope.message_id:
        made["In-Reply-To"] = made["References"] = envelope.thread
    made.set_content(plain(message), cte="quoted-printable")
    made.add_alternative(html(message), subtype="html", cte="quoted-printable")
    return made


def plain(message: Message) -> str:
    """Return the message as plain text."""
    blocks = [_underlined(message.title), *(_PLAIN[part.kind](part.lines) for part in message.parts if part.lines)]
    return "\n\n".join(blocks) + "\n"


def _underlined(title: str) -> str:
    return f"{title}\n{'=' * len(title)}"


def _plain_lines(lines: Sequence[Line]) -> str:
    return "\n".join(_plain_line(each) for each in lines)


def _plain_line(given: Line) -> str:
    return "".join(_plain_span(span, alone=len(given) == 1) for span in given)


def _plain_span(span: Span, alone: bool) -> str:
    """A command inside a sentence keeps its backticks, one that is the whole line can be pasted as it stands."""
    if span.style == "link":
        return f"{span.text} ({span.url})"
    return f"`{span.text}`" if span.style == "code" and not alone else span.text


def _plain_steps(lines: Sequence[Line]) -> str:
    return "\n".join(["Do:", *(f"  {number}. {_plain_line(each)}" for number, each in enumerate(lines, start=1))])


def _plain_log(lines: Sequence[Line]) -> str:
    return "\n".join(f"  | {_plain_line(each)}" for each in lines)


_PLAIN = {"paragraph": _plain_lines, "steps": _plain_steps, "log": _plain_log, "small": _plain_lines}


def html(message: Message) -> str:
    """Return the message as one HTML page without any outside part."""
    body = "\n".join(_html_part(part) for part in message.parts if part.lines)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(message.title)}</title></head>\n'
        f'<body><div style="{WIDTH}">\n<h1 style="font-size:18px">{escape(message.title)}</h1>\n{body}\n</div></body>'
        "</html>\n"
    )


def _html_part(part: Part) -> str:
    if part.kind == "steps":
        items = "".join(f"<li>{_html_line(each)}</li>" for each in part.lines)
        return f"<p><b>Do</b></p><ol>{items}</ol>"
    if part.kind == "log":
        return f'<pre style="{PRE}">{chr(10).join(_html_line(each) for each in part.lines)}</pre>'
    style = f' style="{SMALL}"' if part.kind == "small" else ""
    return f"<p{style}>{'<br>'.join(_html_line(each) for each in part.lines)}</p>"


def _html_line(given: Line) -> str:
    return "".join(_html_span(span) for span in given)


def _html_span(span: Span) -> str:
    text = escape(span.text)
    if span.style == "code":
        return f"<code>{text}</code>"
    if span.style == "bold":
        return f"<b>{text}</b>"
    return f'<a href="{escape(span.url)}">{text}</a>' if span.style == "link" else text
