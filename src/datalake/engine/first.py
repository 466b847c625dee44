"""The first pass over a file of text: what it is to fill, and how one process fills it.

The whole file, or a range of it that begins where a record begins and ends before the first that begins after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datalake.clean.arrow import Bytes, Ints
from datalake.clean.batch import Cleaner
from datalake.clean.rules import make_rules
from datalake.engine.cells import Layout
from datalake.engine.header import Header
from datalake.engine.job import StageJob
from datalake.engine.judge import Judge
from datalake.engine.scan import Part, RecordIndex, Scanner, Sizes, Watcher
from datalake.engine.source import TextFile
from datalake.engine.watch import KeyWatch


@dataclass(frozen=True)
class Opened:
    """A file whose header was read. The first pass fills index and watches, and gives the parts."""

    job: StageJob
    text: TextFile
    header: Header
    judge: Judge
    index: RecordIndex
    watches: Sequence[KeyWatch]
    sizes: Sizes


FirstPass = Callable[[Opened, Callable[[int], None]], Sequence[Part]]  # is told how many bytes are done


def judge_of(job: StageJob, header: Header) -> Judge:
    """Return what judges a file's records."""
    layout = Layout(header, job.contract.dialect.quote, job.contract.missing_values)
    return Judge(layout, Cleaner(make_rules(job.contract, job.zone, job.salt, job.data_date, header.grown)))


def watches_of(job: StageJob, judge: Judge, folder: Path) -> list[KeyWatch]:
    """Return what notes the keys of a file's records, then the values of each column that may come once."""
    groups = [job.contract.primary_key, *((each.name,) for each in judge.cleaner.rules.unique)]
    layout, cleaner = judge.layout, judge.cleaner
    return [KeyWatch(each, layout, cleaner, folder / f"keys-{number}") for number, each in enumerate(groups)]


def watcher(watches: Sequence[KeyWatch]) -> Watcher:
    """Return what shows each buffer's records to all of them."""
    named = [each for each in watches if each.names]

    def watch(data: Bytes, starts: Ints, used: int) -> None:
        for each in named:
            each.see(data, starts, used)

    return watch


def scanner_of(job: StageJob, header: Header, sizes: Sizes, index: RecordIndex) -> Scanner:
    """Return the scanner of a file's records, the header's among them."""
    return Scanner(header, job.contract.dialect.quote, job.limits.max_line_bytes, sizes, index)


def scan_here(file: Opened, tell: Callable[[int], None]) -> Sequence[Part]:
    """Do the first pass in this process."""
    scanner = scanner_of(file.job, file.header, file.sizes, file.index)
    scanner.run(file.text, watcher(file.watches), tell)
    return scanner.parts
