"""Pages and JSON go out gzipped where the browser takes that."""

import gzip

from flask import Flask, Response, request

_SMALLEST = 1_000  # bytes; below this the headers outweigh the saving
_KINDS = ("text/", "application/json", "application/problem+json")


def register(app: Flask) -> None:
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if not response.is_streamed and (response.mimetype or "").startswith(_KINDS):
        response.vary.add("Accept-Encoding")
        if _worth_it(response):
            response.set_data(gzip.compress(response.get_data(), 5, mtime=0))
            response.content_encoding = "gzip"
    return response


def _worth_it(response: Response) -> bool:
    asked = request.accept_encodings["gzip"] > 0
    return asked and not response.content_encoding and (response.content_length or 0) >= _SMALLEST
