"""The engine of one machine: two passes over a file of any size, in bounded memory, on as many threads as it is given.

The first pass finds and checks the records and hashes their keys; between the passes repeated keys are settled; the
second parses, judges and writes, part by part. The output is in file order and the same whatever the number of threads.
"""

import hashlib
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from datalake.engine import structure, writing
from datalake.engine.accepted import LakeColumns
from datalake.engine.fates import Fates
from datalake.engine.first import FirstPass, Opened, judge_of, scan_here, watches_of
from datalake.engine.header import Header
from datalake.engine.job import Progress, Staged, StageJob
from datalake.engine.judge import Judge
from datalake.engine.opening import open_header
from datalake.engine.parts import PartDone, PartMaker
from datalake.engine.repeats import Resolver
from datalake.engine.scan import Part, RecordIndex, Sizes
from datalake.engine.source import Attempts, NotText, TextFile
from datalake.engine.tally import Tally
from datalake.engine.watch import KeyWatch

SCAN_SHARE = 5  # the first pass is about a fifth of the work


def stage(
    job: StageJob,
    progress: Progress | None = None,
    sizes: Sizes | None = None,
    passes: "Passes | None" = None,
) -> Staged:
    """Clean one file into its staging and quarantine folders and return what became of its rows.

    progress is told rows done and bytes done of the file's; passes are done otherwise than on threads here.
    Raises Refused if the file cannot be read as its contract; nothing is then left that looks finished.
    """
    writing.clear(job.staging, job.quarantine)
    work = job.staging / ".work"
    work.mkdir()
    try:
        with ThreadPoolExecutor(1) as aside:
            digest = aside.submit(lambda: job.sha256 or sha256_of(job.source))
            tell = progress or (lambda rows, size: None)
            staged = _staged(job, work, sizes or Sizes(), tell, passes or Passes(scan_here, on_threads))
            staged = replace(staged, sha256=digest.result())
    finally:
        shutil.rmtree(work, ignore_errors=True)
    writing.finish(job.staging, staged, job.sync)
    return staged


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Scanned:
    """What the first pass leaves for the second."""

    text: TextFile
    header: Header
    judge: Judge
    parts: Sequence[Part]
    index: RecordIndex
    keys: KeyWatch | None
    unique: Sequence[KeyWatch]


SecondPass = Callable[[StageJob, Scanned, Fates], Iterator[PartDone]]  # yields the parts in file order


@dataclass(frozen=True)
class Passes:
    """How both passes are done, where not on threads of this process."""

    first: FirstPass
    second: SecondPass


def _staged(job: StageJob, work: Path, sizes: Sizes, progress: Progress, passes: Passes) -> Staged:
    size = job.source.stat().st_size
    with _scanned(job, work, sizes, progress, passes.first) as found, descriptor(found.text.path) as source:
        if not found.parts:
            raise structure.header_only()
        fates = Resolver(found.judge, found.parts, source, found.index).settle(found.keys, found.unique)
        tally, names = _taken(job, passes.second(job, found, fates), size, progress)
    header = found.header
    return replace(
        tally.staged(found.judge.cleaner.rules),
        absent=header.absent,
        new_columns=header.new,
        encoding=found.text.encoding,
        delimiter=header.delimiter,
        parts=names,
    )


@contextmanager
def _scanned(job: StageJob, work: Path, sizes: Sizes, progress: Progress, scan: FirstPass) -> Iterator[Scanned]:
    """Do the first pass, in the first encoding that holds to the end."""
    attempts = Attempts(job.source, job.contract, job.limits, work)
    for text in attempts.files():
        with ExitStack() as files:
            try:
                found = _first_pass(job, text, files, work, sizes, progress, scan)
            except NotText as problem:
                attempts.failed(text.encoding, problem)
                continue
            yield found
            return


def _first_pass(
    job: StageJob, text: TextFile, files: ExitStack, work: Path, sizes: Sizes, progress: Progress, scan: FirstPass
) -> Scanned:
    header = open_header(text, job.contract, job.limits)
    judge = judge_of(job, header)
    watches = watches_of(job, judge, work)
    index = files.enter_context(closing(RecordIndex(work / "records")))
    for each in watches:
        files.callback(each.hashes.close)
    opened = Opened(job, text, header, judge, index, watches, sizes)
    parts = scan(opened, lambda done: progress(0, done // SCAN_SHARE))
    for each in watches:
        each.hashes.close()
    keys = watches[0] if watches[0].names else None
    return Scanned(text, header, judge, parts, index, keys, watches[1:])


@contextmanager
def descriptor(path: Path) -> Iterator[int]:
    """Hold a file open for reading by place."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def on_threads(job: StageJob, found: Scanned, fates: Fates) -> Iterator[PartDone]:
    """Make the parts on threads of this process."""
    with descriptor(found.text.path) as source:
        maker = PartMaker(found.judge, fates, LakeColumns(job, found.judge.cleaner.rules), source, found.index)
        yield from _in_order(job, maker, found.parts)


def _taken(job: StageJob, parts: Iterator[PartDone], size: int, progress: Progress) -> tuple[Tally, tuple[str, ...]]:
    """Take what was found in the parts, in file order."""
    tally, names, done = Tally(), [], 0
    with writing.FindingsFile(job.quarantine, job.sync) as findings:
        for number, made in enumerate(parts):
            tally.add(made.tally)
            for table in made.findings:
                findings.add(table)
            if made.tally.fates["accepted"]:
                names.append(writing.part_name(number))
            done += made.size
            progress(tally.rows, min(size, size // SCAN_SHARE + done * (SCAN_SHARE - 1) // SCAN_SHARE))
    progress(tally.rows, size)
    return tally, tuple(names)


def _in_order(job: StageJob, maker: PartMaker, parts: Sequence[Part]) -> Iterator[PartDone]:
    """Make parts on threads, a few ahead of what is taken, and yield them in order."""
    paths = [job.staging / writing.part_name(number) for number in range(len(parts))]
    if job.threads <= 1 or len(parts) == 1:
        yield from (maker.make(part, path, job.sync) for part, path in zip(parts, paths, strict=True))
        return
    ahead: deque[Future[PartDone]] = deque()
    with ThreadPoolExecutor(job.threads, "clean") as pool:
        try:
            for part, path in zip(parts, paths, strict=True):
                ahead.append(pool.submit(maker.make, part, path, job.sync))
                if len(ahead) > job.threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
