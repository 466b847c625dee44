"""Slack as an HTTP server: takes what an incoming webhook takes, refuses what Slack refuses, and records both.

The rules are those of https://api.slack.com/messaging/webhooks and of Block Kit's reference; set `moods` to make the
next calls go wrong as a network or a revoked webhook does.
"""

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
LONGEST_TEXT, LONGEST_SECTION, LONGEST_FIELD, LONGEST_HEADER = 40_000, 3_000, 2_000, 150
MOST_BLOCKS, MOST_ELEMENTS, MOST_FIELDS = 50, 10, 10
# entities are three; a < that is ours opens a named link
STRAY = re.compile(r"&(?!amp;|lt;|gt;)|<(?!https?://[^<>|]+\|[^<>]+>)")


@dataclass
class Call:
    """One call as it came, and what was answered."""

    path: str
    body: bytes
    status: int
    said: str

    @property
    def payload(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def everything(self) -> str:
        """All text that a reader would see."""
        return "\n".join(texts(self.payload))


@dataclass
class SlackServer:
    """moods: how the next calls are answered, one each; when they are used up, usual.

    pace: seconds that must lie between two messages; one that comes sooner is answered 429, as Slack documents.
    """

    moods: list[str] = field(default_factory=list)
    usual: str = "slack"
    retry_after: str = "30"
    pace: float = 0.0
    last: float = float("-inf")
    calls: list[Call] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    @property
    def taken(self) -> list[Call]:
        """The messages that reached the channel."""
        return [call for call in self.calls if call.status == 200 and call.said == "ok"]

    def start(self) -> "SlackServer":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


FIXED = {
    "403": (403, "action_prohibited"),
    "404": (404, "no_service"),
    "410": (410, "channel_is_archived"),
    "500": (500, "server_error"),
    "login": (200, "<html>please log in</html>"),
    "invalid_blocks": (400, "invalid_blocks"),
}


def _handler(server: SlackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            mood = server.moods.pop(0) if server.moods else server.usual
            if mood in ("hang", "drip", "big", "reset"):
                server.calls.append(Call(self.path, body, 0, mood))
                getattr(self, f"_{mood}")()
                return
            status, said = self._judged(mood, body)
            server.calls.append(Call(self.path, body, status, said))
            self._answer(status, said)

        def do_GET(self) -> None:  # where a followed redirect would end
            server.calls.append(Call(self.path, b"{}", 299, "got"))
            self._answer(200, "ok")

        def _judged(self, mood: str, body: bytes) -> tuple[int, str]:
            if mood in FIXED:
                return FIXED[mood]
            if mood == "429":
                return 429, "rate_limited"
            if mood == "302":
                return 302, ""
            sooner = time.monotonic() - server.last < server.pace
            status, said = (429, "rate_limited") if sooner else judge(self.path, self.headers["Content-Type"], body)
            server.last = time.monotonic() if status == 200 else server.last
            return status, said

        def _answer(self, status: int, said: str) -> None:
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", server.retry_after)
            if status == 302:
                self.send_header("Location", server.url)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def _hang(self) -> None:
            server.released.wait(60)
            self.close_connection = True

        def _reset(self) -> None:
            self.close_connection = True

        def _drip(self) -> None:
            """A byte a second of a header that never ends."""
            self._pour(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 60, 1.0)

        def _big(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(50_000_000))
            self.end_headers()
            self._pour([b"x" * 1_000_000] * 50, 0)

        def _pour(self, pieces: Any, seconds: float) -> None:
            try:
                for piece in pieces:
                    self.wfile.write(piece if isinstance(piece, bytes) else bytes([piece]))
                    if seconds and server.released.wait(seconds):
                        return
            except OSError:
                pass

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def judge(path: str, content_type: str, body: bytes) -> tuple[int, str]:
    """Given a call, return what Slack would answer."""
    if path.partition("?")[0] != PATH:
        return 404, "no_service"
    try:
        payload = json.loads(body)
    except ValueError:
        return 400, "invalid_payload"
    if "json" not in content_type or not isinstance(payload, dict):
        return 400, "invalid_payload"
    if not payload.get("text") and not payload.get("blocks"):
        return 400, "no_text"
    if len(payload.get("text", "")) > LONGEST_TEXT:
        return 400, "msg_too_long"
    if not _blocks_fit(payload.get("blocks", [])):
        return 400, "invalid_blocks"
    return 200, "ok"


def _blocks_fit(blocks: Any) -> bool:
    return isinstance(blocks, list) and len(blocks) <= MOST_BLOCKS and all(_fits(block) for block in blocks)


def _fits(block: Any) -> bool:
    kind = block.get("type")
    if kind == "header":
        return block["text"]["type"] == "plain_text" and 0 < len(block["text"]["text"]) <= LONGEST_HEADER
    if kind == "section":
        fields = block.get("fields", [])
        return (
            ("text" not in block or _text_fits(block["text"], LONGEST_SECTION))
            and ("text" in block or fields)
            and len(fields) <= MOST_FIELDS
            and all(_text_fits(each, LONGEST_FIELD) for each in fields)
        )
    if kind == "context":
        return 0 < len(block["elements"]) <= MOST_ELEMENTS and all(
            _text_fits(each, 3_000) for each in block["elements"]
        )
    return kind == "divider"


def _text_fits(text: Any, longest: int) -> bool:
    return text["type"] in ("mrkdwn", "plain_text") and 0 < len(text["text"]) <= longest


def texts(payload: Any) -> list[str]:
    """Every text of a payload, in the order a reader meets them."""
    if isinstance(payload, dict):
        return [found for key, value in payload.items() if key != "type" for found in texts(value)]
    if isinstance(payload, list):
        return [found for value in payload for found in texts(value)]
    return [payload] if isinstance(payload, str) else []


def mrkdwn(payload: dict[str, Any]) -> list[str]:
    """Every text that Slack would read as markup: the fallback text and the mrkdwn of the blocks."""
    found = [payload.get("text", "")]

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("type") == "mrkdwn":
                found.append(value["text"])
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(payload.get("blocks", []))
    return found


def unescaped(payload: dict[str, Any]) -> list[str]:
    """What would be read as a mention, or is no entity that Slack knows."""
    return [text for text in mrkdwn(payload) if STRAY.search(text)]
