"""What every answer carries, which names this server answers to, and who may ask."""

import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import SecurityError

from datalake.web.access import Visitor, identify, in_demo, trusted_names
from datalake.web.site import Site, this_site

OPEN = ("/healthz", "/static/")  # answered to anyone: they hold nothing of the lake

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
_UNKNOWN = {"WWW-Authenticate": 'Basic realm="Research Data Lake", charset="UTF-8"'}

reads = logging.getLogger("datalake.web.reads")


def register(app: Flask, site: Site, host: str) -> None:
    """Answer only to our own names and to people who may ask, and never without the headers."""
    app.config["TRUSTED_HOSTS"] = trusted_names(site.settings.dashboard, host)
    app.register_error_handler(SecurityError, _foreign_name)
    app.before_request(_ask_who)
    app.after_request(_add_headers)
    app.context_processor(lambda: {"visitor": g.get("visitor", Visitor())})


def visitor() -> Visitor:
    """Return who asks."""
    known: Visitor = g.visitor
    return known


def log_read(what: str) -> None:
    """Keep that somebody was shown what viewers are not."""
    reads.info("%s shown to %s (%s) at %s", what, visitor().login or "-", visitor().role, request.remote_addr)


def _ask_who() -> Response | None:
    site = this_site()
    token = site.settings.secrets.get("DASHBOARD_TOKEN", "")
    known = identify(request.remote_addr or "", _header, site.settings.dashboard, token)
    g.visitor = in_demo(known) if known and site.demo else known or Visitor()
    if known or request.path.startswith(OPEN):
        return None
    return Response("Who asks? Log in first.\n", status=401, headers=_UNKNOWN, mimetype="text/plain")


def _header(name: str) -> str:
    return request.headers.get(name, "")


def _foreign_name(_: SecurityError) -> Response:
    return Response("This dashboard is not known by that host name.\n", status=400, mimetype="text/plain")


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-cache, private")
    return response
