"""The other ends of alerts in a proof: a Slack and a mail server of this process, which note what arrives and when."""

import html
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from datalake.clock import Clock
from datalake.errors import UsageError


@dataclass(frozen=True)
class Arrival:
    """One message: the local date by the simulated clock, the moment of the script, and its words without markup."""

    channel: str  # Slack | mail
    day: date
    at: str
    title: str
    text: str
    id: str = ""  # a mail's Message-ID
    thread: str = ""  # the Message-ID of the mail it belongs to


@dataclass
class Sinks:
    """What arrived, in order. dead: Slack's webhook is revoked; moment: what the script is at."""

    clock: Clock
    arrived: list[Arrival] = field(default_factory=list)
    dead: bool = False
    moment: str = ""
    webhook: str = ""
    smtp_port: int = 0

    def note(self, channel: str, title: str, text: str, identifier: str = "", thread: str = "") -> None:
        """Keep that a message arrived now."""
        day = self.clock.now().astimezone().date()
        self.arrived.append(Arrival(channel, day, self.moment, title, text, identifier, thread))

    def slack(self, body: bytes) -> tuple[int, str]:
        """Answer as an incoming webhook does."""
        if self.dead:
            return 404, "no_service"
        payload = json.loads(body)
        told = [html.unescape(text) for block in payload["blocks"] for text in _texts(block)]
        self.note("Slack", told[0], plain_words("\n".join(told)))
        return 200, "ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a mail; its title is the first line of its text."""
        mail: EmailMessage = message_from_bytes(envelope.content, policy=default)
        part = mail.get_body(("plain",))
        text = str(part.get_content()).replace("\r\n", "\n") if part else ""
        title = text.partition("\n")[0]
        self.note("mail", title, plain_words(text), mail["Message-ID"] or "", mail["In-Reply-To"] or "")
        return "250 OK"


def _texts(block: Any) -> list[str]:
    """Every text of a block of Slack's, in its order."""
    if isinstance(block, list):
        return [text for each in block for text in _texts(each)]
    if not isinstance(block, dict):
        return []
    own = block.get("text")
    return [own] if isinstance(own, str) else [text for each in block.values() for text in _texts(each)]


def plain_words(text: str) -> str:
    """Return a message's words alone, the same however a channel marks them up: one line, without signs of markup."""
    bare = re.sub(r"^(=+|Do:|\*Do\*)$", " ", text, flags=re.MULTILINE)
    return " ".join(re.sub(r"[*`]|^\s*\|", "", bare, flags=re.MULTILINE).split())


@contextmanager
def open_sinks(clock: Clock) -> Iterator[Sinks]:
    """Run both servers on this host alone. Raise UsageError where the mail server's package is not installed."""
    try:
        from aiosmtpd.controller import Controller
    except ImportError:
        raise UsageError(
            "This proof needs the packages of the tests.", "DATALAKE_DEV=1 python3 manage.py setup"
        ) from None
    sinks = Sinks(clock)
    web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(sinks))
    sinks.webhook = f"http://127.0.0.1:{web.server_address[1]}/services/T0/B0/X"
    sinks.smtp_port = _free_port()
    mail = Controller(sinks, hostname="127.0.0.1", port=sinks.smtp_port)
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    mail.start()
    try:
        yield sinks
    finally:
        mail.stop()
        web.shutdown()
        web.server_close()


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _handler(sinks: Sinks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, said = sinks.slack(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
