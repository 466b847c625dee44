"""A bar on a terminal for what takes longer than two seconds; nothing under cron."""

from __future__ import annotations

import os
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:  # tqdm is loaded only once there is something to show
    from tqdm import tqdm

PATIENCE = 2.0  # seconds during which a person needs no bar
BEAT = 0.5  # seconds between two looks at a clock on the screen
UNMEASURED = {"publish": "publishing", "views": "making the views"}  # stages whose end cannot be foretold


class Silent:
    """Watches a run and says nothing."""

    def stage_started(self, stage: str, feed: str) -> None:
        """A stage begins; feed is empty for the whole run."""

    def stage_ended(self, stage: str, feed: str) -> None:
        """The stage that began last has ended."""

    def progress(self, feed: str, rows: int, done: int, total: int) -> None:
        """So many rows, and bytes of all bytes, of the feed's file have been read."""


class Bars(Silent):
    """Shows on a stream how far the file that is being read has come."""

    def __init__(self, stream: TextIO, patience: float = PATIENCE) -> None:
        self._stream = stream
        self._patience = patience
        self._bar: tqdm[Any] | None = None
        self._clock: _Clock | None = None

    def stage_started(self, stage: str, feed: str) -> None:
        if stage in UNMEASURED:
            doing = f"{feed}: {UNMEASURED[stage]}" if feed else UNMEASURED[stage]
            self._clock = _Clock(doing, self._stream, self._patience)

    def stage_ended(self, stage: str, feed: str) -> None:
        if self._clock is not None:
            self._clock.stop()
            self._clock = None
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def progress(self, feed: str, rows: int, done: int, total: int) -> None:
        bar = self._bar or self._new_bar(feed, total)
        self._bar = bar
        seconds = bar.format_dict["elapsed"]
        pace = f", {rows / seconds:,.0f} rows/s" if seconds else ""
        bar.set_postfix_str(f"{rows:,} rows{pace}", refresh=False)
        bar.update(done - bar.n)

    def _new_bar(self, feed: str, total: int) -> tqdm[Any]:
        from tqdm import tqdm

        return tqdm(
            desc=feed,
            total=total,
            unit="B",
            unit_scale=True,
            delay=self._patience,
            leave=False,
            file=self._stream,
            **_size(self._stream),
        )


class _Clock:
    """Counts the seconds of something on a stream, once there is reason to; a thread, for that something is at work."""

    def __init__(self, doing: str, stream: TextIO, patience: float) -> None:
        self._over = Event()
        self._thread = Thread(target=self._tick, args=(doing, stream, patience), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _tick(self, doing: str, stream: TextIO, patience: float) -> None:
        if self._over.wait(patience):
            return
        from tqdm import tqdm

        with tqdm(desc=doing, bar_format="{desc} [{elapsed}]", file=stream, leave=False, **_size(stream)) as bar:
            bar.start_t -= patience
            while not self._over.wait(BEAT):
                bar.refresh()


def _size(stream: TextIO) -> dict[str, Any]:
    """Return tqdm's words for the size of a screen: a serial console says that it has none."""
    try:
        known = all(os.get_terminal_size(stream.fileno()))
    except (OSError, ValueError):
        known = True  # no terminal at all
    return {"dynamic_ncols": True} if known else {"ncols": 80, "nrows": 24}


def observer(stream: TextIO) -> Silent:
    """Return what watches a run: bars where the stream is a terminal, else silence."""
    return Bars(stream) if stream.isatty() else Silent()
