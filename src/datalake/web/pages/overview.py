"""The overview, and the whole runtime CSV."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, abort, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from datalake import schedule
from datalake.outcomes import FAILURE
from datalake.runs.history import RecordedRun
from datalake.web import asking, outcome_queries, queries
from datalake.web.blueprint import blueprint
from datalake.web.figures import overview as figures
from datalake.web.figures.feeds import duties
from datalake.web.figures.nights import Night
from datalake.web.figures.tiles import Tile, data_tile, duties_tile, failure_tile, load_tile, next_tile, nights_tile
from datalake.web.known import Now, look
from datalake.web.pages import changes
from datalake.web.pages.feeds import History, files_of, histories
from datalake.web.record import Record, ask
from datalake.web.rows import FeedRow, FileRow, key_of
from datalake.web.site import Site, span_of, this_site, when

LATEST = 10  # runs in the table


@dataclass(frozen=True)
class Read:
    """What the overview shows: how the lake stands, the nights' figures, the latest runs, the feeds' last outcomes."""

    now: Now
    nights: figures.Overview | None
    latest: list[RecordedRun]
    total: int
    history: History
    unpublished: dict[str, list[FeedRow]]  # of the latest runs, by run id
    files: list[FileRow]  # of each feed's last outcome
    failed: RecordedRun | None  # the last run that did


@blueprint.get("/")
def overview() -> str:
    """Is today's data good?"""
    site = this_site()
    read = ask(site.lake, lambda record: _read(site, record))
    needs = duties(read.now.feeds)
    tiles = _tiles(site, read, read.nights, len(needs)) if read.nights else []
    return render_template(
        "overview.html",
        read=read,
        now=read.now,
        history=read.history,
        links=changes.links(site.lake, read.files),
        duties=needs,
        tiles=tiles,
    )


def _read(site: Site, record: Record) -> Read:
    connection, span = record.connection, span_of(site, record)
    now = look(site, record)
    if span is None:
        return Read(now, None, [], 0, {}, {}, [], None)
    runs = queries.runs_of_nights(connection, figures.first_needed(span.last), span.last)
    latest = queries.newest_runs(connection, LATEST)
    failed = queries.newest_runs(connection, 1, FAILURE)
    return Read(
        now,
        figures.overview(site.settings.schedule, runs, span),
        latest,
        sum(queries.count_runs(connection, queries.RunFilter()).values()),
        histories(record, now.feeds),
        outcome_queries.feeds_not_published(connection, [*latest, *failed]),
        files_of(record, now.feeds),
        failed[0] if failed else None,
    )


def _tiles(site: Site, read: Read, nights: figures.Overview, needs: int) -> list[Tile]:
    first = nights.last.day - timedelta(days=figures.RATED - 1)
    rated = asking.with_changes({"from": str(first), "to": str(nights.last.day)})
    tiles = [
        data_tile(read.now.feeds, url_for("pages.feeds")),
        load_tile(nights.last, nights.usual, _link_of(nights.last)),
        duties_tile(needs),
        nights_tile(nights, f"{url_for('pages.runs')}?{rated}"),
        _failure(read),
    ]
    return tiles if site.demo else [*tiles, _next(site)]


def _failure(read: Read) -> Tile:
    failed = read.failed
    link = url_for("pages.run", key=key_of(failed)) if failed else url_for("pages.runs", status=FAILURE)
    return failure_tile(failed, read.unpublished.get(failed.run_id or "", []) if failed else [], link)


def _next(site: Site) -> Tile:
    now = site.clock.now()
    due = schedule.due(site.settings.schedule, schedule.next_nights(site.settings.schedule, now, 1)[0])
    return next_tile(when(site, due), due - now, url_for("pages.about"))


def _link_of(night: Night) -> str:
    return url_for("pages.run", key=key_of(night.best)) if night.best else url_for("pages.runs")


@blueprint.get("/etl_runtime_stats.csv")
def full_csv() -> BaseResponse:
    """The whole runtime CSV as it lies in logs/."""
    try:
        response = Response(this_site().lake.runtime_csv.read_bytes(), mimetype="text/csv")
    except FileNotFoundError:
        abort(404, "There is no logs/etl_runtime_stats.csv yet: no run has been recorded.")
    response.headers["Content-Disposition"] = "attachment; filename=etl_runtime_stats.csv"
    response.add_etag()
    return response.make_conditional(request)
