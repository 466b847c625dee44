"""Carrying a plan out: feed by feed, each on its own, so that one that fails never stops another."""

import logging
from collections.abc import Iterator
from dataclasses import replace

from datalake.contracts.model import Contract
from datalake.outcomes import Changes, FeedOutcome, FeedStatus, FileOutcome
from datalake.pipeline import reasons
from datalake.pipeline.context import Context
from datalake.pipeline.deliveries import carry, take
from datalake.pipeline.ends import Done, too_large
from datalake.pipeline.log_line import line_of
from datalake.pipeline.plan import FeedPlan, Plan, Step, Take
from datalake.pipeline.publish import current_version, supersede
from datalake.pipeline.rules import changed
from datalake.safe_text import written_out
from datalake.words import count, few, was
from datalake.zones.state import FeedState

PATIENCE = 3  # files after the first that may show nothing new before a person is told
log = logging.getLogger("datalake.pipeline")


def run(context: Context, plan: Plan) -> Iterator[FeedOutcome]:
    """Carry a plan out; yield what became of each feed as soon as it is known. Never raises for a feed's sake."""
    for feed in plan.feeds:
        outcome = _run_feed(context, feed)
        log.log(logging.ERROR if outcome.failed else logging.INFO, "%s", _line(outcome))
        yield outcome


def _run_feed(context: Context, feed: FeedPlan) -> FeedOutcome:
    start = context.clock.monotonic()
    done: list[Done] = []
    failure: tuple[str, str] = ("", "")
    before = context.ledger.feed(feed.contract.feed).rules
    step: Step | None = None
    try:
        current_version(context, feed.contract.feed)
        for step in feed.steps:
            done += _run_step(context, feed.contract, step)
        if feed.steps:
            context.ledger.save()
    except Exception as problem:
        log.exception("feed=%s stopped", feed.contract.feed)
        failure = reasons.worded(problem, feed.contract.feed)
        done += _failed(step, failure) if step else []
    outcome = outcome_of(context.ledger.feed(feed.contract.feed), feed.contract, done, failure)
    _add_notes(context, outcome)
    if done:
        _add_note_of_rules(context, feed.contract, before)
    return replace(outcome, seconds=context.clock.monotonic() - start)


def _run_step(context: Context, contract: Contract, step: Step) -> list[Done]:
    start = context.clock.monotonic()
    if isinstance(step, Take) and step.too_large:
        return [Done(too_large(step, context.settings.file_limits.max_bytes))]
    done = take(context, contract, step) if isinstance(step, Take) else carry(context, contract, step.delivery)
    if done is None:
        return []
    supersede(context, contract)
    return [replace(done, file=replace(done.file, seconds=context.clock.monotonic() - start))]


def _failed(step: Step, failure: tuple[str, str]) -> list[Done]:
    """The file at which a feed stopped; those after it were not looked at."""
    name = written_out(step.entry.name) if isinstance(step, Take) else step.delivery.name
    delivery = "" if isinstance(step, Take) else step.delivery.delivery
    return [Done(FileOutcome(name, "failed", delivery, step.data_date, reason=failure[0], fix=failure[1]))]


def outcome_of(state: FeedState, contract: Contract, done: list[Done], failure: tuple[str, str]) -> FeedOutcome:
    """PURE. Given how a feed stands after its steps, return what it came to."""
    status, reason, fix = _verdict(state, contract, [each.file for each in done])
    if failure[0]:
        status, (reason, fix) = "failed", failure
    return FeedOutcome(
        feed=contract.feed,
        status=status,
        as_of=state.as_of,
        rows=state.rows,
        kept=state.kept,
        changes=_summed([each.changes for each in done]),
        files=tuple(each.file for each in done),
        reason=reason,
        fix=fix,
    )


