"""The 6 AM check: by the night's slot, quiet when good, and right about the cause when not."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from support import samples
from support.project import ROOT

from datalake.clock import MovedClock
from datalake.outcomes import RunOutcome
from datalake.runs import csv_log, lock
from datalake.runs.database import insert_row, writing
from datalake.runs.rows import row_of
from datalake.settings import Schedule
from datalake.watchdog.check import check, should_start
from datalake.zones.paths import Lake

SCHEDULE = Schedule(zone="America/New_York")
SIX = datetime(2025, 11, 5, 11, 0, tzinfo=timezone.utc)  # 06:00 EST, Wed 5 Nov


def at(run: RunOutcome, night: date, start: str, minutes: float = 2.25) -> RunOutcome:
    """The run, moved to another night and start (UTC)."""
    begun = datetime.fromisoformat(start).replace(tzinfo=timezone.utc)
    end = begun + timedelta(minutes=minutes)
    run_id = f"{begun:%Y%m%dT%H%M%SZ}-1"
    return replace(run, run_id=run_id, night=night, start=begun, end=end, runtime_sec=minutes * 60)


@pytest.fixture
def look(lake: Lake, slack):
    """look(at) runs the check at an instant; return its exit code."""
    return lambda now=SIX: check(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(now))


def test_a_good_night_is_quiet_and_leaves_one_line(lake, record, look, slack, capsys) -> None:
    record(samples.SUCCESS)
    assert look() == 0
    assert slack.calls == [] and capsys.readouterr() == ("", "")
    assert lake.watchdog_log.read_text() == "2025-11-05 06:00:00-0500 ok night=2025-11-05 state=ok\n"


def test_a_night_that_did_not_run_is_told_with_what_to_do(record, look, slack, lake) -> None:
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    assert look() == 1
    (call,) = slack.taken
    text = call.everything
    assert "🚨 6 AM check: last night's load did not run (Wed 5 Nov 2025)" in text
    assert "Tables are whole and show what the load of Tue 4 Nov published." in text
    assert "`bash src/cron_runner.sh`" in text
    assert "Last success: Tue 4 Nov 02:02 EST" in text
    assert "Next automatic try: Thu 6 Nov 02:00 EST" in text
    (line,) = lake.watchdog_log.read_text().splitlines()
    assert line == "2025-11-05 06:00:00-0500 ALERT night=2025-11-05 state=missed Slack: sent (problem-1-1)"


def test_a_run_by_hand_on_the_day_before_does_not_hide_a_missed_night(record, look) -> None:
    """The marker is 20 hours old at 06:00: younger than any limit on its age, and of the wrong night."""
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 15:00"))
    assert look() == 1


def test_a_missed_night_of_the_spring_change_is_found(record, look) -> None:
    """Yesterday's marker is 26 h 57 min old then: not more than 26 whole hours."""
    record(at(samples.SUCCESS, date(2027, 3, 13), "2027-03-13 07:00"))
    assert look(datetime(2027, 3, 14, 10, 0, tzinfo=timezone.utc)) == 1
    record(at(samples.SUCCESS, date(2027, 3, 14), "2027-03-14 07:00:30"))
    assert look(datetime(2027, 3, 14, 10, 0, tzinfo=timezone.utc)) == 0


def test_a_good_night_of_the_autumn_change_is_not_accused(record, look) -> None:
    record(at(samples.SUCCESS, date(2027, 11, 7), "2027-11-07 07:00"))
    assert look(datetime(2027, 11, 7, 11, 0, tzinfo=timezone.utc)) == 0


def test_touching_the_marker_does_not_make_an_old_night_good(lake, record, look) -> None:
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    lake.success_marker.touch()
    assert look() == 1


def test_a_marker_of_the_first_form_is_read_by_its_one_line(lake, look) -> None:
    lake.success_marker.write_text("2025-11-05 02:02:15\n")
    look()
    assert "state=ok" in lake.watchdog_log.read_text().splitlines()[-1]
    lake.success_marker.write_text("2025-11-04 02:02:15\n")
    look()
    assert "state=missed" in lake.watchdog_log.read_text().splitlines()[-1]


