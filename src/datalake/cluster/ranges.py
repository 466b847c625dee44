"""The first pass over ranges of a file, on workers: where records begin, and the hashes of their keys.

Nobody can tell from the middle of a file whether a line end there is inside quotes. Each worker takes it that the
first one is not; the driver holds the ranges against each other, and has a range done again from where the one before
it truly ended. So what comes out is always what one scan from the beginning finds. Where that scan would refuse the
file, or read it in another encoding, the driver does it itself, and says what it says.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from datalake.cluster.clean import Source, judge_at_work, source_of
from datalake.engine.first import FirstPass, Opened, scan_here, scanner_of, watcher, watches_of
from datalake.engine.job import Spread
from datalake.engine.scan import Part, Piece, RecordIndex, Sizes
from datalake.engine.source import NotText, TextFile
from datalake.errors import Refused
from datalake.zones.files import temporary

RANGE = 67_108_864  # bytes
RECORDS, KEYS = "records", "keys"
_LINE_ENDS = re.compile(rb"[\r\n]+")


@dataclass(frozen=True)
class Range:
    """Bytes to scan. start: where they begin, a record's start only if exact; stop: where the next range begins."""

    source: Source
    sizes: Sizes
    number: int
    start: int
    stop: int
    exact: bool


@dataclass(frozen=True)
class Found:
    """What a range holds, counted from its own beginning. following: where the first record after it begins."""

    start: int
    following: int
    parts: Sequence[Part]
    records: int
    lines: int
    folder: Path  # this try's alone, with its index and the hashes of its keys


def on_ranges(spread: Spread) -> FirstPass:
    """Return a first pass that has ranges scanned by spread's workers, where a file is large enough for two."""

    def first_pass(file: Opened, tell: Callable[[int], None]) -> Sequence[Part]:
        size = file.text.path.stat().st_size
        if size - file.text.start < 2 * RANGE:
            return scan_here(file, tell)
        source = source_of(file.job, file.header, file.text.path, file.index.path)
        source.folder.mkdir()
        found = list(_chained(_ranges(file, source, size), spread, tell))
        if any(each is None for each in found):
            return scan_here(file, tell)
        return _put_together(file, source, [each for each in found if each])

    return first_pass


def _ranges(file: Opened, source: Source, size: int) -> list[Range]:
    starts = list(range(file.text.start, size - RANGE, RANGE))  # the last is between one and two of them long
    stops = [*starts[1:], size]
    pairs = zip(starts, stops, strict=True)
    return [Range(source, file.sizes, number, *pair, exact=not number) for number, pair in enumerate(pairs)]


def _chained(ranges: Sequence[Range], spread: Spread, tell: Callable[[int], None]) -> Iterator[Found | None]:
    """Yield what each range truly holds, and None and no more at the first that one scan from the beginning refuses."""
    place = ranges[0].start
    for task, guess in zip(ranges, spread(scan_range, ranges), strict=True):
        found = guess
        if guess is None or guess.start != place:
            (found,) = spread(scan_range, [replace(task, start=place, exact=True)])
        yield found
        if found is None:
            return
        place = found.following
        tell(place)


def _put_together(file: Opened, source: Source, found: Sequence[Found]) -> Sequence[Part]:
    """Fill the file's index and watches with those of its ranges; return all parts."""
    parts: list[Part] = []
    records = lines = 0
    for each in found:
        parts += [Part([_moved(piece, records, lines) for piece in part.pieces]) for part in each.parts]
        file.index.extend(each.folder / RECORDS)
        for number, watch in enumerate(file.watches):
            if watch.names:
                watch.hashes.extend(each.folder / f"{KEYS}-{number}", each.records)
        records, lines = records + each.records, lines + each.lines
    file.index.flush()
    shutil.rmtree(source.folder, ignore_errors=True)
    return parts


def _moved(piece: Piece, records: int, lines: int) -> Piece:
    return replace(piece, first_record=piece.first_record + records, first_line=piece.first_line + lines)


def scan_range(task: Range) -> Found | None:
    """On a worker: scan a range; return None where it cannot be one scanned rightly, or cannot be read at all."""
    start = task.start if task.exact else _first_record(task)
    if start is None:
        return None
    source, judge = task.source, judge_at_work(task.source)
    folder = temporary(source.folder)
    folder.mkdir()
    watches = watches_of(source.job, judge, folder)
    try:
        with closing(RecordIndex(folder / RECORDS)) as index:
            header = source.header if not task.number else replace(source.header, records=0)
            scanner = scanner_of(source.job, header, task.sizes, index)
            scanner.stop = task.stop
            scanner.run(TextFile(source.text, start, ""), watcher(watches), lambda done: None)
    except (Refused, NotText):
        return None
    finally:
        for each in watches:
            each.hashes.close()
    return Found(start, scanner.following, scanner.parts, scanner.records, scanner.lines, folder)


def _first_record(task: Range) -> int | None:
    """Return where the first record begins at or after a place, if that place is not inside quotes."""
    with task.source.text.open("rb") as file:
        file.seek(task.start - 1)
        window = file.read(task.source.job.limits.max_line_bytes + 2)
    found = _LINE_ENDS.search(window)
    return task.start - 1 + found.end() if found and found.end() < len(window) else None
