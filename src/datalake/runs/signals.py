"""What ending signals do while a block runs."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def ending(handler: Callable[[int], None] | None) -> Iterator[None]:
    """Have each ending signal call this with its number, or do nothing; only the main thread can say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def called(number: int, frame: FrameType | None) -> Any:
        if handler:
            handler(number)

    before = {number: signal.signal(number, called if handler else signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
