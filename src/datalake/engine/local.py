"""The engine of one machine."""

from dataclasses import replace

from datalake.clean.schema import FINDINGS, output_schema
from datalake.engine import writing
from datalake.engine.job import Progress, Staged, StageJob
from datalake.engine.reference import judge


def stage(job: StageJob, progress: Progress | None = None) -> Staged:
    """Clean one file into its staging and quarantine folders and return what became of its rows.

    Raises Refused if the file cannot be read as its contract; nothing is then left that looks finished.
    """
    writing.clear(job.staging, job.quarantine)
    judged = judge(job)
    table = writing.to_table(judged.rows, output_schema(judged.rules.contract))
    parts = (writing.part_name(0),) if judged.rows else ()
    for name in parts:
        writing.write_part(table, job.staging / name, job.sync)
    with writing.open_findings(job.quarantine) as findings:
        findings.write_table(writing.to_table(judged.findings, FINDINGS))
    staged = replace(judged.staged, parts=parts)
    writing.finish(job.staging, staged, job.sync)
    if progress:
        progress(staged.rows_read, job.source.stat().st_size)
    return staged
