"""The API's addresses: every resource as JSON, every list as CSV too, and the document that describes them."""

from functools import partial

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from datalake.errors import DatalakeError, UsageError
from datalake.safe_text import printable
from datalake.web import asking
from datalake.web.api import answers, asked
from datalake.web.api.openapi import document
from datalake.web.api.resources import RESOURCES, Call, Found, Resource
from datalake.web.record import ask
from datalake.web.site import this_site

PREFIX = "/api/v1/"
blueprint = Blueprint("api", __name__, url_prefix=PREFIX.rstrip("/"))


def _answer(resource: Resource, csv: bool, **path: str) -> BaseResponse:
    site = this_site()
    asked.check_once(request.args.to_dict(flat=False))
    given = request.args.to_dict()
    asked.check(given, resource.parameters, csv)
    limit = asking.number(given, "limit", asked.CSV_PAGE if csv else asked.PAGE, asking.MOST)
    found, problem = ask(site.lake, lambda record: _read(resource, Call(site, record, given, path, limit)))
    if found.rows is None:
        return answers.problem(404, f"There is no such {resource.path.split('/')[1].removesuffix('s')}.")
    rows = resource.as_rows(found)
    if resource.one:
        return answers.one_as_json(rows[0])
    page = answers.Page(rows, found.next, problem, given)
    columns = [field.name for field in resource.fields]
    return answers.as_csv(page, columns, given.get("raw") == "1") if csv else answers.as_json(page)


def _read(resource: Resource, call: Call) -> tuple[Found, str]:
    return resource.read(call), call.record.problem


def _add(resource: Resource) -> None:
    rule = resource.path.replace("{", "<").replace("}", ">")
    name = resource.path.strip("/").replace("/", "_").replace("{", "").replace("}", "")
    blueprint.add_url_rule(rule, name, partial(_answer, resource, False))
    if not resource.one:
        blueprint.add_url_rule(f"{rule}.csv", f"{name}_csv", partial(_answer, resource, True))


for _each in RESOURCES:
    _add(_each)


@blueprint.get("/openapi.json")
def openapi() -> BaseResponse:
    """The OpenAPI 3.1 document."""
    return answers.one_as_json(document(RESOURCES))


@blueprint.get("/")
def for_people() -> str:
    """The same for people."""
    return render_template("api.html", resources=RESOURCES, most=asking.MOST)


@blueprint.errorhandler(UsageError)
def _wrong(error: UsageError) -> Response:
    return answers.problem(400, str(error))


@blueprint.errorhandler(OSError)
@blueprint.errorhandler(DatalakeError)
def _unreadable(error: Exception) -> Response:
    return answers.problem(503, f"The lake cannot be read: {printable(str(error))}")


@blueprint.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """Return what HTTP refuses as a problem, with the headers that go with it, such as Allow."""
    response = answers.problem(error.code or 500, error.description or error.name)
    response.headers.extend(each for each in error.get_headers() if each[0] != "Content-Type")
    return response
