"""The cleaning of one delivery: which file, by which rules, to where."""

from datalake.contracts.model import Contract
from datalake.contracts.patterns import companion
from datalake.engine.job import Staged, StageJob
from datalake.errors import DatalakeError, Refused
from datalake.pipeline.checksums import contradiction, stated_rows
from datalake.pipeline.context import Context
from datalake.zones.state import OpenDelivery


def job_of(run: Context, contract: Contract, delivery: OpenDelivery) -> StageJob:
    """Return what the engine is asked to do with a delivery."""
    place = (contract.feed, delivery.data_date, delivery.delivery)
    salt = run.settings.secrets.get("MASK_SALT", "")
    return StageJob(
        source=run.lake.raw_zone / delivery.raw,
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
        sha256=delivery.sha256 if delivery.raw in run.copied else "",
    )


def stage(run: Context, contract: Contract, delivery: OpenDelivery) -> Staged:
    """Clean a delivery; raise Refused where it cannot be read as its feed, or contradicts what came with it, and
    DatalakeError where it is not what was delivered.
    """
    feed, job = contract.feed, job_of(run, contract, delivery)
    problem = contradiction(job.source, delivery.sha256)
    if problem:
        raise Refused("checksum", problem, "Have the file sent again.")
    with run.stage("clean", feed):
        stager = run.engines.stager(contract)
        staged = stager(job, lambda rows, done: run.observer.progress(feed, rows, done, delivery.size))
    if staged.sha256 and staged.sha256 != delivery.sha256:  # a file taken again may have lain there for years
        raise DatalakeError(
            f"{delivery.raw} in data/raw is no longer what was delivered: its checksum is another.",
            "Put it back from a backup; `python3 manage.py verify` names every file that changed.",
        )
    return staged


def rows_promised(run: Context, contract: Contract, delivery: OpenDelivery) -> int | None:
    """Return the rows that the control total beside a file says it has; None where there is none."""
    template = contract.delivery.row_count
    name = companion(template, delivery.name) if template else ""
    return stated_rows(run.lake.raw_zone / delivery.raw, name)
