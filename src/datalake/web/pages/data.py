"""The published tables and the report views: searched, filtered, sorted, downloaded."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from datalake.errors import DatalakeError
from datalake.web import asking, shelves, tables
from datalake.web.blueprint import blueprint
from datalake.web.figures.grid import HOWS, Listed, added, wanted
from datalake.web.rules import read_rules
from datalake.web.security import log_read, visitor
from datalake.web.shelves import Published, ViewState
from datalake.web.site import this_site


@blueprint.get("/data")
def all_data() -> str:
    """Every published table."""
    site = this_site()
    rules = read_rules(site.lake)
    return render_template("data_index.html", contracts=rules.contracts, problem=rules.problem)


@blueprint.get("/data/<feed>")
def data(feed: str) -> BaseResponse | str:
    """One published table."""
    found = _table(feed)
    extra = {"title": feed, "about": read_rules(this_site().lake).of(feed), "view": None, "feeds": [feed]}
    return _browse(found, f"data {feed}", url_for("pages.data", feed=feed), extra)


@blueprint.get("/data/<feed>.csv")
def data_csv(feed: str) -> Response:
    """One published table as CSV, as it is filtered."""
    return _download(_table(feed), feed, f"data {feed}")


@blueprint.get("/views")
def all_views() -> str:
    """Every report view with its day."""
    return render_template("views.html", views=shelves.views(this_site().lake))


@blueprint.get("/views/<name>")
def view(name: str) -> BaseResponse | str:
    """One report view with its card."""
    state = _view(name)
    extra = {
        "title": state.title,
        "about": None,
        "view": state,
        "feeds": [each["feed"] for each in state.card["sources"]] if state.card else [],
    }
    return _browse(_rows_of(state), f"view {name}", url_for("pages.view", name=name), extra, _lists_of(state))


@blueprint.get("/views/<name>.csv")
def view_csv(name: str) -> Response:
    """One report view as CSV, as it is filtered."""
    return _download(_rows_of(_view(name)), name, f"view {name}")


def _table(feed: str) -> Published | None:
    site = this_site()
    contract = read_rules(site.lake).of(feed)
    if contract is None:
        abort(404, "There is no such feed.")
    return _undamaged(lambda: shelves.published_table(site.lake, contract, visitor().reads))


def _view(name: str) -> ViewState:
    lake = this_site().lake
    found = shelves.view(lake, name, read_rules(lake).contracts, visitor().reads)
    return found or abort(404, "There is no such view.")


def _rows_of(state: ViewState) -> Published | None:
    site = this_site()
    contracts = read_rules(site.lake).contracts
    return _undamaged(lambda: shelves.view_table(site.lake, state, contracts, visitor().reads))


def _lists_of(state: ViewState) -> dict[str, Listed]:
    """The lists behind the view's numbers. One that lies with a damaged view is not there."""
    lake = this_site().lake
    try:
        named = shelves.lists(lake, state, read_rules(lake).contracts, visitor().reads)
    except (DatalakeError, OSError, ValueError):
        return {}
    return {
        name: Listed(url_for("pages.view", name=each["view"]), tuple(each["by"]), each["only"])
        for name, each in named.items()
    }


def _undamaged(read: Callable[[], Published | None]) -> Published | None:
    try:
        return read()
    except (DatalakeError, OSError, ValueError) as error:
        abort(503, str(error))


def _browse(
    found: Published | None, what: str, here: str, extra: Mapping[str, Any], lists: Mapping[str, Listed] | None = None
) -> BaseResponse | str:
    given = request.args.to_dict()
    query = added(given)
    if query:
        return redirect(f"{here}?{query}")
    if found is None:
        return render_template("table.html", shown=None, **extra)
    kept = {name: value for name, value in given.items() if value and name not in ("column", "how", "value")}
    asked = wanted(kept, found.columns)
    behind = {name: each for name, each in (lists or {}).items() if name in {column.name for column in found.columns}}
    shown = _undamaged_rows(lambda: tables.read(found.paths, found.columns, asked, behind))
    contracts = read_rules(this_site().lake).contracts
    if found.hidden and visitor().reads:
        log_read(what)
    return render_template(
        "table.html",
        shown=shown,
        asked=asked,
        found=found,
        hows=HOWS,
        records=shelves.records(found.columns, extra["feeds"], contracts),
        left_out={name: each.link({}) for name, each in (lists or {}).items() if name not in behind},
        address=here,
        link=lambda **changes: f"{here}?{asking.with_changes(kept, **changes)}",
        csv=f"{here}.csv?{asking.with_changes(kept, page='')}",
        **extra,
    )


def _undamaged_rows(read: Callable[[], Any]) -> Any:
    import pyarrow as pa

    try:
        return read()
    except (OSError, pa.ArrowException) as error:
        abort(503, f"The published table cannot be read: {error}")


def _download(found: Published | None, name: str, what: str) -> Response:
    if found is None:
        abort(404, "Nothing of it has been published yet.")
    given = {key: value for key, value in request.args.to_dict().items() if value}
    asked = wanted(given, found.columns)
    if found.hidden and visitor().reads:
        log_read(f"{what} as CSV")
    headers = {"Content-Disposition": f"attachment; filename={name}-{found.version}.csv"}
    return Response(tables.as_csv(found.paths, found.columns, asked), mimetype="text/csv", headers=headers)
