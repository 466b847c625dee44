"""A real Dask scheduler and workers, as processes on loopback, each with a gate at which it can be held."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from support.polling import until
from support.project import ROOT

ZONE = "America/New_York"  # of the tests' settings
GATE = Path(__file__).with_name("dask_gate.py")
LISTENS = re.compile(r"Scheduler at:\s+(\S+)")


@dataclass
class Processes:
    """A scheduler and its workers; gates is the folder by which a test holds a worker."""

    folder: Path
    address: str
    scheduler: "subprocess.Popen[bytes]"
    environ: Mapping[str, str]
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def add_worker(self, **environ: str) -> "subprocess.Popen[bytes]":
        """Start a worker with one thread; it joins when it is ready."""
        words = ["worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--preload", str(GATE)]
        process = _start(words, self.folder / f"worker-{len(self.workers)}.log", {**self.environ, **environ})
        self.workers.append(process)
        return process

    def hold(self, place: str) -> None:
        """Have the next worker that comes to that place wait there."""
        (self.folder / "gates" / f"close-{place}").touch()

    def held(self, place: str) -> int:
        """Wait until a worker waits at that place, and return its process id."""
        at = self.folder / "gates" / f"at-{place}"
        until(at.exists, "an address of the cluster")
        return int(at.read_text())

    def let_go(self, place: str) -> None:
        (self.folder / "gates" / f"open-{place}").touch()

    def when_held(self, place: str, act: Callable[[int], object]) -> Thread:
        """Hold a worker at a place, then do something with its process id, aside; let it go after that."""
        self.hold(place)

        def wait_and_act() -> None:
            act(self.held(place))
            self.let_go(place)

        aside = Thread(target=wait_and_act)
        aside.start()
        return aside

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def kill(process_id: int) -> None:
    os.kill(process_id, signal.SIGKILL)


@contextmanager
def processes(folder: Path, workers: int, host: str = "tcp://127.0.0.1", **environ: str) -> Iterator[Processes]:
    """A scheduler with so many workers, which end with the block."""
    (folder / "gates").mkdir(parents=True)
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "GATES": str(folder / "gates"), **environ}
    log = folder / "scheduler.log"
    without = {name: value for name, value in surroundings.items() if name != "PYTHONPATH"}  # it knows Dask alone
    scheduler = _start(["scheduler", "--host", host, "--port", "0", "--no-dashboard"], log, without)
    found = Processes(folder, "", scheduler, surroundings)
    try:
        until(lambda: LISTENS.search(log.read_text()) or scheduler.poll() is not None, "the scheduler to listen")
        said = LISTENS.search(log.read_text())
        assert said, log.read_text()
        found.address = said[1]
        for _ in range(workers):
            found.add_worker()
        yield found
    finally:
        found.end()


def _start(words: list[str], log: Path, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    with log.open("wb") as file:
        command = [sys.executable, "-m", "dask", *words]
        return subprocess.Popen(command, env=dict(environ), cwd=log.parent, stdout=file, stderr=file)
