"""Logging for commands typed by a person: the log file gets everything, the terminal what it needs."""

import getpass
import logging
from collections.abc import Iterable
from pathlib import Path

from datalake.contracts.model import Contract
from datalake.runs.logs import FORMAT
from datalake.zones.paths import Lake

log = logging.getLogger("datalake.cli.reads")


def open_log(lake: Lake) -> None:
    """Send the package's log lines to logs/cron_etl.log, where those of the nightly run are."""
    handler = _file_handler(lake.etl_log)
    if handler is not None:
        logger = logging.getLogger("datalake")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


def note_restricted(lake: Lake, contracts: Iterable[Contract], how: str) -> None:
    """Keep who was shown feeds with restricted values that are not masked, and by which command."""
    unmasked = ("", "hash")
    feeds = [contract.feed for contract in contracts if any(
        each.classification == "restricted" and each.mask in unmasked for each in contract.columns)]  # fmt: skip
    if feeds:
        open_log(lake)
        log.info("%s of %s, which holds restricted values, for %s", how, ", ".join(feeds), getpass.getuser())


def keep_traceback(lake: Lake, problem: BaseException) -> None:
    """Append an error's traceback to the log; where that cannot be written there is nothing better to do."""
    handler = _file_handler(lake.etl_log)
    if handler is None:
        return
    trace = (type(problem), problem, problem.__traceback__)
    handler.handle(logging.LogRecord("datalake", logging.ERROR, "", 0, "manage.py: %s", (problem,), trace))
    handler.close()


def _file_handler(path: Path) -> logging.Handler | None:
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter(FORMAT))
    return handler
