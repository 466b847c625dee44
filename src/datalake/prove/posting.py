"""Puts generated nights into a lake's incoming, with their answer keys elsewhere, as exports.py says they come."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.world import World
from datalake.demo.marker import fingerprint
from datalake.prove.exports import AGAIN, LATE, OVERTAKEN, RATES, SPOILT, Export, export_of, traits

PUBLISHED, DUPLICATE, FILED = "published", "duplicate", "filed"
CAME = {"before": 3 * 3600.0, "spoilt": 2 * 3600.0, "good": 3600.0}  # seconds before the run


@dataclass(frozen=True)
class Sent:
    """One file as it lies in incoming. must_be: its status after the run, or the rule by which it is refused."""

    feed: str
    day: date
    name: str
    delivery: str  # first 12 hex digits of its sha256
    key: Path
    must_be: str


@dataclass
class Post:
    """Makes the files night by night; seen counts the quirks and forms that have been made."""

    world: World
    incoming: Path
    work: Path  # for keys, and for what comes a night later
    seen: Counter[str] = field(default_factory=Counter)
    _later: list[tuple[int, Path, Sent]] = field(default_factory=list)  # the night on which each comes

    def night(self, number: int, now: datetime) -> list[Sent]:
        """Put what comes on that night into incoming, settled by now; return it in the order it came."""
        sent = [self._moved(path, each, now) for night, path, each in self._later if night == number]
        self._later = [each for each in self._later if each[0] > number]
        for feed in sorted(FEEDS):
            sent += self._posted(export_of(feed, number), number, now)
        return sent

    def _posted(self, export: Export, number: int, now: datetime) -> list[Sent]:
        self.seen.update(traits(export))
        day, posted = self.world.first + timedelta(days=number), []
        if export.spoilt is not None:
            name = FEEDS[export.feed].file_on(day).lower() + (f".{export.form.packed}" if export.form.packed else "")
            posted.append(self._made(export.feed, day, export.spoilt, SPOILT[export.way], "spoilt", now, name))
        if export.way in (LATE, OVERTAKEN):
            late = self._made(export.feed, day, export.form, PUBLISHED, "before", now)
            overtaken = export.way == OVERTAKEN  # by the next night's file: it goes into history
            self._keep_back(replace(late, must_be=FILED) if overtaken else late, shutil.move, number + 1 + overtaken)
            return posted
        good = self._made(export.feed, day, export.form, PUBLISHED, "good", now)
        if export.way == AGAIN:
            again = Sent(good.feed, good.day, good.name, good.delivery, good.key, DUPLICATE)
            self._keep_back(again, shutil.copy2, number + 1)
        return [*posted, good]

    def _made(self, feed: str, day: date, form: Form, must_be: str, came: str, now: datetime, name: str = "") -> Sent:
        made = generate(Order(self.world, feed, day, form, RATES), self.incoming, self.work, name)
        if must_be == PUBLISHED:
            self.seen.update(made.totals.quirks)
        assert made.key is not None  # a folder for keys was given
        when = now.timestamp() - CAME[came]
        os.utime(made.path, (when, when))
        return Sent(feed, day, made.path.name, fingerprint(made.path)[:12], made.key, must_be)

    def _keep_back(self, sent: Sent, take: Callable[[Path, Path], object], night: int) -> None:
        path = self.work / sent.name
        take(self.incoming / sent.name, path)
        self._later.append((night, path, sent))

    def _moved(self, path: Path, sent: Sent, now: datetime) -> Sent:
        when = now.timestamp() - CAME["before"]
        os.utime(path, (when, when))
        shutil.move(path, self.incoming / sent.name)
        return sent
