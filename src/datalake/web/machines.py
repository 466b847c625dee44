"""What watchers ask: /healthz, /status.json and /metrics."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response
from prometheus_client.core import CollectorRegistry
from prometheus_client.exposition import generate_latest
from werkzeug.wrappers import Response as BaseResponse

from datalake import schedule
from datalake.alerts import book
from datalake.outcomes import SUCCESS
from datalake.runs.counting import good_run, is_whole
from datalake.runs.history import RecordedRun
from datalake.web import outcome_queries, queries
from datalake.web.api import answers
from datalake.web.api.fields import FEED, RUN, row_of
from datalake.web.figures.metrics import Alerts, Collected, Measured
from datalake.web.figures.nights import Night, Span, judge_nights
from datalake.web.known import Now, look
from datalake.web.record import Record, ask
from datalake.web.rows import StageRow, night_of
from datalake.web.site import Site, running, span_of, this_site

blueprint = Blueprint("machines", __name__)
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOOKED_BACK = 50  # successes among which the newest that counts is looked for


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 while this process can read the run record, else 503 with what is wrong."""
    problem = ask(this_site().lake, _problem)
    response = answers.plain_json({"status": "degraded" if problem else "ok", "problem": problem or None})
    response.status_code = 503 if problem else 200
    return response


def _problem(record: Record) -> str:
    record.connection.execute("SELECT count(*) FROM etl_runtime").fetchone()
    return record.problem


@dataclass(frozen=True)
class State:
    """The lake now, its last night and its newest run."""

    now: Now
    night: Night | None
    run: RecordedRun | None


@blueprint.get("/status.json")
def status_json() -> BaseResponse:
    """The verdict, the last night, the newest run and the feeds."""
    site = this_site()
    state = ask(site.lake, lambda record: _state(site, record))
    verdict, night, run = state.now.verdict, state.night, state.run
    document: dict[str, Any] = {
        "verdict": {"kind": verdict.kind, "sentence": verdict.sentence, "do": verdict.do},
        "demo": site.demo,
        "night": {"night": night.day.isoformat(), "state": night.state} if night else None,
        "last_run": row_of(RUN, run) if run else None,
        "feeds": [row_of(FEED, feed) for feed in state.now.feeds],
        "problems": state.now.problems,
    }
    return answers.one_as_json(document)


def _state(site: Site, record: Record) -> State:
    span = span_of(site, record)
    newest = queries.newest_runs(record.connection, 1)
    return State(look(site, record), _last_night(site, record, span), newest[0] if newest else None)


def _last_night(site: Site, record: Record, span: Span | None) -> Night | None:
    if span is None:
        return None
    runs = queries.runs_of_nights(record.connection, span.last, span.last)
    return judge_nights(site.settings.schedule, runs, span.last, span.last, span)[0]


@blueprint.get("/metrics")
def metrics() -> Response:
    """The same for Prometheus."""
    site = this_site()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected(ask(site.lake, lambda record: _measure(site, record))))
    return Response(generate_latest(registry), content_type=METRICS_TYPE)


def _measure(site: Site, record: Record) -> Measured:
    connection, span = record.connection, span_of(site, record)
    newest = queries.newest_runs(connection, 1)
    return Measured(
        newest=newest[0] if newest else None,
        success=_last_success(connection),
        runs=queries.count_runs(connection, queries.RunFilter()),
        missed=_missed(site, record, span),
        running=running(site.lake) is not None,
        feeds=look(site, record).feeds,
        stages=_stages(record, newest),
        next_due=schedule.next_due(site.settings.schedule, site.clock.now(), (site.settings.schedule.nightly,)),
        last_check=site.lake.watchdog_log.stat().st_mtime if site.lake.watchdog_log.exists() else None,
        alerts=_alerts(site, record),
        arrivals=outcome_queries.last_arrivals(connection),
    )


def _last_success(connection: sqlite3.Connection) -> RecordedRun | None:
    """The newest that was its night's load, or what made that good: a file taken by hand alone is neither."""
    for run in queries.newest_runs(connection, LOOKED_BACK, SUCCESS):
        night = night_of(run)
        if is_whole(run) or (night and good_run(queries.runs_of_nights(connection, night, night)) == run):
            return run
    return queries.last_good_run(connection)


def _alerts(site: Site, record: Record) -> Alerts | None:
    connection = record.connection
    if not queries.keeps_alerts(connection):
        return None
    keys = [each.key for each in book.open_incidents(connection)]
    return Alerts(keys, [each.created_at for each in book.unsent(connection)], site.clock.now())


def _stages(record: Record, newest: list[RecordedRun]) -> list[StageRow]:
    return outcome_queries.stages_of_run(record.connection, newest[0].run_id) if newest else []


def _missed(site: Site, record: Record, span: Span | None) -> int:
    """Scheduled nights that have no load, since the first that has one."""
    if span is None:
        return 0
    had = queries.nights_with_loads(record.connection)
    return sum(night not in had for night in schedule.nights(site.settings.schedule, span.first, span.last))
