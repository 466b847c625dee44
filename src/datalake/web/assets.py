"""Style sheet, scripts and Chart.js: read once, compressed once, named by their content so that browsers keep them."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, url_for

CHART_BUNDLE = "django/static/chartkick/Chart.bundle.js"  # inside the installed chartkick package
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """One static file: its name without a version, and its bytes."""

    name: str
    content: bytes

    @cached_property
    def versioned(self) -> str:
        stem, dot, suffix = self.name.rpartition(".")
        return f"{stem}.{hashlib.sha256(self.content).hexdigest()[:12]}{dot}{suffix}"

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, 9, mtime=0)

    @property
    def content_type(self) -> str:
        return f"{_TYPES[Path(self.name).suffix]}; charset=utf-8"


def register(app: Flask) -> None:
    """Serve every static file of this package, and Chart.js from the installed chartkick."""
    known = [Asset(path.name, path.read_bytes()) for path in sorted((Path(__file__).parent / "static").iterdir())]
    bundle = Path(str(resources.files("chartkick").joinpath(CHART_BUNDLE)))
    assets = {asset.name: asset for asset in [*known, Asset("chart.js", bundle.read_bytes())]}
    app.extensions["assets"] = {asset.versioned: asset for asset in assets.values()}
    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = lambda name: url_for("assets.serve", name=assets[name].versioned)


@blueprint.get("/static/<name>")
def serve(name: str) -> Response:
    """Return one static file, compressed where the browser takes that."""
    from flask import current_app

    asset = current_app.extensions["assets"].get(name) or abort(404)
    takes_gzip = request.accept_encodings["gzip"] > 0
    response = Response(asset.compressed if takes_gzip else asset.content, content_type=asset.content_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.vary.add("Accept-Encoding")
    if takes_gzip:
        response.content_encoding = "gzip"
    return response
