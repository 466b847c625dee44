"""What all tests share: a clean environment, an empty lake, a copy of the whole project, and no silent skips."""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from support import dask_cluster
from support.project import copy_files, copy_project, project_files

from datalake.cli import host
from datalake.cli.door import Door
from datalake.cli.main import main
from datalake.clock import Clock, SystemClock
from datalake.documents import secrets
from datalake.zones.paths import Lake

if TYPE_CHECKING:  # each is loaded by the tests that ask for it
    from support.mail_sink import PrivatePostfix, Sink
    from support.nights import Office
    from support.slack_server import SlackServer

ZONE = "America/New_York"
hypothesis.settings.register_profile("suite", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("suite")

# A suite started in the background of a script ignores these, and so would all it starts: Bash could not trap them.
for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, signal.default_int_handler if ignored is signal.SIGINT else signal.SIG_DFL)

MEMORY = Path("/dev/shm")  # a disk made of memory, where the system has one
ROOM = 1_000_000_000  # bytes that must be free there: several times what a suite ever holds at once


def pytest_configure() -> None:
    """Put what tests write into memory, if there is room: a suite makes 200,000 files, none for a disk's sake."""
    with contextlib.suppress(OSError):
        found = os.statvfs(MEMORY)
        may_start_programs = not found.f_flag & getattr(os, "ST_NOEXEC", 0)
        if os.access(MEMORY, os.W_OK) and may_start_programs and found.f_bavail * found.f_frsize > ROOM:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


KEPT = ("DATALAKE_NO_SKIPS", "DATALAKE_TEST_BASH")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the developer's reaches a test, and local time is the same everywhere."""
    for name in list(os.environ):
        if (
            name in secrets.KNOWN
            or name.startswith(secrets.FURTHER)
            or (name.startswith("DATALAKE_") and name not in KEPT)
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def no_log_of_another_test() -> Iterator[None]:
    """A command has what the package logs written into its lake, which goes when the test has passed."""
    yield
    logger = logging.getLogger("datalake")
    logger.setLevel(logging.NOTSET)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dask_cluster.Processes]:
    """One Dask scheduler and two workers for all tests that break nothing."""
    with dask_cluster.processes(tmp_path_factory.mktemp("cluster"), workers=2, TZ=dask_cluster.ZONE) as found:
        yield found


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake with the configuration that ships."""
    root = tmp_path / "lake"
    copy_files(project_files("config", "data", "logs"), root)
    return Lake(root)


@pytest.fixture
def copy_of_repo(tmp_path: Path) -> Path:
    """The project as a fresh clone would have it, in a path with a space, with this environment linked as its venv."""
    return copy_project(tmp_path / "a path" / "research_datalake")


@pytest.fixture
def here(tmp_path: Path) -> "Office":
    """A research office with two feeds and nothing loaded yet."""
    from support.nights import office

    return office(tmp_path)


@pytest.fixture
def slack() -> "Iterator[SlackServer]":
    """What stands at the other end of a webhook."""
    from support.slack_server import SlackServer

    server = SlackServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postfix() -> "Iterator[tuple[Sink, PrivatePostfix]]":
    """A real sendmail, and the sink that its mail ends up in."""
    from support.mail_sink import PrivatePostfix, Sink, why_no_postfix

    if why := why_no_postfix():
        pytest.skip(why)
    sink = Sink().start()
    relay = PrivatePostfix(sink.port).start()
    yield sink, relay
    relay.stop()
    sink.stop()


@pytest.fixture
def host_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """host_in(zone) puts the host, as cron sees it, into that zone."""
    rules = Path(str(resources.files("tzdata"))) / "zoneinfo"
    return lambda zone: monkeypatch.setattr(host, "LOCALTIME", rules / zone)


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def manage(lake: Lake, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """manage(*words, clock=...) runs a manage.py command on the lake, in this process."""

    def run(*words: str, clock: Clock | None = None) -> Said:
        capsys.readouterr()
        code = main(list(words), Door(lake, dict(os.environ), clock or SystemClock()))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


# DATALAKE_NO_SKIPS=1, as .ci/run sets it: a test that could not run has proved nothing, so it counts as failed.


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("DATALAKE_NO_SKIPS") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (DATALAKE_NO_SKIPS=1 lets nothing be skipped)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    _refuse_skip(report)
    return report
