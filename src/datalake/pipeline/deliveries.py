"""One delivery on its way: from incoming into raw, through cleaning and the guards, to its end.

Each step is recorded as an event once its result is on the disk, so that a run that is killed anywhere is taken up
by the next one from the last event.
"""

import json
from dataclasses import dataclass
from typing import Any

from datalake.contracts.model import Contract
from datalake.contracts.patterns import companion
from datalake.engine.job import Staged, StageJob
from datalake.errors import Refused
from datalake.outcomes import Changes, FileOutcome
from datalake.pipeline import guards, words
from datalake.pipeline.checksums import contradiction, keep_companions, stated_rows
from datalake.pipeline.context import Context
from datalake.pipeline.filing import file_late
from datalake.pipeline.plan import Take
from datalake.pipeline.publish import cleaned_of, publish
from datalake.pipeline.rules import fingerprint
from datalake.zones import claims, raw
from datalake.zones.events import read
from datalake.zones.files import display, make_folder, write_atomically
from datalake.zones.raw import Delivery, delivery_facts
from datalake.zones.state import ENDS, QUEUED, FeedState, OpenDelivery

NO_CHANGES = Changes()


@dataclass(frozen=True)
class Done:
    """What became of one file, and what that did to the published table."""

    file: FileOutcome
    changes: Changes = NO_CHANGES


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
        taken = claims.claim(run.lake, step.entry, step.night)
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
            claims.put_back(run.lake, taken)
            raise
        keep_companions(run.lake, step.companions, delivery)
        run.ledger.record("admitted", feed, {**delivery_facts(delivery), "again": delivery.again})
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
        return _end(run, delivery, known)
    blocking = [each for each in state.held if each.identity != delivery.identity]
    if contract.write_disposition != "replace" and blocking and delivery.status != "approved":
        return _queue(run, delivery, blocking[0])
    try:
        staged = _staged(run, contract, delivery)
    except Refused as problem:
        return _refuse(run, delivery, problem)
    if contract.write_disposition == "replace" and _is_late(state, delivery):
        return _file(run, contract, delivery, staged)
    waits = delivery.status != "approved" and _must_wait(run, contract, state, delivery, staged)
    return waits or _publish(run, contract, delivery, staged)


def _is_late(state: FeedState, delivery: OpenDelivery) -> bool:
    """Older than what is shown; the published file itself, taken again, never is, though its date was confirmed on."""
    again = delivery.status == "retried" and delivery.sha256 == state.sha256
    return state.as_of is not None and delivery.data_date < state.as_of and not again


def _known(run: Context, contract: Contract, state: FeedState, delivery: OpenDelivery) -> str:
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
    """Whether these bytes under this date came to a good end earlier; has the whole log read."""
    wanted = (delivery.feed, delivery.sha256, delivery.data_date.isoformat())
    events = (line.event for line in read(run.lake.events) if line.event and line.event.get("kind") in ENDS)
    return any((each["feed"], each["sha256"], each["data_date"]) == wanted for each in events)


def _staged(run: Context, contract: Contract, delivery: OpenDelivery) -> Staged:
    feed, source = contract.feed, run.lake.raw_zone / delivery.raw
    problem = contradiction(source, delivery.sha256)
    if problem:
        raise Refused("checksum", problem, "Have the file sent again.")
    place = (feed, delivery.data_date, delivery.delivery)
    salt = run.settings.secrets.get("MASK_SALT", "")
    job = StageJob(
        source=source,
        contract=contract,
        data_date=delivery.data_date,
        delivery=delivery.delivery,
        source_file=delivery.name,
        staging=run.lake.staging(*place),
        quarantine=run.lake.quarantine(*place),
        zone=run.settings.schedule.zone,
        threads=run.settings.threads,
        limits=run.settings.file_limits,
        salt=salt.encode() or None,
    )
    with run.stage("clean", feed):
        return run.stager(job, lambda rows, done: run.observer.progress(feed, rows, done, delivery.size))


def _must_wait(
    run: Context, contract: Contract, state: FeedState, delivery: OpenDelivery, staged: Staged
) -> Done | None:
    with run.stage("guard", contract.feed):
        if contract.schema_contract.missing_columns == "freeze" and _lost(state, staged):
            names = ", ".join(_lost(state, staged))
            return _refuse(run, delivery, Refused("missing_column", f"it has no column {names} any more."), staged)
        stated = stated_rows(run.lake.raw_zone / delivery.raw, _control_total(contract, delivery))
        reasons = guards.reasons(guards.Judged(contract, staged, state.last_accepted, stated))
    if contract.status == "draft":
        reason = "; ".join(["the feed is a draft", *reasons])
        return _hold(run, delivery, "waiting_for_ok", [reason], staged)
    return _hold(run, delivery, "held", reasons, staged) if reasons else None


