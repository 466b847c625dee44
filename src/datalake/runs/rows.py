"""The seven values that the runtime CSV and the table etl_runtime both hold of a run."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from socket import gethostname

from datalake.outcomes import FAILURE, SUCCESS, RunOutcome
from datalake.schedule import zone_named

COLUMNS = ("date", "hostname", "start_time", "end_time", "runtime_sec", "runtime_min", "status")
TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class RuntimeRow:
    """One run in local time of the configured zone; runtime_sec to three decimals, runtime_min to two."""

    date: str
    hostname: str
    start_time: str
    end_time: str
    runtime_sec: str
    runtime_min: str
    status: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells a run from another where there is no run id."""
        return (self.start_time, self.end_time, self.status)

    def values(self) -> tuple[str, ...]:
        return tuple(getattr(self, column) for column in COLUMNS)


def local_time(instant: datetime, zone: str) -> datetime:
    """Given an aware instant, return it in that zone; zone is an IANA name, or local."""
    return instant.astimezone(zone_named(zone))


def row_of(run: RunOutcome, zone: str) -> RuntimeRow:
    """Given a run, return its row."""
    start, end = (local_time(instant, zone).strftime(TIME) for instant in (run.start, run.end))
    return _row(Decimal(str(run.runtime_sec)), run.status, start, end)


def row_given(
    runtime_sec: float | str, status: str, start_time: str | datetime, end_time: str | datetime
) -> RuntimeRow:
    """Given a run's values as a person types them, return its row; raise ValueError that says which is wrong."""
    if status not in (SUCCESS, FAILURE):
        raise ValueError(f"status {status!r}: {SUCCESS} or {FAILURE} is meant")
    start, end = _time("start_time", start_time), _time("end_time", end_time)
    return _row(_seconds(runtime_sec), status, start.strftime(TIME), end.strftime(TIME))


def _row(seconds: Decimal, status: str, start: str, end: str) -> RuntimeRow:
    return RuntimeRow(start[:10], gethostname(), start, end, number(seconds, 3), number(seconds / 60, 2), status)


def _seconds(given: float | str) -> Decimal:
    try:
        seconds = Decimal(str(given).strip())
    except InvalidOperation:
        seconds = Decimal("NaN")
    if not seconds.is_finite() or seconds < 0:
        raise ValueError(f"runtime_sec {given!r}: seconds are meant, like 135 or 2.5")
    return seconds


def _time(name: str, given: str | datetime) -> datetime:
    if isinstance(given, datetime):
        return given
    try:
        return datetime.fromisoformat(given.strip())
    except ValueError:
        raise ValueError(f"{name} {given!r}: a time like 2025-11-04 02:00:00 is meant") from None


def number(value: Decimal, places: int) -> str:
    """Write a number with up to that many decimals and no trailing zeros: 135, 2.25, 0.5."""
    text = str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    return text.rstrip("0").rstrip(".") if "." in text else text


STATUS_WORDS = {"ok": SUCCESS, "succeeded": SUCCESS, "fail": FAILURE, "failed": FAILURE, "error": FAILURE}


def completed(older: Mapping[str, str]) -> dict[str, str | None]:
    """Given a run by column name as an older version wrote it, return our seven values: what it lacked, where known."""
    values = {column: older.get(column, "").strip() or None for column in COLUMNS}
    status = (values["status"] or "").lower()
    values["status"] = STATUS_WORDS.get(status, status) or None
    values["date"] = values["date"] or (values["start_time"] or "")[:10] or None
    if values["runtime_min"] is None and values["runtime_sec"] is not None:
        with contextlib.suppress(ValueError):
            values["runtime_min"] = number(_seconds(values["runtime_sec"]) / 60, 2)
    return values
