"""PURE. Nights as the pages show them: each in a word, a letter and a colour, and the calendar they are drawn in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from datalake import nights, schedule
from datalake.outcomes import SUCCESS
from datalake.runs.counting import is_whole
from datalake.runs.history import RecordedRun
from datalake.settings import Schedule
from datalake.words import rate

NOTES, OFF, BEFORE, COMING = "notes", "off", "before", "coming"  # beside the states of datalake.nights
WORDS = {
    **nights.WORDS,
    NOTES: "loaded, with notes",
    OFF: "not scheduled",
    BEFORE: "before the first run",
    COMING: "still to come",
}
# state: (letter in the calendar, how it is coloured)
SIGNS = {
    nights.OK: ("✓", "good"),
    NOTES: ("n", "good"),
    nights.LATE: ("L", "warn"),
    nights.OVERRUN: ("O", "warn"),
    nights.SHORT: ("S", "warn"),
    nights.FAILED: ("F", "bad"),
    nights.MISSED: ("M", "bad"),
    nights.RUNNING: ("R", "wait"),
    nights.DUE: ("…", "wait"),
    nights.SKIPPED: ("–", "mute"),
    nights.UNKNOWN: ("?", "mute"),
    OFF: ("–", "mute"),
    BEFORE: ("", "none"),
    COMING: ("", "none"),
}
JUDGED = (nights.OK, NOTES, nights.LATE, nights.OVERRUN, nights.SHORT, nights.FAILED, nights.MISSED)


@dataclass(frozen=True)
class Night:
    """One night, what it came to, and its runs in the order they were recorded."""

    day: date
    state: str  # a key of WORDS
    runs: tuple[RecordedRun, ...] = ()
    best: RecordedRun | None = None  # the run that counts

    @property
    def load(self) -> RecordedRun | None:
        """The good run that loaded the whole night: its runtime is one to compare, a retry's of one feed is not."""
        return next((run for run in self.runs if run.status == SUCCESS and is_whole(run)), None)

    @property
    def word(self) -> str:
        return WORDS[self.state]

    @property
    def letter(self) -> str:
        return SIGNS[self.state][0]

    @property
    def kind(self) -> str:
        return SIGNS[self.state][1]

    @property
    def ok(self) -> bool:
        """Whether its data was published, however late or slowly."""
        return self.best is not None and self.best.status == SUCCESS


@dataclass(frozen=True)
class Span:
    """The nights that can be judged: from the first recorded one to the last one that was due."""

    first: date
    last: date
    view: nights.View  # what is known beside the runs


def judge_nights(plan: Schedule, runs: Sequence[RecordedRun], start: date, end: date, span: Span) -> list[Night]:
    """Given the schedule, runs and the days wanted, return one night a day, oldest first."""
    days = [start + timedelta(days=offset) for offset in range((end - start).days + 1)]
    judged = {night.day: night for night in nights.judge(plan, days, runs, span.view)}
    return [_shown(plan, judged[day], span) for day in days]


def _shown(plan: Schedule, night: nights.Night, span: Span) -> Night:
    return Night(night.day, _state(plan, night, span), night.runs, night.best)


def _state(plan: Schedule, night: nights.Night, span: Span) -> str:
    if night.best:
        return NOTES if night.state == nights.OK and night.best.notes else night.state
    if night.day < span.first:
        return BEFORE
    if night.day > span.last:
        return COMING
    return night.state if schedule.is_night(plan, night.day) else OFF


@dataclass(frozen=True)
class Rate:
    """How many of the judged nights were good."""

    good: int
    judged: int

    def __str__(self) -> str:
        """As reports say it, and not broken before the sign."""
        return rate(self.good, self.judged).replace(" %", "\u00a0%")


def success_rate(shown: Iterable[Night]) -> Rate:
    """Given nights, return how many of those that can be judged were good."""
    judged = [night for night in shown if night.state in JUDGED]
    return Rate(sum(night.ok for night in judged), len(judged))


def outcomes(shown: Iterable[Night]) -> dict[str, int]:
    """Given nights, return how many came to each judged state, in the order of JUDGED."""
    counts = dict.fromkeys(JUDGED, 0)
    for night in shown:
        if night.state in counts:
            counts[night.state] += 1
    return counts


def calendar(shown: Sequence[Night]) -> list[list[Night]]:
    """Given whole weeks of nights from a Monday, return seven rows, Monday to Sunday, one column a week."""
    return [list(shown[weekday::7]) for weekday in range(7)]


def first_monday(last: date, weeks: int) -> date:
    """Given the last night and a number of weeks, return the Monday on which a calendar of that many weeks begins."""
    return last - timedelta(days=last.weekday(), weeks=weeks - 1)
