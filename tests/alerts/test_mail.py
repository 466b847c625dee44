"""Mail as a reader's program gets it: through a real sendmail, and when sendmail goes wrong."""

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.mail_sink import PrivatePostfix, Sink
from support.polling import until

from datalake.alerts.channels import DEAD, LATER, QUEUED, REFUSED, Answer, Notice
from datalake.alerts.message import Message, Span, line, log, paragraph, steps
from datalake.alerts.sendmail import Sendmail

MESSAGE = Message(
    "failure",
    "❌ BU Research Data Lake – ETL Failure · Wed 5 Nov 2025",
    "FAILED: grants",
    (
        paragraph(line("grants was not updated – “status” <b> & more")),
        steps(line(Span("python3 manage.py retry grants", "code"))),
        log(["before", ".", "x" * 3_000, "after"]),
    ),
)
SENT_AT = datetime(2025, 11, 5, 7, 3, tzinfo=timezone.utc)
NOTICE = Notice("run-20251105T070000Z-4711", MESSAGE, SENT_AT)
TO = ("one@example.edu", "two@example.edu")


@pytest.fixture
def through(postfix: tuple[Sink, PrivatePostfix]):
    """through(notice, ...) hands a notice to the real sendmail and returns the mail as it arrived."""
    sink, relay = postfix

    def deliver(notice: Notice, sender: str = "lake@example.edu"):
        sink.mails.clear()
        assert Sendmail(str(relay.sendmail), TO, sender).send(notice, 10) == Answer(
            QUEUED, "in the mail queue of this host"
        )
        until(lambda: sink.mails, "the mail")
        return sink.mails[0]

    return deliver


def test_a_mail_arrives_whole_with_its_headers(through) -> None:
    mail = through(NOTICE)
    headers = mail.message
    assert sorted(mail.to) == sorted(TO) and mail.sender == "lake@example.edu"
    assert headers["To"] == "one@example.edu, two@example.edu"
    assert headers["From"] == "lake@example.edu"
    assert headers["Subject"] == "BU Research Data Lake - ETL Failure - Wed 5 Nov 2025"
    assert headers["Date"] == "Wed, 05 Nov 2025 07:03:00 +0000"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<run-20251105T070000Z-4711@[A-Za-z0-9.-]+>", headers["Message-ID"])
    assert headers.get_content_type() == "multipart/alternative"


def test_a_line_that_holds_only_a_dot_does_not_end_the_mail(through) -> None:
    text = through(NOTICE).text("plain").replace("\r\n", "\n")
    assert "  | before\n  | .\n  | xxx" in text and text.endswith("  | after\n")
    assert "grants was not updated – “status” <b> & more" in text
    assert "\n  1. python3 manage.py retry grants\n" in text


def test_the_html_twin_says_the_same_and_escapes_it(through) -> None:
    html = through(NOTICE).text("html")
    assert "grants was not updated – “status” &lt;b&gt; &amp; more" in html
    assert "<code>python3 manage.py retry grants</code>" in html
    assert "http" not in html and 'lang="en"' in html


def test_no_line_of_a_mail_is_longer_than_smtp_allows(through) -> None:
    assert max(len(each) for each in through(NOTICE).raw.split(b"\r\n")) <= 998


def test_a_later_mail_belongs_to_the_thread_of_the_first(through) -> None:
    first = through(NOTICE).message["Message-ID"]
    reminder = through(Notice("reminder-2", MESSAGE, SENT_AT, thread=NOTICE.id)).message
    assert reminder["In-Reply-To"] == first and reminder["References"] == first


def test_a_message_that_an_old_record_counts_anew_is_no_repeat_to_a_mail_program(through) -> None:
    second = Notice("problem-4-2", MESSAGE, SENT_AT, thread=NOTICE.id)
    first, again = (through(each).message["Message-ID"] for each in (second, second))
    assert first == again, "every try of one message has the same"
    assert through(replace(second, created=SENT_AT + timedelta(days=2))).message["Message-ID"] != first


def test_without_a_sender_it_is_this_user_at_this_host(through) -> None:
    assert re.fullmatch(r"[\w.-]+@[\w.-]+", through(NOTICE, sender="").message["From"])


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "sendmail"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("cat >/dev/null; exit 75", LATER),
        ("cat >/dev/null; echo no such user >&2; exit 67", REFUSED),
        ("exec 0<&-; exit 0", QUEUED),
        ("kill -9 $$", LATER),
    ],
)
def test_how_sendmail_ends_says_what_became_of_the_mail(tmp_path: Path, script: str, state: str) -> None:
    assert Sendmail(program(tmp_path, script), TO).send(NOTICE, 5).state == state


def test_a_sendmail_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    start = time.monotonic()
    hanging = program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    assert Sendmail(hanging, TO).send(NOTICE, 0.3).state == LATER
    assert time.monotonic() - start < 5
    child = int((tmp_path / "child").read_text())
    until(
        lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text(),
        "what sendmail started to be gone",
    )


def test_a_sendmail_that_is_not_there_is_named(tmp_path: Path) -> None:
    answer = Sendmail(str(tmp_path / "none"), TO).send(NOTICE, 5)
    assert answer == Answer(DEAD, f"{tmp_path / 'none'} is not there; set alerts.mail.sendmail")
