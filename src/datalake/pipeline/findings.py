"""What was found wrong with a file's rows, read from quarantine, and without what the rules mask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datalake.contracts.model import Contract
from datalake.engine.job import FINDINGS_FILE

MASKED = "(masked)"


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
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from datalake.clean.arrow import string_array

    path = folder / FINDINGS_FILE
    if not path.exists():
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=list(FIELDS)):
            wanted = batch.filter(pc.is_in(batch.column("outcome"), string_array(list(outcomes))))
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
