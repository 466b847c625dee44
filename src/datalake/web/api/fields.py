"""PURE. The fields of each kind of row that the API gives out: name, type, meaning, and how a row is read for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from datalake.web.changelists import Changed
from datalake.web.figures.feeds import Feed
from datalake.web.figures.nights import Night
from datalake.web.rows import FileRow, key_of, night_of


@dataclass(frozen=True)
class Field:
    """One field: type is that of JSON Schema, form its format; null says whether it may be absent as null."""

    name: str
    type: str
    about: str
    read: Callable[[Any], Any]
    form: str = ""
    null: bool = False


def row_of(fields: Sequence[Field], row: Any) -> dict[str, Any]:
    """Given fields and a row, return the row as JSON values in the order of the fields."""
    return {field.name: _plain(field.read(row)) for field in fields}


def utc(instant: datetime | None) -> str | None:
    """Given an aware instant, return it as RFC 3339 has it, in UTC with Z."""
    return instant.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if instant else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    return value.isoformat() if isinstance(value, date) else value


def _text(name: str, about: str, read: Callable[[Any], Any] | None = None, null: bool = False) -> Field:
    return Field(name, "string", about, read or _same(name), null=null)


def _whole(name: str, about: str, read: Callable[[Any], Any] | None = None, null: bool = False) -> Field:
    return Field(name, "integer", about, read or _same(name), null=null)


def _number(name: str, about: str, read: Callable[[Any], Any] | None = None, null: bool = False) -> Field:
    return Field(name, "number", about, read or _same(name), null=null)


def _day(name: str, about: str, read: Callable[[Any], Any] | None = None, null: bool = True) -> Field:
    return Field(name, "string", about, read or _same(name), "date", null)


def _instant(name: str, about: str, read: Callable[[Any], Any]) -> Field:
    return Field(name, "string", about, read, "date-time", null=True)


def _same(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def _epoch_ms(instant: datetime | None) -> int | None:
    return round(instant.timestamp() * 1000) if instant else None


RUN: tuple[Field, ...] = (
    _text("run_id", "names the run; the row's number for a run recorded without an id", key_of),
    _day("night", "the local date of the night it served", night_of),
    _instant("start", "when it took the lock", lambda run: run.start),
    _instant("end", "when its publishing ended", lambda run: run.end),
    _whole("start_epoch_ms", "the start as Grafana wants it", lambda run: _epoch_ms(run.start), null=True),
    _text("start_time", "the start in local time, as in the runtime CSV", null=True),
    _text("end_time", "the end in local time, as in the runtime CSV", null=True),
    _number("runtime_sec", "seconds by a monotonic clock", null=True),
    _text("status", "success or failure", null=True),
    _whole("exit_code", "0, 1, or 128 and the signal that ended it", null=True),
    _text("trigger", "cron, hand, again, boot, retry, approve, take or demo", null=True),
    _text("hostname", "the host it ran on", null=True),
    Field("demo", "boolean", "whether its data is synthetic", lambda run: run.demo),
    _whole("rows_read", "rows of all files", null=True),
    _whole("accepted", "rows accepted", null=True),
    _whole("rejected", "rows rejected", null=True),
    _whole("notes", "how many notes it left", lambda run: len(run.notes)),
    _text("error", "why the whole run failed", lambda run: run.error or ""),
    _text("fix", "what to do about it", lambda run: run.fix or ""),
)

STAGE: tuple[Field, ...] = (
    _text("run_id", "the run"),
    _text("stage", "plan, claim, admit, clean, guard, publish, views or record"),
    _text("feed", "the feed, empty for the whole run"),
    _number("seconds", "how long it took"),
)

LOG: tuple[Field, ...] = (
    _whole("number", "its place among the run's lines, from 1"),
    _text("at", "when, as the log has it: the host's local time; empty where it goes on from the line before"),
    _text("level", "info, warning or error"),
    _text("source", "what wrote it"),
    _text("text", "without terminal codes, addresses and secrets"),
)

_COUNTS: tuple[Field, ...] = (
    _whole("rows_read", "rows as the csv module would count them"),
    _whole("accepted", "rows accepted"),
    _whole("rejected", "rows rejected"),
    _whole("duplicates", "identical repeats of a key"),
    _whole("superseded", "repeats of a key that lost to a newer row"),
    _whole("excluded", "rows that are no records, by rule"),
)

OUTCOME: tuple[Field, ...] = (
    _text("run_id", "the run"),
    _day("night", "the night that the run served"),
    _text("feed", "the feed"),
    _text("status", "published, confirmed, held, refused, failed, draft or nothing"),
    _day("as_of", "the data date that the published table shows"),
    _whole("rows", "rows of the published table"),
    _whole("kept", "rows kept from an earlier file because new ones were rejected"),
    _whole("new", "records that are new"),
    _whole("changed", "records that changed"),
    _whole("gone", "records no longer in Huron"),
    *_COUNTS,
    _number("seconds", "how long it took"),
    _text("reason", "why it was not updated"),
    _text("fix", "what to do about it"),
)

FILE: tuple[Field, ...] = (
    _text("run_id", "the run"),
    _day("night", "the night that the run served"),
    _text("feed", "the feed"),
    _text("name", "the file's name"),
    _text("status", "published, duplicate, confirmed, held, refused, filed, waiting_for_ok or failed"),
    _text("delivery", "the first 12 hex digits of its sha256"),
    _day("data_date", "the business date"),
    *_COUNTS,
    _text("reason", "why it was not published"),
    _text("fix", "what to do about it"),
)


@dataclass(frozen=True)
class Reject:
    """Rows of one file that one rule rejected."""

    file: FileRow
    rule: str
    rows: int


REJECT: tuple[Field, ...] = (
    _day("night", "the night that the run served", lambda each: each.file.night),
    _text("run_id", "the run", lambda each: each.file.run_id),
    _text("feed", "the feed", lambda each: each.file.feed),
    _text("file", "the file's name", lambda each: each.file.name),
    _text("delivery", "the first 12 hex digits of its sha256", lambda each: each.file.delivery),
    _text("rule", "the rule that rejected them"),
    _whole("rows", "how many"),
)


def _kind(change: Changed) -> str:
    return change.kind


CHANGE: tuple[Field, ...] = (
    _text("feed", "the feed"),
    _text("change", "new, changed, gone; filed, filed_gone: came too late to show, and went into history", _kind),
    _day("data_date", "from which data date on it is true", null=False),
    _whole("version", "the number of the published version that it came with"),
    _text("key", "the record, as findings name it; masked where you may not see it"),
    _text("columns", "of a changed one: the columns that differ, with a comma between", lambda each: each.named),
    _text("file", "the file that brought it, empty of one that is gone"),
    _whole("line", "its line in that file", null=True),
    _text("delivery", "the first 12 hex digits of that file's sha256"),
)

NIGHT: tuple[Field, ...] = (
    _day("night", "its local date", lambda night: night.day, null=False),
    _text("state", "ok, notes, late, overrun, short, failed, missed, running, due, skipped, unknown or off"),
    _whole("runs", "how many runs served it", lambda night: len(night.runs)),
    _text("run_id", "the run that counts", lambda night: key_of(night.best) if night.best else None, null=True),
    _number("runtime_sec", "of the load of the whole night", lambda night: _runtime(night), null=True),
)


def _runtime(night: Night) -> float | None:
    return night.load.runtime_sec if night.load else None


FEED: tuple[Field, ...] = (
    _text("feed", "its name", lambda feed: feed.name),
    _text("title", "its title"),
    _text(
        "stands",
        "current, waiting for OK, file refused, no file that night, too old, ...",
        lambda feed: feed.how,
    ),
    Field("current", "boolean", "whether its table shows what it should", lambda feed: feed.current),
    _day("as_of", "the data date that the published table shows", lambda feed: feed.state.as_of),
    _whole("rows", "rows of the published table", lambda feed: feed.state.rows),
    _whole("kept", "rows kept from an earlier file", lambda feed: feed.state.kept),
    _text("version", "the published version", lambda feed: feed.state.version),
    _whole("waiting", "files that wait for a person", lambda feed: _waiting(feed)),
    _text("owner", "who answers for it", lambda feed: feed.contract.owner if feed.contract else ""),
)


def _waiting(feed: Feed) -> int:
    return len(feed.state.held) + len(feed.state.refused)


BUCKET: tuple[Field, ...] = (
    _day("from", "its first day", lambda bucket: bucket.first, null=False),
    _whole("nights", "nights that can be judged"),
    _whole("good", "of these, good"),
    _whole("failed", "of these, failed"),
    _whole("missed", "of these, without a load"),
    _number("success_rate", "good by nights, from 0 to 1; null where no night can be judged", null=True),
    _whole("n", "loads that the runtimes are of"),
    _number("p50_sec", "median runtime", lambda bucket: bucket.p50, null=True),
    _number("p90_sec", "90th percentile", lambda bucket: bucket.p90, null=True),
    _number("p95_sec", "95th percentile", lambda bucket: bucket.p95, null=True),
    _number("max_sec", "longest", lambda bucket: bucket.longest, null=True),
)

INCIDENT: tuple[Field, ...] = (
    _whole("number", "what people say: problem 142"),
    _text("key", "what is wrong, never a run or a date"),
    _text("title", "in words"),
    _text("feed", "the feed it is about, empty for none"),
    Field("open", "boolean", "whether it is still so", lambda each: each.open),
    _instant("opened_at", "since when", lambda each: each.opened_at),
    _instant("seen_at", "when it was last seen", lambda each: each.seen_at),
    _instant("closed_at", "when it was over", lambda each: each.closed_at),
    _whole("occurrences", "how often it was seen"),
    _text("acked_by", "who is on it"),
    _instant("acked_until", "until when no reminder is sent", lambda each: each.acked_until),
)

VIEW: tuple[Field, ...] = (
    _text("view", "its name", lambda each: each.name),
    _text("title", "its name for people"),
    _text("definition", "what counts", lambda each: _of_card(each, "definition"), null=True),
    _day("as_of", "the day it shows", lambda each: _of_card(each, "as_of")),
    _whole("rows", "how many rows it has", lambda each: _of_card(each, "rows"), null=True),
    _text("owner", "who answers for it", lambda each: _of_card(each, "owner"), null=True),
    Field("updated", "boolean", "whether it is what it should be", lambda each: bool(each.card) and not each.reason),
    _text("reason", "why it is not"),
    _text("fix", "what to do about it"),
)


def _of_card(state: Any, name: str) -> Any:
    return state.card.get(name) if state.card else None


REPORT: tuple[Field, ...] = (
    _text("week", "the ISO week: 2025-W45"),
    _text("days", "its days in words"),
    _text("sentence", "how it went"),
    _text("files", "what there is of it: html, pdf, json"),
)
