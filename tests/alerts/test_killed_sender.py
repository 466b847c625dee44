"""The sender of messages killed between every two of its disk-changing calls: by the kernel, while real servers listen.

strace sends the SIGKILL; Slack's stand-in and the mail server are of this process and outlive every sender.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter

import pytest
from support.mail_sink import Sink
from support.project import ROOT
from support.slack_server import SlackServer

REPEATED = "You may have had this message before: whether the first try arrived is not known."
KINDS = ("pwrite64", "fdatasync", "unlink")


def why_not() -> str:
    if not shutil.which("strace"):
        return "strace is not installed"
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True)
    return "this machine allows no strace" if done.returncode else ""


@pytest.fixture(scope="module")
def rounds(tmp_path_factory) -> tuple[list[list[str]], SlackServer, Sink]:
    """What each round came to, and the two servers with all that arrived."""
    folder = tmp_path_factory.mktemp("sender")
    (folder / "logs").mkdir()
    slack, sink = SlackServer().start(), Sink().start()
    inject = [word for kind in KINDS for word in ("-e", f"inject={kind}:signal=KILL:when=80")]
    traced = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={','.join(KINDS)}", *inject]
    program = [
        sys.executable,
        str(ROOT / "tests" / "support" / "dying_sender.py"),
        str(folder),
        slack.url,
        str(sink.port),
    ]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([*traced, *program], capture_output=True, text=True, env=surroundings, timeout=240)
    slack.stop()
    sink.stop()
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()], slack, sink


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def test_it_was_killed_at_every_one_of_its_calls_and_once_at_none(rounds) -> None:
    ends = Counter((kind, end) for kind, _, end, _ in rounds[0])
    assert [ends[kind, "whole"] for kind in KINDS] == [1, 1, 1]
    assert ends["pwrite64", "killed"] >= 16 and ends["fdatasync", "killed"] >= 12 and ends["unlink", "killed"] >= 4


def test_no_message_is_lost_and_nothing_is_left_in_the_outbox(rounds) -> None:
    done, slack, sink = rounds
    assert [each for each in done if each[3] != "0"] == []
    assert {f"{kind} {place}" for kind, place, _, _ in done} <= set(posted(slack))
    assert {f"{kind} {place}" for kind, place, _, _ in done if kind != "pwrite64"} <= set(mailed(sink))


def test_at_most_one_is_repeated_and_the_repeat_says_so(rounds) -> None:
    _, slack, sink = rounds
    repeats = 0
    for arrived in (posted(slack), mailed(sink)):
        for title, texts in arrived.items():
            assert len(texts) <= 2, title
            assert sum(REPEATED in text for text in texts) >= len(texts) - 1, title
            repeats += len(texts) - 1
    assert repeats > 0, "without a repeat nothing was seen to say so"


def test_a_repeated_mail_has_the_message_id_of_the_first(rounds) -> None:
    ids: dict[str, set[str]] = {}
    for mail in rounds[2].mails:
        ids.setdefault(str(mail.message["Subject"]), set()).add(str(mail.message["Message-ID"]))
    assert {len(each) for each in ids.values()} == {1}


def posted(slack: SlackServer) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for call in slack.taken:
        found.setdefault(call.payload["blocks"][0]["text"]["text"], []).append(call.everything)
    return found


def mailed(sink: Sink) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for mail in sink.mails:
        found.setdefault(str(mail.message["Subject"]), []).append(mail.text("plain"))
    return found
