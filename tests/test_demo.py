"""The demo lake: nights that come one after another, never mixed with real data, and taken away without a trace."""

import csv
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from conftest import Said
from support.project import copy_files, leave_views, project_files

from datalake.clock import MovedClock
from datalake.zones.paths import Lake

NOON = datetime(2025, 11, 20, 17, 0, tzinfo=timezone.utc)  # Thu 20 Nov, noon in New York
FIRST = date(2025, 10, 22)  # 29 days earlier
NIGHTS = 12  # of the month that is simulated here: enough for all that can happen in one
LAST = FIRST + timedelta(days=NIGHTS - 1)
Manage = Callable[..., Said]


def leave_two_feeds(lake: Lake) -> None:
    """Retire the others: two feeds and two views show what all would, in a quarter of the time."""
    leave_views(lake.root, "feed_health", "irb_pipeline")
    overlays = lake.config / "local" / "modules"
    overlays.mkdir(parents=True)
    for path in (lake.config / "modules").iterdir():
        if path.stem not in ("irb", "grants"):
            (overlays / path.name).write_text("status: retired\n")


@pytest.fixture
def lake(lake: Lake) -> Lake:
    leave_two_feeds(lake)
    return lake


@pytest.fixture(autouse=True)
def run_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one process within one second are different runs, as they are in life."""
    made = count(1)
    monkeypatch.setattr("datalake.runs.lock.new_run_id", lambda now: f"{now:%Y%m%dT%H%M%SZ}-{next(made)}")


def at_noon(days: int = 0) -> MovedClock:
    return MovedClock(NOON + timedelta(days=days))


def everything(lake: Lake) -> dict[str, bytes]:
    """All files of data and logs but the lock, with their content."""
    folders = (lake.data, lake.logs)
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path != lake.lock]
    return {str(path.relative_to(lake.root)): path.read_bytes() for path in paths}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".gitkeep"}


def rows_of(lake: Lake, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(lake.database)) as connection, connection:
        return connection.execute(query).fetchall()


def load_real_file(lake: Lake, manage: Manage) -> None:
    (lake.incoming / "IRB_PROTOCOL_2025-11-19.csv").write_text(
        "protocol_id,study_title,pi_name,status,last_updated\n"
        'STUDY00009999,A study of ours,"Person, A.",Approved,11/18/2025 10:00:00 AM\n'
    )
    _settled(lake)
    assert manage("run").code == 0


def _settled(lake: Lake) -> None:
    for path in lake.incoming.glob("*.csv"):
        os.utime(path, (NOON.timestamp() - 86_400,) * 2)


def test_the_first_demo_writes_a_file_of_29_days_ago_for_each_active_feed(lake: Lake, manage: Manage) -> None:
    said = manage("demo", "--write-next", clock=at_noon())
    assert said.code == 0
    assert "2025-10-22" in said.out and "DEMO" in said.out
    assert names_in(lake.incoming) == {"IRB_PROTOCOL_2025-10-22.csv", "GRANTS_2025-10-22.csv"}
    assert lake.demo_marker.exists()


def test_each_further_demo_brings_the_next_data_date(lake: Lake, manage: Manage) -> None:
    for _ in range(3):
        assert manage("demo", "--write-next", clock=at_noon()).code == 0
    assert {name[-14:-4] for name in names_in(lake.incoming)} == {"2025-10-22", "2025-10-23", "2025-10-24"}


def test_the_demo_of_a_later_day_goes_on_where_it_was(lake: Lake, manage: Manage) -> None:
    manage("demo", "--write-next", clock=at_noon())
    manage("demo", "--write-next", clock=at_noon(days=5))
    assert {name[-14:-4] for name in names_in(lake.incoming)} == {"2025-10-22", "2025-10-23"}


def test_the_demo_ends_with_today_and_says_how_to_begin_anew(lake: Lake, manage: Manage) -> None:
    for _ in range(30):
        assert manage("demo", "--write-next", clock=at_noon()).code == 0
    said = manage("demo", "--write-next", clock=at_noon())
    assert said.code == 2
    assert "demo --clear" in said.err
    assert len(names_in(lake.incoming)) == 30 * 2


def test_a_demo_night_is_loaded_and_shown_in_a_short_table(lake: Lake, manage: Manage) -> None:
    said = manage("demo", clock=at_noon())
    assert said.code == 0, said.err
    for word in ("DEMO", "irb", "grants", "IRB_PROTOCOL_2025-10-22.csv", "accepted", "rejected", "dashboard"):
        assert word.lower() in said.out.lower()
    assert max(map(len, said.out.splitlines())) <= 100 or str(lake.root) in said.out
    assert (lake.curated("irb") / "current" / "irb.csv").exists()
    assert "feeds are current: they show Huron as of" in said.out, "days of long ago are no age in a demo"
    assert "feeds are current: they show Huron as of" in manage("status").out


def test_the_second_demo_night_brings_changed_new_and_vanished_records(lake: Lake, manage: Manage) -> None:
    assert manage("demo", clock=at_noon()).code == 0
    for _ in range(5):
        assert manage("demo", clock=at_noon()).code == 0
    totals = rows_of(
        lake, "SELECT sum(new), sum(changed), sum(gone), sum(rejected) FROM etl_feed WHERE as_of > '2025-10-22'"
    )
    assert all(int(str(each)) > 0 for each in totals[0])


def test_a_demo_run_is_marked_in_the_record(lake: Lake, manage: Manage) -> None:
    manage("demo", clock=at_noon())
    assert rows_of(lake, 'SELECT demo, "trigger", status FROM etl_runtime') == [(1, "demo", "success")]
    assert "demo=1" in lake.success_marker.read_text()


def test_the_demo_is_refused_once_real_data_has_been_loaded(lake: Lake, manage: Manage) -> None:
    load_real_file(lake, manage)
    before = everything(lake)
    for words in (["demo"], ["demo", "--write-next"], ["demo", "--nights", "3"]):
        said = manage(*words, clock=at_noon())
        assert said.code == 2
        assert "real data" in said.err.lower()
    assert everything(lake) == before


def test_the_demo_is_refused_while_a_real_file_waits(lake: Lake, manage: Manage) -> None:
    (lake.incoming / "GRANTS_2025-11-19.csv").write_text("award_id,sponsor,pi_name,amount,status\n")
    said = manage("demo", clock=at_noon())
    assert said.code == 2
    assert "GRANTS_2025-11-19.csv" in said.err
    assert not lake.demo_marker.exists()


def test_a_file_of_no_feed_does_not_keep_the_demo_away(lake: Lake, manage: Manage) -> None:
    (lake.incoming / "holiday plans.txt").write_text("none")
    assert manage("demo", "--write-next", clock=at_noon()).code == 0


def test_a_run_without_demo_that_meets_a_real_file_in_a_demo_lake_names_the_way_out(lake: Lake, manage: Manage) -> None:
    manage("demo", clock=at_noon())
    (lake.incoming / "IRB_PROTOCOL_2025-11-19.csv").write_text("protocol_id\nSTUDY00009999\n")
    _settled(lake)
    before = everything(lake)
    for words in (["run"], ["demo"]):
        said = manage(*words)
        assert said.code == 2
        assert "demo --clear" in said.err
    assert names_in(lake.data / "raw" / "irb") == {"2025-10-22"}
    assert {name for name in everything(lake) if "raw" in name} == {name for name in before if "raw" in name}


def test_clear_leaves_the_lake_as_it_was_before_the_demo(lake: Lake, manage: Manage) -> None:
    (lake.incoming / "notes.txt").write_text("of a person")
    lake.etl_log.write_text("an older line\n")
    before = everything(lake)
    for _ in range(3):
        assert manage("demo", clock=at_noon()).code == 0
    manage("demo", "--write-next", clock=at_noon())
    said = manage("demo", "--clear", clock=at_noon())
    assert said.code == 0, said.err
    assert everything(lake) == before
    assert {path.name for path in (lake.data / "raw").iterdir()} == {".gitkeep"}
    assert not lake.claimed.exists()


def test_clear_keeps_the_runs_that_were_no_demo(lake: Lake, manage: Manage) -> None:
    assert manage("run").code == 0  # nothing in incoming: a success with a note
    real = lake.runtime_csv.read_text(), lake.success_marker.read_text().splitlines()[0]
    log = lake.etl_log.read_text()
    manage("demo", clock=at_noon())
    assert manage("demo", "--clear", clock=at_noon()).code == 0
    assert rows_of(lake, "SELECT demo FROM etl_runtime") == [(0,)]
    assert rows_of(lake, "SELECT count(*) FROM etl_feed WHERE run_id NOT IN (SELECT run_id FROM etl_runtime)") == [(0,)]
    assert (lake.runtime_csv.read_text(), lake.success_marker.read_text().splitlines()[0]) == real
    assert lake.etl_log.read_text() == log


def test_clear_removes_the_problems_that_the_demo_raised_and_keeps_those_of_before(lake: Lake, manage: Manage) -> None:
    assert manage("run").code == 0
    open_problem(lake, "disk")
    manage("demo", clock=at_noon())
    open_problem(lake, "feed:grants:refused")
    assert manage("demo", "--clear", clock=at_noon()).code == 0
    assert rows_of(lake, "SELECT key FROM incident") == [("disk",)]


def open_problem(lake: Lake, key: str) -> None:
    with closing(sqlite3.connect(lake.database)) as connection, connection:
        values = (key, key, key, "2025-11-20T17:00:00+00:00", "2025-11-20T17:00:00+00:00")
        connection.execute(
            "INSERT INTO incident (key, title, signature, opened_at, seen_at) VALUES (?, ?, ?, ?, ?)", values
        )


def test_clear_refuses_where_a_real_file_has_been_loaded_into_the_demo(lake: Lake, manage: Manage) -> None:
    manage("demo", clock=at_noon())
    day = lake.raw("irb", date(2025, 11, 19))
    day.mkdir(parents=True)
    (day / "IRB_PROTOCOL_2025-11-19.0123456789ab.csv").write_text("protocol_id\n")
    note = {"feed": "irb", "sha256": "0123456789ab" + "0" * 52, "data_date": "2025-11-19"}
    (day / "IRB_PROTOCOL_2025-11-19.0123456789ab.delivery.json").write_text(json.dumps(note))
    before = everything(lake)
    said = manage("demo", "--clear", clock=at_noon())
    assert said.code == 2
    assert "IRB_PROTOCOL_2025-11-19" in said.err
    assert everything(lake) == before


def test_clear_without_a_demo_says_so(manage: Manage) -> None:
    said = manage("demo", "--clear")
    assert said.code == 2
    assert "no demo here" in said.err


def test_a_demo_can_begin_anew_after_clear_and_real_data_can_come(lake: Lake, manage: Manage) -> None:
    manage("demo", clock=at_noon())
    manage("demo", "--clear", clock=at_noon())
    load_real_file(lake, manage)
    with (lake.curated("irb") / "current" / "irb.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["protocol_id"] for row in csv.DictReader(file)] == ["STUDY00009999"]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, str]:
    """A lake of two feeds with a short month of demo nights, and what the command said."""
    from click.testing import CliRunner

    from datalake.cli.demo import demo
    from datalake.cli.door import Door

    root = tmp_path_factory.mktemp("month") / "lake"
    copy_files(project_files("config", "data", "logs"), root)
    lake = Lake(root)
    leave_two_feeds(lake)
    secrets = "".join(
        f"{name}=http://127.0.0.1:9/\n" for name in ("SLACK_WEBHOOK", "HEARTBEAT_URL", "HEARTBEAT_WATCHDOG_URL")
    )
    (root / "config" / "secrets.env").write_text(secrets)
    result = CliRunner().invoke(
        demo, ["--nights", str(NIGHTS)], obj=Door(lake, dict(os.environ), at_noon()), catch_exceptions=False
    )
    return lake, result.output


def test_a_month_has_a_failed_a_missed_and_a_late_night(month: tuple[Lake, str]) -> None:
    lake, said = month
    runs = rows_of(lake, "SELECT night, status, substr(start_time, 12, 5) FROM etl_runtime ORDER BY id")
    nights = [str(night) for night, _, _ in runs]
    days = [(FIRST + timedelta(days=each)).isoformat() for each in range(NIGHTS)]
    assert len(runs) == NIGHTS - 1
    assert len(set(days) - set(nights)) == 1
    assert [status for _, status, _ in runs].count("failure") == 1
    assert [start[:2] for _, _, start in runs].count("02") == NIGHTS - 2
    assert all(word in said for word in ("DEMO", "no run", "late", "grants was not updated"))


def test_each_morning_of_the_month_is_kept_and_nobody_is_called(month: tuple[Lake, str]) -> None:
    lake, _ = month
    lines = [line.split(" ") for line in lake.watchdog_log.read_text().splitlines()]
    assert [line[0] for line in lines] == [(FIRST + timedelta(days=each)).isoformat() for each in range(NIGHTS)]
    assert [line[4] for line in lines if line[2] != "ok"] == ["state=failed", "state=missed", "state=missed"]
    assert rows_of(lake, "SELECT title FROM incident WHERE parent = '' ORDER BY number") == [
        ("the load failed",), ("the load did not run",), ("the load did not run",)
    ]  # fmt: skip
    assert rows_of(lake, "SELECT count(*) FROM outbox") == [(0,)]
    said = lake.watchdog_log.read_text() + lake.etl_log.read_text()
    assert "nobody is told of a simulated night" in said and "heartbeat" not in said
    mondays = {day for day in (FIRST + timedelta(days=each) for each in range(NIGHTS)) if day.weekday() == 0}
    assert len(list(lake.reports.glob("*.json"))) == len(mondays)


def test_the_failed_night_of_the_month_names_the_column_and_heals_by_the_next_file(month: tuple[Lake, str]) -> None:
    lake, _ = month
    failed = rows_of(lake, "SELECT feed, reason FROM etl_feed WHERE status = 'refused'")
    assert len(failed) == 1
    assert failed[0][0] == "grants" and "status" in str(failed[0][1])
    assert rows_of(lake, "SELECT max(as_of) FROM etl_feed WHERE feed = 'grants'") == [(LAST.isoformat(),)]


def test_the_month_has_runtimes_that_vary_believably(month: tuple[Lake, str]) -> None:
    lake, _ = month
    minutes = [float(str(each[0])) for each in rows_of(lake, "SELECT runtime_min FROM etl_runtime")]
    assert all(0.5 < each < 10 for each in minutes)
    assert max(minutes) > 1.3 * min(minutes)
    with lake.runtime_csv.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == NIGHTS


def test_the_log_of_the_month_bears_the_simulated_times(month: tuple[Lake, str]) -> None:
    lake, _ = month
    days = {line[:10] for line in lake.etl_log.read_text().splitlines() if line[:4] == "2025"}
    assert {FIRST.isoformat(), LAST.isoformat()} <= days
    assert len(days) == NIGHTS - 1


def test_the_month_is_removed_like_any_demo(month: tuple[Lake, str], manage: Manage) -> None:
    lake, _ = month
    assert lake.demo_marker.exists()
    from datalake.demo.clear import clear
    from datalake.settings import Schedule

    clear(lake, Schedule())
    assert names_in(lake.logs) <= {"cron_runner.lock", "reports"}
    assert all(names_in(lake.data / zone) == set() for zone in ("raw", "staging", "curated", "quarantine", "incoming"))
