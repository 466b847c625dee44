"""bench history: what a night costs after so many others, by the scripts that cron calls, in scratch installations.

Their past was written by the same code and a moved clock, once; it is kept, and each measuring adds to it.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalake.bench.cost import Cost, measured, middle, told
from datalake.bench.figures import Figures
from datalake.bench.startup import as_cron_has_it, scripted
from datalake.prove.scratch import copy_installation
from datalake.zones.paths import Lake

STATUS = "status"
STEPS = {"night": "cron_runner.sh", "check": "check_etl_watchdog.sh", STATUS: ""}
MEANT = {"night": (0,), "check": (0, 1), STATUS: (0, 1)}  # exit codes: an old lake may have missed nights since


@dataclass(frozen=True)
class After:
    """What one step cost after so many nights."""

    nights: int
    step: str
    costs: Sequence[Cost]
    codes: Sequence[int]

    @property
    def fine(self) -> bool:
        return all(code in MEANT[self.step] for code in self.codes)


def figures(
    installation: Path, folder: Path, nights: Sequence[int], runs: int, tell: Callable[[str], None] = lambda text: None
) -> Figures:
    """Measure every step after each of these numbers of nights, in turn, so many times."""
    lakes = {number: _lived(installation, folder / f"history-{number}", number, tell) for number in sorted(nights)}
    done: dict[tuple[int, str], list[tuple[int, Cost]]] = {(number, step): [] for number in lakes for step in STEPS}
    for turn in range(runs + 1):
        tell(f"history: run {turn} of {runs}")
        for number, lake in lakes.items():
            told("past", str(lake.root), str(number), "--tonight", str(turn))
            for step in STEPS:
                done[number, step].append(_run(lake, step))
    found = [
        After(number, step, [cost for _, cost in each[1:]], [code for code, _ in each[1:]])
        for (number, step), each in done.items()
    ]
    return Figures(list(table(found)), list(map(_values, found)), all(each.fine for each in found))


def _lived(installation: Path, root: Path, nights: int, tell: Callable[[str], None]) -> Lake:
    """Return a lake with that many nights behind it, made now where it was not; its code is that of today."""
    if not root.exists():
        copy_installation(installation, root)
    shutil.rmtree(root / "src")
    shutil.copytree(installation / "src", root / "src")
    tell(f"history: writing the past of {nights:,} nights, where it is not there: about 0.2 s a night")
    past = json.loads(told("past", str(root), str(nights)))
    if past["nights"]:
        tell(f"history: {past['nights']:,} nights in {past['seconds']:.0f} s")
    return Lake(root)


def _run(lake: Lake, step: str) -> tuple[int, Cost]:
    if step != STATUS:
        return scripted(lake, STEPS[step])
    python = str(lake.root / "venv" / "bin" / "python")
    environ = as_cron_has_it(lake.root) | {"PYTHONPATH": str(lake.root / "src")}
    with (lake.root / "said").open("ab") as said:
        return measured([python, "-m", "datalake.cli", STATUS], environ, stdout=said, stderr=said, cwd=lake.root)


def table(found: Sequence[After]) -> Iterator[str]:
    """Yield the lines of the table: medians, and how many times what it cost after the fewest nights."""
    yield f"{'':<8} {'nights':>7} {'wall s':>7} {'CPU s':>7} {'MB':>5}   {'CPU, to the first':>17}"
    for step in STEPS:
        own = [each for each in found if each.step == step]
        for each in own:
            cost, base = middle(each.costs), middle(own[0].costs)
            ratio = f"{cost.cpu / base.cpu:>17.2f}" if each.fine else "it failed: see said in its folder"
            yield f"{step:<8} {each.nights:>7,} {cost.wall:>7.2f} {cost.cpu:>7.2f} {cost.peak:>5.0f}   {ratio}"


def _values(each: After) -> dict[str, Any]:
    runs = [cost.values() for cost in each.costs]
    return {"nights": each.nights, "step": each.step, "codes": list(each.codes), "runs": runs}
