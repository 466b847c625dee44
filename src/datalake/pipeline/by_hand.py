"""Files that a person hands over: each is copied from where it lies, under a feed and a data date that are given."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from datalake.contracts.model import Contract
from datalake.errors import UsageError
from datalake.outcomes import Note
from datalake.pipeline.context import Context
from datalake.pipeline.plan import FeedPlan, Plan, Resume, Step, Take
from datalake.safe_text import written_out
from datalake.zones.claims import Entry
from datalake.zones.raw import Delivery, put_beside

NAMED = 3  # notes of one kind about one feed that a run keeps word for word; the rest it counts


@dataclass(frozen=True)
class Handed:
    """A file where it lies, whose it is, and what goes with it."""

    entry: Entry
    feed: str
    data_date: date
    companions: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class HandOver:
    """What a person hands over at once. who is kept beside each file."""

    files: tuple[Handed, ...]
    who: str


def plan_of(run: Context, contracts: Sequence[Contract], work: HandOver) -> Plan:
    """Return what is due for these files' feeds: they and what was left open, oldest data first; raise UsageError."""
    if run.lake.demo_marker.exists():
        raise UsageError(
            "This lake holds demo data; real files do not belong with it.",
            "Remove the demo first: `python3 manage.py demo --clear`.",
        )
    living = [each for each in contracts if each.status != "retired"]
    missing = {each.feed for each in work.files} - {each.feed for each in living}
    if missing:
        raise UsageError(f"{', '.join(sorted(missing))} is retired: it takes no files.", "See `status` in its rules.")
    return Plan(run.night, tuple(_feed_plan(run, each, work) for each in living))


def _feed_plan(run: Context, contract: Contract, work: HandOver) -> FeedPlan:
    mine = [each for each in work.files if each.feed == contract.feed]
    mine.sort(key=lambda each: (each.data_date, each.entry.modified, str(each.entry.path)))
    steps: list[Step] = [Take(each.entry, each.data_date, run.night, each.companions, who=work.who) for each in mine]
    left: list[Step] = [Resume(each) for each in run.ledger.feed(contract.feed).resumed] if mine else []
    return FeedPlan(contract, tuple(sorted([*left, *steps], key=lambda each: each.data_date)))


def noted(run: Context, step: Take, delivery: Delivery) -> dict[str, Any]:
    """Keep beside raw who handed a file over, and from where; return what its event says, and the note's word."""
    word = f"handed-{run.ledger.count + 1:06d}"
    told = {"who": step.who, "from": written_out(str(step.entry.path.absolute()))}
    put_beside(run.lake.raw_zone / delivery.raw, word, {**told, "sha256": delivery.sha256, "feed": delivery.feed})
    return {**told, "notes": (word,)}


def condensed(notes: Sequence[Note]) -> list[Note]:
    """PURE. Return the notes of a run, those of one kind about one feed as one where there are many."""
    groups: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for each in notes:
        groups[each.kind, each.feed].append(each)
    return [note for group in groups.values() for note in _few(group)]


def _few(group: list[Note]) -> list[Note]:
    if len(group) <= NAMED:
        return group
    first = group[0]
    return [Note(first.kind, f"{first.text} And {len(group) - 1:,} more like it.", first.feed)]
