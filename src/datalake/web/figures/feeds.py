"""PURE. Feeds as the pages show them: how each stands, and what its last outcome was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datalake import freshness
from datalake.contracts.model import Contract
from datalake.standing import Known
from datalake.web.rows import FeedRow
from datalake.zones.state import FeedState

NO_RULES = "has no rules"
UNJUDGED = (freshness.DRAFT, freshness.RETIRED, NO_RULES)
KINDS = {
    freshness.CURRENT: "good",
    freshness.HELD: "wait",
    freshness.REFUSED: "bad",
    freshness.LATE: "warn",
    freshness.OLD: "warn",
    freshness.NEVER: "mute",
    freshness.DRAFT: "wait",
    freshness.RETIRED: "mute",
    NO_RULES: "mute",
}


@dataclass(frozen=True)
class Feed:
    """One feed: how it stands in words, its state in the lake, and its last recorded outcome (None: none yet)."""

    name: str
    how: str
    state: FeedState
    row: FeedRow | None = None
    contract: Contract | None = None

    @property
    def title(self) -> str:
        return self.contract.title if self.contract else ""

    @property
    def kind(self) -> str:
        return KINDS.get(self.how, "mute")

    @property
    def current(self) -> bool:
        return self.how == freshness.CURRENT


def all_feeds(known: Known, rows: Sequence[FeedRow]) -> list[Feed]:
    """Given what is known of the lake and the last outcomes, return every feed by name, those without rules last."""
    last = {row.feed: row for row in rows}
    stands = known.standing
    ruled = [
        Feed(each.feed, stands[each.feed], known.state(each), last.get(each.feed), each) for each in known.contracts
    ]
    names = {each.name for each in ruled}
    return ruled + [Feed(row.feed, NO_RULES, state_of_row(row), row) for row in rows if row.feed not in names]


def state_of_row(row: FeedRow) -> FeedState:
    """Given a feed's last outcome, return as much of its state as that tells: for a lake whose own state is lost."""
    return FeedState(row.feed, row.as_of, rows=row.rows, kept=row.kept, last_night=row.night if row.ok else None)


def completed(states: Mapping[str, FeedState], rows: Sequence[FeedRow]) -> dict[str, FeedState]:
    """Given the lake's state and the last outcomes, fill in the feeds that the state does not know."""
    return {**{row.feed: state_of_row(row) for row in rows}, **states}


@dataclass(frozen=True)
class Duty:
    """Something that needs a person: what, why, since when, and the command to paste."""

    feed: str
    what: str
    reason: str
    fix: str
    since: str = ""
    file: str = ""


def duties(feeds: Sequence[Feed]) -> list[Duty]:
    """Given the feeds, return what waits for a person's decision or fix."""
    found = []
    for feed in feeds:
        for each in (*feed.state.held, *feed.state.refused):
            what = freshness.REFUSED if each.status == "refused" else freshness.HELD
            found.append(Duty(feed.name, what, each.reason, each.fix, each.since[:10], each.name))
        row = feed.row
        if row and not row.ok and not feed.state.open:
            found.append(Duty(feed.name, row.status, row.reason, row.fix, row.night.isoformat() if row.night else ""))
    return found
