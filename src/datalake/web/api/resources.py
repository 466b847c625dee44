"""What the API can be asked, a row each: address, fields, parameters, and how it is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from datalake.alerts import book
from datalake.errors import UsageError
from datalake.web import asking, changelists, outcome_queries, paging, queries, records, reject_queries, shelves
from datalake.web.api import asked, fields
from datalake.web.api.asked import Parameter
from datalake.web.api.fields import Field, Reject, row_of
from datalake.web.figures.log import LEVELS, at_least
from datalake.web.figures.nights import Night, judge_nights
from datalake.web.figures.stats import buckets, first_day
from datalake.web.known import look
from datalake.web.log import read_log
from datalake.web.pages.reports import reports_of
from datalake.web.record import Record
from datalake.web.rows import FileRow
from datalake.web.rules import read_rules
from datalake.web.security import log_read, visitor
from datalake.web.site import Site, running, span_of

MOST_NIGHTS = 750  # that one answer may judge
NIGHTS = 90  # that statistics are of where nothing is asked


@dataclass(frozen=True)
class Call:
    """One call: the site, its record, the query's parameters, the values in the path, and how many rows are wanted."""

    site: Site
    record: Record
    given: Mapping[str, str]
    path: Mapping[str, str]
    limit: int


@dataclass(frozen=True)
class Found:
    """What a call found: rows, and the cursor behind the last one. None as rows: there is no such thing."""

    rows: Sequence[Any] | None
    next: str = ""


@dataclass(frozen=True)
class Resource:
    """One address under /api/v1; {name} in its path is a value. one: it answers with one object, else with a list."""

    path: str
    about: str
    fields: tuple[Field, ...]
    read: Callable[[Call], Found]
    parameters: tuple[Parameter, ...] = ()
    one: bool = False

    def as_rows(self, found: Found) -> list[dict[str, Any]]:
        return [row_of(self.fields, row) for row in found.rows or ()]


def _runs(call: Call) -> Found:
    connection, order = call.record.connection, asking.order(call.given)
    after = paging.decode_key(call.given["cursor"]) if "cursor" in call.given else None
    rows = queries.runs(connection, asking.run_filter(call.given), order, call.limit + 1, after)
    shown = rows[: call.limit]
    more = len(rows) > call.limit
    return Found(shown, paging.encode(queries.sort_key(connection, shown[-1], order)) if more else "")


def _latest_run(call: Call) -> Found:
    return Found(queries.newest_runs(call.record.connection, 1) or None)


def _run(call: Call) -> Found:
    run = queries.run(call.record.connection, call.path["run_id"])
    return Found([run] if run else None)


def _of_run(read: Callable[[Any, str | None], Sequence[Any]]) -> Callable[[Call], Found]:
    def rows(call: Call) -> Found:
        run = queries.run(call.record.connection, call.path["run_id"])
        return Found(read(call.record.connection, run.run_id) if run else None)

    return rows


def _log(call: Call) -> Found:
    """Newest first: a page ends with the line that the next one begins before."""
    known = queries.run(call.record.connection, call.path["run_id"])
    at_work = running(call.site.lake)
    ended = not at_work or at_work.run_id != call.path["run_id"]
    if known is None and ended:
        return Found(None)
    lines = read_log(call.site.lake, call.path["run_id"], ended)
    level = asking.one_of(call.given, "level", LEVELS) or LEVELS[0]
    before = paging.decode_id(call.given.get("cursor", ""))
    rows = [line for line in reversed(at_least(lines, level)) if line.number < before]
    shown = rows[: call.limit]
    return Found(shown, paging.encode([shown[-1].number]) if len(rows) > len(shown) else "")


def _nights(call: Call) -> Found:
    """Newest first; a page ends with the night that the next one begins behind."""
    shown = _judged(call, _cursor_day(call), call.limit + 1)
    page = list(reversed(shown))[: call.limit]
    return Found(page, page[-1].day.isoformat() if len(shown) > len(page) else "")


