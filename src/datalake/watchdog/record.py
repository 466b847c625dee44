"""The edge to the record: the runs that database and CSV know together, and where they disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from datalake.nights import night_of_run
from datalake.outcomes import RunOutcome
from datalake.runs import csv_log, history
from datalake.runs.history import RecordedRun
from datalake.runs.rows import COLUMNS, RuntimeRow
from datalake.settings import Schedule
from datalake.zones.paths import Lake

NEWEST = 100  # runs of which database and CSV are held against each other one by one
NUMBERS = ("runtime_sec", "runtime_min")
BLANK: dict[str, Any] = {
    **dict.fromkeys(each.name for each in fields(RecordedRun)),
    "id": 0,
    "demo": False,
    "error": "",
    "fix": "",
    "notes": (),
    "failed": (),
    "settled": (),
    "unsettled": (),
}


@dataclass(frozen=True)
class Known:
    """The runs of some nights; only_csv are those that the database lacks, also of other nights."""

    runs: tuple[RecordedRun, ...] = ()
    only_csv: tuple[RuntimeRow, ...] = ()
    first_night: date | None = None


def known_runs(lake: Lake, schedule: Schedule, first: date, last: date) -> Known:
    """Return what the record knows of these nights; raise sqlite3.Error where the database cannot be read."""
    runs = history.runs_of_nights(lake.database, first, last)
    missing = lacking(lake)
    added = [each for each in map(run_of, missing) if _within(schedule, each, first, last)]
    nights = [history.first_night(lake.database), *(night_of_run(schedule, run_of(row)) for row in missing)]
    return Known((*runs, *added), missing, min((night for night in nights if night), default=None))


def csv_runs(lake: Lake, schedule: Schedule, first: date, last: date) -> Known:
    """Return what the CSV alone knows of these nights, for when the database cannot be read."""
    runs = [run_of(row) for row in _as_rows(csv_log.read(lake.runtime_csv))]
    nights = [night for night in (night_of_run(schedule, run) for run in runs) if night]
    own = tuple(run for run in runs if _within(schedule, run, first, last))
    return Known(own, first_night=min(nights, default=None))


def _within(schedule: Schedule, run: RecordedRun, first: date, last: date) -> bool:
    night = night_of_run(schedule, run)
    return night is not None and first <= night <= last


def lacking(lake: Lake) -> tuple[RuntimeRow, ...]:
    """Return the runs of the CSV that the database does not have; two runs alike in all that both know are two."""
    if _end_alike(lake):
        return ()
    there = [row.key for row in history.last_rows(lake.database, None)]
    missing = []
    for row in _as_rows(csv_log.read(lake.runtime_csv)):
        if row.key in there:
            there.remove(row.key)
        else:
            missing.append(row)
    return tuple(missing)


def _end_alike(lake: Lake) -> bool:
    """Whether both have as many runs and the same newest ones: the others need not be read every morning."""
    (total, newest), (there, rows) = csv_log.ending(lake.runtime_csv, NEWEST), history.ending(lake.database, NEWEST)
    return total == there and [row.key for row in _as_rows(newest)] == [row.key for row in rows]


def _as_rows(rows: Sequence[Mapping[str, str | None]]) -> Sequence[RuntimeRow]:
    return [RuntimeRow(*(row[column] or "" for column in COLUMNS)) for row in rows if row["start_time"]]


def run_of(row: RuntimeRow) -> RecordedRun:
    """Return a row of the CSV as a run of which no more is known."""
    values = {column: getattr(row, column) or None for column in COLUMNS}
    return RecordedRun(**{**BLANK, **values, **{name: _number(values[name]) for name in NUMBERS}})


def run_left(run: RunOutcome) -> RecordedRun:
    """Return a run that is over and not recorded yet as one of the record."""
    known = ("run_id", "night", "start", "end", "runtime_sec", "status", "trigger", "exit_code", "error", "fix", "demo")
    names = (*known, "settled", "unsettled")
    return RecordedRun(**{**BLANK, **{name: getattr(run, name) for name in names}})


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
