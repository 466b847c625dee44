"""PURE. What the events add up to: per feed, what is published and which deliveries still wait for an end.

A delivery is admitted, and then ends: published, confirmed, duplicate, filed, declined or superseded. Until then it is
open: admitted (the next run takes it up again), held or waiting for OK, refused, approved or retried.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

SATURDAY = 5  # as weekday() counts
HELD = ("held", "waiting_for_ok")
NOT_FACTS = ("seq", "at", "kind", "previous", "baseline", "lists", "filed", "rebuilt", "keeps")
RESUMED = ("admitted", "approved", "retried")  # an end is due without a person
QUEUED = "queued"  # behind a file that waits for OK, in feeds where one file does not replace another
ENDS = ("published", "confirmed", "filed", "ended")  # good ends; ended: it is no longer known how


@dataclass(frozen=True)
class OpenDelivery:
    """A file in raw that has no end yet."""

    feed: str
    delivery: str  # first 12 hex digits of the sha256
    sha256: str
    data_date: date
    name: str
    raw: str  # relative to the raw zone
    size: int
    night: date  # the night it serves
    status: str  # admitted held waiting_for_ok refused approved retried queued
    again: bool = False  # the same bytes had come for the same date before
    since: str = ""  # when it got that status: ISO, UTC
    event: int = 0  # the event that gave it
    reason: str = ""
    fix: str = ""
    counts: dict[str, Any] = field(default_factory=dict)  # of a checked one: rows_read, accepted, rejected, ...

    @property
    def identity(self) -> tuple[date, str]:
        return self.data_date, self.delivery


@dataclass(frozen=True)
class FeedState:
    """One feed as it stands."""

    feed: str
    as_of: date | None = None  # data date of what the published table shows
    version: str = ""  # <seq>-<data date>
    seq: int = 0
    rows: int = 0
    kept: int = 0
    published: dict[str, Any] = field(default_factory=dict)  # facts of the published version, as version.json has them
    published_event: int = 0
    last_accepted: dict[str, Any] = field(default_factory=dict)  # what the next file is measured against
    last_night: date | None = None  # the last night that brought a file that needed nothing further
    open: tuple[OpenDelivery, ...] = ()
    confirmed: int = 0  # working days since the last publish on which the same bytes came again
    filed: int = 0  # late files put into history since the last publish
    lists: tuple[str, ...] = ()  # change lists that no version has: of late files, and of years put together

    @property
    def sha256(self) -> str:
        """Of the file that the published table was made from."""
        return str(self.published.get("sha256", ""))

    @property
    def table(self) -> list[str]:
        """The published table by name and bytes: a rebuild by other rules keeps the name of its version."""
        files = sorted(self.published.get("files", {}).items())
        return [self.version, *(sha256[:12] for name, sha256 in files if name.endswith(".parquet"))]

    @property
    def rules(self) -> str:
        """The fingerprint of the contract that the published table was made by."""
        return str(self.published.get("rules", ""))

    @property
    def held(self) -> tuple[OpenDelivery, ...]:
        """Files that wait for OK, oldest data first."""
        return tuple(each for each in self.open if each.status in HELD)

    @property
    def refused(self) -> tuple[OpenDelivery, ...]:
        return tuple(each for each in self.open if each.status == "refused")

    def is_current_affair(self, delivery: OpenDelivery, full: bool) -> bool:
        """Whether an open file is about what is shown now: an old full one leaves the table as good as it was."""
        return not full or self.as_of is None or delivery.data_date >= self.as_of

    @property
    def resumed(self) -> tuple[OpenDelivery, ...]:
        """Files that a run had begun with and not finished, or that no longer have one to wait for."""
        statuses = RESUMED if self.held else (*RESUMED, QUEUED)
        return tuple(each for each in self.open if each.status in statuses)


State = Mapping[str, FeedState]


def fold(state: State, events: Iterable[Mapping[str, Any]]) -> dict[str, FeedState]:
    """Given a state and the events after it, return the state after them."""
    feeds = dict(state)
    for event in events:
        name = event.get("feed")
        if name:
            feeds[name] = _applied(feeds.get(name) or FeedState(name), event)
    return feeds


def _applied(feed: FeedState, event: Mapping[str, Any]) -> FeedState:
    kind = event["kind"]
    if kind in ("admitted", "retried"):
        return _with(feed, _opened(event))
    if kind in ("held", "waiting_for_ok", "refused", "approved", QUEUED):
        return _moved(feed, event)
    if kind == "replayed":
        return replace(_published(feed, event), lists=tuple(event["lists"]), filed=event["filed"])
    if kind == "compacted":
        kept = tuple(each for each in feed.lists if each not in event["replaced"])
        return replace(feed, lists=(*kept, event["list"]))
    if kind in ("published", "confirmed", "filed", "ended", "duplicate", "declined", "superseded"):
        return _ended(feed, event)
    return feed


def _opened(event: Mapping[str, Any]) -> OpenDelivery:
    return OpenDelivery(
        feed=event["feed"],
        delivery=event["sha256"][:12],
        sha256=event["sha256"],
        data_date=date.fromisoformat(event["data_date"]),
        name=event["name"],
        raw=event["raw"],
        size=event["bytes"],
        night=date.fromisoformat(event["night"]),
        status=event["kind"],
        again=event.get("again", False),
        since=event["at"],
        event=event["seq"],
    )


def _with(feed: FeedState, delivery: OpenDelivery) -> FeedState:
    others = [each for each in feed.open if each.identity != delivery.identity]
    ordered = sorted([*others, delivery], key=lambda each: (each.data_date, each.since))
    return replace(feed, open=tuple(ordered))


def _moved(feed: FeedState, event: Mapping[str, Any]) -> FeedState:
    for each in feed.open:
        if each.identity == _identity(event):
            counts = dict(event.get("counts") or each.counts)
            moved = replace(
                each,
                status=event["kind"],
                since=event["at"],
                event=event["seq"],
                reason=event.get("reason", ""),
                fix=event.get("fix", ""),
                counts=counts,
            )
            return _with(feed, moved)
    return feed


def _ended(feed: FeedState, event: Mapping[str, Any]) -> FeedState:
    kind, identity = event["kind"], _identity(event)
    night = next((each.night for each in feed.open if each.identity == identity), feed.last_night)
    feed = replace(feed, open=tuple(each for each in feed.open if each.identity != identity))
    if kind in ("declined", "superseded"):
        return feed
    feed = replace(feed, last_night=max(filter(None, (feed.last_night, night)), default=None))
    if kind == "published":
        return _published(feed, event)
    if kind == "confirmed":
        return replace(feed, as_of=identity[0], confirmed=feed.confirmed + (identity[0].weekday() < SATURDAY))
    if kind == "filed":
        lists = (*feed.lists, event["list"]) if event.get("list") else feed.lists
        return replace(feed, filed=feed.filed + 1, lists=lists)
    return feed


def _published(feed: FeedState, event: Mapping[str, Any]) -> FeedState:
    day = date.fromisoformat(event["data_date"])
    return replace(
        feed,
        as_of=max(day, feed.as_of or day),
        version=event["version"],
        seq=event["seq_of_feed"],
        rows=event["rows"],
        kept=event["kept"],
        published={name: value for name, value in event.items() if name not in NOT_FACTS},
        published_event=event["seq"],
        last_accepted=dict(event["baseline"]),
        confirmed=0,
        filed=0,
    )


def _identity(event: Mapping[str, Any]) -> tuple[date, str]:
    return date.fromisoformat(event["data_date"]), event["sha256"][:12]


def to_json(feed: FeedState) -> dict[str, Any]:
    """Return a feed's state as JSON values."""
    document = asdict(feed)
    for name in ("as_of", "last_night"):
        document[name] = _text(document[name])
    for each in document["open"]:
        each["data_date"], each["night"] = each["data_date"].isoformat(), each["night"].isoformat()
    return document


def from_json(document: Mapping[str, Any]) -> FeedState:
    """Return what to_json was given; raise TypeError, KeyError or ValueError on anything else."""
    known = dict(document)
    for name in ("as_of", "last_night"):
        known[name] = _day(known[name])
    known["lists"] = tuple(known["lists"])
    known["open"] = tuple(
        OpenDelivery(
            **{
                **each,
                "data_date": date.fromisoformat(each["data_date"]),
                "night": date.fromisoformat(each["night"]),
            }
        )
        for each in known["open"]
    )
    return FeedState(**known)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
