"""Waiting for what a real process or thread does: polled, with a deadline, never by a guess at how long it takes."""

import time
from collections.abc import Callable

DEADLINE = 60.0  # seconds; all of it takes well under one, but for what cron starts by the minute


def until(happened: Callable[[], object], what: str) -> None:
    """Poll until it happened; fail with what was waited for."""
    deadline = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)
