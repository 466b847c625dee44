"""Serve the dashboard with waitress, on loopback."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask
from waitress.server import create_server

from datalake.errors import EXIT_OK, ConfigurationError, DatalakeError, UsageError
from datalake.settings import Settings, load
from datalake.web.app import create_app
from datalake.web.security import LOOPBACK
from datalake.zones.paths import Lake


def main(root: Path, arguments: Sequence[str]) -> int:
    """Given the installation's root and the command's arguments, serve until stopped; return the exit code."""
    settings, problem = _settings(root)
    options = _parser(settings).parse_args(arguments)
    try:
        return serve(create_app(Lake(root), settings, problem=problem), options.host, options.port)
    except DatalakeError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return error.exit_code


def _settings(root: Path) -> tuple[Settings, str]:
    """A wrong configuration must not hide the record: the defaults serve it, and every page says what is wrong."""
    try:
        return load(root, dict(os.environ)), ""
    except ConfigurationError as error:
        return Settings(), str(error)


def serve(app: Flask, host: str, port: int) -> int:
    """Serve the dashboard until Ctrl+C; raise UsageError for an address that others could reach."""
    if host not in LOOPBACK:
        raise UsageError(f"{host} can be reached by others and this page has no login.", "Use --host 127.0.0.1.")
    server = _listen(app, host, port)
    print(f"Dashboard: http://{host}:{server.effective_port}  (Ctrl+C stops it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return EXIT_OK


def _listen(app: Flask, host: str, port: int) -> Any:
    try:
        return create_server(app, host=host, port=port, threads=8, ident="", max_request_body_size=10_000)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DatalakeError(
            f"port {port} cannot be used ({reason}).", "Is the dashboard open already? Else choose one: --port 8081"
        ) from error


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app_dashboard.py", description="Serve the dashboard from the logs.")
    parser.add_argument("--host", default=settings.dashboard.host, help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=settings.dashboard.port, help="default %(default)s; 0: any free")
    return parser
