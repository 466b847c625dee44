"""How an answer goes out: JSON or its CSV twin, with an ETag; an error as RFC 9457 has it."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from datalake.inert import csv_text


@dataclass(frozen=True)
class Page:
    """Rows of one answer; next stands for where the following one begins, "" on the last."""

    rows: Sequence[Mapping[str, Any]]
    next: str = ""
    problem: str = ""  # what could not be read
    query: Mapping[str, str] = field(default_factory=dict)


def as_json(page: Page) -> BaseResponse:
    """Return the page as {data, next, next_url, query, problem}."""
    document = {
        "data": page.rows,
        "next": page.next or None,
        "next_url": _next_url(page) or None,
        "query": page.query,
        "problem": page.problem or None,
    }
    return _conditional(plain_json(document), page)


def one_as_json(document: Mapping[str, Any]) -> BaseResponse:
    """Return one object."""
    return _conditional(plain_json(document))


def as_csv(page: Page, columns: Sequence[str], raw: bool) -> BaseResponse:
    """Return the page as CSV that can prove it is whole: its rows and its digest are in the headers."""
    text = csv_text(columns, ([row[name] for name in columns] for row in page.rows), inert=not raw)
    content = text.encode("utf-8", "replace")
    response = Response(content, content_type="text/csv; charset=utf-8")
    name = request.path.rstrip("/").rsplit("/", 1)[1]
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["X-Total-Rows"] = str(len(page.rows))
    response.headers["Repr-Digest"] = f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"
    return _conditional(response, page)


def problem(status: int, detail: str) -> Response:
    """Return an error as application/problem+json."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Response(_text(document), status=status, content_type="application/problem+json")


def plain_json(document: Mapping[str, Any]) -> Response:
    """Return one object, always whole."""
    return Response(_text(document), content_type="application/json")


def _text(document: Mapping[str, Any]) -> str:
    """ASCII: half a character in a file name stays an escape."""
    return json.dumps(document, separators=(",", ":")) + "\n"


def _conditional(response: Response, page: Page | None = None) -> BaseResponse:
    url = _next_url(page) if page else ""
    if url:
        response.headers["Link"] = f'<{url}>; rel="next"'
    response.add_etag(weak=True)
    return response.make_conditional(request)


def _next_url(page: Page) -> str:
    return f"{request.path}?{urlencode({**page.query, 'cursor': page.next})}" if page.next else ""
