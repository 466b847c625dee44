"""All runs with filters in the URL, and one run."""

import sqlite3
from dataclasses import dataclass
from datetime import date

from flask import Response, abort, render_template, request, url_for

from datalake.inert import csv_text
from datalake.runs.history import RecordedRun
from datalake.web import asking, outcome_queries, paging, queries
from datalake.web.blueprint import blueprint
from datalake.web.figures.run import Compared, Work, compare
from datalake.web.pages import changes
from datalake.web.pages.log import log_of
from datalake.web.record import Record, ask
from datalake.web.rows import FeedRow, FileRow
from datalake.web.site import Site, running, span_of, this_site, when

PAGE = 50
CSV_COLUMNS = (
    *("date", "hostname", "start_time", "end_time", "runtime_sec", "runtime_min", "status"),
    *("run_id", "night", "trigger", "exit_code", "rows_read", "accepted", "rejected", "error"),
)


@dataclass(frozen=True)
class Listed:
    """A page of runs: counts by status over all pages, what the filters offer, where the next page begins."""

    problem: str
    rows: list[RecordedRun]
    unpublished: dict[str, list[FeedRow]]
    counts: dict[str, int]
    choices: dict[str, list[str]]
    next: str
    last: date  # the night that presets count from


@dataclass(frozen=True)
class Sorted:
    """How a table is sorted, and where a click on each column leads."""

    by: str
    down: bool
    links: dict[str, str]


@blueprint.get("/runs")
def runs() -> str:
    """All runs: filtered, sorted, in pages."""
    site = this_site()
    given = request.args.to_dict()
    wanted, order = asking.run_filter(given), asking.order(given)
    listed = ask(site.lake, lambda record: _list(site, record, wanted, order, given.get("after", "")))
    ranges = asking.presets(listed.last, site.settings.fiscal_year_start_month)
    presets = [(name, _here(given, **{"from": first, "to": last, "after": ""})) for name, first, last in ranges]
    links = {name: _here(given, sort=_turned(name, order), after="") for name in queries.SORTS}
    return render_template(
        "runs.html",
        listed=listed,
        given=given,
        presets=presets,
        sorted=Sorted(order.by, order.down, links),
        more=_here(given, after=listed.next) if listed.next else "",
        first=_here(given, after=""),
        csv=f"{url_for('pages.runs_csv')}?{asking.with_changes(given, after='')}",
    )


def _here(given: dict[str, str], **changes: str) -> str:
    return f"{url_for('pages.runs')}?{asking.with_changes(given, **changes)}"


def _turned(name: str, order: queries.Order) -> str:
    """A click on the sorted column turns it round; another column begins with its largest."""
    return name if name == order.by and order.down else f"-{name}"


def _list(site: Site, record: Record, wanted: queries.RunFilter, order: queries.Order, after: str) -> Listed:
    connection = record.connection
    key = paging.decode_key(after) if after else None
    rows = queries.runs(connection, wanted, order, PAGE + 1, key)
    shown = rows[:PAGE]
    following = paging.encode(queries.sort_key(connection, shown[-1], order)) if len(rows) > PAGE else ""
    counts = queries.count_runs(connection, wanted)
    span = span_of(site, record)
    last = span.last if span else site.today()
    unpublished = outcome_queries.feeds_not_published(connection, shown)
    return Listed(record.problem, shown, unpublished, counts, queries.choices(connection), following, last)


@blueprint.get("/runs.csv")
def runs_csv() -> Response:
    """The runs of a filter as CSV, the record's old seven columns first."""
    given = request.args.to_dict()
    wanted, order = asking.run_filter(given), asking.order(given)
    cells = ask(this_site().lake, lambda record: queries.run_cells(record.connection, wanted, order, CSV_COLUMNS))
    text = csv_text(CSV_COLUMNS, cells)
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=runs.csv"})


@dataclass(frozen=True)
class Shown:
    """One run and what belongs to it."""

    problem: str
    run: RecordedRun
    feeds: list[FeedRow]
    files: list[FileRow]
    compared: Compared
    before: RecordedRun | None
    after: RecordedRun | None
    messages: list[sqlite3.Row]


@blueprint.get("/runs/<key>")
def run(key: str) -> str:
    """One run: its feeds, files, stages, findings, log, and how it compares with the last good one."""
    site = this_site()
    given = request.args.to_dict()
    shown = ask(site.lake, lambda record: _show(record, key))
    if shown is None:
        return _at_work(site, key, given)
    links = changes.links(site.lake, shown.files)
    return render_template("run.html", shown=shown, key=key, links=links, log=log_of(site.lake, key, given))


def _at_work(site: Site, key: str, given: dict[str, str]) -> str:
    """A run that is not recorded yet because it is still at work."""
    now = running(site.lake)
    if now is None or now.run_id != key:
        abort(404, "There is no such run in the record.")
    log = log_of(site.lake, key, given, ended=False)
    return render_template("running.html", run=now, since=when(site, now.start), log=log)


def _show(record: Record, key: str) -> Shown | None:
    connection = record.connection
    found = queries.run(connection, key)
    if found is None:
        return None
    good = queries.last_good_run(connection, found)
    work = _work(record, found.run_id)
    good_work = _work(record, good.run_id if good else None)
    before, after = queries.neighbours(connection, found)
    return Shown(
        record.problem,
        found,
        list(work.feeds),
        outcome_queries.files_of_run(connection, found.run_id),
        compare(work, good, good_work),
        before,
        after,
        queries.messages_of_run(connection, found.run_id),
    )


def _work(record: Record, run_id: str | None) -> Work:
    return Work(
        outcome_queries.stages_of_run(record.connection, run_id),
        outcome_queries.feeds_of_run(record.connection, run_id),
    )
