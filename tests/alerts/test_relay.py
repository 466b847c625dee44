"""Mail by an SMTP server with login and TLS, where there is no sendmail."""

import ssl
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from support.mail_sink import Sink, free_port

from datalake.alerts.channels import DEAD, LATER, REFUSED, SENT, Answer, Notice
from datalake.alerts.message import Message, line, paragraph
from datalake.alerts.relay import SmtpRelay
from datalake.settings import Relay

NOTICE = Notice(
    "run-1",
    Message("failure", "❌ ETL Failure", "FAILED", (paragraph(line("grants – not updated")),)),
    datetime(2025, 11, 5, 7, 3, tzinfo=timezone.utc),
)
TO = ("a@example.edu", "b@example.edu")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


def logged_in(_server, _session, _envelope, _mechanism, given: LoginPassword) -> AuthResult:
    return AuthResult(success=(given.login, given.password) == (b"datalake", b"right"), handled=False)


@pytest.fixture
def relay(certificate):
    """relay(**options) starts a server that wants STARTTLS and a login; returns the sink and its address."""
    sinks = []

    def start(**options) -> Sink:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        wanted = {"tls_context": context, "require_starttls": True, "authenticator": logged_in, "auth_required": True}
        sinks.append(Sink(options={**wanted, **options}).start())
        return sinks[-1]

    yield start
    for sink in sinks:
        sink.stop()


def send(sink: Sink, certificate, password: str = "right", trusted: bool = True, **settings) -> Answer:
    known = {"host": "localhost", "port": sink.port, "security": "starttls", "user": "datalake", **settings}
    cert = str(certificate[0]) if trusted else ""
    return SmtpRelay(Relay(**known), TO, "lake@example.edu", password, trusted=cert).send(NOTICE, 5)


def test_a_mail_goes_out_by_starttls_and_login(relay, certificate) -> None:
    sink = relay()
    assert send(sink, certificate) == Answer(SENT, "taken by localhost")
    (mail,) = sink.mails
    assert mail.to == list(TO) and mail.sender == "lake@example.edu"
    assert mail.message["Subject"] == "ETL Failure" and "grants – not updated" in mail.text("plain")


def test_a_wrong_password_is_a_dead_channel_and_is_not_repeated_in_the_answer(relay, certificate) -> None:
    answer = send(relay(), certificate, password="wrong-secret")
    assert (answer.state, answer.said) == (DEAD, "the login was refused (535)")
    assert "wrong-secret" not in repr(SmtpRelay(Relay(), TO, password="wrong-secret"))


def test_a_certificate_that_is_not_trusted_ends_it_before_the_login(relay, certificate) -> None:
    sink = relay()
    assert send(sink, certificate, trusted=False) == Answer(LATER, "its certificate was not accepted")
    assert sink.mails == []


def test_a_password_is_never_sent_without_tls(relay, certificate) -> None:
    sink = relay(tls_context=None, require_starttls=False, auth_required=False, auth_require_tls=False)
    answer = send(sink, certificate, security="none")
    assert answer.state == LATER and "not sent without TLS" in answer.said
    assert sink.mails == []


def test_without_a_user_it_needs_no_login(relay, certificate) -> None:
    sink = relay(tls_context=None, require_starttls=False, auth_required=False)
    assert send(sink, certificate, security="none", user="").state == SENT
    assert len(sink.mails) == 1


@pytest.mark.parametrize(("refusal", "state"), [("451 try later", LATER), ("554 spam", REFUSED)])
def test_4xx_comes_again_and_5xx_is_final(relay, certificate, refusal: str, state: str) -> None:
    sink = relay()
    sink.refuse = refusal
    assert send(sink, certificate).state == state


def test_a_server_that_is_not_there_is_later() -> None:
    answer = SmtpRelay(Relay(host="localhost", port=free_port()), TO).send(NOTICE, 2)
    assert answer.state == LATER and answer.said.startswith("could not connect")
