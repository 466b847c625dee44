"""PURE. A week's figures as one record; kept as JSON, so that a report never changes once it is made."""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from datalake import words


@dataclass(frozen=True)
class NightFigure:
    """One night: its state is one of nights.WORDS; seconds are of the run that counts, None where there was none."""

    day: str
    state: str
    loaded: bool
    seconds: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Span:
    """How a span of nights went. Nights that were not expected, or cannot be told, are in none of the first three."""

    judged: int = 0
    loaded: int = 0
    failed: int = 0
    missed: int = 0
    late: int = 0
    average_seconds: float | None = None
    median_seconds: float | None = None


@dataclass(frozen=True)
class FeedFigure:
    """What happened in one feed's data; as_of is what its table showed after the week's last load."""

    feed: str
    as_of: str | None
    new: int = 0
    changed: int = 0
    gone: int = 0
    rejected: int = 0
    bad_nights: int = 0
    old_hours: float = 0.0  # of the week, in which its data was older than its rules expect


@dataclass(frozen=True)
class Monitoring:
    """How the watching itself went."""

    checks: int = 0  # nights after which the check looked before the next one
    sent: int = 0
    unsent: int = 0
    proven: dict[str, str] = field(default_factory=dict)  # channel -> the day a person saw a test message
    never_proven: tuple[str, ...] = ()
    judged: int = 0  # nights that some check judged, if only a later one


@dataclass(frozen=True)
class Report:
    """All that the pages and messages of one week say."""

    week: str  # 2025-W45
    name: str
    monday: str
    sunday: str
    nights: tuple[NightFigure, ...]
    span: Span
    before: Span  # the week before
    four_weeks: Span  # the four weeks before
    demo: bool = False
    usable: str = ""  # one sentence on today's data; "" in a report made later
    feeds: tuple[FeedFigure, ...] = ()
    flaky: tuple[str, ...] = ()
    old_hours: float = 0.0  # of the week, in which the night's data was overdue
    needs: tuple[str, ...] = ()  # what needs a person
    monitoring: Monitoring = Monitoring()
    days_until_full: int | None = None
    tip: str = ""  # the last link of the event chain

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.monday)

    @property
    def last_day(self) -> date:
        return date.fromisoformat(self.sunday)


def to_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    return asdict(report)


def from_json(document: dict[str, Any]) -> Report:
    """Given what to_json made, return the report; raise KeyError or TypeError on anything else."""
    known = dict(document)
    for name in ("span", "before", "four_weeks"):
        known[name] = Span(**known[name])
    known["nights"] = tuple(NightFigure(**each) for each in known["nights"])
    known["feeds"] = tuple(FeedFigure(**each) for each in known["feeds"])
    watched = known["monitoring"]
    known["monitoring"] = Monitoring(**{**watched, "never_proven": tuple(watched["never_proven"])})
    known["flaky"], known["needs"] = tuple(known["flaky"]), tuple(known["needs"])
    return Report(**known)


def rate(span: Span) -> str:
    """Say the success rate of a span."""
    return words.rate(span.loaded, span.judged)