def _control_total(contract: Contract, delivery: OpenDelivery) -> str:
    template = contract.delivery.row_count
    return companion(template, delivery.name) if template else ""


def _lost(state: FeedState, staged: Staged) -> list[str]:
    return [name for name in staged.absent if state.last_accepted and name not in state.last_accepted["absent"]]


def _publish(run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged) -> Done:
    with run.stage("publish", contract.feed):
        changes = publish(run, contract, delivery, staged)
    return Done(_outcome(delivery, "published", staged), changes)


def _end(run: Context, delivery: OpenDelivery, kind: str) -> Done:
    run.ledger.record(kind, delivery.feed, facts_of(delivery))
    return Done(_outcome(delivery, kind, None))


def _file(run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged) -> Done:
    """A late full file: the table never gets older, but what was true at its date is known from now on."""
    with run.stage("publish", contract.feed):
        added = file_late(run, contract, cleaned_of(run, delivery, staged))
        run.ledger.record("filed", delivery.feed, {**facts_of(delivery), **added})
    return Done(_outcome(delivery, "filed", staged, "older than what is published"))


def _queue(run: Context, delivery: OpenDelivery, first: OpenDelivery) -> Done:
    """A file of a feed where every file counts waits its turn behind the one that waits for OK."""
    if delivery.status != QUEUED:
        run.ledger.record(QUEUED, delivery.feed, facts_of(delivery))
    return Done(_outcome(delivery, "waiting_for_ok", None, f"waits behind {first.name}"))


def _hold(run: Context, delivery: OpenDelivery, kind: str, reasons: list[str], staged: Staged) -> Done:
    reason, fix = words.held(delivery.name, reasons, delivery.feed)
    facts = {**facts_of(delivery), "reason": reason, "fix": fix, "counts": _counts(staged)}
    run.ledger.record(kind, delivery.feed, facts)
    return Done(_outcome(delivery, kind, staged, reason, fix))


def _refuse(run: Context, delivery: OpenDelivery, problem: Refused, staged: Staged | None = None) -> Done:
    """Keep why beside where its rejected rows would lie, then end it until someone retries."""
    reason, fix = words.refused(delivery.name, problem, delivery.feed)
    folder = run.lake.quarantine(delivery.feed, delivery.data_date, delivery.delivery)
    make_folder(folder)
    told = {"rule": problem.rule, "message": problem.message, "fix": problem.fix, "line": problem.line}
    write_atomically(folder / "refused.json", json.dumps(told, indent=1).encode() + b"\n", 0o600)
    facts = {**facts_of(delivery), "rule": problem.rule, "reason": reason, "fix": fix}
    run.ledger.record("refused", delivery.feed, facts)
    return Done(_outcome(delivery, "refused", staged, reason, fix))


def facts_of(delivery: OpenDelivery) -> dict[str, Any]:
    """Return what events say of a delivery."""
    return {
        "data_date": delivery.data_date.isoformat(),
        "sha256": delivery.sha256,
        "name": delivery.name,
        "raw": delivery.raw,
        "bytes": delivery.size,
        "night": delivery.night.isoformat(),
    }


def _counts(staged: Staged) -> dict[str, Any]:
    names = ("rows_read", "accepted", "rejected", "duplicates", "superseded", "excluded", "rejected_by_rule")
    return {name: getattr(staged, name) for name in names}


def _outcome(
    delivery: OpenDelivery, status: str, staged: Staged | None, reason: str = "", fix: str = ""
) -> FileOutcome:
    counted = {**_counts(staged), "fixes": staged.fixes} if staged else {}
    return FileOutcome(
        name=delivery.name,
        status=status,
        delivery=delivery.delivery,
        data_date=delivery.data_date,
        reason=reason,
        fix=fix,
        **counted,
    )


def too_large(step: Take, limit: int) -> FileOutcome:
    """A file over the limit in bytes is refused where it lies: there may be no room for it in raw."""
    return FileOutcome(
        name=display(step.entry.name),
        status="refused",
        data_date=step.data_date,
        reason=f"{display(step.entry.name)} has {step.entry.size:,} bytes; the limit is {limit:,}.",
        fix="It was left in incoming. Raise file_limits.max_bytes in config/local/settings.yaml, or remove it.",
    )
