"""What a run leaves in the lake until it is in the record: that it began, how far it came, what it came to.

    <run id>.started.json    left with the lock; completed by the ETL with its night
    <run id>.progress.jsonl  one line a stage, feed and sign of life
    <run id>.json            the outcome, before the lock is let go
    <run id>.exit            left by Bash where the ETL ended without an outcome

A run of which one of these is there and whose lock is free is over, and not yet recorded.
"""

import json
import os
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from datalake.outcomes import FeedOutcome, RunOutcome, feed_from_json, from_json, to_json
from datalake.runs.lockfile import leave_started
from datalake.zones.files import make_folder, write_atomically
from datalake.zones.paths import Lake

STARTED, PROGRESS, EXIT, OUTCOME = ".started.json", ".progress.jsonl", ".exit", ".json"


@dataclass(frozen=True)
class Left:
    """All that one unrecorded run left. started, progress and exit are as written; outcome is None if it left none."""

    run_id: str
    started: dict[str, Any] = field(default_factory=dict)
    progress: tuple[dict[str, Any], ...] = ()
    exit: dict[str, str] = field(default_factory=dict)
    outcome: RunOutcome | None = None

    @property
    def start(self) -> datetime:
        """When it began: from its outcome, its started crumb or, where there was no Python, its id."""
        if self.outcome is not None:
            return self.outcome.start
        begun = self.started.get("start")
        return datetime.fromisoformat(begun) if begun else _start_in(self.run_id)

    @property
    def last_sign(self) -> datetime:
        """When it was last seen alive."""
        signs = [each["at"] for each in self.progress] + [self.exit[key] for key in ("end",) if key in self.exit]
        return max([self.start, *(datetime.fromisoformat(sign) for sign in signs)])


def new_run_id(now: datetime) -> str:
    """Return an id as Bash makes it: the start in UTC and this process."""
    return f"{now.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}-{os.getpid()}"


def _start_in(run_id: str) -> datetime:
    return datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)


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
    """Return what this run left, None if nothing."""
    paths = {ending: lake.outcomes / f"{run_id}{ending}" for ending in (STARTED, PROGRESS, EXIT, OUTCOME)}
    if not any(path.exists() for path in paths.values()):
        return None
    return Left(
        run_id,
        started=_read_json(paths[STARTED]) or {},
        progress=_read_progress(paths[PROGRESS]),
        exit=_read_exit(paths[EXIT]),
        outcome=_read_outcome(paths[OUTCOME]),
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
    """A torn last line is left out: it was being written when the run ended."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    read = []
    for line in lines:
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict) and {"at", "event"} <= document.keys():
            read.append(document)
    return tuple(read)


def _read_exit(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
