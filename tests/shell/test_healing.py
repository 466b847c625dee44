"""A missed night heals by itself and says so once: start_if_missed, --again and --boot through the real scripts."""

import json
import os
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.installation import Installation
from support.slack_server import SlackServer

from datalake.schedule import zone_named

NEW_YORK = zone_named("America/New_York")


@pytest.fixture
def office(installation: Installation, slack: SlackServer) -> Installation:
    """One feed, due two hours ago by its schedule; the check starts a load that never ran."""
    due = datetime.now(NEW_YORK) - timedelta(hours=2)
    deadline = due + timedelta(hours=1)
    modules = installation.root / "config" / "modules"
    for rules in modules.glob("*.yaml"):
        rules.unlink()
    (modules / "tiny.yaml").write_text("expected_columns: [id]\n")
    local = installation.root / "config" / "local"
    local.mkdir(exist_ok=True)
    schedule = {"nightly": f"{due:%H:%M}", "deadline": f"{deadline:%H:%M}", "start_if_missed": True}
    (local / "settings.yaml").write_text(json.dumps({"schedule": schedule, "alerts": {"on_success": "changes"}}))
    installation.environ["SLACK_WEBHOOK"] = slack.url
    return installation


def put(installation: Installation, text: str = "id\n1\n", days: int = 1) -> None:
    """A file of some days ago that has lain there for an hour."""
    day = datetime.now(NEW_YORK).date() - timedelta(days=days)
    path = Path(installation.lake.incoming) / f"TINY_{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - 3_600,) * 2)


def pretend_earlier(installation: Installation) -> None:
    """Let the runs there are have been those of two nights ago."""
    with closing(sqlite3.connect(installation.lake.database)) as connection, connection:
        connection.execute(
            "UPDATE etl_runtime SET night = date(night, '-2 days'), date = date(date, '-2 days'),"
            " start_time = datetime(start_time, '-2 days'), end_time = datetime(end_time, '-2 days')"
        )
    installation.lake.runtime_csv.unlink()
    installation.lake.success_marker.unlink()


def test_a_load_that_never_ran_is_started_by_the_check_and_that_is_said_once(office, slack) -> None:
    put(office)
    first = office.run("check_etl_watchdog.sh")
    assert first.code == 0, office.lake.watchdog_log.read_text()
    assert office.record("status, trigger") == [("success", "cron")]
    (call,) = slack.taken
    assert "It was due at" in call.everything and "and began at" in call.everything
    assert "the load did not run: starting it" in office.lake.watchdog_log.read_text()
    assert office.run("check_etl_watchdog.sh").code == 0
    assert len(office.record()) == 1 and len(slack.taken) == 1
    assert "state=late" in office.lake.watchdog_log.read_text()


def test_a_started_load_that_fails_is_told_once_and_not_started_again(office, slack) -> None:
    put(office, "other\n1\n")
    assert office.run("check_etl_watchdog.sh").code == 1
    assert office.run("check_etl_watchdog.sh").code == 1
    assert office.record() == [("failure", 1)]
    (call,) = slack.taken
    assert "ETL Failure" in call.everything


def test_a_further_try_is_a_run_only_where_something_has_come(office, slack) -> None:
    put(office, days=2)
    assert office.run("cron_runner.sh").code == 0
    assert office.run("cron_runner.sh", "--again").code == 0
    assert office.run("cron_runner.sh", "--boot").code == 0
    assert office.record("trigger") == [("cron",)]
    assert not list(office.lake.outcomes.glob("*"))
    put(office)
    assert office.run("cron_runner.sh", "--again").code == 0
    assert office.record("trigger") == [("cron",), ("again",)]


def test_after_a_restart_a_missed_night_is_run_though_nothing_has_come_and_said_once(office, slack) -> None:
    put(office)
    office.run("cron_runner.sh")
    pretend_earlier(office)
    before = len(slack.taken)
    assert office.run("cron_runner.sh", "--boot").code == 0
    assert office.run("cron_runner.sh", "--boot").code == 0
    assert office.record("trigger") == [("cron",), ("boot",)]
    (call,) = slack.taken[before:]
    assert "It was due at" in call.everything


def test_a_night_that_was_loaded_and_of_which_a_later_try_failed_is_not_called_recovered(office, slack) -> None:
    put(office)
    assert office.run("cron_runner.sh").code == 0
    put(office, "other\n1\n", days=0)
    assert office.run("cron_runner.sh", "--again").code == 1
    before = len(slack.taken)
    assert office.run("check_etl_watchdog.sh").code == 1
    assert "state=failed" in office.lake.watchdog_log.read_text()
    assert slack.taken[before:] == []
