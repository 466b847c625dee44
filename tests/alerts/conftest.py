"""The stand-ins at the other end of an alert."""

from collections.abc import Iterator

import pytest
from support.mail_sink import PrivatePostfix, Sink, why_no_postfix
from support.slack_server import SlackServer


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    server = SlackServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postfix() -> Iterator[tuple[Sink, PrivatePostfix]]:
    """A real sendmail, and the sink that its mail ends up in."""
    why = why_no_postfix()
    if why:
        pytest.skip(why)
    sink = Sink().start()
    relay = PrivatePostfix(sink.port).start()
    yield sink, relay
    relay.stop()
    sink.stop()
