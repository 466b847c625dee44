"""What `manage.py try` says of a file. Pure: lines of text out of a preview."""

from collections.abc import Sequence
from datetime import date

from datalake.cli import findings
from datalake.contracts.model import Contract
from datalake.engine.job import Staged
from datalake.pipeline.findings import Finding
from datalake.pipeline.preview import DUPLICATE, FILED, HELD, PUBLISHED, REFUSED, Preview
from datalake.safe_text import written_out
from datalake.words import count, full_day, number

FINE = (PUBLISHED, FILED, DUPLICATE)
VERDICTS = {
    PUBLISHED: "It would be published.",
    HELD: "It would wait for OK, and the published table would stay as it is.",
    REFUSED: "It would be refused.",
    FILED: "It would go into history: a newer file is published already.",
    DUPLICATE: "It was loaded before: the same bytes for the same date.",
}


def lines(name: str, contract: Contract, data_date: date, seen: Preview, rejected: Sequence[Finding]) -> list[str]:
    """Return what would become of the file; the verdict is the second line."""
    said = [f"{written_out(name)} as {contract.feed}, data of {full_day(data_date)}", VERDICTS[seen.end]]
    said += [f"  why: {written_out(reason)}" for reason in seen.reasons]
    if seen.refused:
        said += _refused(seen)
    if seen.staged:
        said += ["", *_rows(seen.staged), *_columns(seen.staged), *_changes(contract, seen)]
        said += _rejected(seen.staged, rejected)
    return [*said, "", "Nothing was written."]


def _refused(seen: Preview) -> list[str]:
    problem = seen.refused
    if problem is None:
        return []
    place = f"line {number(problem.line)}: " if problem.line else ""
    said = [f"  why: {written_out(place + problem.message)}"]
    return [*said, f"  do:  {written_out(problem.fix)}"] if problem.fix else said


def _rows(staged: Staged) -> list[str]:
    left_out = {
        "duplicates": staged.duplicates,
        "superseded in the file": staged.superseded,
        "totals or repeated headers": staged.excluded,
    }
    more = "".join(f", {number(value)} {what}" for what, value in left_out.items() if value)
    read = f"rows      {number(staged.rows_read)} read: {number(staged.accepted)} accepted"
    return [f"{read}, {number(staged.rejected)} rejected{more}"]


def _columns(staged: Staged) -> list[str]:
    said = [f"read as   {staged.encoding}, cells parted by {staged.delimiter!r}"]
    if staged.absent:
        said.append(f"absent    {', '.join(staged.absent)}")
    if staged.new_columns:
        said.append(f"not taken {', '.join(written_out(each) for each in staged.new_columns)}")
    for column, fixes in staged.fixes.items():
        mended = ", ".join(f"{fix} in {count(cells, 'cell')}" for fix, cells in fixes.items())
        said.append(f"mended    {column}: {mended}")
    return said


def _changes(contract: Contract, seen: Preview) -> list[str]:
    if seen.end not in (PUBLISHED, HELD):
        return []
    changes = seen.changes
    said = f"{number(changes.new)} new, {number(changes.changed)} changed, {number(changes.gone)} gone"
    kept = f", {number(seen.kept)} kept because their row was rejected" if seen.kept else ""
    return [f"changes   {said}{kept}: {contract.feed} would have {count(seen.rows, 'row')}"]


def _rejected(staged: Staged, shown: Sequence[Finding]) -> list[str]:
    if not staged.rejected:
        return []
    by_rule = ", ".join(f"{rule} {number(rows)}" for rule, rows in staged.rejected_by_rule.items())
    more = ["  ..."] if staged.rejected > len({each.line for each in shown}) else []
    return ["", f"Rejected, by rule: {by_rule}", *(f"  {line}" for line in findings.table(shown)), *more]
