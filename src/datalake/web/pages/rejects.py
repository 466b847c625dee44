"""Rejected rows: counted by rule, feed and week, and the files they were in."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request, url_for

from datalake.web import asking, queries
from datalake.web.blueprint import blueprint
from datalake.web.figures.rejects import RejectTable, reject_table, rejected_share
from datalake.web.record import Record, ask
from datalake.web.rows import FileRow
from datalake.web.site import Site, span_of, this_site

WEEKS = 8
FILES = 100  # listed; the counts are of all


@dataclass(frozen=True)
class Rejects:
    """Rejected rows of some nights: the table by rule and week, the files with any, newest first."""

    problem: str
    first: date
    last: date
    table: RejectTable
    files: list[FileRow]
    share: str
    feeds: list[str]


@blueprint.get("/rejects")
def rejects() -> str:
    """Rejected rows by rule, feed and week."""
    site = this_site()
    given = request.args.to_dict()
    wanted = asking.run_filter(given)
    read = ask(site.lake, lambda record: _read(site, record, wanted))
    return render_template("rejects.html", read=read, given=given, limit=FILES, here=url_for("pages.rejects"))


def _read(site: Site, record: Record, wanted: queries.RunFilter) -> Rejects:
    span = span_of(site, record)
    last = wanted.last or (span.last if span else site.today())
    first = wanted.first or last - timedelta(days=last.weekday(), weeks=WEEKS - 1)
    files = queries.files_of_nights(record.connection, first, last, wanted.feed)
    table = reject_table(files, first, last)
    feeds = queries.choices(record.connection)["feed"]
    with_any = [file for file in files if file.rejected or file.status == "refused"]
    return Rejects(record.problem, first, last, table, with_any, rejected_share(files), feeds)
