"""bench night: a whole night by the script that cron calls, in a scratch installation, stage by stage.

Then one large file, first and as it comes the night after, beside a bare cleaning of the same file by DuckDB.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from datalake.bench.clean import BASE, run_tool
from datalake.bench.cost import Cost, middle, told
from datalake.bench.figures import Figures
from datalake.bench.startup import scripted
from datalake.bench.task import rules
from datalake.errors import DatalakeError
from datalake.outcomes import RunOutcome
from datalake.prove.scratch import copy_installation
from datalake.runs import history
from datalake.zones.paths import Lake

NIGHTS = ("first night", "night after")
STAGES = ("claim", "admit", "clean", "guard", "publish")
SETTLED = 3600.0
RATIO = 1.5  # what the large night may cost of DuckDB's bare cleaning
RUNNER = "cron_runner.sh"
SETTINGS = "csv_twin: false\n"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Large:
    """The large file on one of the two nights: our costs, and DuckDB's for the bare cleaning of the same file."""

    night: str
    megabytes: float
    ours: Sequence[Cost]
    base: Sequence[Cost]
    agrees: bool


def figures(
    installation: Path, folder: Path, studies: int, megabytes: int, runs: int, tell: Tell = lambda text: None
) -> Figures:
    """Measure a night of every feed, then one of a file of so many MB beside DuckDB, interleaved."""
    tell(f"night: every feed, {studies:,} studies")
    cost, outcome, sizes = _every_feed(installation, folder, studies)
    large = _large(installation, folder, megabytes, runs, tell) if megabytes else []
    lines = [*stage_table(outcome, cost, sizes), *(["", *large_table(large)] if large else [])]
    values = {"stages": _stages(outcome, sizes), "night": cost.values(), "large": list(map(_values, large))}
    return Figures(lines, values, outcome.exit_code == 0 and all(each.agrees for each in large))


def _every_feed(installation: Path, folder: Path, studies: int) -> tuple[Cost, RunOutcome, dict[str, int]]:
    """The second night of a fresh lake: most of what it brings was there before."""
    lake = _fresh(installation, folder / "night")
    for number in range(2):
        told("past", str(lake.root), str(studies), "--every-feed", str(number))
        sizes = {path.name: path.stat().st_size for path in lake.incoming.glob("*.csv")}
        cost, outcome = _run(lake)
    return cost, outcome, sizes


def _fresh(installation: Path, root: Path) -> Lake:
    shutil.rmtree(root, ignore_errors=True)
    copy_installation(installation, root)
    return Lake(root)


def _run(lake: Lake) -> tuple[Cost, RunOutcome]:
    """One night; raise DatalakeError where it fails: what it cost says nothing then."""
    code, cost = scripted(lake, RUNNER)
    last = history.last_runs(lake.database, 1)
    outcome = history.outcome(lake.database, last[0].run_id or "") if last else None
    if code or outcome is None:
        raise DatalakeError(f"The night in {lake.root} ended with exit code {code}.", f"See {lake.etl_log}.")
    return cost, outcome


def _large(installation: Path, folder: Path, megabytes: int, runs: int, tell: Tell) -> list[Large]:
    tell(f"night: making two files of {megabytes} MB, where they are not there")
    files = [Path(told("task", str(megabytes), str(folder), str(number))) for number in range(len(NIGHTS))]
    ours: list[list[Cost]] = [[] for _ in NIGHTS]
    base: list[list[Cost]] = [[] for _ in NIGHTS]
    agrees = [True for _ in NIGHTS]
    for turn in range(runs):
        lake = _only_the_large(installation, folder / "night-large")
        for number, source in enumerate(files):
            tell(f"night: {NIGHTS[number]}, {source.name}, run {turn + 1} of {runs}")
            _put(lake, source, number)
            ours[number].append(_run(lake)[0])
            base[number].append(_peer(source, folder / "out"))
            agrees[number] &= told("agree", str(lake.curated("irb") / "current")) == told("agree", str(folder / "out"))
    sizes = [source.stat().st_size / 1e6 for source in files]
    return [Large(*each) for each in zip(NIGHTS, sizes, ours, base, agrees, strict=True)]


def _only_the_large(installation: Path, root: Path) -> Lake:
    """A lake with the job's rules alone, no views and no CSV twin."""
    lake = _fresh(installation, root)
    for folder in ("modules", "views"):
        shutil.rmtree(lake.config / folder)
        (lake.config / folder).mkdir()
    (lake.config / "modules" / "irb.yaml").write_text(rules(), encoding="utf-8")
    (lake.config / "local").mkdir()
    (lake.config / "local" / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    return lake


def _put(lake: Lake, source: Path, number: int) -> None:
    path = lake.incoming / f"IRB_PROTOCOL_{_day(number)}.csv"
    shutil.copyfile(source, path)
    then = time.time() - SETTLED
    os.utime(path, (then, then))
    os.sync()  # or the night would wait for the disk to take what was put here


def _day(number: int) -> date:
    return datetime.now().astimezone().date() - timedelta(days=len(NIGHTS) - 1 - number)


def _peer(source: Path, out: Path) -> Cost:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return run_tool(BASE, source, out, 2)


def stage_table(outcome: RunOutcome, cost: Cost, sizes: dict[str, int]) -> Iterator[str]:
    """Yield the lines of a night's stages, in seconds of wall, and what all of it cost."""
    heads = " ".join(f"{stage:>8}" for stage in STAGES)
    yield f"{'seconds of wall':<16} {'MB':>7} {'rows':>9} {heads}"
    for each in _stages(outcome, sizes):
        seconds = " ".join(f"{each['seconds'].get(stage, 0.0):>8.2f}" for stage in STAGES)
        yield f"{each['feed']:<16} {each['megabytes']:>7.1f} {each['rows']:>9,} {seconds}"
    views = sum(each.seconds for each in outcome.stages if each.stage == "views")
    yield f"views {views:.2f} s; the night {cost.wall:.2f} s wall, {cost.cpu:.2f} s CPU, {cost.peak:.0f} MB"


def _stages(outcome: RunOutcome, sizes: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "feed": feed.feed,
            "megabytes": sum(sizes.get(file.name, 0) for file in feed.files) / 1e6,
            "rows": sum(file.rows_read for file in feed.files),
            "seconds": {each.stage: each.seconds for each in outcome.stages if each.feed == feed.feed},
        }
        for feed in outcome.feeds
    ]


def large_table(large: Sequence[Large]) -> Iterator[str]:
    """Yield the lines of the large file's nights; a ratio only where both came to the same rows."""
    head = f"{'wall':>6} {'CPU':>6} {'memory':>6}   {'wall s':>7} {'CPU s':>7} {'MB':>6}"
    yield f"{'one large file':<16} {'MB':>6}  {head}   (at most {RATIO} of {BASE}'s bare cleaning is meant)"
    for each in large:
        own, base = middle(each.ours), middle(each.base)
        shares = f"{own.wall / base.wall:>6.2f} {own.cpu / base.cpu:>6.2f} {own.peak / base.peak:>6.2f}"
        shown = shares if each.agrees else f"{'other rows':^20}"
        yield f"{each.night:<16} {each.megabytes:>6.0f}  {shown}   {own.wall:>7.2f} {own.cpu:>7.2f} {own.peak:>6.0f}"


def _values(each: Large) -> dict[str, Any]:
    ours, base = ([cost.values() for cost in costs] for costs in (each.ours, each.base))
    return {"night": each.night, "megabytes": each.megabytes, "agrees": each.agrees, "ours": ours, BASE: base}
