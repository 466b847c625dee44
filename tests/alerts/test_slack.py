"""Slack's answers and a network's faults: what each means, within the time there is, and never with the secret."""

import time
from datetime import datetime, timezone

import pytest
from support.slack_server import SlackServer, unescaped

from datalake.alerts import book
from datalake.alerts.channels import DEAD, LATER, REFUSED, SENT, Answer, Notice
from datalake.alerts.direct import send_now
from datalake.alerts.incidents import Finding
from datalake.alerts.message import Message, line, paragraph
from datalake.alerts.outbox import Entry
from datalake.alerts.post import Post
from datalake.alerts.report import Report
from datalake.alerts.slack import SlackWebhook, judge
from datalake.alerts.tell import Teller
from datalake.alerts.ways import Ways
from datalake.clock import SystemClock
from datalake.runs.database import writing
from datalake.settings import Settings
from datalake.zones.paths import Lake

NOTICE = Notice(
    "run-1",
    Message("test", "✅ A title", "OK: it works.", (paragraph(line("a < b & c")),)),
    datetime(2025, 11, 5, 7, 3, tzinfo=timezone.utc),
)


def send(slack: SlackServer, *moods: str, seconds: float = 5.0) -> Answer:
    slack.moods = list(moods)
    return SlackWebhook(slack.url).send(NOTICE, seconds)


def test_a_message_is_sent_once_and_is_sent_only_when_slack_says_ok(slack: SlackServer) -> None:
    assert send(slack) == Answer(SENT, "ok")
    (call,) = slack.taken
    assert call.payload["text"] == "OK: it works."
    assert call.payload["blocks"][1]["text"]["text"] == "a &lt; b &amp; c"
    assert unescaped(call.payload) == []


@pytest.mark.parametrize(
    ("mood", "state", "said"),
    [
        ("403", DEAD, "403 action_prohibited"),
        ("404", DEAD, "404 no_service"),
        ("410", DEAD, "410 channel_is_archived"),
        ("500", LATER, "500 server_error"),
        ("login", LATER, "200 <html>please log in</html>"),
        ("302", LATER, "302 (a redirect is not followed)"),
        ("reset", LATER, "could not connect, or the connection broke"),
    ],
)
def test_every_answer_but_ok_is_no_delivery(slack: SlackServer, mood: str, state: str, said: str) -> None:
    assert send(slack, mood) == Answer(state, said)
    assert slack.taken == [] and len(slack.calls) == 1


def test_a_429_says_how_long_to_wait(slack: SlackServer) -> None:
    assert send(slack, "429") == Answer(LATER, "429 rate_limited", 30.0)


@pytest.mark.parametrize(("header", "seconds"), [("1", 1.0), ("86400", 86400.0), ("", None), ("Wed, 21 Oct", None)])
def test_a_retry_after_that_is_no_count_of_seconds_is_none(header: str, seconds: float | None) -> None:
    assert judge(429, "rate_limited", header).retry_after == seconds


@pytest.fixture
def queued(lake: Lake):
    """queued(count) puts that many messages for Slack into the outbox."""

    def put(count: int) -> None:
        with writing(lake.database, lake.runtime_csv) as connection:
            for number in range(count):
                book.enqueue(connection, Entry(f"n{number}", "Slack", "failure", NOTICE.message, SystemClock().now()))

    return put


def test_three_messages_at_once_keep_to_one_a_second_and_none_is_answered_429(lake, slack, queued) -> None:
    slack.pace = 1.0
    queued(3)
    Post(lake, {"Slack": SlackWebhook(slack.url)}, SystemClock()).drain(20)
    assert [call.status for call in slack.calls] == [200, 200, 200]


def test_messages_that_cannot_be_kept_keep_to_the_pace_too(lake, slack) -> None:
    slack.pace = 1.0
    lake.database.mkdir()  # no outbox
    way = Ways({"Slack": SlackWebhook(slack.url)}, ("Slack",))
    found = [Finding(key, "wrong", "it is wrong", NOTICE.message) for key in ("disk", "zone")]
    assert Teller(lake, Settings(), way, SystemClock(), 10.0).tell(Report(found))
    assert [call.status for call in slack.calls] == [200, 200]


