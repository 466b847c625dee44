"""manage.py run that a signal ends, or that dies: in the record all the same."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.project import ROOT

from datalake.runs import history
from datalake.zones.paths import Lake

RULES = 'delivery: {pattern: "ROOMS_*.csv"}\nexpected_columns: [room_id]\n'
# The engine is where a night spends its time: here it is the moment at which the signal comes.
RUN = """
import os, sys
from pathlib import Path
from datalake.cli.door import Door
from datalake.cli.main import main
from datalake.engine import local
from datalake.zones.paths import Lake

local.stage = lambda job, progress=None: os.kill(os.getpid(), int(sys.argv[2]))
sys.exit(main(["run"], Door(Lake(Path(sys.argv[1])))))
"""


@pytest.fixture
def full(lake: Lake) -> Lake:
    """A lake with a file to load."""
    (lake.config / "local" / "modules").mkdir(parents=True)
    (lake.config / "local" / "modules" / "rooms.yaml").write_text(RULES, encoding="utf-8")
    file = lake.incoming / "ROOMS_2025-11-04.csv"
    file.write_text("room_id\nA1\n", encoding="utf-8")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    return lake


def run_ended_by(number: int, root: Path) -> int:
    words = [sys.executable, "-c", RUN, str(root), str(number)]
    surroundings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(words, env=surroundings, capture_output=True, check=False).returncode


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_at_once_and_the_record_says_so(full: Lake, number: int, code: int) -> None:
    assert run_ended_by(number, full.root) == code
    (run,) = history.last_runs(full.database, 5)
    assert (run.status, run.exit_code, run.trigger) == ("failure", code, "hand")
    assert "while at clean of rooms" in run.error
    assert len(full.runtime_csv.read_text(encoding="utf-8").splitlines()) == 2
    assert list(full.outcomes.iterdir()) == []


def test_one_that_was_killed_is_recorded_by_the_next_which_loads_its_file(full: Lake, manage) -> None:
    assert run_ended_by(signal.SIGKILL, full.root) == -signal.SIGKILL
    assert manage("run").code == 0
    newest, killed = history.last_runs(full.database, 5)
    assert (killed.status, killed.exit_code) == ("failure", 137)
    assert newest.status == "success"
    assert (full.curated("rooms") / "current" / "rooms.parquet").exists()
