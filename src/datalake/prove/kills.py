"""`manage.py prove kills`: a night is killed in every way, at seeded instants and at each of its stage boundaries.

Each time the next run must bring every feed to the same rows as a calm night, and the record must hold one row for
the killed run: a failure, or the success that it was if it had said so before it died.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from datalake.prove.scratch import Scratch, wait_until
from datalake.prove.verdict import Night, judge, look
from datalake.runs import lock

TREE, BASH, PYTHON, TERM, INT = "tree", "bash alone", "python alone", "SIGTERM", "SIGINT"
KINDS = {TREE: 137, BASH: 137, PYTHON: 137, TERM: 143, INT: 130}  # and the exit code of a run that ended so


@dataclass(frozen=True)
class Kill:
    """What is done to one night: how it is killed, and when: at a boundary, else after a share of a calm night."""

    kind: str
    boundary: int = -1
    share: float = 0.0

    def __str__(self) -> str:
        when = f"boundary {self.boundary}" if self.boundary >= 0 else f"{self.share:.0%} of a night"
        return f"{self.kind} at {when}"


@dataclass(frozen=True)
class Trial:
    """One killed night: where it was, and what was not as it must be."""

    kill: Kill
    where: str
    problems: tuple[str, ...]


def seeded_kills(seed: int, instants: int, boundaries: int, kinds: Sequence[str] = tuple(KINDS)) -> list[Kill]:
    """Return the kills: so many instants, the ways of killing in turn, and every way at each boundary."""
    chosen = random.Random(seed)  # noqa: S311 - to be the same every time is the point
    timed = [Kill(kinds[index % len(kinds)], share=chosen.uniform(0, 1.05)) for index in range(instants)]
    return timed + [Kill(kind, boundary=number) for number in range(boundaries) for kind in kinds]


@dataclass
class Proof:
    """A scratch copy with one night loaded and another to load, and what a calm run makes of it."""

    scratch: Scratch
    calm: Night
    seconds: float
    boundaries: list[str]

    def trials(self, kills: Sequence[Kill]) -> Iterator[Trial]:
        """Carry the kills out, one after another."""
        for number, kill in enumerate(kills):
            trial = self._trial(kill)
            if trial.problems:
                self.scratch.keep_failed(number)
            yield trial

    def _trial(self, kill: Kill) -> Trial:
        self.scratch.put_back()
        before = look(self.scratch)
        runner = self.scratch.start(kill.boundary)
        try:
            self._reach(kill, runner)
            _strike(kill.kind, runner)
            (self.scratch.root / "go").touch()  # an ETL that outlives its Bash goes on
            runner.wait(120)
            wait_until(lambda: lock.is_free(self.scratch.lake), "the lock to be free")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(runner.pid, signal.SIGKILL)
        killed = look(self.scratch)
        code = self.scratch.run()
        problems = judge(before, killed, look(self.scratch), self.calm, code, KINDS[kill.kind])
        return Trial(kill, self.boundaries[kill.boundary] if kill.boundary >= 0 else str(kill), tuple(problems))

    def _reach(self, kill: Kill, runner: "subprocess.Popen[bytes]") -> None:
        if kill.boundary >= 0:
            stopped = self.scratch.root / "stopped"
            wait_until(lambda: stopped.exists() or runner.poll() is not None, f"the ETL to reach {kill}")
        else:
            time.sleep(kill.share * self.seconds)


def _strike(kind: str, runner: "subprocess.Popen[bytes]") -> None:
    """Kill; a night that has ended by itself meanwhile cannot be killed any more."""
    with contextlib.suppress(ProcessLookupError):
        if kind == TREE:
            os.killpg(runner.pid, signal.SIGKILL)
        elif kind == PYTHON:
            for child in _children(runner.pid):
                os.kill(child, signal.SIGKILL)
        else:
            runner.send_signal({BASH: signal.SIGKILL, TERM: signal.SIGTERM, INT: signal.SIGINT}[kind])


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return [child for child, parent in pairs if parent == pid]


def prepare(scratch: Scratch, installation: Path, seed: int) -> Proof:
    """Make the copy, load one night, and see what a calm run makes of the next; raise RuntimeError where it fails."""
    scratch.copy_from(installation)
    first = (scratch.now() - timedelta(days=1)).date()
    scratch.put_files(seed, first, 0)
    _calm_run(scratch)
    scratch.put_files(seed, first, 1)
    scratch.keep()
    scratch.put_back()
    start = time.monotonic()
    _calm_run(scratch)
    return Proof(scratch, look(scratch), time.monotonic() - start, scratch.boundaries())


def _calm_run(scratch: Scratch) -> None:
    if scratch.run() != 0:
        log = scratch.lake.etl_log.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"Even a calm night fails in the scratch copy {scratch.root}:\n{log[-2000:]}")


@contextlib.contextmanager
def proof(installation: Path, seed: int, bash: str = "bash", rows: int = 2000) -> Iterator[Proof]:
    """Give a proof in a folder of its own, which is removed at the end, but stays where the block fails."""
    folder = Path(tempfile.mkdtemp(prefix="a proof "))
    yield prepare(Scratch(folder / "research_datalake", bash, rows), installation, seed)
    shutil.rmtree(folder)
