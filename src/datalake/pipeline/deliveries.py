"""One delivery on its way: from incoming into raw, through cleaning and the guards, to its end.

Each step is recorded as an event once its result is on the disk, so that a run that is killed anywhere is taken up
by the next one from the last event.
"""

from typing import Literal

from datalake.contracts.model import Contract
from datalake.engine.job import Staged
from datalake.errors import Refused
from datalake.pipeline import by_hand, guards
from datalake.pipeline.checksums import NOTE, keep_companions
from datalake.pipeline.context import Context
from datalake.pipeline.ends import Done, end, file, hold, publish_it, queue, refuse
from datalake.pipeline.plan import Take
from datalake.pipeline.rules import fingerprint
from datalake.pipeline.staging import rows_promised, stage
from datalake.zones import claims, raw
from datalake.zones.raw import Delivery, delivery_facts, notes_beside
from datalake.zones.state import FeedState, OpenDelivery


def take(run: Context, contract: Contract, step: Take) -> Done | None:
    """Carry a file of incoming to its end; None where it vanished or is still being written, which is noted."""
    try:
        delivery = _admitted(run, contract, step)
    except (claims.Vanished, claims.StillWritten) as problem:
        run.note("still_arriving", f"{problem.message} {problem.fix}".strip(), contract.feed)
        return None
    return carry(run, contract, _opened(run, delivery))


def _admitted(run: Context, contract: Contract, step: Take) -> Delivery:
    feed = contract.feed
    with run.stage("claim", feed):
        taken = claims.of_original(step.entry) if step.who else claims.claim(run.lake, step.entry, step.night)
    with run.stage("admit", feed):
        try:
            delivery = raw.admit(
                run.lake,
                taken,
                feed,
                step.data_date,
                step.night,
                lambda done: run.observer.progress(feed, 0, done, step.entry.size),
            )
        except claims.StillWritten:
            if not step.who:
                claims.put_back(run.lake, taken)
            raise
        run.copied.add(delivery.raw)
        keep_companions(run.lake, step.companions, delivery)
        told = by_hand.noted(run, step, delivery) if step.who else {}
        beside = notes_beside(run.lake.raw_zone / delivery.raw, ("delivery", NOTE, *told.pop("notes", ())))
        facts = {**delivery_facts(delivery), "again": delivery.again, "beside": beside, **told}
        run.ledger.record("admitted", feed, facts)
        if not step.who:
            claims.release(taken, step.companions)
    return delivery


def _opened(run: Context, delivery: Delivery) -> OpenDelivery:
    identity = (delivery.data_date, delivery.short)
    return next(each for each in run.ledger.feed(delivery.feed).open if each.identity == identity)


def carry(run: Context, contract: Contract, delivery: OpenDelivery) -> Done:
    """Carry a file that is in raw to its end."""
    state = run.ledger.feed(contract.feed)
    known = _known(run, contract, state, delivery)
    if known:
        return end(run, delivery, known)
    blocking = [each for each in state.held if each.identity != delivery.identity]
    if contract.write_disposition != "replace" and blocking and delivery.status != "approved":
        return queue(run, delivery, blocking[0])
    try:
        staged = stage(run, contract, delivery)
    except Refused as problem:
        return refuse(run, contract, delivery, problem)
    if contract.write_disposition == "replace" and _is_late(state, delivery):
        return file(run, contract, delivery, staged)
    waits = delivery.status != "approved" and _must_wait(run, contract, state, delivery, staged)
    return waits or publish_it(run, contract, delivery, staged)


def _is_late(state: FeedState, delivery: OpenDelivery) -> bool:
    """Older than what is shown; the published file itself, taken again, never is, though its date was confirmed on."""
    again = delivery.status == "retried" and delivery.sha256 == state.sha256
    return state.as_of is not None and delivery.data_date < state.as_of and not again


def _known(
    run: Context, contract: Contract, state: FeedState, delivery: OpenDelivery
) -> Literal["duplicate", "confirmed", ""]:
    """How a file ends whose bytes were published before; empty for one that must be looked into."""
    if delivery.status == "retried" or state.as_of is None:
        return ""
    full = contract.write_disposition == "replace"
    if delivery.again and (not full or delivery.data_date < state.as_of) and _ended_before(run, delivery):
        return "duplicate"
    if delivery.sha256 != state.sha256 or delivery.data_date < state.as_of:
        return ""
    if delivery.data_date == state.as_of:
        return "duplicate"
    return "confirmed" if state.rules == fingerprint(contract) else ""


def _ended_before(run: Context, delivery: OpenDelivery) -> bool:
    """Whether these bytes under this date came to a good end earlier."""
    return run.ledger.ended_well(delivery.feed, delivery.sha256, delivery.data_date.isoformat())


def _must_wait(
    run: Context, contract: Contract, state: FeedState, delivery: OpenDelivery, staged: Staged
) -> Done | None:
    with run.stage("guard", contract.feed):
        promised = rows_promised(run, contract, delivery)
        ahead = (delivery.data_date - run.night).days
        reasons = guards.reasons(guards.Judged(contract, staged, state.last_accepted, promised, ahead))
    if contract.status == "draft":
        reason = "; ".join(["the feed is a draft", *reasons])
        return hold(run, contract, delivery, "waiting_for_ok", [reason], staged)
    return hold(run, contract, delivery, "held", reasons, staged) if reasons else None
