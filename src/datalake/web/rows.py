"""PURE. What a run did, by feed, file and stage, as the pages and the API know it.

A run itself is a RecordedRun of datalake.runs.history; key_of and succeeded say what the pages need of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date as Day
from typing import Any

from datalake.outcomes import NOT_PUBLISHED, SUCCESS
from datalake.runs.history import RecordedRun


def key_of(run: RecordedRun) -> str:
    """Return what names a run in a link: its id, or the row's number for one recorded without an id."""
    return run.run_id or str(run.id)


def night_of(run: RecordedRun) -> Day | None:
    """Return the night a run served: as recorded, else the date of its start."""
    return run.night or _day(run.date)


def succeeded(run: RecordedRun) -> bool:
    return run.status == SUCCESS


@dataclass(frozen=True)
class FeedRow:
    """What became of one feed in one run; night is the run's."""

    id: int = 0
    run_id: str = ""
    night: Day | None = None
    feed: str = ""
    status: str = ""
    as_of: Day | None = None
    rows: int = 0
    kept: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    rows_read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    superseded: int = 0
    excluded: int = 0
    seconds: float = 0.0
    reason: str = ""
    fix: str = ""

    @property
    def ok(self) -> bool:
        return self.status not in NOT_PUBLISHED

    @property
    def adds_up(self) -> bool:
        """Whether every row that was read has a place."""
        placed = self.accepted + self.rejected + self.duplicates + self.superseded + self.excluded
        return placed == self.rows_read


@dataclass(frozen=True)
class FileRow:
    """What became of one file in one run."""

    id: int = 0
    run_id: str = ""
    night: Day | None = None
    feed: str = ""
    name: str = ""
    status: str = ""
    delivery: str = ""
    data_date: Day | None = None
    rows_read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    superseded: int = 0
    excluded: int = 0
    reason: str = ""
    fix: str = ""
    seconds: float = 0.0
    rejected_by_rule: dict[str, int] = field(default_factory=dict)
    fixes: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class StageRow:
    """How long a stage took in one run, for one feed ("" for the whole run)."""

    run_id: str = ""
    stage: str = ""
    feed: str = ""
    seconds: float = 0.0


def feed_row(values: Mapping[str, Any]) -> FeedRow:
    """Given a row by column name, return the feed's outcome."""
    return FeedRow(**_known(FeedRow, values))


def file_row(values: Mapping[str, Any]) -> FileRow:
    """Given a row by column name, return the file's outcome."""
    return FileRow(**_known(FileRow, values))


def stage_row(values: Mapping[str, Any]) -> StageRow:
    """Given a row by column name, return the stage's time."""
    return StageRow(**_known(StageRow, values))


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row type, each read as the type it is declared with; what cannot be read is left out."""
    names = [each for each in fields(kind) if each.name in values and each.type in _READERS]
    read = {each.name: _read(_READERS[each.type], values[each.name]) for each in names}
    return {name: value for name, value in read.items() if value is not None}


def _read(reader: Callable[[Any], Any], value: Any) -> Any:
    try:
        return None if value is None else reader(value)
    except (TypeError, ValueError):
        return None


def _day(value: Any) -> Day | None:
    try:
        return Day.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _mapping(value: Any) -> dict[str, Any] | None:
    parsed = json.loads(value)
    return parsed if isinstance(parsed, dict) else None


_READERS: dict[Any, Callable[[Any], Any]] = {
    int: int,
    int | None: int,
    float: float,
    float | None: float,
    str: str,
    bool: lambda value: bool(int(value)),
    Day | None: _day,
    dict[str, int]: _mapping,
    dict[str, dict[str, int]]: _mapping,
}
