"""PURE. One run beside the last good one: where its time went."""

from collections.abc import Sequence
from dataclasses import dataclass

from datalake.runs.history import RecordedRun
from datalake.web.rows import StageRow


@dataclass(frozen=True)
class Step:
    """One stage of a run: seconds now and in the last good run (None: not there), and its share of the longest."""

    stage: str
    feed: str
    seconds: float
    usual: float | None
    share: float  # 0 to 100, of the longest stage shown
    usual_share: float | None


@dataclass(frozen=True)
class Compared:
    """A run's stages beside those of the last good run before it."""

    good: RecordedRun | None
    steps: list[Step]


def compare(stages: Sequence[StageRow], good: RecordedRun | None, good_stages: Sequence[StageRow]) -> Compared:
    """Given a run's stages, and the last good run with its own, return the stages in the order they were recorded."""
    before = {(each.stage, each.feed): each.seconds for each in good_stages}
    longest = max([each.seconds for each in stages] + list(before.values()), default=0) or 1
    return Compared(good, [_step(each, before.get((each.stage, each.feed)), longest) for each in stages])


def _step(stage: StageRow, usual: float | None, longest: float) -> Step:
    share = 100 * stage.seconds / longest
    return Step(stage.stage, stage.feed, stage.seconds, usual, share, None if usual is None else 100 * usual / longest)
