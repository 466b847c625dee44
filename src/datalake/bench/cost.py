"""What one run of a program costs."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from datalake.errors import DatalakeError


@dataclass(frozen=True)
class Cost:
    """One run, the interpreter's start included: seconds of wall and of CPU, and the peak memory in MB of the largest
    of its processes.
    """

    wall: float
    cpu: float
    peak: float

    def values(self) -> dict[str, float]:
        """Return it as JSON values."""
        return {"wall": round(self.wall, 4), "cpu": round(self.cpu, 4), "peak_mb": round(self.peak, 1)}


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the medians of some runs."""

    def of(name: str) -> float:
        return float(median(getattr(each, name) for each in costs))

    return Cost(of("wall"), of("cpu"), of("peak"))


def measured(words: Sequence[str], environ: Mapping[str, str], **options: Any) -> tuple[int, Cost]:
    """Run a program with what it starts to its end; return its exit code and its cost. Options are Popen's.

    On Linux a program's peak is never below that of who starts it: whoever calls this must be small.
    """
    start = time.perf_counter()
    with subprocess.Popen(list(words), env=dict(environ), **options) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime, peak_mb(used))


def peak_mb(used: resource.struct_rusage) -> float:
    """Return the peak memory of a process that has ended."""
    unit = 1_000_000 if sys.platform == "darwin" else 1_000  # macOS counts bytes, Linux kilobytes
    return used.ru_maxrss / unit


def module(name: str, *words: str) -> list[str]:
    """Return the command that runs a module of this package."""
    return [sys.executable, "-m", f"datalake.bench.{name}", *words]


def environment() -> dict[str, str]:
    """Return the environment in which such a module finds the package."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def told(name: str, *words: str, cwd: Path | None = None) -> str:
    """Return what a module of this package prints, run by itself, so that this process stays small.

    Raise DatalakeError where it fails.
    """
    command = module(name, *words)
    done = subprocess.run(command, env=environment(), cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        what = f"The step {name} of the bench ended with {done.returncode}."
        raise DatalakeError(what, "Its own words are above; where the disk is full, name another --folder.")
    return done.stdout.strip()
