"""PURE. A made-up year: what happens on each of its nights and mornings, and the calamities that lie across them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from datalake.outcomes import Trigger

DAY = timedelta(days=1)
CHECK, WEEK, PERSON = "06:00", "07:00", "10:00"
FAILURES = {"disk": "The load failed: a disk went away.", "share": "The load failed: the share of Huron is not there."}
HELD_WHY = "half of its rows are gone"
KILLED = "killed"
UNFED = ("no file", "no files")  # good loads, for which one feed sent nothing, or both
MIXTURE = {
    "ok": 60,
    "double": 3,  # loaded twice
    "early": 2,  # by hand, shortly before it is due
    "short": 3,  # loaded, too quickly
    "long": 3,  # loaded, too slowly, but there by six
    "no file": 3,  # loaded, but for a feed that sent nothing
    "disk": 4,  # failed, for one of two reasons
    "share": 2,
    "mended": 3,  # failed, and loaded by hand at 9:30
    "held": 3,  # a feed waits for OK, which it gets at 9:30
    "killed": 3,  # ended without a word; the next load records it
    "late": 2,  # started by hand after the check
    "boot": 2,  # started when the host was switched on
    "running": 2,  # begun at 5:20, so still at work at six
    "hung": 2,  # begun when due and still at work at six
    "miss": 5,
}


@dataclass(frozen=True)
class Load:
    """One load: when it begins (local HH:MM), how long it takes, what it comes to.

    how: ok, nothing new, held, approved, killed, or one of UNFED and FAILURES. counts: rows new, changed, gone and
    rejected in the feed irb; of grants as many are new as are changed in irb.
    """

    begins: str
    seconds: int
    how: str = "ok"
    trigger: Trigger = "cron"
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def good(self) -> bool:
        return self.how in ("ok", "nothing new", *UNFED, "approved")

    @property
    def whole(self) -> bool:
        """Say whether its length is that of a load: that of an OK is not."""
        return self.how != "approved"

    @property
    def ends(self) -> str:
        """The local time of its end, on a day without a change of the clocks; where they change it is as early."""
        minutes = int(self.begins[:2]) * 60 + int(self.begins[3:]) + self.seconds // 60
        return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True)
class Moment:
    """A thing that happens in a day: begin or end (of a load), check, week, person, backup, restore."""

    at: str
    what: str
    load: Load | None = None


@dataclass(frozen=True)
class Night:
    """One night, named by the day on which it ends."""

    day: date
    kind: str
    loads: tuple[Load, ...] = ()

    @property
    def there(self) -> Load | None:
        """The load that brought its data; None where none did."""
        return next((load for load in self.loads if load.good), None)


@dataclass(frozen=True)
class Quiet:
    """What a person does at ten on a day: acknowledge the load's problem, or silence it; to the end of another day."""

    day: date
    until: date
    word: str  # ack | silence


@dataclass(frozen=True)
class Year:
    """The plan. dead: Slack's webhook is, from the first of these days to the day before the second."""

    nights: tuple[Night, ...]
    dead: tuple[date, date] = (date.max, date.max)
    backup: date = date.max  # at the start of this day the record is copied
    restored: date = date.max  # before this day's check the copy is put back
    quiet: tuple[Quiet, ...] = ()
    lasting: dict[date, Night] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lasting", {night.day: night for night in self.nights})

    @property
    def first(self) -> date:
        return self.nights[0].day

    @property
    def days(self) -> list[date]:
        return [night.day for night in self.nights]

    def night(self, day: date) -> Night:
        return self.lasting[day]

    def is_dead(self, day: date) -> bool:
        return self.dead[0] <= day < self.dead[1]

    @property
    def windows(self) -> list[tuple[date, date]]:
        """The spans of planned work, as a person writes them into the settings."""
        planned = [night.day for night in self.nights if night.kind == "planned"]
        starts = [day for day in planned if day - DAY not in planned]
        ends = [day for day in planned if day + DAY not in planned]
        return list(zip(starts, ends, strict=True))

    def moments(self, day: date) -> list[Moment]:
        """What happens in one day, in its order; nothing while the host is off."""
        night = self.night(day)
        if night.kind == "asleep":
            return []
        happens = [Moment(CHECK, "check")]
        for load in night.loads:
            happens += [Moment(load.begins, "begin", load), Moment(load.ends, "end", load)]
        if day.weekday() == 0 and day > self.first:
            happens.append(Moment(WEEK, "week"))
        happens += [Moment(PERSON, each.word) for each in self.quiet if each.day == day]
        happens += [Moment("00:00", "backup")] if day == self.backup else []
        happens += [Moment("05:59", "restore")] if day == self.restored else []
        return sorted(happens, key=lambda moment: moment.at)