def _stats(call: Call) -> Found:
    """Newest first; a page ends with the day or week that the next one begins behind."""
    size = asking.one_of(call.given, "bucket", ("day", "week")) or "week"
    last, judged = _cursor_day(call), _judged(call, None, NIGHTS, size)
    found = [each for each in reversed(buckets(judged, size)) if last is None or each.first <= last]
    shown = found[: call.limit]
    return Found(shown, shown[-1].first.isoformat() if len(found) > len(shown) else "")


def _cursor_day(call: Call) -> date | None:
    try:
        return date.fromisoformat(call.given["cursor"]) - timedelta(days=1) if "cursor" in call.given else None
    except (ValueError, OverflowError):
        raise paging.foreign() from None


def _judged(call: Call, last: date | None, most: int, size: str = "day") -> list[Night]:
    """The nights asked for that can be judged, oldest first; the newest most of them where no first one is asked."""
    span = span_of(call.site, call.record)
    if span is None:
        return []
    wanted = asking.run_filter(call.given)
    last = min(last or wanted.last or span.last, span.last)
    first = max(wanted.first or first_day(last - timedelta(days=most - 1), size), span.first)
    if (last - first).days >= MOST_NIGHTS:
        raise UsageError(f"{first} to {last} are more than {MOST_NIGHTS} nights.", "Ask for them in parts.")
    if first > last:
        return []
    runs = queries.runs_of_nights(call.record.connection, first, last)
    return judge_nights(call.site.settings.schedule, runs, first, last, span)


def _feeds(call: Call) -> Found:
    return Found(look(call.site, call.record).feeds)


def _feed(call: Call) -> Found:
    return Found([each for each in look(call.site, call.record).feeds if each.name == call.path["feed"]] or None)


def _outcomes(call: Call) -> Found:
    return _by_id(call, outcome_queries.history_of_feed)


def _files(call: Call) -> Found:
    return _by_id(call, outcome_queries.files_of_feed)


def _by_id(call: Call, read: Callable[[Any, str, int, int], Sequence[Any]]) -> Found:
    """A feed's rows, newest first, paged by the row's number."""
    rows = read(
        call.record.connection, call.path["feed"], call.limit + 1, paging.decode_id(call.given.get("cursor", ""))
    )
    shown = rows[: call.limit]
    if not rows and "cursor" not in call.given and _feed(call).rows is None:
        return Found(None)
    return Found(shown, paging.encode([shown[-1].id]) if len(rows) > call.limit else "")


def _changes(call: Call) -> Found:
    """Feed by feed, newest list first; a page may end early, and goes on at its cursor all the same."""
    wanted, kind = asking.run_filter(call.given), asking.one_of(call.given, "kind", changelists.KINDS)
    asked_for = changelists.ChangeFilter(wanted.first, wanted.last, kind)
    feed, behind = paging.decode_change(call.given.get("cursor", ""))
    known = [each for each in read_rules(call.site.lake).contracts if not wanted.feed or each.feed == wanted.feed]
    rows: list[changelists.Changed] = []
    ordered = sorted((each for each in known if each.feed >= feed), key=lambda each: each.feed)
    for contract in (each for each in ordered if changelists.names(call.site.lake, each.feed, asked_for)):
        if len(rows) == call.limit:
            return Found(rows, paging.encode([contract.feed, changelists.NEWEST, 0]))
        start = behind if contract.feed == feed else None
        page = changelists.read(call.site.lake, contract, asked_for, call.limit - len(rows), start, visitor())
        rows += page.rows
        if page.rows and records.closed_key(contract) and visitor().reads:
            log_read(f"changes of {contract.feed}")
        if page.next:
            return Found(rows, paging.encode([contract.feed, *page.next]))
    return Found(rows)


