"""PURE. What a run has to do: which files of incoming are whose, which wait and why, what an earlier run left open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from datalake.contracts.model import Contract, Match
from datalake.contracts.patterns import companion, match_name
from datalake.outcomes import Note
from datalake.safe_text import written_out
from datalake.zones.claims import Entry, Listing
from datalake.zones.state import FeedState, OpenDelivery, State

NAMED = 5  # files that a note names; the rest it counts
MOST_FILES = 20_000  # taken in one run; what is over waits for the next
OLD_TEMPORARY = 24 * 3600  # seconds after which a transfer in progress is worth a word


@dataclass(frozen=True)
class Take:
    """A file to take out of incoming."""

    entry: Entry
    data_date: date
    night: date
    companions: tuple[Entry, ...] = ()  # done marker, checksum: they go with it
    too_large: bool = False  # over the limit in bytes: it is refused where it lies
    who: str = ""  # who handed it over: then it is copied, and stays where it lies


@dataclass(frozen=True)
class Resume:
    """A file in raw that an earlier run did not finish with, or that a person decided about."""

    delivery: OpenDelivery

    @property
    def data_date(self) -> date:
        return self.delivery.data_date


Step = Take | Resume


@dataclass(frozen=True)
class FeedPlan:
    """A feed's steps, oldest data first; none where nothing came."""

    contract: Contract
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Waiting:
    """A file that stays in incoming. kind is that of the note about it, or temporary; reason is for people."""

    name: str  # made displayable
    kind: str
    reason: str
    feed: str = ""


@dataclass(frozen=True)
class Plan:
    """All of it. feeds: those with nothing to resume first, so that a file that kills runs cannot starve the others."""

    night: date
    feeds: tuple[FeedPlan, ...]
    waiting: tuple[Waiting, ...] = ()

    @property
    def has_work(self) -> bool:
        """Whether there is anything that a run without it would not do."""
        return any(each.steps for each in self.feeds)

    @property
    def takes(self) -> bool:
        return any(isinstance(step, Take) for each in self.feeds for step in each.steps)


@dataclass(frozen=True)
class _Rules:
    """What a plan is made by."""

    contracts: Sequence[Contract]
    night: date
    now: float
    settle: float
    max_bytes: int | None


def plan(
    listing: Listing,
    contracts: Sequence[Contract],
    state: State,
    night: date,
    now: datetime,
    settle: float,
    max_bytes: int | None = None,
) -> Plan:
    """Given what lies in incoming and what is open, return what to do; settle in seconds, now aware."""
    rules = _Rules(contracts, night, now.timestamp(), settle, max_bytes)
    judged = _judged(listing, rules)
    takes = [(feed, each) for feed, each in judged if isinstance(each, Take)]
    late = takes[MOST_FILES:]
    waiting = [each for _, each in judged if isinstance(each, Waiting)]
    waiting += [Waiting(written_out(each.entry.name), "still_arriving", "taken by the next run", f) for f, each in late]
    living = [each for each in contracts if each.status != "retired"]
    feeds = [_feed_plan(each, takes[:MOST_FILES], state.get(each.feed)) for each in living]
    return Plan(night, tuple(sorted(feeds, key=_resumes)), tuple(waiting))


def _feed_plan(contract: Contract, takes: Iterable[tuple[str, Take]], state: FeedState | None) -> FeedPlan:
    resumed: list[Step] = [Resume(each) for each in (state.resumed if state else ())]
    mine = [each for feed, each in takes if feed == contract.feed]
    mine.sort(key=lambda each: (each.data_date, each.entry.modified, each.entry.name))
    return FeedPlan(contract, tuple(sorted([*resumed, *mine], key=lambda each: each.data_date)))


def _resumes(feed: FeedPlan) -> bool:
    return any(isinstance(step, Resume) or step.entry.claimed is not None for step in feed.steps)


