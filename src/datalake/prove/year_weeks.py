"""PURE. What the report of each week of a made-up year must say, counted by hand from its plan."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from datalake.prove.year_desk import MAIL, SENT, SLACK, SUPERSEDED, Mind
from datalake.prove.year_plan import DAY, KILLED, Load, Night
from datalake.prove.year_truth import HELD, PLANNED, Expected, brings, shows

ZONE = ZoneInfo("America/New_York")
FEEDS = ("irb", "grants")
STATES = {
    **dict.fromkeys(("ok", "double", "early", "no file", "no files"), "ok"),
    **dict.fromkeys(("mended", "held", "late", "boot", "running"), "late"),  # there, but after six
    **dict.fromkeys(("long", "hung"), "overrun"),  # there, but after more than two hours
    **dict.fromkeys(("disk", "share", KILLED), "failed"),
    **dict.fromkeys(("miss", "asleep"), "missed"),
    "short": "short",
    PLANNED: "skipped",
}


@dataclass(frozen=True)
class Week:
    """One week of a plan, and what was known when its report was made. monday: its first day; made: the report's."""

    expected: Expected
    monday: date
    made: date

    @property
    def mind(self) -> Mind:
        return self.expected.minds[self.made]

    @property
    def on_time(self) -> bool:
        return self.made == self.monday + 7 * DAY

    def nights(self, first: date, last: date) -> list[Night]:
        """The nights of the plan from one day to another, both included."""
        return [night for night in self.expected.year.nights if first <= night.day <= last]

    def figures(self) -> dict[str, Any]:
        """What the report's JSON must say, by name, in its own form."""
        monday, sunday = self.monday, self.monday + 6 * DAY
        return {
            "monday": monday.isoformat(),
            "sunday": sunday.isoformat(),
            "nights": [self._night(night) for night in self.nights(monday, sunday)],
            "span": self._span(monday, sunday),
            "before": self._span(monday - 7 * DAY, monday - DAY),
            "four_weeks": self._span(monday - 28 * DAY, monday - DAY),
            "feeds": [self._feed(feed) for feed in sorted(FEEDS)],
            "old_hours": self._old_hours(),
            "flaky": self._flaky(),
            "monitoring": self._monitoring(),
        }

    def _span(self, first: date, last: date) -> dict[str, Any]:
        judged = [night for night in self.nights(first, last) if night.kind != PLANNED]
        states = [STATES[night.kind] for night in judged]
        seconds = [each for night in judged for each in self._lengths(night)]
        return {
            "judged": len(judged),
            "loaded": sum(night.there is not None for night in judged),
            "failed": states.count("failed"),
            "missed": states.count("missed"),
            "late": states.count("late"),
            "average_seconds": mean(seconds) if seconds else None,
            "median_seconds": median(seconds) if seconds else None,
        }

    def _night(self, night: Night) -> dict[str, Any]:
        loaded = night.there is not None
        seconds = next(map(float, self._lengths(night)), None)
        known = {"seconds": seconds} if loaded else {}
        return {"day": night.day.isoformat(), "state": STATES[night.kind], "loaded": loaded, **known}

    def _lengths(self, night: Night) -> list[int]:
        """How long a night's load took; an OK takes no load's time, and the CSV alone cannot tell one from a load."""
        load = night.there
        if load is None or not load.whole or (load != night.loads[0] and self._is_lost(night, load)):
            return []
        return [load.seconds]

    def _is_lost(self, night: Night, load: Load) -> bool:
        return (night.day, load) in self.mind.lost

    def _runs(self, first: date, last: date) -> list[tuple[Night, Load]]:
        """The loads of a span of which more is known than the CSV has."""
        done = [(night, load) for night in self.nights(first, last) for load in night.loads]
        return [(night, load) for night, load in done if not self._is_lost(night, load)]

    def _feed(self, feed: str) -> dict[str, Any]:
        runs = self._runs(self.monday, self.monday + 6 * DAY)
        brought = [load.counts for _, load in runs if brings(load, feed)]
        counts = [sum(each) for each in zip(*brought, strict=True)] if brought else [0, 0, 0, 0]
        known = [(night, load) for night, load in runs if load.how not in ("disk", "share", KILLED)]
        as_of = self._as_of(feed, known[-1]) if known else None
        new, changed, gone, rejected = counts if feed == "irb" else (counts[1], 0, 0, 0)
        bad = {night.day for night, load in runs if load.how == HELD and feed == "irb"}
        return {
            "feed": feed,
            "as_of": as_of.isoformat() if as_of else None,
            "new": new,
            "changed": changed,
            "gone": gone,
            "rejected": rejected,
            "bad_nights": len(bad),
            "old_hours": self._old_hours(feed),
        }

    def _as_of(self, feed: str, last: tuple[Night, Load]) -> date | None:
        every = [(night, load) for night in self.expected.year.nights for load in night.loads]
        return shows(every[: every.index(last) + 1], feed)

    def _old_hours(self, feed: str = "") -> float:
        """Hours of the week in which a night's data was due and neither it nor a later night's was there.

        Of one feed, or of the load. Of a load that only the CSV knows no more is known than whether it was good.
        """
        start, end = instant(self.monday, "00:00"), instant(self.monday + 7 * DAY, "00:00")
        total = timedelta(0)
        for night in self.nights(self.monday - DAY, self.monday + 6 * DAY):
            if night.kind == PLANNED:
                continue
            fresh = [ended(each, load) for each, load in self._loads_from(night.day) if self._brings(each, load, feed)]
            stop = min([instant(night.day + DAY, "06:00"), end, *fresh])
            total += max(stop - max(instant(night.day, "06:00"), start), timedelta(0))
        return round(total / timedelta(hours=1), 1)

    def _brings(self, night: Night, load: Load, feed: str) -> bool:
        return brings(load, feed) if feed and not self._is_lost(night, load) else load.good

    def _loads_from(self, day: date) -> Iterable[tuple[Night, Load]]:
        return ((night, load) for night in self.nights(day, day + DAY) for load in night.loads)

    def _flaky(self) -> list[str]:
        runs = self._runs(self.monday - 21 * DAY, self.monday + 6 * DAY)
        held = {night.day for night, load in runs if load.how == HELD}
        return [f"irb: {len(held)} bad nights in four weeks"] if len(held) > 1 else []

    def _monitoring(self) -> dict[str, Any]:
        days = [self.monday + DAY * step for step in range(7)]
        came = [what for day, what in self.mind.sent if day in days and what != SUPERSEDED]
        return {
            "checks": len([day for day in days if day in self.mind.looks]),
            "judged": len([day for day in days if day <= self.mind.looked]),  # a look judges all since the one before
            "sent": came.count(SENT),
            "unsent": len(came) - came.count(SENT),
            "proven": {},
            "never_proven": [SLACK, MAIL],
        }


def weeks(expected: Expected) -> list[Week]:
    """The weeks of a plan whose report must be there, each with the first day after it on which reports are made."""
    mondays = [day for day in expected.year.days if day.weekday() == 0]
    return [
        Week(expected, monday, next(day for day in mondays if day > monday and day in expected.minds))
        for monday in mondays
        if monday + 7 * DAY <= max(expected.minds, default=date.min)
    ]


def rate(span: dict[str, Any]) -> str:
    """Return `6 of 7 nights (86 %)`."""
    share = 100 * span["loaded"] / span["judged"]
    return f"{span['loaded']} of {span['judged']} {'night' if span['judged'] == 1 else 'nights'} ({share:.0f} %)"


def instant(day: date, clock: str) -> datetime:
    """Return a local time as UTC; one that the clocks skip is when they jump, one that comes twice the second."""
    local = datetime.combine(day, time.fromisoformat(clock), ZONE)
    return local.replace(fold=int(clock < "02:00")).astimezone(timezone.utc)


def ended(night: Night, load: Load) -> datetime:
    """Return when a load ended."""
    return instant(night.day, load.begins) + timedelta(seconds=load.seconds)
