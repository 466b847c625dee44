"""bench clean: every tool in turn, again and again, each in a process of its own; the costs, and whether all agree."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from datalake.bench.engines import ENGINES, installed
from datalake.bench.figures import Figures
from datalake.errors import DatalakeError

BASE = "duckdb"  # what the ratios are against


@dataclass(frozen=True)
class Cost:
    """One run, the interpreter's start included: seconds of wall and of CPU, peak memory in MB."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Result:
    """What a tool came to on one file. agrees: the same rows, sums and hashes as the base; None without a base."""

    engine: str
    megabytes: float
    costs: tuple[Cost, ...]
    rows: int
    agrees: bool | None

    def middle(self, name: str) -> float:
        """Return the median of a cost over the runs."""
        return float(median(getattr(each, name) for each in self.costs))


def missing() -> tuple[str, ...]:
    """Return the tools that are not installed here."""
    return tuple(name for name in ENGINES if name not in installed())


def figures(
    sizes: Sequence[int], folder: Path, threads: int, runs: int, tell: Callable[[str], None] = lambda text: None
) -> Figures:
    """Measure files of so many MB each. Sound where our rows are those of the base, on every file."""
    results = [result for size in sizes for result in measure(size, folder, threads, runs, tell)]
    ours = [result for result in results if result.engine == "ours"]
    return Figures(list(table(results)), as_json(results), all(result.agrees is not False for result in ours))


def measure(
    megabytes: int, folder: Path, threads: int, runs: int, tell: Callable[[str], None] = lambda text: None
) -> tuple[Result, ...]:
    """Run every installed tool on a file of that size, interleaved, and compare what they wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    tell(f"{megabytes} MB: making the file")
    source = Path(_told("task", str(megabytes), str(folder)))
    costs: dict[str, list[Cost]] = {name: [] for name in installed()}
    found: dict[str, Any] = {}
    for number, name in _turns(runs):
        tell(f"{megabytes} MB: {name}, run {number + 1} of {runs}")
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        costs[name].append(_run(name, source, out, threads))
        found[name] = found.get(name) or json.loads(_told("agree", str(out)))
    base, size = found.get(BASE), source.stat().st_size / 1e6
    return tuple(
        Result(name, size, tuple(costs[name]), found[name]["rows"], None if base is None else found[name] == base)
        for name in costs
    )


def _turns(runs: int) -> Iterator[tuple[int, str]]:
    return ((number, name) for number in range(runs) for name in installed())


def _words(module: str, *words: str) -> list[str]:
    return [sys.executable, "-m", f"datalake.bench.{module}", *words]


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _told(module: str, *words: str) -> str:
    """Return what a module prints. It runs by itself: on Linux a tool's peak is never below that of who starts it."""
    done = subprocess.run(_words(module, *words), env=_environment(), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def _run(name: str, source: Path, out: Path, threads: int) -> Cost:
    words = _words("engines", name, str(source), str(out), str(threads))
    start = time.perf_counter()
    with subprocess.Popen(words, env=_environment() | {"POLARS_MAX_THREADS": str(threads)}) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise DatalakeError(f"{name} ended with {process.returncode} on {source.name}.", "Its own words are above.")
    unit = 1_000_000 if sys.platform == "darwin" else 1_000  # macOS counts bytes, Linux kilobytes
    return Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def table(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of the table, ratios first; a ratio is given only where the rows agree."""
    shares, costs = f"{'wall':>6} {'CPU':>6} {'memory':>6}", f"{'wall s':>8} {'CPU s':>8} {'MB':>7} {'MB/s':>6}"
    yield f"{'file':>8}  {'tool':<8} {shares}   {costs}"
    yield f"{'':>8}  {'':<8} {'as shares of ' + BASE:^20}"
    for result in results:
        base = next((each for each in results if (each.engine, each.megabytes) == (BASE, result.megabytes)), None)
        wall, cpu, peak = (result.middle(each) for each in ("wall", "cpu", "peak"))
        costs = f"{wall:>8.2f} {cpu:>8.2f} {peak:>7.0f} {result.megabytes / wall:>6.0f}"
        yield f"{result.megabytes:>5.0f} MB  {result.engine:<8} {_ratios(result, base)}   {costs}"


def _ratios(result: Result, base: Result | None) -> str:
    if base is None:
        return f"{'no ' + BASE + ' here':^20}"
    if not result.agrees:
        return f"{'other rows':^20}"
    return " ".join(f"{result.middle(each) / base.middle(each):>6.2f}" for each in ("wall", "cpu", "peak"))


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the results as JSON values, every run by itself."""
    return [
        {
            "engine": each.engine,
            "megabytes": round(each.megabytes, 1),
            "rows": each.rows,
            "agrees": each.agrees,
            "runs": [{"wall": run.wall, "cpu": run.cpu, "peak_mb": run.peak} for run in each.costs],
        }
        for each in results
    ]
