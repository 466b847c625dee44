"""The dashboard's Flask application. It reads the lake and never writes it."""

from typing import Any

from flask import Flask, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from datalake import words
from datalake.clock import Clock, SystemClock
from datalake.errors import UsageError
from datalake.safe_text import printable, redacted
from datalake.settings import Settings
from datalake.web import assets, compression, routes, security, text
from datalake.web.api import routes as api
from datalake.web.rows import key_of, night_of, succeeded
from datalake.web.site import Site
from datalake.zones.paths import Lake


def create_app(
    lake: Lake, settings: Settings, clock: Clock | None = None, problem: str = "", host: str = "127.0.0.1"
) -> Flask:
    """Given a lake, its settings, what is wrong with them, if anything, and the address, return what serves it."""
    app = Flask(__name__, static_folder=None)
    site = Site(lake, settings, clock or SystemClock(), problem)
    app.config.update(DEBUG=False, PROPAGATE_EXCEPTIONS=False, SITE=site)
    _word(app)
    compression.register(app)
    security.register(app, site, host)
    assets.register(app)
    routes.register(app)
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(UsageError, _wrong_question)
    app.context_processor(lambda: {"site": site})
    return app


def _word(app: Flask) -> None:
    """Every text that a template prints goes through printable(); autoescape does the rest."""
    environment = app.jinja_env
    environment.finalize = _printable
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(duration=text.duration, day=text.day, iso_day=text.iso_day)
    environment.filters.update(size=words.size, value=text.value, known_as=text.key, redacted=redacted)
    environment.filters.update(key=key_of, ok=succeeded, night_of=night_of)
    environment.filters.update(
        count=words.count, number=text.number, listed=words.listed, short_day=words.day, weekday=words.weekday
    )


def _printable(value: Any) -> Any:
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _refuse(error: HTTPException) -> BaseResponse | tuple[str, int]:
    """An address or a method that the API does not know belongs to no blueprint, and is told as the API tells."""
    if request.path.startswith(api.PREFIX):
        return api.refused(error)
    return render_template("error.html", title=error.name, text=error.description), error.code or 500


def _wrong_question(error: UsageError) -> tuple[str, int]:
    return render_template("error.html", title="That cannot be shown", text=str(error)), 400
