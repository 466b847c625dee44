"""The synthetic university: which records a feed has on a night, and what each has been through by then.

Record k of a feed is the same record on every night; every night some are born and some vanish.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from datalake.demo.generator.draws import Draws, Flags, Ints
from datalake.demo.generator.life import Paths

BIRTHS = 0.008  # of the first night's records, a night
VANISHING = 0.002  # of the living, a night
OLDEST = 1500  # days: the age of the oldest record on night 0
DAY_STARTS, DAY_LENGTH = 5 * 3600, 18 * 3600  # people work from 05:00 to 23:00: never in the hour that clocks repeat


# How many records a feed has for one of irb. Links between feeds (links.py) count on these.
SIZES = {
    "irb": 1.0,
    "irb_submission": 2.0,
    "grants": 1.0,
    "grants_proposal": 2.0,
    "agreements": 0.5,
    "coi": 1.0,
    "iacuc": 0.4,
    "safety": 0.25,
}


@dataclass(frozen=True)
class World:
    """A seed, the data date of night 0, and how many records irb has then."""

    seed: int
    first: date
    rows: int

    def night_of(self, day: date) -> int:
        """Return the number of the night of a data date; night 0 is the first."""
        return (day - self.first).days

    def size(self, feed: str) -> int:
        """Return how many records a feed has on night 0."""
        return max(1, round(self.rows * SIZES[feed]))

    def births(self, feed: str) -> int:
        """Return how many records of a feed are born every night."""
        return max(1, round(self.size(feed) * BIRTHS))

    def born_by(self, feed: str, night: int) -> int:
        """Return how many records there have been by then, the vanished too."""
        return self.size(feed) + max(0, night) * self.births(feed)

    def birth_night(self, feed: str, records: Ints) -> Ints:
        """Return the night on which each record first appears."""
        late = (records - self.size(feed)) // self.births(feed) + 1
        return np.where(records < self.size(feed), 0, late)


class Rows:
    """One block of one feed's records on one night: what its columns are made from."""

    def __init__(self, world: World, feed: str, paths: Paths, night: int, records: Ints) -> None:
        self.world = world
        self.feed = feed
        self.draws = Draws(world.seed, feed)
        self.paths = paths
        self.night = night
        self.k = records

    def __len__(self) -> int:
        return len(self.k)

    def below(self, word: str, count: int) -> Ints:
        """Draw for each record, once for its whole life, a number from 0 to count - 1."""
        return self.draws.below(word, self.k, count)

    def chance(self, word: str, rate: float) -> Flags:
        """Draw for each record, once for its whole life, whether something of that rate is so."""
        return self.draws.chance(word, self.k, rate)

    @property
    def today(self) -> int:
        return self.world.first.toordinal() + self.night

    @cached_property
    def birth_night(self) -> Ints:
        return self.world.birth_night(self.feed, self.k)

    @cached_property
    def created(self) -> Ints:
        """The day (proleptic ordinal) on which each record was begun: more young ones than old ones on night 0."""
        old = 2 + (OLDEST * self.draws.share("age", self.k) ** 2).astype(np.int64)
        first = self.world.first.toordinal()
        return np.where(self.k < self.world.size(self.feed), first - old, first + self.birth_night)

    @cached_property
    def path(self) -> Ints:
        return self.paths.by_weight[self.below("path", len(self.paths.by_weight))]

    @cached_property
    def pace(self) -> NDArray[np.float64]:
        return 0.5 + self.draws.share("pace", self.k)

    @cached_property
    def _walked(self) -> tuple[Ints, Ints]:
        return self.paths.walk(self.path, self.pace, self.today - self.created)

    @property
    def state(self) -> Ints:
        """The number of each record's state in paths.states."""
        return self._walked[0]

    def day_of(self, mark: str) -> Ints:
        """Return the day on which each record reached a milestone, 0 where it has not yet."""
        day = self.created + self.paths.age_at(mark, self.path, self.pace)
        return np.where(day <= self.today, day, 0)

    @cached_property
    def _edit_period(self) -> Ints:
        return 12 + self.below("edit period", 90)

    @cached_property
    def edits(self) -> Ints:
        """How often someone has changed each record's details."""
        return (self.today - self.created + self.below("edit offset", 12)) // self._edit_period

    @cached_property
    def updated_day(self) -> Ints:
        edited = self.created + self.edits * self._edit_period - self.below("edit offset", 12)
        day: Ints = np.maximum(np.maximum(self.created, edited), self.created + self._walked[1])
        return day

    @cached_property
    def updated_second(self) -> Ints:
        """The second of the day at which each record last changed."""
        moment = self.k * 1_000_003 + self.updated_day
        second: Ints = DAY_STARTS + self.draws.below("clock", moment, DAY_LENGTH)
        return second


def living(world: World, feed: str, night: int, block: int = 20_000) -> Iterator[Ints]:
    """Yield the numbers of the records a feed has on a night, in blocks, in file order."""
    draws = Draws(world.seed, feed)
    total = world.born_by(feed, night)
    for start in range(0, total, block):
        records = np.arange(start, min(start + block, total), dtype=np.int64)
        age = night - world.birth_night(feed, records)
        yield records[~_vanished(draws, records, age)]


def _vanished(draws: Draws, records: Ints, age: Ints) -> Flags:
    """Each night takes the same share of those left: the nights a record lives follow an exponential law."""
    nights = -np.log1p(-draws.share("vanishing", records)) / VANISHING
    return np.asarray((age > 0) & (nights < age))
