"""bench scale: two nights of one large feed here, and on Dask with one worker and two, and whether all agree."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from datalake.bench.cost import Cost, environment, measured, module, peak_mb, told
from datalake.bench.figures import Figures
from datalake.bench.load import SAID, words_of
from datalake.errors import DatalakeError

PATIENCE = 60.0  # seconds until a scheduler has written its address
CASES = (("this host, 2 threads", 2, 0), ("Dask, 1 worker", 1, 1), ("Dask, 2 workers", 1, 2))
ON_PAPER = (1, 2, 4, 8, 16, 32, 100)  # workers for which the model is told


@dataclass(frozen=True)
class Scaled:
    """Two nights, done somewhere. workers: what each cost from start to end; published: what, and which bytes."""

    case: str
    megabytes: float
    driver: Cost
    workers: tuple[Cost, ...]
    published: dict[str, Any]

    @property
    def work(self) -> float:
        """Return the CPU seconds of all workers."""
        return sum(each.cpu for each in self.workers)


def installed() -> bool:
    """Tell whether Dask is here."""
    return find_spec("distributed") is not None


def figures(megabytes: int, partitions: int, folder: Path, tell: Callable[[str], None] = lambda text: None) -> Figures:
    """Measure each case once on a file of so many MB. Sound where all published the same bytes."""
    tell(f"scale: making a file of {megabytes} MB")
    source = Path(told("task", str(megabytes), str(folder), "0"))
    cases = [case for case in CASES if not case[2] or installed()]
    found = []
    for name, threads, workers in cases:
        tell(f"scale: {name}")
        found.append(_measured(name, source, folder / "scale", partitions, threads, workers))
    same = all(each.published == found[0].published for each in found)
    return Figures(list(table(found)), [_values(each, found[0]) for each in found], same)


def _measured(name: str, source: Path, folder: Path, partitions: int, threads: int, workers: int) -> Scaled:
    shutil.rmtree(folder, ignore_errors=True)
    root = folder / "lake"
    root.mkdir(parents=True)
    with _cluster(folder, workers) as (address, processes):
        words = module("load", *words_of(source, root, partitions, threads, address))
        with (folder / "said").open("wb") as said:
            code, cost = measured(words, environment(), stdout=said, stderr=said)
        ended = tuple(_ended(process) for process in processes)
    if code:
        raise DatalakeError(f"{name}: the load ended with {code}.", f"Its own words are in {folder / 'said'}.")
    published = json.loads((root / SAID).read_text(encoding="utf-8"))
    shutil.rmtree(root)
    return Scaled(name, source.stat().st_size / 1e6, cost, ended, published)


@contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """A scheduler on loopback and so many workers of one thread; none, and no address, for no workers."""
    if not workers:
        yield "", []
        return
    note = folder / "scheduler.json"
    host = ["--host", "tcp://127.0.0.1", "--port", "0", "--scheduler-file", str(note)]
    scheduler = _dask(folder, "scheduler", *host)
    started = []
    try:
        address = _address(note)
        started = [_dask(folder, "worker", address, "--no-nanny", "--nthreads", "1") for _ in range(workers)]
        yield address, started
    finally:
        for process in (*started, scheduler):
            if process.poll() is None:
                process.kill()
                process.wait()


def _dask(folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    log = (folder / "dask.log").open("ab")
    command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
    with log:
        return subprocess.Popen(command, env=environment(), cwd=folder, stdout=log, stderr=log)


def _address(note: Path) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if note.exists() and note.stat().st_size:
            return str(json.loads(note.read_text(encoding="utf-8"))["address"])
        time.sleep(0.1)
    raise DatalakeError("Dask's scheduler did not start.", f"Its own words are in {note.parent / 'dask.log'}.")


def _ended(worker: "subprocess.Popen[bytes]") -> Cost:
    """End a worker; return its CPU and peak memory."""
    worker.send_signal(signal.SIGKILL)
    _, status, used = os.wait4(worker.pid, 0)
    worker.returncode = os.waitstatus_to_exitcode(status)
    return Cost(0.0, used.ru_utime + used.ru_stime, peak_mb(used))


def table(found: Sequence[Scaled]) -> Iterator[str]:
    """Yield the lines of the table: the whole of both nights, the interpreter's start included; then the model."""
    yield f"{'':<22} {'':>7} {'':>6} {'driver':>14} {'workers':>14}"
    yield f"{'':<22} {'wall s':>7} {'MB/s':>6} {'CPU s':>7} {'MB':>6} {'CPU s':>7} {'MB':>6}   published"
    for each in found:
        work = f"{each.work:>7.1f} {max(cost.peak for cost in each.workers):>6.0f}" if each.workers else f"{'':>14}"
        driver = f"{each.driver.cpu:>7.1f} {each.driver.peak:>6.0f}"
        same = "the same bytes" if each.published == found[0].published else "OTHER BYTES"
        speed = 2 * each.megabytes / each.driver.wall
        yield f"{each.case:<22} {each.driver.wall:>7.1f} {speed:>6.0f} {driver} {work}   {same}"
    if not installed():
        yield "Dask is not installed: venv/bin/python -m pip install --require-hashes -r requirements-dask.lock"
    yield from model(found)


def model(found: Sequence[Scaled]) -> Iterator[str]:
    """Yield what the run with one worker foretells for more: the driver's seconds stay, the workers' are shared."""
    one = next((each for each in found if len(each.workers) == 1), None)
    if one is None:
        return
    yield f"on paper: {one.driver.cpu:.1f} s of the driver + {one.work:.1f} s of workers / their number"
    yield f"{'workers':<10}" + "".join(f"{number:>8}" for number in ON_PAPER)
    yield f"{'wall s':<10}" + "".join(f"{one.driver.cpu + one.work / number:>8.1f}" for number in ON_PAPER)


def _values(each: Scaled, base: Scaled) -> dict[str, Any]:
    return {
        "case": each.case,
        "megabytes": round(each.megabytes, 1),
        "driver": each.driver.values(),
        "workers": [cost.values() for cost in each.workers],
        "rows": each.published["rows"],
        "agrees": each.published == base.published,
    }
