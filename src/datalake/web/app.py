"""The dashboard's Flask application. It reads the lake and never writes it."""

from typing import Any

from flask import Flask, render_template
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from datalake.settings import Settings
from datalake.web import assets, compression, pages, security
from datalake.web.text import count, duration, plain
from datalake.zones.paths import Lake


def create_app(lake: Lake, settings: Settings) -> Flask:
    """Given a lake and its settings, return the application that serves its dashboard."""
    app = Flask(__name__, static_folder=None)
    app.config.update(DEBUG=False, PROPAGATE_EXCEPTIONS=False, LAKE=lake, SETTINGS=settings)
    _word(app)
    compression.register(app)
    security.register(app)
    assets.register(app)
    app.register_blueprint(pages.blueprint)
    app.register_error_handler(HTTPException, _refuse)
    app.context_processor(lambda: {"name": settings.name, "demo": is_demo(lake)})
    return app


def is_demo(lake: Lake) -> bool:
    """Given a lake, tell whether it holds synthetic data only."""
    return (lake.metadata / "demo.json").exists()


def _word(app: Flask) -> None:
    """Every text that a template prints goes through plain(); autoescape does the rest."""
    app.jinja_env.finalize = _printable
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(duration=duration, count=count)


def _printable(value: Any) -> Any:
    if value is None:
        return ""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _refuse(error: HTTPException) -> tuple[str, int]:
    return render_template("error.html", title=error.name, text=error.description), error.code or 500
