"""What was found wrong with a file's rows, read from quarantine and made fit for a screen or an export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datalake.cli import text
from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE

MASKED = "(masked)"
WIDEST = 40  # characters of a value on a screen


@dataclass(frozen=True)
class Finding:
    """One thing found: line counts from 1; column is empty where it is about the whole row; record is the raw row."""

    line: int
    column: str | None
    rule: str
    outcome: str  # rejected | nulled | warned | duplicate | superseded | excluded
    value: str | None
    message: str
    key: str | None
    record: str | None


FIELDS = ("line", "column", "rule", "outcome", "value", "message", "key", "record")


def read(folder: Path, outcomes: Sequence[str]) -> Iterator[Finding]:
    """Given a delivery's quarantine folder, yield its findings of these outcomes in the order of the file."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = folder / FINDINGS_FILE
    if not path.exists():
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=list(FIELDS)):
            wanted = batch.filter(pc.is_in(batch.column("outcome"), pa.array(outcomes)))
            yield from (Finding(**row) for row in wanted.to_pylist())


def masked(finding: Finding, contract: Contract) -> Finding:
    """Return it without what the rules mask: the value and message of such a column, and the record that holds it.

    Keys are masked where they are made.
    """
    hidden = {each.name for each in contract.columns if each.mask}
    if not hidden:
        return finding
    shown = replace(finding, record=MASKED)
    return replace(shown, value=MASKED, message=finding.rule) if finding.column in hidden else shown


HEADINGS = ("line", "column", "rule", "value", "why", "key")


def table(findings: Sequence[Finding]) -> list[str]:
    """Return findings as aligned lines, one each."""
    return text.table(HEADINGS, [_row(each) for each in findings], right=("line",))


def _row(finding: Finding) -> list[str]:
    value = "-" if finding.value is None else finding.value or "(empty)"
    return [
        str(finding.line),
        finding.column or "-",
        finding.rule,
        text.clipped(value, WIDEST),
        text.clipped(finding.message, 60),
        text.clipped(finding.key or "-", WIDEST),
    ]
