"""What was found wrong with a file's rows, as lines of a screen."""

from collections.abc import Sequence

from datalake.cli import text
from datalake.pipeline.findings import Finding

WIDEST = 40  # characters of a value on a screen
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
