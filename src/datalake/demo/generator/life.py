"""How a record moves through its states: paths of states with the days each lasts, walked by many records at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datalake.demo.generator.draws import Ints

_NEVER = 10**7  # days: later than any night


@dataclass(frozen=True)
class Step:
    """One state on a path: how many days it lasts for a record of ordinary pace, and which milestone its start is."""

    state: str
    days: int
    mark: str = ""


@dataclass(frozen=True)
class Path:
    """One way through the states; weight says how many records take it. The last step has no end."""

    weight: int
    steps: tuple[Step, ...]


class Paths:
    """The paths of one feed as tables that numpy can look up."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.states = tuple(dict.fromkeys(step.state for path in paths for step in path.steps))
        self.by_weight = np.repeat(np.arange(len(paths)), [path.weight for path in paths])
        length = max(len(path.steps) for path in paths)
        self._starts = np.full((len(paths), length), float(_NEVER))
        self._states = np.zeros((len(paths), length), np.int64)
        self._marks: dict[str, Ints] = {}
        for row, path in enumerate(paths):
            self._fill(row, path, len(paths))

    def _fill(self, row: int, path: Path, rows: int) -> None:
        day = 0
        for column, step in enumerate(path.steps):
            self._starts[row, column] = day
            self._states[row, column] = self.states.index(step.state)
            if step.mark:
                self._marks.setdefault(step.mark, np.full(rows, _NEVER))[row] = day
            day += step.days

    def walk(self, path: Ints, pace: np.ndarray, age: Ints) -> tuple[Ints, Ints]:
        """Given each record's path, pace and age in days, return its state's number and how old it was on entering."""
        starts = np.floor(self._starts[path] * pace[:, None])
        step = (starts <= age[:, None]).sum(axis=1) - 1
        row = np.arange(len(path))
        return self._states[path, step], starts[row, step].astype(np.int64)

    def age_at(self, mark: str, path: Ints, pace: np.ndarray) -> Ints:
        """Return the age in days at which each record reaches a milestone; beyond any night where it never does."""
        days: Ints = np.floor(self._marks[mark][path] * pace).astype(np.int64)
        return days
