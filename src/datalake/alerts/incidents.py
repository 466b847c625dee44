"""PURE. What is wrong and since when, and what of it is news.

A key names what is wrong, never a run or a date, so that the runner and the watchdog meet in one incident; a signature
says how it is wrong, with digits, dates and paths blanked. The same signature again is no news but for the daily
reminder; another one is. What an open parent explains, or a silence covers, is kept and not told, until neither does.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from datalake.alerts.message import Message

OPENED, CHANGED, REMINDER, RECOVERED = "opened", "changed", "reminder", "recovered"
_BLANKED = re.compile(r"\S*[/\\]\S*|\S*\d\S*")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong now, and how it is told."""

    key: str
    signature: str
    title: str
    message: Message
    nights: tuple[date, ...] = ()
    feed: str = ""
    parent: str = ""
    audience: str = ""  # the one channel that hears of it; "": all that hear of everything


@dataclass(frozen=True)
class Incident:
    """One thing that is or was wrong; number 0: not yet kept. Instants are aware UTC."""

    key: str
    title: str
    signature: str
    opened_at: datetime
    seen_at: datetime
    number: int = 0
    feed: str = ""
    told: str = ""  # the signature that was last told
    told_at: datetime | None = None
    remind_at: datetime | None = None
    occurrences: int = 1
    notices: int = 0
    nights: tuple[date, ...] = ()
    parent: str = ""
    audience: str = ""
    acked_until: datetime | None = None
    acked_by: str = ""
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True)
class Silence:
    """Nothing is told of the keys it covers, until it ends."""

    key: str
    until: datetime

    def covers(self, key: str, now: datetime) -> bool:
        return now < self.until and (self.key in ("*", key) or key.startswith(f"{self.key}:"))


@dataclass(frozen=True)
class Change:
    """What became of one incident in one look: its new form, and the news of it, "" where there is none."""

    incident: Incident
    news: str = ""
    finding: Finding | None = None


@dataclass(frozen=True)
class Rules:
    """What an update goes by."""

    now: datetime
    remind_at: datetime  # when a reminder of something told now is due
    silences: tuple[Silence, ...] = ()

    def silent(self, key: str) -> bool:
        return any(silence.covers(key, self.now) for silence in self.silences)


def signature(*words: str) -> str:
    """Return words with everything blanked that differs from one night to the next."""
    return "|".join(" ".join(_BLANKED.sub("#", word).split()) for word in words)[:300]


def update(
    known: Iterable[Incident], findings: Sequence[Finding], judged: Callable[[str], bool], rules: Rules
) -> list[Change]:
    """Given the open incidents, what is wrong now, and which keys were looked at, return every change.

    What was looked at and is not wrong any more has recovered. Parents come before their children.
    """
    open_ones = {incident.key: incident for incident in known}
    wrong = {finding.key for finding in findings}
    over = [each for each in open_ones.values() if judged(each.key) and each.key not in wrong]
    over += _orphans(open_ones.values(), {each.key for each in over}, wrong)
    still = wrong | {key for key in open_ones if key not in {each.key for each in over}}
    ordered = sorted(findings, key=lambda finding: finding.parent != "")
    return [
        *(_closed(incident, rules) for incident in over),
        *(_seen(open_ones.get(finding.key), finding, still, rules) for finding in ordered),
    ]


def _orphans(open_ones: Iterable[Incident], over: set[str], wrong: set[str]) -> list[Incident]:
    """What was never told but as part of something that is over now; still wrong, it is found again by itself."""
    untold = (each for each in open_ones if each.told_at is None and each.parent in over)
    return [each for each in untold if each.key not in over | wrong]


def _closed(incident: Incident, rules: Rules) -> Change:
    if incident.told_at is None:
        return Change(replace(incident, closed_at=rules.now))
    return Change(replace(incident, closed_at=rules.now, notices=incident.notices + 1), RECOVERED)


def _seen(known: Incident | None, finding: Finding, still: set[str], rules: Rules) -> Change:
    incident = _with(known, finding, rules.now)
    held_back = finding.parent in still or rules.silent(finding.key)
    news = "" if held_back else _news(incident, rules.now)
    return Change(told(incident, rules) if news else incident, news, finding)


def _with(known: Incident | None, finding: Finding, now: datetime) -> Incident:
    """The incident with this finding added to it."""
    if known is None:
        return Incident(
            finding.key,
            finding.title,
            finding.signature,
            opened_at=now,
            seen_at=now,
            feed=finding.feed,
            nights=finding.nights,
            parent=finding.parent,
            audience=finding.audience,
        )
    return replace(
        known,
        title=finding.title,
        signature=finding.signature,
        seen_at=now,
        occurrences=known.occurrences + 1,
        nights=tuple(dict.fromkeys((*known.nights, *finding.nights))),
        parent=finding.parent,
    )


def _news(incident: Incident, now: datetime) -> str:
    if incident.told_at is None:
        return OPENED
    if incident.signature != incident.told:
        return CHANGED
    acked = incident.acked_until is not None and now < incident.acked_until
    return REMINDER if incident.remind_at and now >= incident.remind_at and not acked else ""


def told(incident: Incident, rules: Rules) -> Incident:
    """Return the incident as it is once its news is on its way."""
    return replace(
        incident,
        told=incident.signature,
        told_at=rules.now,
        remind_at=rules.remind_at,
        notices=incident.notices + 1,
    )


def children(changes: Sequence[Change], kept: Iterable[Incident]) -> Mapping[str, tuple[str, ...]]:
    """Return, by the key of the parent, the titles of what it explains: its message names them."""
    found: dict[str, list[str]] = {}
    changed = {change.incident.key for change in changes}
    still = [incident for incident in kept if incident.key not in changed]
    explained = [*(change.incident for change in changes if change.incident.open), *still]
    for incident in explained:
        if incident.parent and incident.title not in found.setdefault(incident.parent, []):
            found[incident.parent].append(incident.title)
    return {parent: tuple(titles) for parent, titles in found.items()}
