"""bench startup: what a night costs in which there is next to nothing to do, from the first line of the script to its
end, in a scratch copy of this installation with alerts off.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from datalake.bench.cost import Cost, measured, middle
from datalake.bench.figures import Figures
from datalake.prove.scratch import copy_installation
from datalake.zones.paths import Lake

SETTLED = 3600.0  # seconds since which a file has lain there
ROWS = """\
award_id,sponsor,pi_name,amount,status
AWD00001,NSF,Testa Example,1000.00,Active
AWD00002,NIH,Testa Example,{amount}.00,Active
"""


@dataclass(frozen=True)
class Case:
    """What is measured, and what it may cost: seconds of wall, and MB where that is limited too."""

    name: str
    script: str
    seconds: float
    megabytes: float | None
    put: Callable[[Lake, int], None]


def _nothing(lake: Lake, number: int) -> None:
    """Nothing has come."""


def _two_rows(lake: Lake, number: int) -> None:
    today = datetime.now().astimezone().date()  # of an older day's rows the check would say that they are old
    path = lake.incoming / f"GRANTS_{today}.csv"
    path.write_text(ROWS.format(amount=1000 + number), encoding="utf-8")
    then = time.time() - SETTLED
    os.utime(path, (then, then))


CASES = (
    Case("empty night", "cron_runner.sh", 1.0, 80.0, _nothing),
    Case("quiet watchdog", "check_etl_watchdog.sh", 0.5, None, _nothing),
    Case("two-row night", "cron_runner.sh", 2.5, None, _two_rows),
)


@dataclass(frozen=True)
class Started:
    """The runs of one case: their costs and exit codes."""

    case: Case
    costs: Sequence[Cost]
    codes: Sequence[int]

    @property
    def fine(self) -> bool:
        """Whether every run was good; what it cost does not matter here."""
        return not any(self.codes)


def figures(installation: Path, folder: Path, runs: int, tell: Callable[[str], None] = lambda text: None) -> Figures:
    """Measure every case so many times, in turn, after a night of each that is not counted."""
    root = folder / "startup"
    shutil.rmtree(root, ignore_errors=True)
    copy_installation(installation, root)
    done: dict[str, list[tuple[int, Cost]]] = {case.name: [] for case in CASES}
    for number in range(runs + 1):
        tell(f"startup: run {number} of {runs}")
        for case in CASES:
            done[case.name].append(_run(case, Lake(root), number))
    counted = [(case, done[case.name][1:]) for case in CASES]
    found = [Started(case, [cost for _, cost in each], [code for code, _ in each]) for case, each in counted]
    return Figures(list(table(found)), list(map(_values, found)), all(each.fine for each in found))


def _run(case: Case, lake: Lake, number: int) -> tuple[int, Cost]:
    case.put(lake, number)
    return scripted(lake, case.script)


def scripted(lake: Lake, script: str) -> tuple[int, Cost]:
    """Run one of the scripts of a scratch installation as cron does; what it says is kept in the file `said` there."""
    with (lake.root / "said").open("ab") as said:
        words = ["bash", str(lake.root / "src" / script)]
        return measured(words, as_cron_has_it(lake.root), stdin=subprocess.DEVNULL, stdout=said, stderr=said)


def as_cron_has_it(root: Path) -> dict[str, str]:
    """Return an environment of next to nothing, with nobody to mail to."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(root), "MAILTO": ""}


def table(found: Sequence[Started]) -> Iterator[str]:
    """Yield the lines of the table: medians, each beside what it may be."""
    yield f"{'':<16} {'wall s':>7} {'at most':>8} {'CPU s':>7} {'MB':>5} {'at most':>8}"
    for each in found:
        cost, case = middle(each.costs), each.case
        limit = "" if case.megabytes is None else f"{case.megabytes:.0f}"
        line = f"{case.name:<16} {cost.wall:>7.2f} {case.seconds:>8.1f} {cost.cpu:>7.2f} {cost.peak:>5.0f} {limit:>8}"
        yield line.rstrip() if each.fine else f"{line}  it failed: see startup/said in the folder"


def _values(each: Started) -> dict[str, Any]:
    case = each.case
    limits = {"wall_at_most": case.seconds, "mb_at_most": case.megabytes}
    return {"case": case.name, **limits, "codes": list(each.codes), "runs": [cost.values() for cost in each.costs]}