def _verdict(state: FeedState, contract: Contract, files: list[FileOutcome]) -> tuple[FeedStatus, str, str]:
    """What stands between the feed and its newest file counts before what went well."""
    full = contract.write_disposition == "replace"
    waiting = [each for each in (*state.held, *state.refused) if state.is_current_affair(each, full)]
    refused = [each for each in files if each.status == "refused"]
    if contract.status == "draft" and (waiting or refused):
        last = (waiting or refused)[-1]
        return "draft", last.reason, last.fix
    if waiting:
        last = max(waiting, key=lambda each: (each.data_date, each.event))
        others = [each.name for each in refused if each.delivery != last.delivery]
        return ("held" if last in state.held else "refused"), last.reason + reasons.also_refused(others), last.fix
    if refused:
        others = [each.name for each in refused[:-1]]
        return "refused", refused[-1].reason + reasons.also_refused(others), refused[-1].fix
    statuses = [each.status for each in files]
    return next((each for each in ("published", "confirmed") if each in statuses), "nothing"), "", ""


def _summed(changes: list[Changes]) -> Changes:
    return Changes(
        sum(each.new for each in changes), sum(each.changed for each in changes), sum(each.gone for each in changes)
    )


def _keeping(kept: int, rejected: int) -> str:
    """More than were rejected are kept where a rejected row's key cannot be read: it may be any that is missing."""
    said = f"{count(kept, 'record keeps its', 'records keep their')} last good version"
    return f"{said}, as a rejected row does not say which record it is" if kept > rejected else said


def _add_notes(context: Context, outcome: FeedOutcome) -> None:
    feed = outcome.feed
    newest = [file for file in outcome.files if file.status == "published"][-1:]
    for file in outcome.files:
        if file.status == "published" and file.rejected:
            told = outcome.kept and file in newest  # what the table keeps tonight is told of the file that it shows
            kept = f"; {_keeping(outcome.kept, file.rejected)}" if told else ""
            found = f"{file.rejected:,} of {file.rows_read:,} rows of {file.name}"
            context.note("rejected_rows", f"{found} {was(file.rejected)} rejected{kept}.", feed)
        if file.status == "duplicate":
            context.note("duplicate", f"{file.name} was loaded before: the same bytes for the same date.", feed)
        if file.status == "confirmed":
            context.note("confirmed", f"{file.name} is unchanged: the same bytes as the file before.", feed)
        if file.status == "filed":
            context.note("filed", f"{file.name} went into history: it is {file.reason}.", feed)
    _add_note_of_standing_still(context, feed)
    if outcome.status == "draft":
        context.note("draft", f"{outcome.reason} {outcome.fix}", feed)


def _add_note_of_rules(context: Context, contract: Contract, before: str) -> None:
    """Rules that changed between two nights make numbers jump for no reason that the data would show."""
    where = changed(context.lake, contract, before)
    if where:
        told = (
            f"The rules of {contract.feed} have changed since its last file: {few(where)}."
            f" What that would change in earlier nights: `python3 manage.py replay {contract.feed} --dry-run`."
        )
        context.note("rules_changed", told, contract.feed)


def _add_note_of_standing_still(context: Context, feed: str) -> None:
    """An export that goes on sending what it sent is as good as none, and looks like success."""
    state = context.ledger.feed(feed)
    still, newest = state.last_accepted.get("still", 0), state.last_accepted.get("newest", "")
    if state.last_night != context.night:
        return
    if state.confirmed >= PATIENCE:
        text = f"{feed} has been the same, byte for byte, for {state.confirmed + 1} working days: is the export stuck?"
        context.note("standing_still", text, feed)
    elif still >= PATIENCE:
        text = f"The newest date in {feed} is still {newest}, for {still + 1} files now: is the export stuck?"
        context.note("standing_still", text, feed)


def _line(outcome: FeedOutcome) -> str:
    rows = {name: sum(getattr(each, name) for each in outcome.files) for name in ("rows_read", "accepted", "rejected")}
    facts: dict[str, object] = {
        "feed": outcome.feed,
        "status": outcome.status,
        "as_of": outcome.as_of or "none",
        "rows": outcome.rows,
    }
    changes = outcome.changes
    facts |= {"files": len(outcome.files), **rows, "new": changes.new, "changed": changes.changed, "gone": changes.gone}
    facts |= {"kept": outcome.kept, "seconds": round(outcome.seconds, 2)}
    if outcome.reason:
        facts |= {"reason": outcome.reason, "fix": outcome.fix}
    return line_of(facts)
