"""What people decide about files that wait: approve, decline, retry. Each is an event, and a note kept beside raw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from datalake.contracts.model import Contract
from datalake.errors import UsageError
from datalake.pipeline.context import Context
from datalake.pipeline.ends import facts_of
from datalake.pipeline.plan import FeedPlan, Plan, Resume
from datalake.zones.raw import notes_beside, put_beside
from datalake.zones.state import HELD, FeedState, OpenDelivery, State

SHORTEST_ID = 6  # hex digits of a delivery's id that are taken for one


@dataclass(frozen=True)
class Approve:
    """Publish a file that waits for OK. target: a feed, a file name or a delivery's id."""

    target: str
    who: str
    why: str


@dataclass(frozen=True)
class Decline:
    """Leave a file that waits for OK, or that was refused, for good."""

    target: str
    who: str
    why: str


@dataclass(frozen=True)
class Retry:
    """Take a refused or waiting file again, or the rejected rows of the published one, by the rules as they are now."""

    target: str
    who: str
    why: str = ""


Decision = Approve | Decline | Retry


def chosen(state: State, decision: Decision) -> tuple[OpenDelivery, ...]:
    """PURE. Return the deliveries that are meant, oldest first; raise UsageError where there is none, or a choice."""
    if isinstance(decision, Retry):
        return _to_retry(state, decision.target)
    statuses = HELD if isinstance(decision, Approve) else (*HELD, "refused")
    found = [each for each in _named(state, decision.target) if each.status in statuses]
    if not found:
        raise UsageError(f"Nothing of {decision.target} waits for OK.", "See what does with `python3 manage.py held`.")
    if len(found) > 1:
        names = ", ".join(f"{each.name} ({each.delivery})" for each in found)
        raise UsageError(f"More than one file of {decision.target} waits: {names}.", "Name one file, or its id.")
    return tuple(found)


def _to_retry(state: State, target: str) -> tuple[OpenDelivery, ...]:
    waiting = [each for each in _named(state, target) if each.status in (*HELD, "refused")]
    if waiting:
        return tuple(sorted(waiting, key=lambda each: (each.data_date, each.event)))
    published = [feed for feed in state.values() if feed.version and _is_published(feed, target)]
    if not published:
        raise UsageError(f"Nothing of {target} was refused or waits.", "See what waits with `python3 manage.py held`.")
    if not published[0].last_accepted.get("rejected"):
        raise UsageError(f"No file of {target} was refused or waits, and no row of its last one was rejected.")
    return (_as_open(published[0]),)


def _named(state: State, target: str) -> list[OpenDelivery]:
    return [each for feed in state.values() for each in feed.open if _is_meant(each, target)]


def _is_meant(delivery: OpenDelivery, target: str) -> bool:
    by_id = len(target) >= SHORTEST_ID and delivery.sha256.startswith(target.lower())
    return target in (delivery.feed, delivery.name) or by_id


def _is_published(feed: FeedState, target: str) -> bool:
    return _is_meant(_as_open(feed), target)


def _as_open(feed: FeedState) -> OpenDelivery:
    """The published file as one to be taken again."""
    facts = feed.published
    return OpenDelivery(
        feed=feed.feed,
        delivery=facts["sha256"][:12],
        sha256=facts["sha256"],
        data_date=date.fromisoformat(facts["data_date"]),
        name=facts["name"],
        raw=facts["raw"],
        size=facts["bytes"],
        night=date.fromisoformat(facts["night"]),
        status="retried",
    )


def decide(run: Context, decision: Decision, deliveries: Sequence[OpenDelivery]) -> None:
    """Record what was decided, by whom and why, durably."""
    word = {Approve: "approved", Decline: "declined", Retry: "retried"}[type(decision)]
    for each in deliveries:
        told = {"who": decision.who, "why": decision.why}
        path = run.lake.raw_zone / each.raw
        kind = f"decision-{run.ledger.count + 1:06d}"
        put_beside(path, kind, {**_note(run, each, word), **told})
        run.ledger.record(word, each.feed, {**facts_of(each), **told, "beside": notes_beside(path, (kind,))})
    run.ledger.save()


def _note(run: Context, delivery: OpenDelivery, word: str) -> dict[str, Any]:
    at = run.clock.now().isoformat(timespec="seconds")
    return {"decision": word, "at": at, "feed": delivery.feed, "sha256": delivery.sha256, "reason": delivery.reason}


def plan_for(contracts: Sequence[Contract], night: date, deliveries: Sequence[OpenDelivery]) -> Plan:
    """PURE. Return what taking these files up again would come to, as far as is known before it is decided."""
    of = {each.feed: tuple(Resume(one) for one in deliveries if one.feed == each.feed) for each in contracts}
    return Plan(night, tuple(FeedPlan(each, of[each.feed]) for each in contracts))


def plan_of(run: Context, contracts: Sequence[Contract], deliveries: Sequence[OpenDelivery]) -> Plan:
    """Return what is due now for the feeds of these deliveries: they, and what waited behind them."""
    meant = {each.feed for each in deliveries}
    feeds = []
    for contract in contracts:
        due = run.ledger.feed(contract.feed).resumed if contract.feed in meant else ()
        feeds.append(FeedPlan(contract, tuple(Resume(each) for each in due)))
    return Plan(run.night, tuple(feeds))
