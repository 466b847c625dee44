"""The other ends of alerts in a proof: a Slack and a mail server of this process, which note what arrives and when."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from datalake.clock import Clock
from datalake.errors import UsageError


@dataclass
class Sinks:
    """What arrived: (channel, local date by the simulated clock, title), in order. dead: Slack's webhook is revoked."""

    clock: Clock
    arrived: list[tuple[str, str, str]] = field(default_factory=list)
    dead: bool = False
    webhook: str = ""
    smtp_port: int = 0

    def note(self, channel: str, title: str) -> None:
        """Keep that a message arrived now."""
        day = self.clock.now().astimezone().date().isoformat()
        self.arrived.append((channel, day, title))

    def slack(self, body: bytes) -> tuple[int, str]:
        """Answer as an incoming webhook does."""
        if self.dead:
            return 404, "no_service"
        payload = json.loads(body)
        self.note("Slack", payload["blocks"][0]["text"]["text"])
        return 200, "ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a mail; its title is the first line of its text."""
        part = message_from_bytes(envelope.content, policy=default).get_body(("plain",))
        self.note("mail", str(part.get_content()).splitlines()[0] if part else "")
        return "250 OK"


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
