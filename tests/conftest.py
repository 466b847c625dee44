"""What all tests share: a clean environment, an empty lake, a copy of the whole project, and no silent skips."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from datalake.cli.door import Door
from datalake.cli.main import main
from datalake.clock import Clock, SystemClock
from datalake.zones.paths import Lake

ROOT = Path(__file__).resolve().parents[1]
ZONE = "America/New_York"
KEPT = ("DATALAKE_NO_SKIPS", "DATALAKE_TEST_BASH")
SECRETS = ("SLACK_WEBHOOK", "HEARTBEAT_URL", "MASK_SALT")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the developer's reaches a test, and local time is the same everywhere."""
    for name in list(os.environ):
        if name in SECRETS or (name.startswith("DATALAKE_") and name not in KEPT):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake with the configuration that ships."""
    root = tmp_path / "lake"
    _copy(_project_files("config"), root)
    for kept in _project_files("data", "logs"):
        (root / kept).parent.mkdir(parents=True)
    return Lake(root)


@pytest.fixture
def copy_of_repo(tmp_path: Path) -> Path:
    """The project as a fresh clone would have it, in a path with a space, with this environment linked as its venv."""
    root = tmp_path / "a path" / "research_datalake"
    _copy(_project_files(), root)
    (root / "venv").symlink_to(sys.prefix, target_is_directory=True)
    return root


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


def _project_files(*folders: str) -> list[Path]:
    """The files that git has or would take, relative to the root: nothing local, nothing that a run left behind."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).exists()]


def _copy(files: list[Path], root: Path) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, root / file)


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