def test_a_single_message_waits_for_nothing(lake, slack, queued, monkeypatch) -> None:
    """Neither before it nor after it: with a pace of an hour it would not come back within the time it has."""
    queued(1)
    post = Post(lake, {"Slack": SlackWebhook(slack.url, spacing=3_600.0)}, SystemClock())
    waits: list[float] = []
    monkeypatch.setattr("datalake.alerts.post.Post._rest", lambda *_: waits.append(1.0) or 3_600.0)
    post.drain(20)
    assert len(slack.taken) == 1 and waits == []


def test_a_short_retry_after_is_waited_for_and_a_long_one_is_left_to_the_next_sender(lake, slack, queued) -> None:
    queued(1)
    slack.moods, slack.retry_after = ["429"], "1"
    post = Post(lake, {"Slack": SlackWebhook(slack.url)}, SystemClock())
    post.drain(20)
    assert [call.status for call in slack.calls] == [429, 200] and post.failed == {}
    slack.moods, slack.retry_after = ["429"], "600"
    with writing(lake.database, lake.runtime_csv) as connection:
        book.enqueue(connection, Entry("later", "Slack", "failure", NOTICE.message, SystemClock().now()))
    begun = time.monotonic()
    post.drain(20)
    assert time.monotonic() - begun < 10 and "Slack" in post.failed
    assert [call.status for call in slack.calls] == [429, 200, 429]


def test_what_slack_refuses_as_blocks_is_sent_again_as_plain_text(slack: SlackServer) -> None:
    answer = send(slack, "invalid_blocks")
    assert answer.state == SENT and "plain text" in answer.said and "400 invalid_blocks" in answer.said
    (taken,) = slack.taken
    assert taken.payload["text"] == "✅ A title\na &lt; b &amp; c" and "blocks" not in taken.payload


def test_what_slack_refuses_twice_is_refused(slack: SlackServer) -> None:
    assert send(slack, "invalid_blocks", "invalid_blocks").state == REFUSED


def test_no_redirect_is_followed(slack: SlackServer) -> None:
    send(slack, "302")
    assert [call.status for call in slack.calls] == [302]


@pytest.mark.parametrize("mood", ["hang", "drip"])
def test_a_server_that_hangs_or_drips_holds_nobody_up(slack: SlackServer, mood: str) -> None:
    slack.moods = [mood]
    start = time.monotonic()
    answers = send_now({"Slack": SlackWebhook(slack.url), "other": Answering()}, NOTICE, 0.8)
    assert time.monotonic() - start < 2
    assert answers["Slack"].state == LATER and answers["other"] == Answer(SENT, "ok")


class Answering:
    name = "other"

    def send(self, notice: Notice, seconds: float) -> Answer:
        return Answer(SENT, "ok")


class Broken:
    name = "broken"

    def send(self, notice: Notice, seconds: float) -> Answer:
        raise RuntimeError("https://hooks.slack.com/services/T/B/secret")


def test_a_channel_that_breaks_stops_no_other_and_tells_no_secret() -> None:
    answers = send_now({"broken": Broken(), "other": Answering()}, NOTICE, 2)
    assert answers["other"].state == SENT
    assert answers["broken"] == Answer(LATER, "RuntimeError, a fault of this program", unsure=True)


def test_of_a_big_answer_only_the_start_is_read(slack: SlackServer) -> None:
    start = time.monotonic()
    answer = send(slack, "big")
    assert answer.state == LATER and len(answer.said) < 200
    assert time.monotonic() - start < 3


def test_no_answer_holds_the_secret_of_the_webhook(slack: SlackServer) -> None:
    url = slack.url
    slack.stop()  # nobody listens any more
    answer = SlackWebhook(url).send(NOTICE, 2)
    assert answer == Answer(LATER, "could not connect, or the connection broke")
    assert "services" not in repr(SlackWebhook(url))


def test_a_host_that_does_not_exist_is_later_and_not_an_error() -> None:
    assert SlackWebhook("https://nowhere.invalid/services/T/B/x").send(NOTICE, 2).state == LATER
