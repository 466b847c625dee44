"""Where mail ends up in the tests: an SMTP sink, and a real sendmail (Postfix) of their own that relays into it.

Postfix needs nothing of the system's configuration: its main.cf, master.cf and queue lie in a folder of the test's,
and sendmail is told of them by -C. It wants root, and a path short enough for its sockets.
"""

import email
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

SENDMAIL = "/usr/sbin/sendmail"
DAEMONS = Path("/usr/lib/postfix/sbin")
SECONDS = 20  # a broken Postfix makes its sendmail wait for ever
SERVICES = """\
pickup    unix  n       -       n       1       1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       1       1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
smtp      unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
postlog   unix-dgram n  -       n       -       1       postlogd
"""
MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = dl1.example.edu
mydestination =
relayhost = [127.0.0.1]:{port}
inet_interfaces = loopback-only
inet_protocols = ipv4
smtp_host_lookup = native
local_transport = error:no local mail
alias_maps =
alias_database =
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
"""


@dataclass
class Delivered:
    """One mail as the sink got it."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=default)  # type: ignore[return-value]

    def text(self, kind: str) -> str:
        """The body of that kind: plain or html."""
        part = self.message.get_body((kind,))
        assert part is not None
        return part.get_content()


@dataclass
class Sink:
    """An SMTP server that takes everything and keeps it. refuse: what it answers to DATA instead, if anything."""

    mails: list[Delivered] = field(default_factory=list)
    refuse: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        self.mails.append(Delivered(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"

    def start(self) -> "Sink":
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **self.options)
        self.controller.start()
        return self

    def stop(self) -> None:
        self.controller.stop()


def free_port() -> int:
    """A port that was free a moment ago: aiosmtpd cannot ask for any."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def why_no_postfix() -> str:
    """Say why a Postfix of the test's own cannot be run here; "" where it can."""
    if not (DAEMONS / "master").exists():
        return "no Postfix here (Debian: apt-get install postfix)"
    return "" if os.geteuid() == 0 else "Postfix needs root"


class PrivatePostfix:
    """A Postfix of the test's own that relays to one port; sendmail is the program to call."""

    def __init__(self, port: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pf-", dir="/tmp"))
        self.root.chmod(0o755)
        for name in ("etc", "spool", "data"):
            (self.root / name).mkdir()
        os.chown(self.root / "data", pwd.getpwnam("postfix").pw_uid, -1)
        (self.root / "etc" / "main.cf").write_text(MAIN.format(root=self.root, daemons=DAEMONS, port=port))
        (self.root / "etc" / "master.cf").write_text(SERVICES)
        self.sendmail = self.root / "sendmail"
        self.sendmail.write_text(f'#!/bin/sh\nexec timeout {SECONDS} {SENDMAIL} -C {self.root}/etc "$@"\n')
        self.sendmail.chmod(0o755)

    def start(self) -> "PrivatePostfix":
        self._postfix("start")
        return self

    def stop(self) -> None:
        self._postfix("stop")
        shutil.rmtree(self.root, ignore_errors=True)

    def _postfix(self, word: str) -> None:
        command = ["postfix", "-c", str(self.root / "etc"), word]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, done.stderr
