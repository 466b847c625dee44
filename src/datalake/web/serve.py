"""Serve the dashboard with waitress, on loopback."""

import argparse
import atexit
import contextlib
import gc
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask
from waitress.server import create_server

from datalake.errors import EXIT_OK, ConfigurationError, DatalakeError
from datalake.runs.logs import FORMAT
from datalake.settings import Settings, load
from datalake.web import security
from datalake.web.access import check_address
from datalake.web.app import create_app
from datalake.zones.paths import Lake

LAST_PORT = 65_535


def main(root: Path, arguments: Sequence[str]) -> int:
    """Given the installation's root and the command's arguments, serve until stopped; return the exit code."""
    settings, problem = _settings(root)
    options = _parser(settings).parse_args(arguments)
    try:
        check_address(settings.dashboard, options.host, settings.secrets.get("DASHBOARD_TOKEN", ""))
        _keep_reads(Lake(root))
        app = create_app(Lake(root), settings, problem=problem, host=options.host)
        return serve(app, options.host, options.port)
    except DatalakeError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return error.exit_code


def _settings(root: Path) -> tuple[Settings, str]:
    """A wrong configuration must not hide the record: the defaults serve it, and every page says what is wrong."""
    try:
        return load(root, dict(os.environ)), ""
    except ConfigurationError as error:
        return Settings(), str(error)


def _keep_reads(lake: Lake) -> None:
    """Who was shown restricted values stands in logs/cron_etl.log, beside the loads."""
    try:
        handler = logging.FileHandler(lake.etl_log, encoding="utf-8", delay=True)
    except OSError:
        return
    handler.setFormatter(logging.Formatter(FORMAT))
    security.reads.addHandler(handler)
    security.reads.setLevel(logging.INFO)


def serve(app: Flask, host: str, port: int) -> int:
    """Serve the dashboard until Ctrl+C; raise DatalakeError where the port cannot be used."""
    server = listen(app, host, port)
    spare_collector()
    print(f"Dashboard: http://{host}:{server.effective_port}  (Ctrl+C stops it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return EXIT_OK


def spare_collector() -> None:
    """Leave all that is loaded by now out of garbage collections: a full one held a request up for 70 ms."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else libraries call what is frozen leaked, on stderr


def _port(word: str) -> int:
    """The system would take a larger number less 65,536, and serve where nobody looks."""
    if not word.isascii() or not word.isdigit() or int(word) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{word!r} is no port from 0 to {LAST_PORT}")
    return int(word)


def listen(app: Flask, host: str, port: int) -> Any:
    """Return a server that listens; raise DatalakeError where the port cannot be used."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a request that waits a moment is nothing to tell
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
    parser.add_argument("--port", type=_port, default=settings.dashboard.port, help="default %(default)s; 0: any free")
    return parser
