"""The edge to mail: hands a message to this host's sendmail, recipients in its headers (-t), dots as they are (-i)."""

import getpass
import os
import re
import signal
import socket
import subprocess
from dataclasses import dataclass
from datetime import timezone

from datalake.alerts.channels import DEAD, LATER, QUEUED, REFUSED, Answer, Notice
from datalake.alerts.mail import Envelope, mail
from datalake.safe_text import clipped, one_line, redacted

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
CANNOT_RUN = (126, 127)


@dataclass(frozen=True)
class Sendmail:
    """Mails to fixed recipients by a sendmail program; sender empty is user@host."""

    program: str
    to: tuple[str, ...]
    sender: str = ""
    name: str = "mail"
    spacing: float = 0.0

    def send(self, notice: Notice, seconds: float) -> Answer:
        """Hand the mail over; sendmail's exit code 0 means that it is in the queue of this host."""
        written = mail(notice.message, self._envelope(notice)).as_bytes()
        try:
            return self._hand_over(written, seconds)
        except FileNotFoundError:
            return Answer(DEAD, f"{self.program} is not there; set alerts.mail.sendmail")
        except OSError as problem:
            return Answer(DEAD, f"{self.program} could not be started: {problem.strerror}")

    def _envelope(self, notice: Notice) -> Envelope:
        thread = message_id(notice.thread) if notice.thread else ""
        sender = self.sender or own_address()
        return Envelope(sender, self.to, notice.created, own_id(notice), thread)

    def _hand_over(self, written: bytes, seconds: float) -> Answer:
        command = [self.program, "-t", "-i", *(["-f", self.sender] if self.sender else [])]
        surroundings = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin"}
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all it started can be ended with it
            env=surroundings,
        ) as child:
            try:
                said, _ = child.communicate(written, timeout=max(seconds, 0.1))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                return Answer(LATER, f"{self.program} did not end within {seconds:.0f} s")
        return judge(child.returncode, said.decode("utf-8", "replace"))


def judge(code: int, said: str) -> Answer:
    """Given how sendmail ended and what it said, return what that means (exit codes of sysexits.h)."""
    words = f"exit code {code}: {clipped(one_line(redacted(said)), 200)}".rstrip(": ")
    if code == 0:
        return Answer(QUEUED, "in the mail queue of this host")
    if code == TRY_AGAIN or code < 0:
        return Answer(LATER, words)
    return Answer(DEAD if code in CANNOT_RUN else REFUSED, words)


def own_address() -> str:
    """Return user@host, the sender where none is set."""
    return f"{_user()}@{_host()}"


def own_id(notice: Notice) -> str:
    """Return a notice's Message-ID, the same for every try.

    Within a thread its time is part of it: an old record put back counts a problem's messages anew, and mail programs
    hide a second mail of the same Message-ID.
    """
    is_answer = notice.thread and notice.thread != notice.id
    made = notice.created.astimezone(timezone.utc)
    return message_id(f"{notice.id}-{made:%Y%m%dT%H%M%SZ}" if is_answer else notice.id)


def message_id(identifier: str) -> str:
    """Given a notice's id, return its Message-ID, the same for every try."""
    return f"<{re.sub('[^A-Za-z0-9.-]', '.', identifier)}@{_host()}>"


def _host() -> str:
    """The host's name as it may stand in an address; asking DNS for the full one could take minutes."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname()).strip(".-") or "localhost"


def _user() -> str:
    try:
        return re.sub(r"[^A-Za-z0-9._-]", "-", getpass.getuser())
    except (KeyError, OSError):
        return "datalake"
