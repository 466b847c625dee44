"""What every answer carries, and which names this server answers to."""

from flask import Flask, Response
from werkzeug.exceptions import SecurityError

LOOPBACK = ("127.0.0.1", "localhost")

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def register(app: Flask) -> None:
    """Answer only to our own names (another name is a rebinding attack), and never without the headers."""
    app.config["TRUSTED_HOSTS"] = list(LOOPBACK)
    app.register_error_handler(SecurityError, _foreign_name)
    app.after_request(_add_headers)


def _foreign_name(_: SecurityError) -> Response:
    return Response("This dashboard is not known by that host name.\n", status=400, mimetype="text/plain")


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-cache, private")
    return response
