"""logs/last_success.txt: when a load last succeeded. Its content decides; its age on disk is nothing to go by.

The first line is local time, as people read it; key=value lines follow. The first form had that line alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone

from datalake.outcomes import RunOutcome
from datalake.runs.rows import TIME, local_time
from datalake.schedule import night_of, zone_named
from datalake.settings import Schedule
from datalake.zones.files import write_atomically
from datalake.zones.paths import Lake


@dataclass(frozen=True)
class LastSuccess:
    """What the file says of the last success."""

    end: datetime  # aware
    night: date
    tip: str = ""  # sha256 of the last event when it ended
    demo: bool = False


def read(lake: Lake, schedule: Schedule) -> LastSuccess | None:
    """Return what the file says, None where there is none; raise OSError, or ValueError where its first line is no
    time.
    """
    try:
        lines = lake.success_marker.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    values = _values(lines)
    local = datetime.fromisoformat(lines[0].strip() if lines else "")
    end = local.replace(tzinfo=zone_named(values.get("zone", schedule.zone)))
    if "end_utc" in values:
        end = datetime.fromisoformat(values["end_utc"])
    night = date.fromisoformat(values["night"]) if "night" in values else night_of(schedule, end)
    return LastSuccess(end, night, values.get("tip", ""), "demo" in values)


def _values(lines: Sequence[str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines[1:] if "=" in line)


def write(lake: Lake, schedule: Schedule, run: RunOutcome) -> None:
    """Tell of a success, unless the file tells of a later one or night; a date still to come is no such thing."""
    known, night = _exact_end(lake)
    if known is not None and known <= datetime.now(timezone.utc) and (run.end < known or run.night.isoformat() < night):
        return
    first = local_time(run.end, schedule.zone).strftime(TIME)
    values = {
        "end_utc": run.end.isoformat(),
        "run_id": run.run_id,
        "night": run.night.isoformat(),
        "zone": schedule.zone,
        **({"tip": run.tip} if run.tip else {}),
        **({"demo": "1"} if run.demo else {}),
    }
    lines = [first, *(f"{name}={value}" for name, value in values.items())]
    write_atomically(lake.success_marker, ("\n".join(lines) + "\n").encode("utf-8"))


def _exact_end(lake: Lake) -> tuple[datetime | None, str]:
    """The instant in UTC, and the night; None where the file has none, as in its first form, or cannot be read."""
    try:
        values = _values(lake.success_marker.read_text(encoding="utf-8").splitlines())
        end = datetime.fromisoformat(values["end_utc"])
    except (OSError, ValueError, KeyError):
        return None, ""
    return (end if end.tzinfo else None), values.get("night", "")