def _rejects(call: Call) -> Found:
    """Newest first; a page holds the rejects of so many files, one row a rule."""
    wanted = asking.run_filter(call.given)
    before = paging.decode_id(call.given.get("cursor", ""))
    files = reject_queries.files_with_rejects(call.record.connection, wanted, call.limit + 1, before)
    shown = files[: call.limit]
    rows = [each for file in shown for each in _by_rule(file)]
    return Found(rows, paging.encode([shown[-1].id]) if len(files) > call.limit else "")


def _by_rule(file: FileRow) -> list[Reject]:
    return [Reject(file, rule, rows) for rule, rows in file.rejected_by_rule.items()]


def _incidents(call: Call) -> Found:
    connection, before = call.record.connection, paging.decode_id(call.given.get("cursor", ""))
    found = book.incidents(connection, call.limit + 1, before) if queries.keeps_alerts(connection) else []
    shown = found[: call.limit]
    return Found(shown, paging.encode([shown[-1].number]) if len(found) > len(shown) else "")


def _views(call: Call) -> Found:
    return Found(shelves.views(call.site.lake))


def _reports(call: Call) -> Found:
    """Newest first; a page ends with the week that the next one begins behind."""
    before = call.given.get("cursor", "~")
    found = [each for each in reports_of(call.site.lake) if each.week < before]
    shown = found[: call.limit]
    return Found(shown, shown[-1].week if len(found) > len(shown) else "")


_RANGE = (asked.FROM, asked.TO)
RESOURCES = (
    Resource(
        "/runs",
        "Runs, newest first",
        fields.RUN,
        _runs,
        (*_RANGE, asked.STATUS, asked.TRIGGER, asked.FEED, asked.HOST, asked.SORT, *asked.PAGED),
    ),
    Resource("/runs/latest", "The newest run", fields.RUN, _latest_run, one=True),
    Resource("/runs/{run_id}", "One run", fields.RUN, _run, one=True),
    Resource("/runs/{run_id}/stages", "How long its stages took", fields.STAGE, _of_run(outcome_queries.stages_of_run)),
    Resource("/runs/{run_id}/feeds", "What it did, by feed", fields.OUTCOME, _of_run(outcome_queries.feeds_of_run)),
    Resource("/runs/{run_id}/files", "The files it took", fields.FILE, _of_run(outcome_queries.files_of_run)),
    Resource("/runs/{run_id}/log", "Its lines in the log, newest first", fields.LOG, _log, (asked.LEVEL, *asked.PAGED)),
    Resource("/nights", "One row a scheduled night, newest first", fields.NIGHT, _nights, (*_RANGE, *asked.PAGED)),
    Resource("/feeds", "Every feed as it stands now", fields.FEED, _feeds),
    Resource("/feeds/{feed}", "One feed as it stands now", fields.FEED, _feed, one=True),
    Resource("/feeds/{feed}/outcomes", "A feed's outcomes, newest first", fields.OUTCOME, _outcomes, asked.PAGED),
    Resource("/feeds/{feed}/files", "A feed's files, newest first", fields.FILE, _files, asked.PAGED),
    Resource(
        "/changes",
        "What each published file changed, feed by feed, newest first",
        fields.CHANGE,
        _changes,
        (*_RANGE, asked.FEED, asked.KIND, *asked.PAGED),
    ),
    Resource(
        "/rejects",
        "Rejected rows by file and rule, newest first; limit counts files",
        fields.REJECT,
        _rejects,
        (*_RANGE, asked.FEED, *asked.PAGED),
    ),
    Resource(
        "/stats",
        "Outcomes and runtimes by day or week, newest first",
        fields.BUCKET,
        _stats,
        (*_RANGE, asked.BUCKET, *asked.PAGED),
    ),
    Resource("/incidents", "Problems, newest first", fields.INCIDENT, _incidents, asked.PAGED),
    Resource("/views", "Every report view as it stands now", fields.VIEW, _views),
    Resource("/reports", "Weekly reports, newest first", fields.REPORT, _reports, asked.PAGED),
)
