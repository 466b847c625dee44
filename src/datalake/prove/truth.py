"""PURE. A made-up year of nights, and what must be told of it, worked out from the plan alone and by no code it judges.

A night is one of: ok; double (loaded twice); short (loaded, too quickly); fail; mended (fails, loaded by hand at 9);
late (starts at 7:30, after the check); miss; asleep (the host is off, so nobody looks either).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
MIXTURE = {"ok": 74, "double": 4, "short": 3, "fail": 6, "mended": 4, "late": 4, "miss": 5}
LOADED = ("ok", "double", "short", "mended", "late")
UNLOADED = {"fail": "❌", "miss": "🚨"}
SECONDS = {"short": 5.0}
USUAL_SECONDS = 135.0


@dataclass(frozen=True)
class Year:
    """The plan: what each night is, when Slack's webhook is dead, when an old backup of the record is put back."""

    first: date  # a Monday
    kinds: tuple[str, ...]
    dead: tuple[date, date]  # from the first of these days to the day before the second
    restored: date  # before this day's check, the database of `backup` is put back
    backup: date

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * place for place in range(len(self.kinds))]

    def kind(self, day: date) -> str:
        return self.kinds[(day - self.first).days]


def planned(first: date, weeks: int, seed: int, dead_days: int = 7, asleep_days: int = 3, old_days: int = 6) -> Year:
    """Draw a year, or fewer weeks of one; the three calamities lie in its second, third and fourth quarter."""
    draw = random.Random(seed)  # noqa: S311 - a proof must be repeatable
    count = weeks * 7
    kinds = draw.choices(list(MIXTURE), list(MIXTURE.values()), k=count)
    dead = weeks // 4 * 7
    asleep, restored = count // 2 + 2, weeks * 3 // 4 * 7 + 3
    calm = [0, dead - 1, dead + dead_days - 1, dead + dead_days, asleep - 1, asleep + asleep_days, count - 1]
    calm += range(restored - old_days, restored + 2)
    for place in calm:
        kinds[place] = "ok"
    kinds[asleep : asleep + asleep_days] = ["asleep"] * asleep_days
    day = [first + DAY * place for place in range(count)]
    return Year(first, tuple(kinds), (day[dead], day[dead + dead_days]), day[restored], day[restored - old_days])


@dataclass
class Expected:
    """What must arrive on one channel: (date, sign), the sign being the first of the title."""

    year: Year
    deaf: bool  # this channel is the one that is dead for a while
    told: list[tuple[date, str]] = field(default_factory=list)
    began_deaf: bool = False  # the open problem began while nothing got through
    ended_deaf: int = 0  # problems that began and ended meanwhile
    open_kind: str = ""  # the sort of bad night that was told last; "" while all is well
    short: bool = False  # a short load is an open problem

    def all(self) -> list[tuple[str, str]]:
        """Work the plan through; return (ISO date, sign), sorted."""
        for day in self.year.days:
            if day == self.year.dead[1]:
                self._came_back(day)
            self._night(day, self.year.kind(day))
        return sorted((day.isoformat(), sign) for day, sign in self.told)

    def _is_dead(self, day: date) -> bool:
        return self.year.dead[0] <= day < self.year.dead[1]

    def _tell(self, day: date, sign: str) -> None:
        if not (self.deaf and self._is_dead(day)):
            self.told.append((day, sign))

    def _night(self, day: date, kind: str) -> None:
        before = self.year.kind(day - DAY) if day > self.year.first else "ok"
        if kind == "asleep":
            return
        if kind in UNLOADED or kind in ("mended", "late"):
            self._bad(day, "miss" if kind in ("miss", "late") else "fail")
        if kind in LOADED:
            self._good(day)
            if kind == "double":
                self._tell(day, "✅")
            if kind in ("ok", "double", "short"):  # only what is there by six can the check have seen
                self._length(day, kind)
        if before == "asleep":
            self._tell(day, "🔎")
        if day.weekday() == 0 and day > self.year.first:
            self._tell(day, "📅")
        if self._is_dead(day) and not self.deaf:
            self.told.append((day, "📵" if day == self.year.dead[0] else "⏰"))

    def _bad(self, day: date, sort: str) -> None:
        """One message a bad night: the first opens, another sort changes, the same sort is reminded of."""
        if not self.open_kind:
            self.began_deaf = self.deaf and self._is_dead(day)
        self._tell(day, "⏰" if self.open_kind == sort else UNLOADED[sort])
        self.open_kind = sort

    def _good(self, day: date) -> None:
        """A load that succeeds says so, or, after bad nights, that they are over."""
        if self.open_kind and self.began_deaf and self._is_dead(day):
            self.ended_deaf += 1
        self._tell(day, "🟢" if self.open_kind else "✅")
        self.open_kind = ""

    def _length(self, day: date, kind: str) -> None:
        """What the check says of a load that was too short, and of the first after it that was not."""
        if kind == "short":
            self._tell(day, "⏰" if self.short else "⏱")
        elif self.short:
            self._tell(day, "🟢")
            if self.deaf and self._is_dead(day):
                self.ended_deaf += 1
        self.short = kind == "short"

    def _came_back(self, day: date) -> None:
        """The channel works again: the others hear of it, and it hears once of each problem that came and went."""
        if not self.deaf:
            self.told.append((day, "🟢"))
            return
        self.told += [(day, "🟢")] * self.ended_deaf


@dataclass(frozen=True)
class WeekTruth:
    """What the report of one week must say."""

    judged: int
    loaded: int
    failed: int
    missed: int
    late: int
    average_seconds: float | None


def week_truth(kinds: Sequence[str]) -> WeekTruth:
    """Count a week by hand."""
    loaded = [kind for kind in kinds if kind in LOADED]
    seconds = [SECONDS.get(kind, USUAL_SECONDS) for kind in loaded]
    return WeekTruth(
        judged=len(kinds),
        loaded=len(loaded),
        failed=kinds.count("fail"),
        missed=sum(kind in ("miss", "asleep") for kind in kinds),
        late=sum(kind in ("late", "mended") for kind in kinds),
        average_seconds=sum(seconds) / len(seconds) if seconds else None,
    )
