"""PURE. Feeds that are old, wait for OK, were refused, or changed in size: what the check finds beside the load.

Whether a feed is current is datalake.freshness's to say. What the load's own problem explains is held back by it;
several that are old although the load was good have one cause too, and are one problem.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median

from datalake import freshness
from datalake import schedule as calendar
from datalake.alerts import currency
from datalake.alerts.findings import FEED, FEEDS, LOAD, OLD
from datalake.alerts.incidents import Finding, signature
from datalake.alerts.message import Line, Part, Span, line, marked, paragraph, steps
from datalake.alerts.messages import as_step, usual_fix
from datalake.contracts.model import Contract
from datalake.watchdog.messages import Wording
from datalake.words import count, day, listed, number, span
from datalake.zones.state import FeedState, OpenDelivery

FEWEST, MOST_CHANGE = 5, 2.0  # earlier loads that say what is usual; twice as many rows, or half, is told
WAITS, REFUSED = "waits for your OK", "was not updated"
ASK = "Ask whoever sends the file; it loads by itself with the next try after it has come"
LOAD_NOW = "Is it in data/incoming by now? Load it: `bash src/cron_runner.sh`"
ASK_ALL = "Ask whoever sends the files; they load by themselves with the next try after they have come"
STATUS = "See what is there: `python3 manage.py status`"


def findings(wording: Wording, routes: Mapping[str, tuple[str, ...]], explained: bool) -> list[Finding]:
    """Return what is wrong with the feeds that are in use.

    routes: channels that hear of single feeds. explained: the load has a problem, which explains these.
    """
    facts, found = wording.facts, list[Finding]()
    for contract in facts.contracts:
        state = facts.states.get(contract.feed)
        if contract.status == "active" and state is not None:
            found += _of_feed(contract, state, wording)
    return [*_grouped(found, wording, explained), *_routed(found, routes)]


def _of_feed(contract: Contract, state: FeedState, wording: Wording) -> list[Finding]:
    stands = freshness.stands(contract, state, wording.settings.schedule, wording.facts.feeds_by, wording.facts.demo)
    if stands in freshness.OPEN:
        found = _waiting(state, wording)
    elif stands in (freshness.LATE, freshness.OLD):
        found = [_old(contract, state, stands, wording)]
    else:
        found = []
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


def _old(contract: Contract, state: FeedState, stands: str, wording: Wording) -> Finding:
    """A file that was due and has not come, or data older than its rules allow; past their last limit it is news."""
    schedule, night = wording.settings.schedule, wording.facts.feeds_by
    expected = freshness.expected_night(contract, schedule, night)
    worst = contract.freshness.error_after_hours
    worse = freshness.is_older(contract, state, schedule, night, worst)
    missing = f"{state.feed}: no file for the night of {day(expected)} has come"
    title = missing if stands == freshness.LATE else f"{state.feed}: its data is old"
    limit = worst if worse else freshness.limit_of(contract)
    past = freshness.is_older(contract, state, schedule, night, limit)
    allowed = f"; its rules allow {limit:g} h (freshness)" if past else ""
    said = f"{_ended(state, wording)}{allowed}."
    parts = (paragraph(line(Span(_shows(state), "bold")), line(said)), steps(marked(ASK), marked(LOAD_NOW)))
    return _finding(wording, state, OLD, "too old" if worse else "old", title, parts)


def _ended(state: FeedState, wording: Wording) -> str:
    """In a demo, days of long ago are no age."""
    if state.as_of is None or wording.facts.demo:
        return "It is older than the night asks for"
    ended = calendar.instant_of(wording.settings.schedule, state.as_of + timedelta(days=1), "00:00")
    return f"Its data ended {span(max(wording.facts.now - ended, timedelta(0)))} ago"


def _grouped(found: Sequence[Finding], wording: Wording, explained: bool) -> list[Finding]:
    """Several old feeds, or what is left of several that were told together, under one problem that names them."""
    facts = wording.facts
    old = [each for each in found if each.key.endswith(OLD) and not _silent(each.key, wording)]
    begun = FEEDS in facts.open
    if not old or (not begun and (explained or len(old) < 2)):
        return list(found)
    under = [replace(each, parent=FEEDS) if each in old else each for each in found]
    return [replace(_of_all(old, wording), parent=LOAD if explained else ""), *under]


def _silent(key: str, wording: Wording) -> bool:
    return any(silence.covers(key, wording.facts.now) for silence in wording.facts.silences)


def _of_all(old: Sequence[Finding], wording: Wording) -> Finding:
    """One problem for all; another set of feeds, or one past its last limit, is news of it."""
    names = [finding.feed for finding in old]
    title = f"{count(len(names), 'feed is', 'feeds are')} old: {listed(names, 8)}"
    means = _standing(wording)
    each_of_them = line(" ".join(f"{each.title}." for each in old[:8]))
    parts = (
        paragraph(line(Span(means, "bold")), each_of_them),
        steps(marked(ASK_ALL), marked(LOAD_NOW), marked(STATUS)),
    )
    words = [f"{each.feed} {each.signature}" for each in old]
    return Finding(FEEDS, signature(*words), title, wording.message("⏰", title, means, parts), old[0].nights)


def _standing(wording: Wording) -> str:
    """How many feeds are current and what the others show, in the words of status and dashboard."""
    facts = wording.facts
    stands = {feed: how for feed, how in facts.stands.items() if how not in (freshness.DRAFT, freshness.RETIRED)}
    shows = {feed: facts.states[feed].as_of if feed in facts.states else None for feed in stands}
    return currency.some_behind(shows, stands, facts.night)


def _routed(found: Sequence[Finding], routes: Mapping[str, tuple[str, ...]]) -> list[Finding]:
    """For those who hear of their own feed alone: what of it is old or of another size, each for itself."""
    own = [finding for finding in found if ":" in finding.key.removeprefix(FEED)]
    return [
        replace(finding, key=f"{finding.key}@{name}", parent="", audience=name)
        for finding in own
        for name in routes.get(finding.feed, ())
    ]


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
        return [marked("See what is there: `python3 manage.py status`")]
    dates = f"{state.as_of - timedelta(days=1)} {state.as_of}"
    return [marked(f"See which records came and left: `python3 manage.py diff {state.feed} {dates}`")]
