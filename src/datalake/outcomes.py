"""PURE. What a run came to: plain records that the pipeline makes, the recorders keep and the messages word.

A RunOutcome survives a trip through JSON: to_json and from_json are inverse.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

Status = Literal["success", "failure"]
Trigger = Literal["cron", "hand", "again", "boot", "retry", "approve", "take", "demo", "bench", ""]  # "": not known
FeedStatus = Literal["published", "confirmed", "held", "refused", "failed", "draft", "nothing"]
FileStatus = Literal["published", "duplicate", "confirmed", "held", "refused", "filed", "waiting_for_ok", "failed"]
OfIncoming = Literal["no_files", "unmatched", "not_a_file", "still_arriving", "temporary"]
OfFeed = Literal["no_file_for_feed", "duplicate", "confirmed", "filed", "rejected_rows", "standing_still", "draft"]
OfLake = Literal["rules_changed", "recovered", "unknown", "view", "retention", "disk"]
OfRun = Literal["cut_off", "unrecorded"]
NoteKind = OfIncoming | OfFeed | OfLake | OfRun
SUCCESS: Status
FAILURE: Status
SUCCESS, FAILURE = "success", "failure"
PARTIAL = ("retry", "approve", "take")  # triggers of runs that take up single files: no load of a whole night
NOT_PUBLISHED = ("held", "refused", "failed")  # how a feed ends whose table was to be updated and was not


@dataclass(frozen=True)
class Note:
    """Something a person should know that is no failure. kind is a stable word, text one sentence."""

    kind: NoteKind
    text: str
    feed: str = ""


@dataclass(frozen=True)
class Changes:
    """How a published table differs from the one before, in records."""

    new: int = 0
    changed: int = 0
    gone: int = 0


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file. rows_read = accepted + rejected + duplicates + superseded + excluded."""

    name: str
    status: FileStatus
    delivery: str = ""  # first 12 hex digits of the sha256
    data_date: date | None = None
    rows_read: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0  # identical repeats of a key
    superseded: int = 0  # repeats of a key that lost to a newer row
    excluded: int = 0  # totals rows and repeated headers
    rejected_by_rule: dict[str, int] = field(default_factory=dict)
    fixes: dict[str, dict[str, int]] = field(default_factory=dict)  # column -> fix -> cells
    reason: str = ""
    fix: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class FeedOutcome:
    """What became of one feed in one run."""

    feed: str
    status: FeedStatus
    as_of: date | None = None  # data date of what the published table now shows
    rows: int = 0  # rows of the published table
    kept: int = 0  # rows kept from an earlier file because tonight's were rejected
    changes: Changes = Changes()
    files: tuple[FileOutcome, ...] = ()
    reason: str = ""  # why it was not updated, one sentence
    fix: str = ""  # what to do, a command that works when pasted
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.status in NOT_PUBLISHED


@dataclass(frozen=True)
class StageTime:
    """How long one stage took, in seconds, for one feed ("" for the whole run)."""

    stage: str  # plan claim admit clean guard publish views record
    feed: str
    seconds: float


@dataclass(frozen=True)
class RunOutcome:
    """One run: one row of the record. Times are aware UTC; runtime_sec is monotonic, from lock to publish."""

    run_id: str
    night: date
    trigger: Trigger
    start: datetime
    end: datetime
    runtime_sec: float
    status: Status
    exit_code: int
    demo: bool = False
    feeds: tuple[FeedOutcome, ...] = ()
    notes: tuple[Note, ...] = ()
    stages: tuple[StageTime, ...] = ()
    error: str = ""  # why the whole run failed, where no single feed did
    fix: str = ""
    tip: str = ""  # sha256 of the last event: who noted it can tell whether the log was written anew since

    @property
    def with_notes(self) -> bool:
        return self.status == SUCCESS and bool(self.notes)

    @property
    def settled(self) -> tuple[str, ...]:
        """The feeds that it did what was to be done of."""
        return tuple(feed.feed for feed in self.feeds if not feed.failed)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """The feeds that it failed for."""
        return tuple(feed.feed for feed in self.feeds if feed.failed)


def to_json(run: RunOutcome) -> dict[str, Any]:
    """Given an outcome, return it as JSON values: dates and instants in ISO form."""
    document: dict[str, Any] = _plain(asdict(run))
    return document


def from_json(document: dict[str, Any]) -> RunOutcome:
    """Given what to_json made, return the outcome; raise KeyError or TypeError on anything else."""
    known = dict(document)
    known["night"] = date.fromisoformat(known["night"])
    known["start"] = datetime.fromisoformat(known["start"])
    known["end"] = datetime.fromisoformat(known["end"])
    known["feeds"] = tuple(feed_from_json(each) for each in known.get("feeds", ()))
    known["notes"] = tuple(Note(**each) for each in known.get("notes", ()))
    known["stages"] = tuple(StageTime(**each) for each in known.get("stages", ()))
    return RunOutcome(**known)


def feed_to_json(feed: FeedOutcome) -> dict[str, Any]:
    """Given one feed's outcome, return it as JSON values."""
    document: dict[str, Any] = _plain(asdict(feed))
    return document


def feed_from_json(document: dict[str, Any]) -> FeedOutcome:
    """Given what feed_to_json made, return the outcome; raise KeyError or TypeError on anything else."""
    feed = FeedOutcome(**document)
    return replace(
        feed,
        as_of=_day(document.get("as_of")),
        changes=Changes(**document.get("changes", {})),
        files=tuple(_file(each) for each in document.get("files", ())),
    )


def _file(document: dict[str, Any]) -> FileOutcome:
    return replace(FileOutcome(**document), data_date=_day(document.get("data_date")))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value
