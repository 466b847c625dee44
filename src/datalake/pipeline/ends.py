"""How a delivery's way can end, for now or for good: each end is recorded, and told as an outcome."""

import json
import logging
from dataclasses import dataclass
from typing import Any, Literal

from datalake.contracts.model import Contract
from datalake.engine.job import Staged
from datalake.errors import Refused
from datalake.outcomes import Changes, FileOutcome, FileStatus
from datalake.pipeline import advice
from datalake.pipeline.context import Context
from datalake.pipeline.filing import file_late
from datalake.pipeline.log_line import line_of
from datalake.pipeline.plan import Take
from datalake.pipeline.publish import cleaned_of, findings_sha256, publish
from datalake.pipeline.reasons import held, refused
from datalake.pipeline.staging import job_of
from datalake.safe_text import written_out
from datalake.zones import curated
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.state import QUEUED, OpenDelivery

log = logging.getLogger("datalake.pipeline")
NO_CHANGES = Changes()
Waits = Literal["held", "waiting_for_ok"]


@dataclass(frozen=True)
class Done:
    """What became of one file, and what that did to the published table."""

    file: FileOutcome
    changes: Changes = NO_CHANGES


def publish_it(run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged) -> Done:
    with run.stage("publish", contract.feed):
        changes = publish(run, contract, delivery, staged)
    return Done(_outcome(delivery, "published", staged), changes)


def end(run: Context, delivery: OpenDelivery, kind: Literal["duplicate", "confirmed"]) -> Done:
    run.ledger.record(kind, delivery.feed, facts_of(delivery))
    return Done(_outcome(delivery, kind, None))


def file(run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged) -> Done:
    """A late full file: the table never gets older, but what was true at its date is known from now on."""
    with run.stage("publish", contract.feed):
        added = file_late(run, contract, cleaned_of(run, delivery, staged))
        found = {"findings": findings_sha256(run, delivery)}
        run.ledger.record("filed", delivery.feed, {**facts_of(delivery), **added, **found})
    return Done(_outcome(delivery, "filed", staged, "older than what is published"))


def queue(run: Context, delivery: OpenDelivery, first: OpenDelivery) -> Done:
    """A file of a feed where every file counts waits its turn behind the one that waits for OK."""
    if delivery.status != QUEUED:
        run.ledger.record(QUEUED, delivery.feed, facts_of(delivery))
    return Done(_outcome(delivery, "waiting_for_ok", None, f"waits behind {first.name}"))


def hold(
    run: Context, contract: Contract, delivery: OpenDelivery, kind: Waits, reasons: list[str], staged: Staged
) -> Done:
    """A person must look first; told with what helps them to."""
    told = [*reasons, *filter(None, [_leaving(run, contract, delivery, staged)])]
    reason, fix = held(delivery.name, told, delivery.feed)
    if staged.new_columns and staged.absent:
        reason, fix = _with_proposals(run, contract, delivery, reason, fix)
    facts = {**facts_of(delivery), "reason": reason, "fix": fix, "counts": _counts(staged)}
    facts |= {"findings": findings_sha256(run, delivery)}
    run.ledger.record(kind, delivery.feed, facts)
    return Done(_outcome(delivery, kind, staged, reason, fix))


def refuse(run: Context, contract: Contract, delivery: OpenDelivery, problem: Refused) -> Done:
    """Keep why beside where its rejected rows would lie, then end it until someone retries."""
    reason, fix = refused(delivery.name, problem, delivery.feed)
    if problem.rule == "missing_column":
        reason, fix = _with_proposals(run, contract, delivery, reason, fix)
    folder = run.lake.quarantine(delivery.feed, delivery.data_date, delivery.delivery)
    make_folder(folder)
    told = {"rule": problem.rule, "message": problem.message, "fix": problem.fix, "line": problem.line}
    write_atomically(folder / "refused.json", json.dumps(told, indent=1).encode() + b"\n", 0o600)
    facts = {**facts_of(delivery), "rule": problem.rule, "reason": reason, "fix": fix}
    run.ledger.record("refused", delivery.feed, facts)
    log.error("%s", line_of({"feed": delivery.feed, "refused": delivery.name, "reason": reason, "fix": fix}))
    return Done(_outcome(delivery, "refused", None, reason, fix))


def _leaving(run: Context, contract: Contract, delivery: OpenDelivery, staged: Staged) -> str:
    """Advice decides nothing, so whatever goes wrong with it is logged and left out."""
    try:
        shown = curated.current(run.lake, contract.feed)
        table = curated.table_paths(shown.folder, contract.feed) if shown else []
        return advice.leaving(contract, cleaned_of(run, delivery, staged), table) if table else ""
    except Exception:
        log.exception("feed=%s no advice on what would leave", contract.feed)
        return ""


def _with_proposals(run: Context, contract: Contract, delivery: OpenDelivery, reason: str, fix: str) -> tuple[str, str]:
    """Add what a lost column may be called now; the same holds for this advice."""
    try:
        shown = curated.current(run.lake, contract.feed)
        if shown is None:
            return reason, fix
        table = curated.table_paths(shown.folder, contract.feed)
        found = advice.renamed(run.stager, job_of(run, contract, delivery), table)
    except Exception:
        log.exception("feed=%s no advice on columns", contract.feed)
        return reason, fix
    if not found:
        return reason, fix
    retry = f"Then `python3 manage.py retry {contract.feed}`."
    return f"{reason} {advice.worded(found)}", f"{advice.fix(found, contract)} {retry}"


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
    delivery: OpenDelivery, status: FileStatus, staged: Staged | None, reason: str = "", fix: str = ""
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
        name=written_out(step.entry.name),
        status="refused",
        data_date=step.data_date,
        reason=f"{written_out(step.entry.name)} has {step.entry.size:,} bytes; the limit is {limit:,}.",
        fix="It was left in incoming. Raise file_limits.max_bytes in config/local/settings.yaml, or remove it.",
    )
