"""What would become of a file, found out in a folder apart: nothing of the lake is written."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from datalake.contracts.model import Contract
from datalake.engine.job import Progress, Staged, StageJob
from datalake.errors import Refused
from datalake.outcomes import Changes
from datalake.pipeline import guards
from datalake.pipeline.build import Cleaned, whole_merge
from datalake.pipeline.context import stage_locally
from datalake.settings import Settings
from datalake.zones import curated
from datalake.zones.paths import Lake
from datalake.zones.raw import file_sha256
from datalake.zones.state import FeedState

PUBLISHED, HELD, REFUSED, FILED, DUPLICATE = "published", "held", "refused", "filed", "duplicate"


@dataclass(frozen=True)
class Sample:
    """A private copy of a file that somebody wants to know about, and a folder in which to find out."""

    source: Path
    name: str
    data_date: date
    folder: Path
    night: date

    @property
    def staging(self) -> Path:
        return self.folder / "staging"

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine"


@dataclass(frozen=True)
class Preview:
    """What would become of it. rows and kept are those of the table that would be published."""

    end: str
    reasons: tuple[str, ...] = ()
    staged: Staged | None = None
    refused: Refused | None = None
    changes: Changes = field(default_factory=Changes)
    rows: int = 0
    kept: int = 0


def preview(
    lake: Lake,
    settings: Settings,
    contract: Contract,
    state: FeedState,
    sample: Sample,
    progress: Progress | None = None,
) -> Preview:
    """Carry a file through cleaning, guards and merge as a night would, and say what it came to."""
    try:
        staged = stage_locally(_job(settings, contract, sample), progress)
    except Refused as problem:
        return Preview(REFUSED, refused=problem)
    if state.as_of and sample.data_date < state.as_of:
        return Preview(FILED, staged=staged)
    if (file_sha256(sample.source), sample.data_date) == (state.sha256, state.as_of):
        return Preview(DUPLICATE, staged=staged)
    ahead = (sample.data_date - sample.night).days
    reasons = guards.reasons(guards.Judged(contract, staged, state.last_accepted, days_ahead=ahead))
    if contract.status == "draft":
        reasons = ["the feed is a draft", *reasons]
    changes, rows, kept = _merged(lake, contract, sample, staged)
    return Preview(HELD if reasons else PUBLISHED, tuple(reasons), staged, None, changes, rows, kept)


def _job(settings: Settings, contract: Contract, sample: Sample) -> StageJob:
    return StageJob(
        source=sample.source,
        contract=contract,
        data_date=sample.data_date,
        delivery=file_sha256(sample.source)[:12],
        source_file=sample.name,
        staging=sample.staging,
        quarantine=sample.quarantine,
        zone=settings.schedule.zone,
        threads=settings.threads,
        limits=settings.file_limits,
        salt=settings.secrets.get("MASK_SALT", "").encode() or None,
        sync=False,
    )


def _merged(lake: Lake, contract: Contract, sample: Sample, staged: Staged) -> tuple[Changes, int, int]:
    """How the table would change, its rows and how many of them would be kept from an earlier file."""
    version = curated.current(lake, contract.feed)
    table = curated.table_paths(version.folder, contract.feed) if version else []
    merged = whole_merge(contract, Cleaned(staged, sample.data_date, sample.staging, sample.quarantine), table)
    for _ in merged.batches():
        pass  # it is known once all of it has passed
    return merged.differences.changes, merged.rows, merged.kept
