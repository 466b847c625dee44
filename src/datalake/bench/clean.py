"""bench clean: every tool in turn, again and again, each in a process of its own; the costs, and whether all agree."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalake.bench.cost import Cost, environment, measured, middle, module, told
from datalake.bench.engines import installed
from datalake.bench.figures import Figures
from datalake.errors import DatalakeError

BASE = "duckdb"  # what the ratios are against


@dataclass(frozen=True)
class Result:
    """What a tool came to on one file. agrees: the same rows, sums and hashes as the base; None without a base."""

    engine: str
    megabytes: float
    costs: tuple[Cost, ...]
    rows: int
    agrees: bool | None


def missing(tools: Sequence[str]) -> tuple[str, ...]:
    """Return those of the tools that are not installed here."""
    return tuple(name for name in tools if name not in installed())


def figures(
    sizes: Sequence[int],
    folder: Path,
    threads: int,
    runs: int,
    tools: Sequence[str],
    tell: Callable[[str], None] = lambda text: None,
) -> Figures:
    """Measure files of so many MB each. Sound where our rows are those of the base, on every file."""
    there = [name for name in tools if name in installed()]
    results = [result for size in sizes for result in measure(size, folder, threads, runs, there, tell)]
    ours = [result for result in results if result.engine == "ours"]
    return Figures(list(table(results)), as_json(results), all(result.agrees is not False for result in ours))


def measure(
    megabytes: int,
    folder: Path,
    threads: int,
    runs: int,
    tools: Sequence[str],
    tell: Callable[[str], None],
) -> tuple[Result, ...]:
    """Run these tools on a file of that size, interleaved, and compare what they wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    tell(f"{megabytes} MB: making the file")
    source = Path(told("task", str(megabytes), str(folder), "0"))
    costs: dict[str, list[Cost]] = {name: [] for name in tools}
    found: dict[str, Any] = {}
    for number, name in _turns(runs, tools):
        tell(f"{megabytes} MB: {name}, run {number + 1} of {runs}")
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        costs[name].append(run_tool(name, source, out, threads))
        found[name] = found.get(name) or json.loads(told("agree", str(out)))
    base, size = found.get(BASE), source.stat().st_size / 1e6
    return tuple(
        Result(name, size, tuple(costs[name]), found[name]["rows"], None if base is None else found[name] == base)
        for name in costs
    )


def _turns(runs: int, tools: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((number, name) for number in range(runs) for name in tools)


def run_tool(name: str, source: Path, out: Path, threads: int) -> Cost:
    """Let a tool do the job in a process of its own; raise DatalakeError where it cannot."""
    words = module("engines", name, str(source), str(out), str(threads))
    code, cost = measured(words, environment() | {"POLARS_MAX_THREADS": str(threads)})
    if code:
        raise DatalakeError(f"{name} ended with {code} on {source.name}.", "Its own words are above.")
    return cost


def table(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of the table, ratios first; a ratio is given only where the rows agree."""
    shares, costs = f"{'wall':>6} {'CPU':>6} {'memory':>6}", f"{'wall s':>8} {'CPU s':>8} {'MB':>7} {'MB/s':>6}"
    yield f"{'file':>8}  {'tool':<8} {shares}   {costs}"
    yield f"{'':>8}  {'':<8} {'as shares of ' + BASE:^20}"
    for result in results:
        base = next((each for each in results if (each.engine, each.megabytes) == (BASE, result.megabytes)), None)
        cost = middle(result.costs)
        costs = f"{cost.wall:>8.2f} {cost.cpu:>8.2f} {cost.peak:>7.0f} {result.megabytes / cost.wall:>6.0f}"
        yield f"{result.megabytes:>5.0f} MB  {result.engine:<8} {_ratios(result, base)}   {costs}"


def _ratios(result: Result, base: Result | None) -> str:
    if base is None:
        return f"{'no ' + BASE + ' here':^20}"
    if not result.agrees:
        return f"{'other rows':^20}"
    own, other = middle(result.costs), middle(base.costs)
    return " ".join(f"{each:>6.2f}" for each in (own.wall / other.wall, own.cpu / other.cpu, own.peak / other.peak))


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return the results as JSON values, every run by itself."""
    return [
        {
            "engine": each.engine,
            "megabytes": round(each.megabytes, 1),
            "rows": each.rows,
            "agrees": each.agrees,
            "runs": [run.values() for run in each.costs],
        }
        for each in results
    ]