def _judged(listing: Listing, rules: _Rules) -> list[tuple[str, Take | Waiting]]:
    """Every entry that is worth a word: with its feed, as something to take or something that waits."""
    by_name = {each.name: each for each in listing.entries}
    matched = [(each, _matches(each, rules.contracts)) for each in listing.entries]
    companions = {
        companion(template, each.name) for each, found in matched for m in found for template in _templates(m, rules)
    }
    found = [_judge(each, matches, by_name, rules) for each, matches in matched if each.name not in companions]
    return [each for each in found if each]


def _matches(entry: Entry, contracts: Sequence[Contract]) -> list[Match]:
    return [] if entry.temporary else match_name(entry.name, contracts)


def _contract(feed: str, rules: _Rules) -> Contract:
    return next(each for each in rules.contracts if each.feed == feed)


def _templates(match: Match, rules: _Rules) -> list[str]:
    delivery = _contract(match.feed, rules).delivery
    return [each for each in (delivery.done_marker, delivery.checksum, delivery.row_count) if each]


def _judge(
    entry: Entry, matches: list[Match], by_name: dict[str, Entry], rules: _Rules
) -> tuple[str, Take | Waiting] | None:
    shown = written_out(entry.name)
    if entry.temporary:
        old = rules.now - entry.modified > OLD_TEMPORARY and not entry.name.startswith(".")
        return ("", Waiting(shown, "temporary", "a transfer that did not finish?")) if old else None
    if entry.kind != "file":
        return "", Waiting(shown, "not_a_file", f"a {entry.kind}, not a file: skipped")
    if len(matches) != 1:
        return "", Waiting(shown, "unmatched", _no_feed(matches))
    match = matches[0]
    if not entry.readable:
        return match.feed, Waiting(shown, "not_a_file", "cannot be read: its permissions forbid it", match.feed)
    missing = _not_yet(entry, match, by_name, rules)
    if missing and entry.claimed is None:
        return match.feed, Waiting(shown, "still_arriving", missing, match.feed)
    return match.feed, _take(entry, match, by_name, rules)


def _no_feed(matches: list[Match]) -> str:
    if not matches:
        return "matches no feed"
    return f"matches more than one feed: {', '.join(each.feed for each in matches)}"


def _take(entry: Entry, match: Match, by_name: dict[str, Entry], rules: _Rules) -> Take:
    night = entry.claimed or rules.night
    names = [companion(each, entry.name) for each in _templates(match, rules)]
    large = rules.max_bytes is not None and entry.size > rules.max_bytes
    companions = tuple(by_name[name] for name in names if name in by_name and by_name[name].kind == "file")
    return Take(entry, match.data_date or night, night, companions, large)


def _not_yet(entry: Entry, match: Match, by_name: dict[str, Entry], rules: _Rules) -> str:
    """Why a file is not taken yet; empty when it is whole as far as one can see."""
    delivery = _contract(match.feed, rules).delivery
    settle = rules.settle if delivery.settle_seconds is None else delivery.settle_seconds
    for template in _templates(match, rules):
        name = companion(template, entry.name)
        if name not in by_name or by_name[name].kind != "file":
            return f"waits for {written_out(name)}"
        if _age(by_name[name], rules.now) < settle:
            return f"{written_out(name)} is still arriving"
    if _age(entry, rules.now) < settle:
        return f"still arriving: changed less than {settle:g} seconds ago"
    return ""


def _age(entry: Entry, now: float) -> float:
    """Seconds since the last change. A stamp from the future says nothing: then the inode's own time counts."""
    return now - entry.modified if entry.modified <= now else now - entry.changed


def waiting_notes(waiting: Sequence[Waiting]) -> list[Note]:
    """Return the notes about files that stay in incoming: one for each kind, naming a few and counting the rest."""
    notes = []
    for kind in ("unmatched", "not_a_file", "still_arriving", "temporary"):
        files = [each for each in waiting if each.kind == kind]
        if files:
            notes.append(Note(kind, _listed(files), files[0].feed if len({each.feed for each in files}) == 1 else ""))
    return notes


def _listed(files: Sequence[Waiting]) -> str:
    named = "; ".join(f"{each.name}: {each.reason}" for each in files[:NAMED])
    more = f"; and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return f"Left in incoming: {named}{more}."
