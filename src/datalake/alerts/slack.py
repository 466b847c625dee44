"""The edge to Slack: one call of an incoming webhook, judged as Slack documents its answers.

https://api.slack.com/messaging/webhooks: success is 200 with the body ok; 400 invalid_payload and the like, 403
action_prohibited, 404 no_service, 410 channel_is_archived; 429 with Retry-After. requests is imported late: a quiet
watchdog never needs it. No answer holds the webhook's address, which is a secret: requests' own errors do.
"""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from datalake.alerts.blocks import payload, plain_payload, whole_text
from datalake.alerts.channels import DEAD, LATER, REFUSED, SENT, Answer, Notice
from datalake.alerts.mail import plain
from datalake.safe_text import clipped, one_line, redacted

if TYPE_CHECKING:
    import requests

LONGEST_WAIT = 5.0  # seconds for one connection, or for the next byte
MOST_BYTES = 4_096  # of an answer; ok needs two
GONE = (403, 404, 410)
SPACING = 1.1  # seconds; https://api.slack.com/docs/rate-limits: incoming webhooks take one message a second


@dataclass(frozen=True)
class SlackWebhook:
    """Posts to one incoming webhook."""

    url: str = field(repr=False)
    name: str = "Slack"
    spacing: float = SPACING

    def send(self, notice: Notice, seconds: float) -> Answer:
        """Post the message; where Slack refuses its blocks, once more as plain text."""
        until = time.monotonic() + seconds
        answer = post(self.url, payload(notice.message), until)
        if answer.state != REFUSED:
            return answer
        second = post(self.url, plain_payload(whole_text(notice.message)), until)
        if second.state != SENT:
            return second if second.state == LATER else answer
        return Answer(SENT, f"sent as plain text, for Slack refused the blocks ({answer.said})")


@dataclass(frozen=True)
class JsonWebhook:
    """Posts the message's parts as JSON to any address; whatever 2xx answers is taken as received."""

    url: str = field(repr=False)
    name: str
    spacing: float = 0.0

    def send(self, notice: Notice, seconds: float) -> Answer:
        """Post id, kind, title, summary and text."""
        told = notice.message
        body = {"id": notice.id, "kind": told.kind, "title": told.title, "summary": told.summary, "text": plain(told)}
        answer = post(self.url, body, time.monotonic() + seconds)
        return Answer(SENT, answer.said) if answer.said[:1] == "2" else answer


def post(url: str, body: dict[str, Any], until: float) -> Answer:
    """Post JSON once, done before the monotonic time given if the other side answers at all."""
    import requests
    import urllib3

    left = until - time.monotonic()
    if left <= 0:
        return Answer(LATER, "no time was left")
    try:
        with requests.post(url, json=body, timeout=min(left, LONGEST_WAIT), **_MANNERS) as response:
            return judge(response.status_code, _start_of(response), response.headers.get("Retry-After", ""))
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
        return Answer(LATER, said_of(problem), unsure=isinstance(problem, requests.exceptions.ReadTimeout))


_MANNERS: dict[str, Any] = {"allow_redirects": False, "stream": True, "headers": {"Accept-Encoding": "identity"}}


def _start_of(response: "requests.Response") -> str:
    start: bytes = response.raw.read(MOST_BYTES) or b""
    return start.decode("utf-8", "replace")


def judge(status: int, body: str, retry_after: str = "") -> Answer:
    """Given what a webhook answered, return what that means."""
    said = f"{status} {clipped(one_line(redacted(body)), 120)}".strip()
    if status == 200 and body.strip() == "ok":
        return Answer(SENT, "ok")
    if status == 429:
        return Answer(LATER, said, _seconds(retry_after))
    if status in GONE:
        return Answer(DEAD, said)
    if 400 <= status < 500:
        return Answer(REFUSED, said)
    return Answer(LATER, f"{said} (a redirect is not followed)" if 300 <= status < 400 else said)


def _seconds(text: str) -> float | None:
    """Read a Retry-After that counts seconds; one that names a date waits as long as no header at all."""
    return float(text) if text.strip().isdigit() else None


def said_of(problem: Exception) -> str:
    """Say what went wrong without the words of the error, which hold the address."""
    import requests

    kinds = (
        (requests.exceptions.SSLError, "its certificate was not accepted"),
        (requests.exceptions.ProxyError, "the proxy did not let it through"),
        (requests.exceptions.ConnectTimeout, "no connection in time"),
        (requests.exceptions.ReadTimeout, "no answer in time"),
        (requests.exceptions.ConnectionError, "could not connect, or the connection broke"),
    )
    return next((words for kind, words in kinds if isinstance(problem, kind)), type(problem).__name__)
