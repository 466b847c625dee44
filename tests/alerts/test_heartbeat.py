"""The outside dead-man's switch: called when all is well, withheld while messages are stuck, never in the way."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic

import pytest
from support import samples

from datalake.alerts.heartbeat import beat
from datalake.alerts.run import tell_run
from datalake.clock import MovedClock
from datalake.runs import crumbs
from datalake.runs.record import record_run
from datalake.settings import Schedule
from datalake.watchdog.check import check


class Receiver:
    """An HTTP server that counts the calls; slow: it takes them and never answers."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.status, self.slow, self.released = 200, False, Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.calls.append(self.path)
                if outer.slow:
                    outer.released.wait(30)
                    return
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/ping/secret-id"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.released.set()
    made.server.shutdown()
    made.server.server_close()


def run(lake, sample, environ) -> int:
    crumbs.leave(lake, sample)
    record_run(lake, Schedule(), sample)
    return tell_run(lake, environ, sample.run_id, MovedClock(samples.END))


def test_a_good_load_calls_and_a_failed_one_does_not(lake, receiver) -> None:
    run(lake, samples.FAILURE, {"HEARTBEAT_URL": receiver.url})
    assert receiver.calls == []
    from dataclasses import replace

    run(lake, replace(samples.SUCCESS, run_id="20251105T140000Z-1"), {"HEARTBEAT_URL": receiver.url})
    assert receiver.calls == ["/ping/secret-id"]


def test_it_is_withheld_while_messages_are_stuck(lake, receiver, slack) -> None:
    slack.usual = "404"
    assert run(lake, samples.SUCCESS, {"HEARTBEAT_URL": receiver.url, "SLACK_WEBHOOK": slack.url}) == 1
    assert receiver.calls == []


def test_the_watchdog_has_its_own(lake, receiver) -> None:
    run(lake, samples.SUCCESS, {})
    clock = MovedClock(samples.END.replace(hour=11))
    assert check(lake, {"HEARTBEAT_WATCHDOG_URL": receiver.url}, clock) == 0
    assert receiver.calls == ["/ping/secret-id"]


def test_a_receiver_that_hangs_or_refuses_fails_nothing_and_its_address_is_not_in_the_log(receiver, caplog) -> None:
    receiver.slow = True
    start = monotonic()
    assert beat(receiver.url, "runner", 0.3) is False
    assert monotonic() - start < 3
    receiver.slow, receiver.status = False, 404
    assert beat(receiver.url, "runner", 2) is False
    assert beat("", "runner", 2) is False
    assert "heartbeat of the runner: 404" in caplog.text and "secret-id" not in caplog.text
