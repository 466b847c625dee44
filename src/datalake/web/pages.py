"""The pages: each reads, has the figures made, and renders one template."""

from flask import Blueprint, Response, abort, current_app, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from datalake.web.figures import runtime_chart
from datalake.web.runtimes import read_runtimes
from datalake.zones.paths import Lake

SHOWN = 60  # latest runs on the overview: about two months of nights

blueprint = Blueprint("pages", __name__)


def _lake() -> Lake:
    lake: Lake = current_app.config["LAKE"]
    return lake


@blueprint.get("/")
def overview() -> str:
    """The runtime chart and the latest runs."""
    runtimes = read_runtimes(_lake(), SHOWN)
    return render_template("overview.html", runtimes=runtimes, chart=runtime_chart(runtimes.rows))


@blueprint.get("/etl_runtime_stats.csv")
def full_csv() -> BaseResponse:
    """The whole runtime CSV as it lies in logs/."""
    try:
        response = Response(_lake().runtime_csv.read_bytes(), mimetype="text/csv")
    except FileNotFoundError:
        abort(404, "There is no logs/etl_runtime_stats.csv yet: no run has been recorded.")
    response.headers["Content-Disposition"] = "attachment; filename=etl_runtime_stats.csv"
    response.add_etag()
    return response.make_conditional(request)
