"""A scratch copy of this installation with a night to load, in which a proof may kill what it likes.

It lies in a path with a space, tells nobody anything, and shares venv with the installation that it was copied from.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from datalake.demo.generator.forms import PLAIN
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.rates import USUAL
from datalake.demo.generator.world import SIZES, World
from datalake.zones.paths import Lake

FEEDS = ("grants", "irb")
COPIED = ("src", "config", "manage.py", "requirements.lock", "requirements-dev.lock")
NOT_COPIED = shutil.ignore_patterns("local", "secrets.env")
STATE = ("data", "logs")
ALERTS = Path("src", "datalake", "alerts", "__main__.py")
RUNNER = Path("src", "cron_runner.sh")
SETTLED = 3600.0  # seconds since which the files have lain there
DEADLINE = 120.0  # seconds that anything waited for may take

# In the place of src/main.py: the same ETL, which writes down its stage boundaries and stops at one of them, if told.
STOPPING_MAIN = """
import os
import sys
import time
from pathlib import Path

from datalake.cli import etl
from datalake.zones.paths import Lake

ROOT = Path(__file__).resolve().parents[1]
STOP_AT = int(os.environ.get("PROVE_STOP_AT", "-1"))


class Stopping:
    def __init__(self, stream):
        self.passed = 0

    def boundary(self, *words):
        with (ROOT / "boundaries").open("a") as file:
            file.write(" ".join(words).strip() + "\\n")
        if self.passed == STOP_AT:
            (ROOT / "stopped").write_text(str(os.getpid()))
            while not (ROOT / "go").exists():
                time.sleep(0.005)
        self.passed += 1

    def stage_started(self, stage, feed):
        self.boundary("before", stage, feed)

    def stage_ended(self, stage, feed):
        self.boundary("after", stage, feed)

    def progress(self, feed, rows, done, total):
        pass


etl.observer = Stopping
sys.exit(etl.main(sys.argv[1:], Lake(ROOT)))
"""


def wait_until(happened: Callable[[], object], what: str) -> None:
    """Poll until it happened; raise TimeoutError that says what did not."""
    deadline = time.monotonic() + DEADLINE
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {DEADLINE:g} s in vain for {what}")
        time.sleep(0.005)


def copy_installation(installation: Path, root: Path) -> None:
    """Copy the code and the rules that all share, with the same venv: no secret, no overlay, empty zones."""
    for name in COPIED:
        source = installation / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=NOT_COPIED)
        else:
            root.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, root / name)
    (root / "venv").symlink_to(installation / "venv", target_is_directory=True)
    Lake(root).incoming.mkdir(parents=True)
    Lake(root).logs.mkdir()


@dataclass(frozen=True)
class Scratch:
    """The copy. rows: about how many records each file has."""

    root: Path
    bash: str = "bash"
    rows: int = 2000

    @property
    def lake(self) -> Lake:
        return Lake(self.root)

    def copy_from(self, installation: Path) -> None:
        """Make the copy, with empty zones and without alerts."""
        copy_installation(installation, self.root)
        (self.root / ALERTS).write_text('"""A proof tells nobody anything."""\n', encoding="utf-8")
        (self.root / "src" / "main.py").write_text(STOPPING_MAIN, encoding="utf-8")

    def put_files(self, seed: int, first: date, night: int) -> None:
        """Put that night's files of both feeds into incoming: real ones to the lake, as long settled."""
        then = time.time() - SETTLED
        for feed in FEEDS:
            world = World(seed, first, max(1, round(self.rows / SIZES[feed])))
            made = generate(Order(world, feed, first + timedelta(days=night), PLAIN, USUAL), self.lake.incoming)
            os.utime(made.path, (then, then))

    def keep(self) -> None:
        """Remember the zones and the records as they are now."""
        for name in STATE:
            shutil.copytree(self.root / name, self.root / "kept" / name, symlinks=True)

    def put_back(self) -> None:
        """Bring them back to what was kept."""
        for name in STATE:
            shutil.rmtree(self.root / name)
            shutil.copytree(self.root / "kept" / name, self.root / name, symlinks=True)
        for name in ("boundaries", "stopped", "go"):
            (self.root / name).unlink(missing_ok=True)

    def keep_failed(self, number: int) -> None:
        """Put the zones and the records of a trial that failed aside, for whoever looks into it."""
        for name in STATE:
            shutil.copytree(self.root / name, self.root / "failed" / str(number) / name, symlinks=True)

    def start(self, stop_at: int = -1) -> "subprocess.Popen[bytes]":
        """Start the nightly script as cron does, in a process group of its own; let its ETL stop at a boundary."""
        environ = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.root), "MAILTO": ""}
        environ["PROVE_STOP_AT"] = str(stop_at)
        with (self.root / "said").open("ab") as said:
            return subprocess.Popen(
                [self.bash, str(self.root / RUNNER)],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def run(self) -> int:
        """Run the nightly script to its end; return its exit code."""
        return self.start().wait(DEADLINE)

    def boundaries(self) -> list[str]:
        """The stage boundaries that the last run passed, like `before clean irb`."""
        return (self.root / "boundaries").read_text(encoding="utf-8").splitlines()

    def now(self) -> datetime:
        return datetime.now().astimezone()
