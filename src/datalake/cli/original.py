"""Rejected rows as their sender knows them: the file's own header, delimiter and text, the reasons in front.

In front, because a row that has too many cells, or too few, stays as it is.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from datalake.contracts.model import Contract, SchemaContract
from datalake.errors import Refused, UsageError
from datalake.pipeline.findings import MASKED, Finding, masked
from datalake.settings import FileLimits
from datalake.zones.paths import Lake

ADDED = ("_line", "_reasons")


@dataclass(frozen=True)
class Layout:
    """How a file is laid out. masked: places, from 0, of the cells that the rules mask."""

    header: tuple[str, ...]
    delimiter: str
    masked: frozenset[int]


def layout_of(lake: Lake, contract: Contract, folder: Path, limits: FileLimits) -> Layout:
    """Given a delivery's quarantine folder, return the layout of its raw file; raise UsageError where that is lost."""
    feed, day, delivery = folder.parts[-3:]
    raw = [each for each in (lake.raw_zone / feed / day).glob(f"*.{delivery}*") if each.suffix != ".json"]
    if not raw:
        raise UsageError(f"The file {delivery} of {day} is not in raw any more.", "Look without --csv.")
    try:
        return _read(raw[0], contract, limits)
    except Refused as problem:
        raise UsageError(f"{raw[0].name}: {problem.message}", "Look without --csv.") from None


def _read(raw: Path, contract: Contract, limits: FileLimits) -> Layout:
    """Read the header by rules that ask no column to be there: today's may be others than those of its night."""
    from datalake.engine.opening import open_header
    from datalake.engine.source import Attempts, NotText

    free = tuple(replace(each, must_exist=False) for each in contract.columns)
    lenient = replace(contract, columns=free, schema_contract=SchemaContract("discard_value", "fill_null"))
    with tempfile.TemporaryDirectory(prefix="datalake-rejects-") as work:
        attempts = Attempts(raw, lenient, limits, Path(work))
        for text in attempts.files():
            try:
                header = open_header(text, lenient, limits)
            except NotText as problem:
                attempts.failed(text.encoding, problem)
                continue
            masked = (header.positions.get(each.name) for each in contract.columns if each.mask)
            return Layout(header.cells, header.delimiter, frozenset(each for each in masked if each is not None))
    raise UsageError(f"{raw.name} cannot be read any more.", "Look without --csv.")


def lines(found: Iterable[Finding], layout: Layout, masking: Contract | None) -> Iterator[str]:
    """PURE. Yield the header and one record for each row, without line ends; the raw text as it came.

    masking: the rules whose masks apply, None where nothing is to be masked.
    """
    yield _record([*ADDED, *layout.header], layout)
    for line, of_one in groupby(found, key=lambda each: each.line):
        findings = list(of_one)
        raw = (findings[0].record or "").rstrip("\r\n")
        shown = _masked(raw, layout) if masking and layout.masked else raw
        told = [masked(each, masking) for each in findings] if masking else findings
        reasons = "; ".join(dict.fromkeys(_reason(each) for each in told))
        yield _record([str(line), reasons], layout) + layout.delimiter + shown


def _reason(finding: Finding) -> str:
    value = f' "{finding.value}"' if finding.value else ""
    column = f"{finding.column}{value}: " if finding.column else ""
    outcome = "" if finding.outcome == "rejected" else f" [{finding.outcome}]"
    return f"{column}{finding.message or finding.rule}{outcome}"


def _masked(raw: str, layout: Layout) -> str:
    """A row whose cells cannot be told to be these columns is masked whole."""
    cells = next(csv.reader(io.StringIO(raw, newline=""), delimiter=layout.delimiter), [])
    if len(cells) != len(layout.header):
        return MASKED
    return _record([MASKED if at in layout.masked else cell for at, cell in enumerate(cells)], layout)


def _record(cells: Sequence[str], layout: Layout) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=layout.delimiter, lineterminator="").writerow(cells)
    return line.getvalue()
