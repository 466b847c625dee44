"""A Dask cluster joined: its scheduler found at an address, or started by a function that settings name."""

import importlib
import logging
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from datalake.cluster.spread import Cluster
from datalake.cluster.worker import MOUNT, SAME, differences, facts, introduce
from datalake.errors import DatalakeError
from datalake.settings import Settings
from datalake.zones.files import remove, temporary
from datalake.zones.paths import Lake

ANSWER = 30.0  # seconds in which a scheduler must answer
WORKERS = 60.0  # seconds in which a scheduler must have a worker
STARTED = 600.0  # seconds in which one that was just started must have one: jobs wait in a queue
SPOKEN = ("python", "dask", "distributed", "cloudpickle", "tornado", "toolz")  # that all must have alike to speak
INSTALL = "venv/bin/python -m pip install --require-hashes -r requirements-dask.lock"
log = logging.getLogger("datalake.cluster")


def join(lake: Lake, settings: Settings) -> Cluster:
    """Return the cluster of the settings, its workers checked; raise DatalakeError that says what is wrong with it."""
    distributed = _library()
    if settings.scheduler:
        name = f"The Dask scheduler at {settings.scheduler}"
        client = _client(distributed, settings.scheduler, name)
        close: Callable[[], None] = client.close
        patience = WORKERS
    else:
        name = f"The Dask cluster that {settings.cluster} starts"
        started = _started(settings.cluster, lake.root)
        client = _client(distributed, started, name)
        close, patience = _both(client, started), STARTED
    try:
        _check(client, name, patience, lake, settings.schedule.zone)
    except BaseException:
        close()
        raise
    log.info("%s has joined, with %s threads", name, sum(client.nthreads().values()))
    return Cluster(client, name, settings.schedule.zone, close)


def _library() -> Any:
    try:
        import dask

        # else distributed logs to stderr by handlers of its own, which cron would mail every night
        dask.config.set({"logging": {"version": 1, "disable_existing_loggers": False}})
        found = importlib.import_module("distributed")
    except ImportError as problem:
        message = f"`engine: dask` needs what requirements-dask.txt names, and it is not installed ({problem})."
        raise DatalakeError(message, f"Install it: `{INSTALL}`; or set `engine: local`.") from None
    for name in ("distributed", "tornado"):  # their warnings go where ours go
        logging.getLogger(name).parent = logging.getLogger("datalake")
        logging.getLogger(name).setLevel(logging.WARNING)
    return found


def _client(distributed: Any, where: Any, name: str) -> Any:
    try:
        return distributed.Client(where, timeout=ANSWER, set_as_default=False, name="research-data-lake")
    except (OSError, TypeError, ValueError, RuntimeError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise DatalakeError(
            f"{name} does not answer: {reason}.", f"Start it, or correct the address. {WAITS}"
        ) from None


WAITS = "Nothing was published; the next run takes the file up again."


def _started(written: str, root: Path) -> Any:
    """Call the function that the settings name; config/local is looked into first."""
    module, _, function = written.partition(":")
    sys.path.insert(0, str(root / "config" / "local"))
    try:
        return getattr(importlib.import_module(module), function)()
    except Exception as problem:
        log.exception("cluster: %s failed", written)
        message = f"`cluster: {written}` could not start a cluster ({type(problem).__name__}: {problem})."
        raise DatalakeError(
            message, "The traceback is in logs/cron_etl.log; the function must return a cluster of Dask's."
        ) from None
    finally:
        sys.path.remove(str(root / "config" / "local"))


def _both(client: Any, started: Any) -> Callable[[], None]:
    def close() -> None:
        with suppress(Exception):
            client.close()
        started.close()

    return close


def _check(client: Any, name: str, patience: float, lake: Lake, zone: str) -> None:
    """Raise DatalakeError unless there are workers, each the same program over the same storage."""
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError:
        raise DatalakeError(f"{name} has no workers.", f"Start some: docs/scale.md says how. {WAITS}") from None
    _check_versions(client, name)
    token = temporary(lake.data)
    token.write_text(token.name, encoding="ascii")
    try:
        said = client.run(introduce, zone, str(token), on_error="return")
    finally:
        remove(token)
    here = facts(zone)
    for worker, answer in said.items():
        _check_worker(worker, answer, here, token)


def _check_versions(client: Any, name: str) -> None:
    """What Dask itself must agree on comes first: without that nothing else can be asked."""
    with warnings.catch_warnings(action="ignore"):  # it is told in words of our own
        found = client.get_versions()
    here = found["client"]["packages"]
    for who, answer in [
        (name, found["scheduler"]),
        *((f"The worker {each}", it) for each, it in found["workers"].items()),
    ]:
        there = answer["packages"]
        other = differences({each: str(here[each]) for each in SPOKEN}, {each: str(there.get(each)) for each in SPOKEN})
        if other:
            raise DatalakeError(f"{who} has {', '.join(other)}.", SAME)


def _check_worker(worker: str, answer: Any, here: dict[str, str], token: Path) -> None:
    if isinstance(answer, BaseException):
        message = f"The worker {worker} cannot load this program: {answer}."
        raise DatalakeError(message, "Start workers with PYTHONPATH set to this checkout's src.")
    other = differences(here, answer)
    if other:
        raise DatalakeError(f"The worker {worker} has {', '.join(other)}.", SAME)
    if answer["seen"] != token.name:
        raise DatalakeError(f"The worker {worker} does not see {token.parent} ({answer['seen']}).", MOUNT)
