"""PURE. One run beside the last good one: its rows, and where its time went."""

from collections.abc import Sequence
from dataclasses import dataclass

from datalake.runs.history import RecordedRun
from datalake.web.rows import FeedRow, StageRow


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
    """A run beside the last good run before it."""

    good: RecordedRun | None
    steps: list[Step]
    feeds: list[tuple[FeedRow, FeedRow]]  # those of both runs: now, and then


@dataclass(frozen=True)
class Work:
    """What one run did: its stages in the order they were recorded, and its feeds."""

    stages: Sequence[StageRow]
    feeds: Sequence[FeedRow]


def compare(work: Work, good: RecordedRun | None, good_work: Work) -> Compared:
    """Given what a run did, and the last good run with what it did, return the two beside each other."""
    before = {(each.stage, each.feed): each.seconds for each in good_work.stages}
    longest = max([each.seconds for each in work.stages] + list(before.values()), default=0) or 1
    steps = [_step(each, before.get((each.stage, each.feed)), longest) for each in work.stages]
    then = {each.feed: each for each in good_work.feeds}
    return Compared(good, steps, [(each, then[each.feed]) for each in work.feeds if each.feed in then])


def _step(stage: StageRow, usual: float | None, longest: float) -> Step:
    share = 100 * stage.seconds / longest
    return Step(stage.stage, stage.feed, stage.seconds, usual, share, None if usual is None else 100 * usual / longest)
