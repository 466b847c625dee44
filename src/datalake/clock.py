"""The one place that asks the time, so that tests and the demo can move it."""

import time
from datetime import datetime, timedelta, timezone
from typing import Protocol


class Clock(Protocol):
    """What code that needs the time is handed."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never go back."""

    def lasting(self, seconds: float) -> float:
        """Return how many real seconds to wait for that many of this clock's to pass."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.monotonic()

    def lasting(self, seconds: float) -> float:
        return seconds


class MovedClock:
    """A clock that stands at an instant until it is told to go on."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(timezone.utc)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def lasting(self, seconds: float) -> float:
        """Return 0: it stands still however long one waits."""
        return 0.0

    def advance(self, seconds: float) -> None:
        """Move both readings on by that many seconds."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    def set(self, instant: datetime) -> None:
        """Jump to a later instant; the monotonic reading moves by the same distance."""
        self.advance((instant - self._now).total_seconds())
