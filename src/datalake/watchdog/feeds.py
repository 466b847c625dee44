"""PURE. Feeds that are old, wait for OK, were refused, or changed in size: what the check finds beside the load."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from statistics import median

from datalake import schedule as calendar
from datalake.alerts.findings import FEED, LOAD
from datalake.alerts.incidents import Finding, signature
from datalake.alerts.message import Line, Part, Span, line, marked, paragraph, steps
from datalake.alerts.messages import as_step, usual_fix
from datalake.alerts.words import day, number, span
from datalake.contracts.model import Contract
from datalake.settings import Schedule
from datalake.watchdog.messages import Wording
from datalake.zones.state import FeedState, OpenDelivery

FEWEST, MOST_CHANGE = 5, 2.0  # earlier loads that say what is usual; twice as many rows, or half, is told
WAITS, REFUSED = "waits for your OK", "was not updated"
ASK = "Ask whoever sends the file; it loads by itself with the next try after it has come"
LOAD_NOW = "Is it in data/incoming by now? Load it: `bash src/cron_runner.sh`"


def findings(wording: Wording) -> list[Finding]:
    """Return what is wrong with the feeds that are in use."""
    facts, found = wording.facts, list[Finding]()
    for contract in facts.contracts:
        state = facts.states.get(contract.feed)
        if contract.status == "active" and state is not None:
            found += _of_feed(contract, state, wording)
    return found


def _of_feed(contract: Contract, state: FeedState, wording: Wording) -> list[Finding]:
    found = _waiting(state, wording)
    if not found:
        found += _old(contract, state, wording)
    return found + _rows(state, wording)


def _finding(wording: Wording, state: FeedState, what: str, words: str, title: str, parts: Sequence[Part]) -> Finding:
    made = wording.message("⏰", title, _shows(state), parts)
    key = f"{FEED}{state.feed}{what}"
    return Finding(key, signature(words), title, made, (wording.facts.night,), state.feed, LOAD)


def _shows(state: FeedState) -> str:
    return f"{state.feed} still shows {day(state.as_of)}." if state.as_of else f"{state.feed} has no data yet."


def _waiting(state: FeedState, wording: Wording) -> list[Finding]:
    """Files that wait for OK, or were refused: the newest of them speaks for the feed."""
    for deliveries, status, words in ((state.held, "held", WAITS), (state.refused, "refused", REFUSED)):
        if deliveries:
            title = f"{state.feed} {words}"
            parts = (_said(state, deliveries[-1]), steps(*_fix(state.feed, deliveries[-1], status)))
            return [_finding(wording, state, "", f"{status} {deliveries[-1].reason}", title, parts)]
    return []


def _said(state: FeedState, delivery: OpenDelivery) -> Part:
    return paragraph(line(Span(_shows(state), "bold")), line(f"Why: {delivery.name}: {delivery.reason}"))


def _fix(feed: str, delivery: OpenDelivery, status: str) -> list[Line]:
    return [as_step(delivery.fix or usual_fix(feed, status))]


def _old(contract: Contract, state: FeedState, wording: Wording) -> list[Finding]:
    """A file that was due and has not come, or data that is older than its rules allow."""
    facts, schedule = wording.facts, wording.settings.schedule
    if state.last_night is None or state.as_of is None:
        return []
    expected = expected_night(contract, facts.night)
    limit = contract.freshness.warn_after_hours or contract.freshness.error_after_hours
    age = facts.now - end_of(schedule, state.as_of)
    too_old = limit is not None and age > timedelta(hours=limit)
    if state.last_night >= expected and not too_old:
        return []
    missing = state.last_night < expected
    title = (
        f"{state.feed}: no file for the night of {day(expected)} has come"
        if missing
        else f"{state.feed}: its data is old"
    )
    allowed = f"; its rules allow {limit:g} h (freshness)" if too_old else ""
    said = f"Its data ended {span(max(age, timedelta(0)))} ago{allowed}."
    parts = (paragraph(line(Span(_shows(state), "bold")), line(said)), steps(marked(ASK), marked(LOAD_NOW)))
    return [_finding(wording, state, ":old", "old", title, parts)]


def expected_night(contract: Contract, night: date) -> date:
    """Return the latest night, up to this one, on which a file of the feed is expected."""
    days = calendar.weekdays(contract.freshness.days)
    back = (night - timedelta(days=step) for step in range(7))
    return next((each for each in back if each.weekday() in days), night)


def end_of(schedule: Schedule, as_of: date) -> datetime:
    """Return the instant at which a data date ends."""
    return calendar.instant_of(schedule, as_of + timedelta(days=1), "00:00")


def _rows(state: FeedState, wording: Wording) -> list[Finding]:
    """A published table half or twice its usual size, measured against the loads before."""
    latest, *before = wording.facts.usual_rows.get(state.feed, ()) or (0,)
    if len(before) < FEWEST:
        return []
    usual = median(before)
    if usual / MOST_CHANGE <= latest <= usual * MOST_CHANGE:
        return []
    title = f"{state.feed} has {'far fewer' if latest < usual else 'far more'} rows than usual"
    said = f"it has {number(latest)} rows; usual are {number(round(usual))} (median of the last {len(before)} loads)."
    parts = (
        paragraph(line(Span(f"Look before you rely on {state.feed} today: {said}", "bold"))),
        steps(*_compare(state)),
    )
    return [_finding(wording, state, ":rows", "rows", title, parts)]


def _compare(state: FeedState) -> list[Line]:
    if state.as_of is None:
        return [marked("See what is there: `python manage.py status`")]
    dates = f"{state.as_of - timedelta(days=1)} {state.as_of}"
    return [marked(f"See which records came and left: `python manage.py diff {state.feed} {dates}`")]
