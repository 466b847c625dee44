"""PURE. News of an incident as a message: the finding's own words, with the number that people say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo

from datalake.alerts.incidents import CHANGED, OPENED, RECOVERED, REMINDER, Change, Incident
from datalake.alerts.message import Line, Message, Span, line, made_safe, marked, paragraph, small
from datalake.settings import Settings
from datalake.words import clock, day, listed, span

MOST_NIGHTS = 7


def news(change: Change, settings: Settings, zone: tzinfo, explains: Sequence[str] = ()) -> Message:
    """Given a change that is news, return what to tell; explains are the titles of what it holds back."""
    made = _WORDED[change.news](change, settings, zone)
    said = [made.summary, *("".join(span.text for span in each) for part in made.parts[:1] for each in part.lines)]
    unsaid = [title for title in explains if not any(title.partition(" (")[0] in each for each in said)]
    if unsaid:
        also = f"Explained by it, and not told apart: {listed(unsaid, 8)}."
        made = replace(made, parts=(*made.parts[:1], paragraph(line(also)), *made.parts[1:]))
    return made_safe(made, settings)


def _found(change: Change, settings: Settings, zone: tzinfo) -> Message:
    """Opened or changed: the finding as it stands, numbered."""
    assert change.finding is not None
    made = change.finding.message
    number = change.incident.number
    changed = [line(f"Problem {number} has changed; it is open {_since(change.incident)}.")]
    return replace(
        made,
        title=f"{made.title} · problem {number}",
        summary=f"{made.summary} Problem {number}.",
        parts=(*made.parts, small(*(changed if change.news == CHANGED else []), line(_label(change.incident)))),
    )


def _reminder(change: Change, settings: Settings, zone: tzinfo) -> Message:
    """The finding's meaning and steps once more, and how long it has been so."""
    assert change.finding is not None
    made, incident = change.finding.message, change.incident
    spoilt = f"Nights: {_nights(incident.nights)}." if incident.nights else ""
    still = f"Open {_since(incident)}, since {clock(incident.opened_at, zone)}. {spoilt}".strip()
    wanted = [part for part in made.parts if part.kind in ("paragraph", "steps")]
    return Message(
        REMINDER,
        f"⏰ {_stamp(made)}Still so: {incident.title} · problem {incident.number} · {settings.name}",
        f"STILL SO: {made.summary} Problem {incident.number}, open {_since(incident)}.",
        (*wanted[:1], paragraph(line(still)), *wanted[1:], small(_quiet(incident), line(_label(incident)))),
    )


def _quiet(incident: Incident) -> Line:
    return marked(f"To hear no more of it for three days: `python3 manage.py alerts ack {incident.number} --until 3d`")


def recovery(
    incident: Incident, settings: Settings, zone: tzinfo, rest: Message | None = None, how: str = ""
) -> Message:
    """Say that a problem is over; rest: what else there is to tell of the run that ended it.

    how: how it ended, where nothing was put right: that is no recovery.
    """
    spoilt = f" Nights it spoilt: {_nights(incident.nights)}." if incident.nights else ""
    what = f"{incident.title}. {how}".strip()
    over = f"Over: {what} It was open {_since(incident)}, since {clock(incident.opened_at, zone)}.{spoilt}"
    data = rest.parts[:1] if rest else ()  # what it means for the data comes first
    told = paragraph(line(Span(over, "" if data else "bold")))
    own = (*data, told, *(rest.parts[1:] if rest else ()), small(line(_label(incident))))
    stamp, number = _stamp(rest) if rest else "", incident.number
    sign, word = ("☑️", "Closed") if how else ("🟢", "Recovered")
    made = Message(
        RECOVERED,
        f"{sign} {stamp}{word}: {incident.title} · problem {number} · {settings.name}",
        f"{word.upper()}: {stamp}{what} Problem {number}, after {_since(incident)}.",
        own,
    )
    return made_safe(made, settings)


_WORDED = {OPENED: _found, CHANGED: _found, REMINDER: _reminder}


def joined(incident: Incident, settings: Settings, zone: tzinfo, rest: Message | None = None, how: str = "") -> Message:
    """For a channel that never got the news that it began: one message that it began and is over."""
    over = recovery(incident, settings, zone, rest, how)
    late = line("That it had begun could not be told here at the time.")
    place = 2 if rest and rest.parts else 1  # after the words that it is over
    return replace(over, parts=(*over.parts[:place], paragraph(late), *over.parts[place:]))


def _stamp(made: Message) -> str:
    return "DEMO · " if "DEMO" in made.title else ""


def _label(incident: Incident) -> str:
    """What a repeat of the same message is known by."""
    return f"problem {incident.number}, message {incident.notices}"


def _since(incident: Incident) -> str:
    end: datetime = incident.closed_at or incident.seen_at
    return span(end - incident.opened_at)


def _nights(nights: Sequence[date]) -> str:
    return listed([day(each) for each in nights], MOST_NIGHTS)
