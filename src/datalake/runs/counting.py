"""PURE. Which run of a night counts: whoever took a single file by hand has not done the night's load."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from datalake.outcomes import PARTIAL, SUCCESS


class Run(Protocol):
    """What is asked of a run: a RecordedRun or a RunOutcome."""

    @property
    def trigger(self) -> str | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def error(self) -> str: ...
    @property
    def settled(self) -> tuple[str, ...]: ...
    @property
    def unsettled(self) -> tuple[str, ...]: ...


SomeRun = TypeVar("SomeRun", bound=Run)


def is_whole(run: Run) -> bool:
    """Tell whether a run was to do all that there was to do; one of which no more is known than its row counts so."""
    return run.trigger not in PARTIAL


def good_run(runs: Iterable[SomeRun]) -> SomeRun | None:
    """Given the runs of one night as they were recorded, return the one by which its load was done, None for none.

    It is the first whole load that succeeded, or the success that settled the last of the feeds for which alone a
    whole load had failed. One that failed as a whole is made good by a whole load only.
    """
    left: set[str] | None = None  # feeds that the last whole load failed for; None: no such load
    for run in runs:
        if is_whole(run):
            left = None if run.error else set(run.unsettled)
        elif left is not None:
            left = (left | set(run.unsettled)) - set(run.settled)
        if run.status == SUCCESS and (is_whole(run) or left == set()):
            return run
    return None
