"""Whether the disks have room for a run, asked before anything is taken, and before a decision is written down."""

import os
import shutil
import struct
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datalake.contracts.model import Contract
from datalake.engine.unpack import packing
from datalake.errors import DatalakeError
from datalake.outcomes import Note
from datalake.pipeline.plan import FeedPlan, Plan, Step, Take
from datalake.settings import Settings
from datalake.words import size
from datalake.zones import curated
from datalake.zones.claims import open_plain
from datalake.zones.paths import Lake
from datalake.zones.state import State

USUAL_RATIO = 10  # that a table shrinks by, where an archive does not say
WRAP = 1 << 32  # a gzip states its size modulo this, RFC 1952 section 2.3.1
RECORD = 10_000_000  # bytes with which the record and the logs get through a night


@dataclass(frozen=True)
class Weight:
    """One file, in bytes: as it comes, and as text. packed: it is unpacked to a file of its own meanwhile."""

    size: int
    text: int
    packed: bool = False


def needed(files: Sequence[Weight], table: int, keep_versions: int) -> int:
    """PURE. Return the bytes that loading a feed's files may write: raw, the cleaned rows, and the versions that stay.

    table: the bytes of a published version that each new one carries on, 0 where a file replaces it.
    """
    versions = sorted((table + each.text for each in files), reverse=True)[: keep_versions + 1]
    unpacked = max((each.text for each in files if each.packed), default=0)
    return sum(each.size + each.text for each in files) + sum(versions) + unpacked


def check_room(lake: Lake, settings: Settings, todo: Plan) -> None:
    """Raise DatalakeError where the file system of data/ has less room than the plan needs."""
    need = sum(_feed_needs(lake, settings, each) for each in todo.feeds)
    have = shutil.disk_usage(lake.data).free if need else 0
    if have < need:
        raise DatalakeError(
            f"There is not enough room for these files: they need {size(need)}, and {size(have)} are free.",
            "Nothing was taken or decided. Make room outside data/raw and data/curated (`python3 manage.py retention "
            "--dry-run` says what can go), and run it again.",
        )


def check_raw(lake: Lake, state: State) -> None:
    """Raise DatalakeError where no raw file is left of what was published: its disk is not mounted, or it was emptied.

    Curated alone may be made again; raw never, and a night would begin it anew where the disk should be.
    """
    if any(each.version for each in state.values()) and not any(lake.raw_zone.glob("[!.]*")):
        raise DatalakeError(
            "data/raw is empty, but tables were published from files in it: is its disk not mounted?",
            "Nothing was taken or decided. Mount it, or put it back from a backup, and run it again: "
            "`bash src/cron_runner.sh`.",
        )


def tight_logs(lake: Lake) -> list[Note]:
    """Return a note where the disk of logs/ may not hold the record of a night: it is loaded all the same."""
    free = shutil.disk_usage(lake.logs).free if lake.logs.is_dir() else RECORD
    if free >= RECORD:
        return []
    text = f"The disk of logs/ has {size(free)} left: soon no run can be recorded. Make room there."
    return [Note("disk", text)]


def _feed_needs(lake: Lake, settings: Settings, feed: FeedPlan) -> int:
    steps = [each for each in feed.steps if not (isinstance(each, Take) and each.too_large)]
    weights = [_weight(lake, feed.contract, each, settings.file_limits.max_bytes) for each in steps]
    carried = 0 if not steps or feed.contract.write_disposition == "replace" else _table_bytes(lake, feed.contract.feed)
    scratch = max((each.text for each in weights), default=0) if feed.contract.partitions > 1 else 0
    return needed(weights, carried, settings.keep_versions) + scratch  # in which rows are put in order by partition


def _weight(lake: Lake, contract: Contract, step: Step, limit: int) -> Weight:
    """A file in raw is there already; what is in an archive counts up to the limit, past which it is refused."""
    take = isinstance(step, Take)
    path = step.entry.path if isinstance(step, Take) else lake.raw_zone / step.delivery.raw
    size = step.entry.size if isinstance(step, Take) else step.delivery.size
    kind = packing(path.name, contract.delivery.pattern)
    text = min(_unpacked(path, kind, size), limit) if kind else size
    return Weight(size if take else 0, text, bool(kind))


def _unpacked(path: Path, kind: str, size: int) -> int:
    """The bytes that an archive says it holds; a guess where it does not say, or where what it says cannot be."""
    try:
        with os.fdopen(open_plain(path), "rb") as file:
            if kind == "zip":
                return sum(each.file_size for each in zipfile.ZipFile(file).infolist())
            file.seek(-4, os.SEEK_END)
            stated: int = struct.unpack("<I", file.read(4))[0]
    except (OSError, DatalakeError, zipfile.BadZipFile, struct.error):
        return size * USUAL_RATIO
    while stated < size:
        stated += WRAP
    return stated


def _table_bytes(lake: Lake, feed: str) -> int:
    try:
        shown = curated.current(lake, feed)
    except DatalakeError:
        return 0
    return _sum(shown.folder.iterdir()) if shown else 0


def _sum(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
