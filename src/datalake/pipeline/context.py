"""What the parts of one run share: where, by what rules, the state, and who watches."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from datalake.clock import Clock
from datalake.engine.job import Progress, Staged, StageJob
from datalake.outcomes import Note, NoteKind, StageTime
from datalake.pipeline.engines import Engines, Stager
from datalake.settings import Settings
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake

if TYPE_CHECKING:  # Arrow is loaded when there is something to file
    from datalake.pipeline.remembered import Remembered


class Observer(Protocol):
    """Who is told how far a run has come."""

    def stage_started(self, stage: str, feed: str) -> None:
        """A stage begins; feed is empty for the whole run."""

    def stage_ended(self, stage: str, feed: str) -> None:
        """The stage that began last has ended."""

    def progress(self, feed: str, rows: int, done: int, total: int) -> None:
        """So many rows, and bytes of all bytes, of the feed's file have been read."""


class Silent:
    """Watches and says nothing."""

    def stage_started(self, stage: str, feed: str) -> None: ...

    def stage_ended(self, stage: str, feed: str) -> None: ...

    def progress(self, feed: str, rows: int, done: int, total: int) -> None: ...


def stage_locally(job: StageJob, progress: Progress | None) -> Staged:
    """The engine of one machine, loaded only when there is a file for it."""
    from datalake.engine.local import stage

    return stage(job, progress)


@dataclass
class Context:
    """One run at work. stages and notes grow as it goes."""

    lake: Lake
    settings: Settings
    clock: Clock
    ledger: Ledger
    night: date
    observer: Observer = field(default_factory=Silent)
    stager: Stager = stage_locally
    stages: list[StageTime] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    past: dict[str, "Remembered"] = field(default_factory=dict)  # by feed, once a late file was filed
    copied: set[str] = field(default_factory=set)  # files of raw that this run wrote, and hashed as it did
    shared: Engines | None = None  # those of the run that this one is a part of

    @cached_property
    def engines(self) -> Engines:
        """Where feeds are cleaned and merged; whoever made the context closes it."""
        return self.shared or Engines(self.lake, self.settings, self.stager)

    @contextmanager
    def stage(self, stage: str, feed: str = "") -> Iterator[None]:
        """Time what is done inside, and tell the observer."""
        self.observer.stage_started(stage, feed)
        start = self.clock.monotonic()
        try:
            yield
        finally:
            self.stages.append(StageTime(stage, feed, self.clock.monotonic() - start))
            self.observer.stage_ended(stage, feed)

    def note(self, kind: NoteKind, text: str, feed: str = "") -> None:
        self.notes.append(Note(kind, text, feed))
