"""What is kept no longer: cleaned rows, and what the settings let go of raw and quarantine. Never what is still needed.

Raw keeps every file that came to a good end, for a rebuild takes them all again; only what was declined or overtaken
may go. Cleaned rows are made again from raw. Whatever goes from raw or quarantine is an event first, and a note beside
raw, so that `verify` can tell a removal by rule from a loss. Feeds on hold, and feeds without rules, keep everything.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from datalake.contracts.model import Contract
from datalake.pipeline.context import Context
from datalake.pipeline.fates import REMOVED, UNUSED, Fate, Fates, fates_of
from datalake.settings import Retention
from datalake.zones import events
from datalake.zones.files import remove
from datalake.zones.paths import Lake
from datalake.zones.raw import notes_beside, put_beside
from datalake.zones.state import FeedState, State


@dataclass(frozen=True)
class Removal:
    """Files of one delivery that go from one zone; paths are relative to data/, size is in bytes."""

    zone: str  # staging | quarantine | raw
    feed: str
    data_date: date
    delivery: str  # first 12 hex digits of the sha256
    rule: str  # the setting that says so, as it is written
    paths: tuple[Path, ...]
    size: int
    fate: Fate | None = None  # None in staging, of which there are no events


def due(lake: Lake, rules: Retention, contracts: Sequence[Contract], state: State, night: date) -> Iterator[Removal]:
    """Look for what is to go tonight; writes nothing. Has the whole log read where raw or quarantine have a limit."""
    free = [each.feed for each in contracts if not each.legal_hold]
    for feed in free:
        yield from _staging(lake, rules, state.get(feed) or FeedState(feed), night)
    if rules.raw_days is None and rules.quarantine_days is None:
        return
    fates = fates_of(line.event for line in events.read(lake.events))
    for (feed, day, delivery), fate in fates.of.items():
        known = state.get(feed)
        if feed in free and known and (date.fromisoformat(day), delivery) not in _in_use(known):
            yield from _judged(
                lake, rules, fates, Removal("", feed, date.fromisoformat(day), delivery, "", (), 0, fate)
            )


def _in_use(state: FeedState) -> set[tuple[date, str]]:
    """Deliveries that have no end yet, and the one that is shown: people look into it, and take its rows again."""
    shown = {(date.fromisoformat(state.published["data_date"]), state.sha256[:12])} if state.published else set()
    return shown | {each.identity for each in state.open}


def _staging(lake: Lake, rules: Retention, state: FeedState, night: date) -> Iterator[Removal]:
    in_use = _in_use(state)
    for folder in sorted((lake.data / "staging" / state.feed).glob("*/*")):
        try:
            day = date.fromisoformat(folder.parent.name)
        except ValueError:
            continue  # not ours
        if (night - day).days >= rules.staging_days and (day, folder.name) not in in_use:
            rule = f"staging_days: {rules.staging_days}"
            yield Removal("staging", state.feed, day, folder.name, rule, *_found(lake, [folder]))


def _judged(lake: Lake, rules: Retention, fates: Fates, found: Removal) -> Iterator[Removal]:
    """The same delivery as what goes of it from quarantine, and from raw."""
    fate, place = found.fate, (found.feed, found.data_date, found.delivery)
    if fate is None:
        return
    age = fates.age(fate)
    quarantine, raw = [lake.quarantine(*place)], [lake.raw_zone / each for each in sorted(fate.raw)]
    for zone, days, roots in (("quarantine", rules.quarantine_days, quarantine), ("raw", rules.raw_days, raw)):
        unused = zone == "quarantine" or (fate.last in UNUSED and not fate.needed)
        if days is None or age < days or not unused:
            continue
        paths, size = _found(lake, roots)
        if paths:
            yield Removal(zone, *place, f"{zone}_days: {days}", paths, size, fate)


def _found(lake: Lake, roots: Sequence[Path]) -> tuple[tuple[Path, ...], int]:
    """The files that lie there, and their bytes."""
    inside = (path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*"))))
    files = [path for path in inside if path.is_file()]
    return tuple(path.relative_to(lake.data) for path in files), sum(path.stat().st_size for path in files)


def carry_out(run: Context, removal: Removal) -> None:
    """Remove what is due: told first where somebody could miss it, then done; raise OSError."""
    if removal.fate is not None:
        run.ledger.record(REMOVED, removal.feed, _told(run, removal, removal.fate))
    for path in removal.paths:
        remove(run.lake.data / path)
    if removal.zone != "raw":  # its notes stay: what came, and what became of it
        folder = run.lake.data / removal.zone / removal.feed / removal.data_date.isoformat() / removal.delivery
        shutil.rmtree(folder, ignore_errors=True)
        _remove_if_empty(folder.parent)


def _told(run: Context, removal: Removal, fate: Fate) -> dict[str, Any]:
    facts = {
        "data_date": removal.data_date.isoformat(),
        "sha256": fate.sha256,
        "name": fate.name,
        "zone": removal.zone,
        "rule": removal.rule,
        "files": [str(path) for path in removal.paths],
    }
    if not fate.raw:
        return facts
    raw = min(fate.raw)
    word = note_word(removal.zone)
    put_beside(run.lake.raw_zone / raw, word, {"feed": removal.feed, **facts})
    return {**facts, "raw": raw, "beside": notes_beside(run.lake.raw_zone / raw, (word,))}


def note_word(zone: str) -> str:
    """Return the word of the note that tells of files gone from a zone."""
    return f"removed-{zone}"


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def keep(run: Context, contracts: Sequence[Contract]) -> list[Removal]:
    """Remove all that is due, and return it. A run that does so at its end stays what it was: what fails is a note."""
    done = []
    try:
        for removal in list(due(run.lake, run.settings.retention, contracts, run.ledger.state, run.night)):
            carry_out(run, removal)
            done.append(removal)
    except OSError as problem:
        run.note("retention", f"What is kept no longer could not all be removed: {problem}.")
    if any(each.fate for each in done):
        run.ledger.save()
    return done
