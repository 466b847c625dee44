"""The disk of data/ is not mounted: noticed before anything is created there, recorded and told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.installation import Installation
from support.slack_server import SlackServer

from datalake.zones.paths import Lake

ROWS = "protocol_id,study_title,pi_name,status,last_updated\nSTUDY00000001,Bees,Kim,Approved,2025-10-01 08:00:00\n"


@pytest.fixture
def loaded(installation: Installation) -> Installation:
    """A lake that has loaded one file."""
    (installation.root / "config" / "local").mkdir(exist_ok=True)
    (installation.root / "config" / "local" / "settings.yaml").write_text("settle_seconds: 0\n", encoding="utf-8")
    day = datetime.now() - timedelta(days=1)
    (installation.lake.incoming / f"IRB_PROTOCOL_{day:%Y-%m-%d}.csv").write_text(ROWS, encoding="utf-8")
    done = installation.run()
    assert done.code == 0, (done, installation.log())
    return installation


def unmounted(installation: Installation) -> Path:
    """Put what git has under data/ in the place of the disk; return where that is now."""
    aside = installation.lake.data.rename(installation.root / "disk")
    for zone in ("incoming", "raw", "metadata"):
        (installation.lake.data / zone).mkdir(parents=True)
        (installation.lake.data / zone / ".gitkeep").touch()
    return aside


def under(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_night_without_its_disk_fails_is_recorded_and_told_and_creates_nothing(loaded: Installation) -> None:
    disk = unmounted(loaded)
    before = under(loaded.lake.data)
    slack = SlackServer().start()
    loaded.environ["SLACK_WEBHOOK"] = slack.url
    assert loaded.run().code == 1
    slack.stop()
    assert under(loaded.lake.data) == before
    assert loaded.record("status, exit_code, error")[-1] == (
        "failure",
        1,
        "data/ is empty, but the record tells of data in it: is its disk not mounted?",
    )
    assert loaded.csv_statuses() == ["success", "failure"]
    assert any("is its disk not mounted?" in each.everything for each in slack.taken)

    for path in sorted(loaded.lake.data.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    loaded.lake.data.rmdir()
    disk.rename(loaded.lake.data)
    assert loaded.run().code == 0
    assert [status for (status,) in loaded.record("status")] == ["success", "failure", "success"]


def test_a_disk_that_holds_nothing_at_all_is_noticed_by_the_table_alone(loaded: Installation) -> None:
    loaded.lake.data.rename(loaded.root / "disk")
    loaded.lake.data.mkdir()
    loaded.lake.success_marker.unlink()
    assert loaded.run().code == 1
    assert under(loaded.lake.data) == []


def test_a_new_installation_with_the_record_of_an_older_program_is_not_accused(installation: Installation) -> None:
    installation.lake.success_marker.write_text("2025-11-04 02:02:15\n", encoding="utf-8")
    installation.lake.runtime_csv.write_text(
        "date,hostname,start_time,end_time,runtime_sec,runtime_min,status\n"
        "2025-11-04,host,2025-11-04 02:00:00,2025-11-04 02:02:15,135,2.25,success\n",
        encoding="utf-8",
    )
    assert installation.run().code == 0
    assert installation.run().code == 0, "nights without a file are no data either"


def test_a_command_by_hand_says_so_and_touches_nothing(lake: Lake, manage: Callable[..., Any]) -> None:
    lake.success_marker.write_text(f"2025-11-04 02:02:15\ntip={'1' * 64}\n", encoding="utf-8")
    before = under(lake.root)
    for words in (
        ["run"],
        ["status"],
        ["held"],
        ["verify"],
        ["replay"],
        ["retention"],
        ["demo"],
        ["demo", "--write-next"],
    ):
        said = manage(*words)
        assert (said.code, "is its disk not mounted?" in said.err) == (1, True), said
    assert manage("doctor").out.count("is its disk not mounted?") == 1
    assert set(under(lake.root)) - set(before) <= {"logs/cron_etl.log"}
