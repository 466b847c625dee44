"""What a night costs after years of them is measured on a past that the code of real nights has written."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from datalake.bench import history
from datalake.bench.cost import Cost
from datalake.cli.door import Door
from datalake.cli.main import main
from datalake.runs import history as record
from datalake.zones.manifest import read_state
from datalake.zones.paths import Lake


def test_the_past_is_written_once_and_tonight_comes_after_it(copy_of_repo: Path, tmp_path: Path, capsys) -> None:
    words = ["bench", "--json", "--folder", str(tmp_path / "w"), "history", "--nights", "2", "--runs", "1"]
    assert main(words, Door(Lake(copy_of_repo), dict(os.environ))) == 0
    told = json.loads(capsys.readouterr().out)["history"]
    assert [(each["nights"], each["step"]) for each in told] == [(2, "night"), (2, "check"), (2, "status")]
    assert all(each["runs"][0]["cpu"] > 0.01 for each in told)
    lake, today = Lake(tmp_path / "w" / "history-2"), datetime.now().astimezone().date()
    nights = [each.night for each in record.last_runs(lake.database, 9)]
    assert nights[-2:] == [today - timedelta(days=1), today - timedelta(days=2)] and len(nights) == 4
    assert read_state(lake)["irb"].as_of == today
    assert (lake.config / "views" / "feed_health.sql").exists()


@pytest.mark.parametrize(("step", "code", "fine"), [("night", 1, False), ("check", 1, True), ("status", 2, False)])
def test_a_step_that_failed_has_no_ratio(step: str, code: int, fine: bool) -> None:
    first = history.After(1, step, [Cost(1, 2.0, 30)], [0])
    then = history.After(3650, step, [Cost(1, 3.0, 30)], [code])
    line = list(history.table([first, then]))[2]
    assert ("1.50" in line) is fine and ("it failed" in line) is not fine
