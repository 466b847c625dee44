"""The second pass over a file on workers: parts judged and written there, counted and put in their places here.

A worker writes into a folder that this try alone has: what it does after it was given up for dead goes nowhere.
"""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from datalake.clean.schema import HELD
from datalake.engine import writing
from datalake.engine.accepted import LakeColumns
from datalake.engine.fates import Fates
from datalake.engine.first import judge_of
from datalake.engine.header import Header
from datalake.engine.job import Spread, StageJob
from datalake.engine.judge import Judge
from datalake.engine.local import Scanned, SecondPass, descriptor
from datalake.engine.parts import PartDone, PartMaker
from datalake.engine.scan import Part, RecordIndex
from datalake.engine.tally import Tally
from datalake.zones.files import temporary


@dataclass(frozen=True)
class Source:
    """What all parts of a file have in common. name is this try's alone."""

    name: str
    job: StageJob
    header: Header
    text: Path
    records: Path
    folder: Path


@dataclass(frozen=True)
class Piece:
    """One part to make, and the fates of its records."""

    source: Source
    number: int
    part: Part
    fates: Fates


@dataclass(frozen=True)
class Made:
    """What came of one part; its rows and findings stay on the disk."""

    number: int
    tally: Tally
    size: int
    findings: bool


def on_parts(spread: Spread) -> SecondPass:
    """Return a second pass that has parts made by spread's workers."""

    def second_pass(job: StageJob, found: Scanned, fates: Fates) -> Iterator[PartDone]:
        source = source_of(job, found.header, found.text.path, found.index.path)
        source.folder.mkdir()
        writing.sync_path(found.index.path)  # what is not flushed, other hosts may not see
        pieces = (Piece(source, number, part, _of(fates, part)) for number, part in enumerate(found.parts))
        for made in spread(make_piece, pieces):
            yield _taken(source, made)

    return second_pass


def source_of(job: StageJob, header: Header, text: Path, records: Path) -> Source:
    """Return what all tasks over a file have in common, with a folder of their own, yet to be made."""
    name = secrets.token_hex(8)
    return Source(name, job, header, text, records, records.parent / name)


def _of(fates: Fates, part: Part) -> Fates:
    first = part.pieces[0].first_record
    low, high = np.searchsorted(fates.records, [first, first + part.records])
    return Fates(fates.records[low:high], fates.codes[low:high], fates.lines[low:high])


def _taken(source: Source, made: Made) -> PartDone:
    """Put a part's rows in their place, and read its findings."""
    name = writing.part_name(made.number)
    if made.tally.fates["accepted"]:
        (source.folder / name).replace(source.job.staging / name)
    if not made.findings:
        return PartDone(made.tally, [], made.size)
    path = _findings_path(source, made.number)
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        tables = [pa.Table.from_batches([batch]) for batch in stream]
    path.unlink()
    return PartDone(made.tally, tables, made.size)


def _findings_path(source: Source, number: int) -> Path:
    return source.folder / f"findings-{number:05d}.arrow"


def make_piece(task: Piece) -> Made:
    """On a worker: judge a part's records, write its rows and its findings."""
    source, draft = task.source, temporary(task.source.folder)
    judge = judge_at_work(source)
    index = RecordIndex(source.records, "rb")
    try:
        with descriptor(source.text) as text:
            maker = PartMaker(judge, task.fates, LakeColumns(source.job, judge.cleaner.rules), text, index)
            done = maker.make(task.part, draft, source.job.sync)
    finally:
        index.close()
    if done.tally.fates["accepted"]:
        draft.replace(source.folder / writing.part_name(task.number))
    if done.findings:
        _write_findings(done.findings, _findings_path(source, task.number))
    return Made(task.number, done.tally, done.size, bool(done.findings))


def _write_findings(tables: list[pa.Table], path: Path) -> None:
    """One batch for each table; they hold raw values, so their owner alone may read them."""
    draft = temporary(path.parent)
    draft.touch(0o600)
    with pa.OSFile(str(draft), "wb") as file, pa.ipc.new_stream(file, HELD) as stream:
        for table in tables:
            stream.write_batch(table.combine_chunks().to_batches()[0])
    draft.replace(path)


_judges: dict[str, Judge] = {}
_lock = threading.Lock()


def judge_at_work(source: Source) -> Judge:
    """On a worker: return the judge of a file, made once in each."""
    with _lock:
        if source.name not in _judges:
            _judges.clear()
            _judges[source.name] = judge_of(source.job, source.header)
        return _judges[source.name]
