"""What a run leaves in the lake until it is in the record: that it began, how far it came, what it came to.

    <run id>.started.json    left with the lock; completed by the ETL with its night
    <run id>.progress.jsonl  one line a stage, feed and sign of life
    <run id>.json            the outcome, before the lock is let go
    <run id>.exit            left by Bash where the ETL ended without an outcome

A run of which one of these is there and whose lock is free is over, and not yet recorded.
"""

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, get_args

from datalake.outcomes import FeedOutcome, RunOutcome, Trigger, feed_from_json, from_json, to_json
from datalake.runs.lockfile import leave_started
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.paths import Lake

STARTED, PROGRESS, EXIT, OUTCOME = ".started.json", ".progress.jsonl", ".exit", ".json"


@dataclass(frozen=True)
class Left:
    """All that one unrecorded run left: of spoilt crumbs what can be read. outcome is None if it left none."""

    run_id: str
    start: datetime
    last_sign: datetime  # when it was last seen alive
    trigger: Trigger = ""
    night: date | None = None
    demo: bool = False
    progress: tuple[dict[str, Any], ...] = ()  # each with at, an instant, and event
    exit: dict[str, str] = field(default_factory=dict)  # as Bash wrote it
    outcome: RunOutcome | None = None
    pid: int = 0  # of its ETL process, or of its runner until that began; 0: not known


def new_run_id(now: datetime) -> str:
    """Return an id as Bash makes it (the start in UTC, this process) and more: one process may run twice a second."""
    return f"{now.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}-{os.getpid()}{secrets.token_hex(2)}"


def begin(lake: Lake, run_id: str, start: datetime, trigger: str, night: date, demo: bool = False) -> None:
    """Leave, or complete, the crumb that this run began; raise OSError where the lake cannot be written."""
    started = {"run_id": run_id, "trigger": trigger, "start": start.isoformat(), "pid": os.getpid()}
    leave_started(lake.outcomes, {**started, "night": night.isoformat(), "demo": demo})


def add_progress(lake: Lake, run_id: str, at: datetime, event: str, **values: Any) -> None:
    """Append one line to what is known of a run that still goes on; raise OSError where it cannot be written."""
    line = json.dumps({"at": at.isoformat(), "event": event, **values})
    with (lake.outcomes / f"{run_id}{PROGRESS}").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def leave(lake: Lake, run: RunOutcome) -> None:
    """Leave the outcome for the recorders, whole or not at all; raise OSError where it cannot be written."""
    make_folder(lake.outcomes)
    text = json.dumps(to_json(run), indent=1)  # ASCII: a file name that is no UTF-8 survives as an escape
    write_atomically(lake.outcomes / f"{run.run_id}{OUTCOME}", text.encode("ascii"))


def forget(lake: Lake, run_id: str) -> None:
    """Remove all that a run left: it is recorded, or was none."""
    for ending in (OUTCOME, PROGRESS, EXIT, STARTED):  # the start goes last: whatever is left is complete enough
        (lake.outcomes / f"{run_id}{ending}").unlink(missing_ok=True)


def left_by(lake: Lake, run_id: str) -> Left | None:
    """Return what this run left, None if nothing, or nothing that tells when it began."""
    paths = {ending: lake.outcomes / f"{run_id}{ending}" for ending in (STARTED, PROGRESS, EXIT, OUTCOME)}
    if not any(path.exists() for path in paths.values()):
        return None
    started, ended = _read_json(paths[STARTED]) or {}, _read_exit(paths[EXIT])
    progress, outcome = _read_progress(paths[PROGRESS]), _read_outcome(paths[OUTCOME])
    start = outcome.start if outcome else _instant(started.get("start")) or _start_in(run_id)
    if start is None:
        return None
    signs = (start, _instant(ended.get("end")), *(line["at"] for line in progress))
    return Left(
        run_id,
        start,
        max(sign for sign in signs if sign),
        trigger=_trigger(started.get("trigger") or ended.get("trigger", "")),
        night=_day(started.get("night")),
        demo=bool(started.get("demo")),
        progress=progress,
        exit=ended,
        outcome=outcome,
        pid=pid if isinstance(pid := started.get("pid"), int) else 0,
    )


def all_left(lake: Lake) -> list[Left]:
    """Return what every unrecorded run left, oldest first."""
    run_ids = set()
    for path in lake.outcomes.glob("*"):
        ending = next((each for each in (STARTED, PROGRESS, EXIT, OUTCOME) if path.name.endswith(each)), None)
        if ending:
            run_ids.add(path.name.removesuffix(ending))
    found = [left_by(lake, run_id) for run_id in run_ids]
    return sorted((each for each in found if each is not None), key=lambda each: (each.start, each.run_id))


def feeds_done(left: Left) -> tuple[FeedOutcome, ...]:
    """Return what became of the feeds that a run had finished when it ended."""
    return tuple(feed_from_json(line["outcome"]) for line in left.progress if line["event"] == "feed")


def _instant(text: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def _trigger(text: object) -> Trigger:
    """Return the word if it is one of ours: a crumb may be spoilt."""
    return next((word for word in get_args(Trigger) if word == text), "")


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _start_in(run_id: str) -> datetime | None:
    """Every run id begins with the start, as new_run_id and Bash write it."""
    try:
        return datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _read_outcome(path: Path) -> RunOutcome | None:
    document = _read_json(path)
    try:
        return from_json(document) if document else None
    except (KeyError, TypeError, ValueError):
        return None


def _read_progress(path: Path) -> tuple[dict[str, Any], ...]:
    """Lines that cannot be read are left out: the last one may have been being written when the run ended."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(line for line in map(_progress_line, lines) if line)


def _progress_line(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    at = _instant(line.get("at")) if isinstance(line, dict) else None
    return {**line, "at": at} if at and "event" in line else {}


def _read_exit(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
