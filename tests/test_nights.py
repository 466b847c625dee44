"""What a night came to, in every state there is, over both changes of the clocks."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from datalake.nights import View, judge
from datalake.runs.history import RecordedRun
from datalake.settings import Schedule, Window
from datalake.watchdog.record import BLANK

SCHEDULE = Schedule(zone="America/New_York", min_runtime_seconds=20, max_runtime_minutes=60)
NIGHT = date(2025, 11, 5)
DUE = datetime(2025, 11, 5, 7, 0, tzinfo=timezone.utc)
SIX = DUE + timedelta(hours=4)


def run(status: str = "success", start: datetime = DUE, seconds: float = 135, trigger: str = "cron") -> RecordedRun:
    end = start + timedelta(seconds=seconds)
    known = {"night": NIGHT, "status": status, "start": start, "end": end, "runtime_sec": seconds, "trigger": trigger}
    return RecordedRun(**{**BLANK, **known})


def state(*runs: RecordedRun, schedule: Schedule = SCHEDULE, night: date = NIGHT, **view) -> str:
    (judged,) = judge(schedule, [night], runs, View(view.pop("now", SIX), **view))
    return judged.state


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ((run(),), "ok"),
        ((run("failure"), run()), "ok"),
        ((run(), run("failure")), "ok"),
        ((run("failure"), run("failure")), "failed"),
        ((), "missed"),
        ((run(start=DUE + timedelta(hours=5)),), "late"),
        ((run(start=DUE + timedelta(hours=1)), run(start=DUE + timedelta(hours=9))), "ok"),  # loaded again later
        ((run(seconds=5),), "short"),
        ((run("failure"), run(seconds=5, trigger="approve")), "ok"),
        ((run(), run("failure", trigger="take")), "ok"),
        ((run(trigger="take"), run("failure")), "failed"),  # what was taken before it made nothing good
        ((run(trigger="take"),), "missed"),
        ((run("failure", trigger="retry"),), "missed"),
        ((run(trigger="hand"),), "ok"),
        ((run(trigger=None),), "ok"),
        ((run(seconds=3_601),), "overrun"),
    ],
)
def test_the_best_run_of_a_night_counts(runs, expected) -> None:
    assert state(*runs) == expected


def test_a_load_at_work_is_running_until_it_has_overrun() -> None:
    assert state(running_since=SIX - timedelta(minutes=10)) == "running"
    assert state(running_since=SIX - timedelta(minutes=61)) == "overrun"
    assert state(run("failure"), running_since=SIX - timedelta(minutes=10)) == "running"
    assert state(run(), running_since=SIX - timedelta(minutes=10)) == "ok"


def test_a_load_may_begin_a_little_late_before_it_has_not_run() -> None:
    assert state(now=DUE + timedelta(minutes=14)) == "due"
    assert state(now=DUE + timedelta(minutes=16)) == "missed"


def test_planned_work_is_expected_to_bring_nothing_and_counts_where_it_does() -> None:
    planned = replace(SCHEDULE, maintenance=(Window(NIGHT, NIGHT, "campus power work"),))
    assert state(schedule=planned) == "skipped"
    assert state(run("failure"), schedule=planned) == "skipped"
    assert state(run(), schedule=planned) == "ok"


def test_a_night_whose_runs_the_record_lost_cannot_be_told() -> None:
    assert state(lost=frozenset({NIGHT})) == "unknown"
    assert state(run("failure"), lost=frozenset({NIGHT})) == "failed"


def test_by_policy_the_night_whose_time_the_clocks_skip_is_not_expected() -> None:
    spring, then = date(2027, 3, 14), datetime(2027, 3, 14, 10, 0, tzinfo=timezone.utc)
    assert state(night=spring, now=then) == "missed"
    assert state(night=spring, now=then, schedule=replace(SCHEDULE, skipped_time="skip")) == "skipped"


@pytest.mark.parametrize(
    ("zone", "night", "end", "expected"),
    [
        # 06:00 local is 10:00 UTC on the spring morning, 11:00 UTC on the autumn one
        ("America/New_York", date(2027, 3, 14), "2027-03-14 09:59", "ok"),
        ("America/New_York", date(2027, 3, 14), "2027-03-14 10:01", "late"),
        ("America/New_York", date(2027, 11, 7), "2027-11-07 10:59", "ok"),
        ("America/New_York", date(2027, 11, 7), "2027-11-07 11:01", "late"),
        ("Europe/Berlin", date(2027, 3, 28), "2027-03-28 03:59", "ok"),
        ("Europe/Berlin", date(2027, 3, 28), "2027-03-28 04:01", "late"),
        ("Europe/Berlin", date(2027, 10, 31), "2027-10-31 04:59", "ok"),
        ("Europe/Berlin", date(2027, 10, 31), "2027-10-31 05:01", "late"),
    ],
)
def test_late_is_after_the_deadline_of_that_morning_whatever_the_clocks_did(zone, night, end, expected) -> None:
    ended = datetime.fromisoformat(end).replace(tzinfo=timezone.utc)
    one = replace(run(), night=night, start=ended - timedelta(seconds=135), end=ended)
    schedule = replace(SCHEDULE, zone=zone)
    assert state(one, schedule=schedule, night=night, now=ended + timedelta(hours=1)) == expected


def test_a_run_of_before_there_were_nights_counts_for_the_night_it_started_in() -> None:
    old = RecordedRun(**{**BLANK, "status": "success", "start_time": "2025-11-05 02:00:00"})
    assert state(old) == "ok"
    unreadable = RecordedRun(**{**BLANK, "status": "success", "start_time": "yesterday"})
    assert state(unreadable) == "missed"