def loads_of(kind: str, seconds: int, counts: tuple[int, int, int, int] = (3, 5, 1, 2)) -> tuple[Load, ...]:
    """Return the loads of a night of that kind, a usual one taking so many seconds."""
    usual = Load("02:00", seconds, counts=counts)
    by_hand = Load("09:30", seconds + 30, trigger="hand", counts=counts)
    known: dict[str, tuple[Load, ...]] = {
        "ok": (usual,),
        "double": (usual, Load("04:00", seconds - 20, "nothing new", "hand")),
        "early": (Load("01:45", seconds, trigger="hand", counts=counts),),
        "short": (Load("02:00", 5, counts=counts),),
        "long": (Load("02:00", 9_000, counts=counts),),
        "mended": (Load("02:00", seconds, "disk"), by_hand),
        "held": (
            Load("02:00", seconds, "held", counts=counts),
            Load("09:30", 8, "approved", "approve", counts),
        ),
        "killed": (Load("02:00", 60, KILLED),),
        "late": (Load("07:30", seconds, trigger="hand", counts=counts),),
        "boot": (Load("08:15", seconds, trigger="boot", counts=counts),),
        "running": (Load("05:20", 3_600, trigger="hand", counts=counts),),
        "hung": (Load("02:00", 16_200, counts=counts),),
        **{how: (Load("02:00", seconds, how, counts=counts),) for how in UNFED},
        **{why: (Load("02:00", seconds, why),) for why in FAILURES},
    }
    return known.get(kind, ())


def written(first: date, kinds: Sequence[str], seed: int = 1, **calamities: object) -> Year:
    """Given the kinds of nights from a Monday on, return the year they make; lengths and counts are drawn."""
    draw = random.Random(seed)  # noqa: S311 - a proof must be repeatable
    nights = []
    for place, kind in enumerate(kinds):
        counts = (draw.randrange(9), draw.randrange(1, 40), draw.randrange(4), draw.randrange(6))
        nights.append(Night(first + DAY * place, kind, loads_of(kind, draw.randrange(90, 180), counts)))
    return Year(tuple(nights), **calamities)  # type: ignore[arg-type]


def planned(first: date, weeks: int, seed: int) -> Year:
    """Draw a year from a Monday on; what a random one might lack is put where it is hardest to tell rightly."""
    draw = random.Random(seed)  # noqa: S311 - a proof must be repeatable
    kinds = draw.choices(list(MIXTURE), list(MIXTURE.values()), k=weeks * 7)
    thursday = weeks // 4 * 7 + 3  # of the dead week: its Monday's summary waits three days less some hours
    asleep, restored = weeks // 2 * 7 + 5, weeks * 3 // 4 * 7 + 3
    acked, silent = weeks * 3 // 8 * 7 + 1, weeks * 5 // 8 * 7 + 1
    put = {
        0: ["ok"],  # nights before the first load are not judged
        thursday - 1: ["disk", "ok", "miss", "miss", "ok", "held", "share", "share"],
        asleep: ["asleep"] * 3,  # Saturday to Monday: nobody makes that Monday's summary
        restored - 6: ["ok", "miss", "short", "ok", "held", "disk"],
        weeks // 8 * 7 + 1: ["miss", "planned", "planned", "planned"],
        weeks // 8 * 7 + 6: ["ok", "planned"],
        weeks // 8 * 7 + 9: ["ok", "no files", "no files", "ok"],
        acked: ["disk"] * 6,
        silent: ["miss"] * 4,
        silent + 7: ["disk", "disk", "ok", "miss"],
    }
    for place, what in put.items():
        kinds[place : place + len(what)] = what
    day = [first + DAY * place for place in range(weeks * 7)]
    for place, each in enumerate(day):
        if changes_of_clocks(each) and kinds[place] != "asleep":
            kinds[place] = "miss" if each.month == 3 else "early"
    quiet = (
        Quiet(day[acked + 1], day[acked + 2], "ack"),
        Quiet(day[silent], day[silent + 1], "silence"),
        Quiet(day[silent + 6], day[silent + 7], "silence"),
    )
    return written(
        first,
        kinds,
        seed,
        dead=(day[thursday], day[thursday + 7]),
        backup=day[restored - 6],
        restored=day[restored],
        quiet=quiet,
    )


def changes_of_clocks(day: date) -> bool:
    """Tell whether New York's clocks change: on the second Sunday of March, on the first of November (15 USC 260a)."""
    return day.weekday() == 6 and (day.month, (day.day - 1) // 7) in ((3, 1), (11, 0))
