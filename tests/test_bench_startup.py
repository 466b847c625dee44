"""What starting costs is measured on nights that really ran, as cron starts them."""

import json
import os
from pathlib import Path

import pytest

from datalake.bench import startup
from datalake.bench.cost import Cost, measured
from datalake.cli.door import Door
from datalake.cli.main import main
from datalake.zones.paths import Lake


def test_three_nights_really_run_in_a_copy(copy_of_repo: Path, tmp_path: Path, capsys) -> None:
    own = set(copy_of_repo.rglob("*"))
    words = ["bench", "--json", "--folder", str(tmp_path / "work"), "startup", "--runs", "1"]
    assert main(words, Door(Lake(copy_of_repo), dict(os.environ))) == 0
    told = {each["case"]: each for each in json.loads(capsys.readouterr().out)["startup"]}
    assert list(told) == ["empty night", "quiet watchdog", "two-row night"]
    assert all(each["codes"] == [0] and each["runs"][0]["cpu"] > 0.01 for each in told.values())
    assert set(copy_of_repo.rglob("*")) == own
    log = Lake(tmp_path / "work" / "startup").etl_log.read_text(encoding="utf-8")
    assert log.count("feed=grants status=published") == 2  # one of them was not counted
    assert log.count("No feed has data yet") == 1


@pytest.mark.parametrize(("code", "told"), [(0, False), (1, True)])
def test_a_night_that_failed_is_not_shown_as_a_quick_one(code: int, told: bool) -> None:
    found = startup.Started(startup.CASES[0], [Cost(0.1, 0.1, 20.0)], [code])
    assert ("it failed" in list(startup.table([found]))[1]) is told


def test_the_cost_of_a_program_is_that_of_all_it_starts(tmp_path: Path) -> None:
    busy = "python3 -c 'x = bytearray(80_000_000); n = sum(range(3_000_000))'"
    code, cost = measured(["bash", "-c", f"{busy}; {busy}; exit 3"], os.environ)
    assert code == 3
    assert cost.cpu > 0.05 and cost.peak > 80
