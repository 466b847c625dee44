"""Rejected rows: counted by rule, feed and week, and the files they were in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from flask import Response, abort, render_template, request, url_for

from datalake.contracts.model import Contract
from datalake.inert import csv_text
from datalake.web import asking, findings, queries, reject_queries
from datalake.web.blueprint import blueprint
from datalake.web.figures.rejects import RejectTable, reject_table, rejected_share
from datalake.web.record import Record, ask, ask_once
from datalake.web.rows import FileRow
from datalake.web.rules import read_rules
from datalake.web.security import log_read, visitor
from datalake.web.site import span_of, this_site

WEEKS = 8
FILES = 100  # listed; the counts are of all
ROWS = 50  # findings of one file on a page
MOST_ROWS = 100_000  # in one download


@dataclass(frozen=True)
class Rejects:
    """Rejected rows of some nights: the table by rule and week, the files with any, newest first."""

    problem: str
    first: date
    last: date
    table: RejectTable
    files: list[FileRow]
    number: int  # of all such files
    rejected: int
    share: str
    feeds: list[str]


@blueprint.get("/rejects")
def rejects() -> str:
    """Rejected rows by rule, feed and week."""
    site = this_site()
    given = request.args.to_dict()
    wanted = asking.run_filter(given)
    span = ask(site.lake, lambda record: span_of(site, record))
    last = wanted.last or (span.last if span else site.today())
    first = wanted.first or last - timedelta(days=last.weekday(), weeks=WEEKS - 1)
    asked = (first, last, wanted.feed, asking.text(given, "rule"))
    read = ask_once(site.lake, ("rejects", *asked), lambda record: _read(record, *asked))
    week = partial(_week, read)
    return render_template("rejects.html", read=read, given=given, limit=FILES, week=week)


def _week(read: Rejects, monday: date | None, feed: str, rule: str) -> str:
    """Where what one rule rejected of one feed and week is listed; of all weeks shown, without one."""
    first = max(monday, read.first) if monday else read.first
    last = min(monday + timedelta(days=6), read.last) if monday else read.last
    query = asking.with_changes({"feed": feed, "rule": rule, "from": first.isoformat(), "to": last.isoformat()})
    return f"{url_for('pages.rejects')}?{query}"


def _read(record: Record, first: date, last: date, feed: str, rule: str) -> Rejects:
    asked = (record.connection, first, last, feed)
    counted = [each for each in reject_queries.rejects_by_week(*asked) if rule in ("", each[1])]
    table = reject_table(counted, first, last)
    number, read, rejected = reject_queries.totals_of_nights(*asked, rule)
    rejected = table.total if rule else rejected
    files = reject_queries.files_of_nights(*asked, FILES, rule)
    feeds = queries.choices(record.connection)["feed"]
    share = rejected_share(rejected, read)
    return Rejects(record.problem, first, last, table, files, number, rejected, share, feeds)


@blueprint.get("/rejects/<feed>/<day>/<delivery>")
def rejected_rows(feed: str, day: str, delivery: str) -> str:
    """What was found wrong with the rows of one file."""
    contract, folder = _file(feed, day, delivery)
    given = request.args.to_dict()
    wanted = _wanted(given)
    page = asking.number(given, "page", 1, 100_000)
    found = findings.read(folder, contract, wanted, (page - 1) * ROWS, ROWS, visitor())
    if visitor().reads:
        log_read(f"rejected rows of {feed} {delivery}")
    here = url_for("pages.rejected_rows", feed=feed, day=day, delivery=delivery)
    return render_template(
        "rejected_rows.html",
        contract=contract,
        delivery=delivery,
        data_date=date.fromisoformat(day),
        found=found,
        outcome=wanted.outcome,
        rule=wanted.rule,
        page=page,
        pages=max(1, -(-found.total // ROWS)),
        link=lambda **changes: f"{here}?{asking.with_changes(asdict(wanted), **changes)}",
        csv=f"{here}.csv?{asking.with_changes(asdict(wanted))}",
    )


@blueprint.get("/rejects/<feed>/<day>/<delivery>.csv")
def rejected_rows_csv(feed: str, day: str, delivery: str) -> Response:
    """The same as CSV, for a letter to the office that sent the file."""
    contract, folder = _file(feed, day, delivery)
    wanted = _wanted(request.args.to_dict())
    found = findings.read(folder, contract, wanted, 0, MOST_ROWS, visitor())
    if visitor().reads:
        log_read(f"rejected rows of {feed} {delivery} as CSV")
    text = csv_text(findings.COLUMNS, findings.csv_rows(found.rows))
    name = f"{feed}-{day}-{wanted.outcome}.csv"
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": f"attachment; filename={name}"})


def _wanted(given: Mapping[str, str]) -> findings.Wanted:
    outcome = asking.one_of(given, "outcome", findings.OUTCOMES)
    return findings.Wanted(outcome or "rejected", asking.text(given, "rule"))


def _file(feed: str, day: str, delivery: str) -> tuple[Contract, Path]:
    lake = this_site().lake
    contract = read_rules(lake).of(feed)
    folder = findings.folder_of(lake, contract, day, delivery) if contract else None
    if contract is None or folder is None:
        abort(404, "Nothing is kept of such a file.")
    return contract, folder