CAUSES = {
    "failed": (samples.FAILURE, "last night's load failed", "grants was not updated: its tables still show Mon 3 Nov."),
    "waiting": (samples.HELD, "last night's load waits for your OK", "irb was not updated"),
    "stopped": (samples.KILLED, "last night's load stopped half-way", "Why: The run was killed (signal 9"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_the_first_line_names_the_cause(record, look, slack, lake, cause) -> None:
    run, headline, detail = CAUSES[cause]
    record(run)
    assert look() == 1
    assert headline in slack.taken[0].everything and detail in slack.taken[0].everything
    assert f"state={cause}" in lake.watchdog_log.read_text()


def test_a_failed_night_that_was_good_at_the_second_try_is_good(record, look) -> None:
    record(samples.FAILURE)
    record(at(samples.SUCCESS, samples.NIGHT, "2025-11-05 08:30"))
    assert look() == 0


def test_a_load_that_still_runs_is_told_with_its_age(lake, record, look, slack) -> None:
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    lake.events.mkdir(parents=True, exist_ok=True)
    with lock.held(lake):
        assert look() == 1
    assert "last night's load is still running" in slack.taken[0].everything
    assert "is at work" in slack.taken[0].everything or "has been at work" in slack.taken[0].everything


def test_before_the_first_load_nothing_is_known_and_that_is_told(look, slack) -> None:
    assert look() == 1
    assert "no load has run here yet" in slack.taken[0].everything


def test_a_marker_from_a_time_still_to_come_is_not_believed(lake, look, slack) -> None:
    lake.success_marker.write_text("2031-01-01 02:02:15\n")
    assert look() == 1
    assert "cannot tell whether last night's load was good: the clock is wrong" in slack.taken[0].everything


def test_marker_and_record_that_disagree_are_told(lake, record, look, slack) -> None:
    record(samples.SUCCESS)
    lake.success_marker.unlink()
    assert look() == 1
    assert "its success marker is not there" in slack.taken[0].everything
    lake.success_marker.write_text("2025-11-05 02:02:15\n")
    lake.database.unlink()
    lake.runtime_csv.unlink()
    record(samples.FAILURE)
    lake.success_marker.write_text("2025-11-05 02:02:15\n")
    assert look() == 1
    assert "knows of a good load that the record does not" in slack.taken[1].everything


@pytest.mark.parametrize("damage", [b"", b"this is no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_without_a_readable_database_the_marker_decides(lake, record, look, slack, damage) -> None:
    record(samples.SUCCESS)
    lake.database.write_bytes(damage)
    assert look() == 1
    assert "state=ok also=record logs/etl_stats.db was " in lake.watchdog_log.read_text()
    assert "the record was rebuilt" in slack.taken[0].everything
    if damage:
        kept = lake.logs / "etl_stats.damaged-1.db"
        assert kept.read_bytes() == damage and "It is kept as logs/etl_stats.damaged-1.db" in slack.taken[0].everything
    assert "last night's load" not in slack.taken[0].everything


def test_a_status_log_that_cannot_be_written_is_said_on_stderr(lake, record, look, capsys) -> None:
    record(samples.SUCCESS)
    lake.watchdog_log.mkdir()
    assert look() == 0
    assert "state=ok" in capsys.readouterr().err


def test_a_quiet_check_loads_nothing_heavy(lake, record, tmp_path) -> None:
    record(samples.SUCCESS)
    program = (
        "import sys; from datetime import *; from pathlib import Path\n"
        "from datalake.clock import MovedClock; from datalake.zones.paths import Lake\n"
        "from datalake.watchdog.check import check\n"
        "clock = MovedClock(datetime(2025, 11, 5, 11, tzinfo=timezone.utc))\n"
        f"code = check(Lake(Path({str(lake.root)!r})), {{}}, clock)\n"
        "heavy = {'pandas', 'pyarrow', 'duckdb', 'requests', 'flask', 'numpy', 'click'} & set(sys.modules)\n"
        "print(code, sorted(heavy))"
    )
    surroundings = {"PYTHONPATH": str(ROOT / "src"), "TZ": "America/New_York"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=surroundings)
    assert done.stdout == "0 []\n", done.stderr


def test_every_night_since_the_last_look_is_judged_and_told_once(lake, record, look, slack) -> None:
    record(at(samples.SUCCESS, date(2025, 11, 1), "2025-11-01 06:00"))
    assert look(datetime(2025, 11, 1, 10, 0, tzinfo=timezone.utc)) == 0
    record(samples.SUCCESS)  # the host was off for three nights; the load of the 5th is good
    assert look() == 1
    (call,) = slack.taken
    assert "3 earlier nights were not good, and nobody was told" in call.everything
    assert "Sun 2 Nov (did not run), Mon 3 Nov (did not run) and Tue 4 Nov (did not run)" in call.everything
    assert "Nobody looked from Sat 1 Nov 06:00 EDT to now" in call.everything
    assert look(SIX + timedelta(minutes=15)) == 0
    assert len(slack.taken) == 1


def test_a_bad_night_is_reminded_of_daily_and_its_end_is_told(lake, record, look, slack) -> None:
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    assert [look(SIX + timedelta(days=day)) for day in (0, 1, 2)] == [1, 1, 1]
    record(at(samples.SUCCESS, date(2025, 11, 8), "2025-11-08 07:00"))
    assert look(SIX + timedelta(days=3)) == 0
    heads = [call.payload["blocks"][0]["text"]["text"] for call in slack.taken]
    assert [head.split(" ")[0] for head in heads] == ["🚨", "⏰", "⏰", "🟢"]
    assert "Nights: Wed 5 Nov, Thu 6 Nov and Fri 7 Nov." in slack.taken[2].everything


def test_a_database_put_back_from_an_old_backup_is_mended_from_the_csv(lake, record, look, slack) -> None:
    record(at(samples.SUCCESS, date(2025, 11, 3), "2025-11-03 07:00"))
    look(datetime(2025, 11, 3, 11, 0, tzinfo=timezone.utc))
    old = lake.database.read_bytes()
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    record(samples.SUCCESS)
    lake.database.write_bytes(old)
    assert look() == 0
    assert slack.taken == []
    assert "lacked 2 runs that the CSV has: put back" in lake.watchdog_log.read_text()
    assert look(SIX + timedelta(minutes=5)) == 0
    assert "lacked" not in lake.watchdog_log.read_text().splitlines()[-1]


def test_a_run_that_the_database_lost_long_ago_is_put_back(lake, record, look) -> None:
    record(samples.SUCCESS)
    night = at(samples.SUCCESS, date(2025, 11, 5), "2025-11-05 07:10", 0.5)
    rows = [row_of(replace(night, start=night.start + timedelta(seconds=each)), "UTC") for each in range(150)]
    csv_log.ensure(lake.runtime_csv, rows)
    with writing(lake.database) as connection:
        for row in rows:
            insert_row(connection, row)
        connection.execute("DELETE FROM etl_runtime WHERE id = 3")
    assert look() == 0
    assert "lacked 1 run that the CSV has: put back" in lake.watchdog_log.read_text()


def test_a_disk_that_is_nearly_full_is_told(lake, record, look, slack) -> None:
    record(samples.SUCCESS)
    local = lake.config / "local"
    local.mkdir(exist_ok=True)
    (local / "settings.yaml").write_text("alerts: {free_disk_gb: 1000000}\n")
    assert look() == 1
    assert "the disk is nearly full" in slack.taken[0].everything
    assert "state=ok also=disk" in lake.watchdog_log.read_text()


def test_with_every_way_out_dead_the_check_fails_even_where_the_night_was_good(lake, record, look, slack) -> None:
    slack.usual = "404"
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    assert look() == 1
    record(samples.SUCCESS)
    assert look(SIX + timedelta(hours=1)) == 1
    last = lake.watchdog_log.read_text().splitlines()[-1]
    assert "ALERT night=2025-11-05 state=ok not everybody could be told" in last
    assert "Slack: dead: 404 no_service" in lake.watchdog_log.read_text().splitlines()[0]


def test_a_locked_database_is_told_all_the_same(lake, record, look, slack, monkeypatch) -> None:
    import sqlite3
    from contextlib import closing

    from datalake.runs import database

    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    with closing(sqlite3.connect(lake.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert look() == 1
    told = "\n".join(call.everything for call in slack.taken)
    assert "last night's load did not run" in told and "database is locked" in told


def test_the_load_is_started_only_where_it_never_ran_and_the_settings_say_so(lake, record) -> None:
    clock = MovedClock(SIX)
    assert should_start(lake, {}, clock) is False
    local = lake.config / "local"
    local.mkdir(exist_ok=True)
    (local / "settings.yaml").write_text("schedule: {start_if_missed: true}\n")
    assert should_start(lake, {}, clock) is True
    record(samples.FAILURE)
    assert should_start(lake, {}, clock) is False


def test_a_look_just_after_the_due_time_leaves_that_night_to_the_next_look(lake, record, look, slack) -> None:
    record(at(samples.SUCCESS, date(2025, 11, 4), "2025-11-04 07:00"))
    assert look(SIX - timedelta(days=1)) == 0
    assert look(datetime(2025, 11, 5, 7, 5, tzinfo=timezone.utc)) == 0  # 02:05: it may begin yet
    record(at(samples.SUCCESS, date(2025, 11, 6), "2025-11-06 07:00"))
    assert look(SIX + timedelta(days=1)) == 1
    assert "Wed 5 Nov (did not run)" in slack.taken[0].everything
