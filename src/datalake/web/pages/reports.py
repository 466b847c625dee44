"""The weekly reports as they lie in logs/reports."""

import json
import re
from dataclasses import dataclass

from flask import Response, abort, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from datalake.reports import wording
from datalake.reports.model import from_json
from datalake.web.blueprint import blueprint
from datalake.web.site import this_site
from datalake.zones.paths import Lake

WEEK = re.compile(r"\d{4}-W\d{2}", re.ASCII)
KINDS = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "application/json"}
# A report is one file with its styles inside it. It is shut into a sandbox of its own, without any script.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'; sandbox"
)


@dataclass(frozen=True)
class Kept:
    """One week's report: its name, the files there are of it, its days and its first sentence."""

    week: str
    kinds: tuple[str, ...]
    days: str = ""
    sentence: str = ""

    @property
    def files(self) -> str:
        """The kinds in words."""
        return ", ".join(self.kinds)


def reports_of(lake: Lake) -> list[Kept]:
    """Return the weeks that have a report, newest first."""
    files: dict[str, list[str]] = {}
    for path in sorted(lake.reports.glob("*.*")) if lake.reports.is_dir() else ():
        if WEEK.fullmatch(path.stem) and path.suffix[1:] in KINDS:
            files.setdefault(path.stem, []).append(path.suffix[1:])
    return [_kept(lake, week, tuple(files[week])) for week in sorted(files, reverse=True)]


def _kept(lake: Lake, week: str, kinds: tuple[str, ...]) -> Kept:
    """What a damaged file of figures cannot say is left out; its pages are there all the same."""
    try:
        made = from_json(json.loads((lake.reports / f"{week}.json").read_text(encoding="utf-8")))
        return Kept(week, kinds, wording.span(made), wording.sentence(made))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Kept(week, kinds)


@blueprint.get("/reports")
def reports() -> str:
    """All weekly reports."""
    return render_template("reports.html", reports=reports_of(this_site().lake))


@blueprint.get("/reports/<week>.<kind>")
def report(week: str, kind: str) -> BaseResponse:
    """One file of one weekly report."""
    if not WEEK.fullmatch(week) or kind not in KINDS:
        abort(404, "There is no such report.")
    try:
        content = (this_site().lake.reports / f"{week}.{kind}").read_bytes()
    except OSError:
        abort(404, "There is no such report.")
    response = Response(content, content_type=KINDS[kind])
    response.headers["Content-Disposition"] = f"inline; filename={week}.{kind}"
    if kind == "html":
        response.headers["Content-Security-Policy"] = POLICY
    response.add_etag()
    return response.make_conditional(request)
