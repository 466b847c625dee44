"""The edge to mail where there is no sendmail: an SMTP server of the university's, with login and TLS."""

import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, field

from datalake.alerts.channels import DEAD, LATER, REFUSED, SENT, Answer, Notice
from datalake.alerts.mail import Envelope, mail
from datalake.alerts.sendmail import message_id, own_address, own_id
from datalake.safe_text import clipped, one_line, redacted
from datalake.settings import Relay

LONGEST_WAIT = 5.0  # seconds for one answer


@dataclass(frozen=True)
class SmtpRelay:
    """Mails to fixed recipients by an SMTP server; with a user it logs in, and never without TLS."""

    relay: Relay
    to: tuple[str, ...]
    sender: str = ""
    password: str = field(default="", repr=False)
    name: str = "mail"
    trusted: str = ""  # a file of certificates to trust instead of the system's
    spacing: float = 0.0

    def send(self, notice: Notice, seconds: float) -> Answer:
        """Give the mail to the server; its 250 means that it is the server's to deliver."""
        thread = message_id(notice.thread) if notice.thread else ""
        envelope = Envelope(self.sender or own_address(), self.to, notice.created, own_id(notice), thread)
        try:
            with self._connected(time.monotonic() + seconds) as server:
                server.send_message(mail(notice.message, envelope), envelope.sender, list(self.to))
        except smtplib.SMTPAuthenticationError as problem:
            return Answer(DEAD, f"the login was refused ({problem.smtp_code})")
        except smtplib.SMTPResponseException as problem:
            return _refused(problem.smtp_code, problem.smtp_error)
        except smtplib.SMTPRecipientsRefused as problem:
            return _refused(*next(iter(problem.recipients.values())))
        except (smtplib.SMTPException, OSError) as problem:
            return Answer(LATER, _said_of(problem), unsure=isinstance(problem, TimeoutError))
        return Answer(SENT, f"taken by {self.relay.host}")

    def _connected(self, until: float) -> smtplib.SMTP:
        wait = max(0.1, min(LONGEST_WAIT, until - time.monotonic()))
        context = ssl.create_default_context(cafile=self.trusted or None)
        if self.relay.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.relay.host, self.relay.port, timeout=wait, context=context)
        else:
            server = smtplib.SMTP(self.relay.host, self.relay.port, timeout=wait)
        try:
            if self.relay.security == "starttls":
                server.starttls(context=context)
            if self.relay.user:
                self._log_in(server)
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self.relay.security == "none":
            raise smtplib.SMTPException("a password is not sent without TLS; set alerts.mail.relay.security")
        server.login(self.relay.user, self.password)


def _refused(code: int, said: bytes | str) -> Answer:
    """4xx asks to come again, 5xx is final (RFC 5321, section 4.2.1)."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Answer(LATER if code < 500 else REFUSED, f"{code} {clipped(one_line(redacted(words)), 120)}")


def _said_of(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLError):
        return "its certificate was not accepted"
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    if isinstance(problem, socket.gaierror):
        return "its name is not known"
    if isinstance(problem, OSError) and not isinstance(problem, smtplib.SMTPException):
        return f"could not connect ({problem.strerror or type(problem).__name__})"
    return clipped(one_line(redacted(str(problem))), 120)
