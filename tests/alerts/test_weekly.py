"""The Monday summary, by night and not by run, against weeks counted by hand."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from support import samples
from support.snapshots import agrees

from datalake.alerts.blocks import payload
from datalake.alerts.mail import plain
from datalake.clock import MovedClock
from datalake.reports.messages import message
from datalake.reports.week import last_week, rate, week
from datalake.reports.weekly import figures, summarise
from datalake.runs import crumbs
from datalake.runs.record import record_run
from datalake.settings import Schedule, Settings
from datalake.zones.paths import Lake

SCHEDULE = Schedule(zone="America/New_York")
SETTINGS = Settings(name="BU Research Data Lake", schedule=SCHEDULE)
MONDAY_SEVEN = datetime(2025, 11, 3, 12, 0, tzinfo=timezone.utc)  # Mon 3 Nov 2025 07:00 EST, the day after the change
FIRST = date(2025, 10, 20)


@pytest.fixture
def nights(lake: Lake):
    """nights("ok fail miss ...") records that from Mon 20 Oct on; fail+ok is a failure and a success after it."""

    def put(words: str) -> None:
        for offset, word in enumerate(words.split()):
            for place, one in enumerate(word.split("+")):
                if one != "miss":
                    _record(lake, FIRST + timedelta(days=offset), one, place)

    return put


def _record(lake: Lake, night: date, word: str, place: int) -> None:
    start = datetime(night.year, night.month, night.day, 6 + place, 0, tzinfo=timezone.utc)
    seconds = 120.0 if word == "ok" else float(word.removeprefix("ok")) if word.startswith("ok") else 30.0
    sample = samples.SUCCESS if word.startswith("ok") else samples.KILLED
    run = replace(
        sample,
        run_id=f"{start:%Y%m%dT%H%M%SZ}-1",
        night=night,
        start=start,
        end=start + timedelta(seconds=seconds),
        runtime_sec=seconds,
    )
    crumbs.leave(lake, run)
    record_run(lake, SCHEDULE, run)


def summary(lake: Lake, now: datetime = MONDAY_SEVEN):
    return figures(lake, SETTINGS, MovedClock(now))


GOOD_WEEK = "ok ok ok ok ok ok ok"


def test_six_good_nights_and_a_failed_one_are_86_percent(lake, nights, slack) -> None:
    nights(f"{GOOD_WEEK} ok100 ok140 ok180 fail ok ok ok")
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN)) == 0
    text = slack.taken[0].everything
    assert "Weekly ETL Summary (Last 7 Days) · Mon 27 Oct – Sun 2 Nov 2025" in text
    assert "✅ Successful runs: 6" in text and "❌ Failed runs: 1" in text and "⛔ Missed: 0" in text
    assert "⏱️ Avg runtime: 2.17 min" in text  # (100 + 140 + 180 + 3 * 120) / 6 = 130 s
    assert "Success rate: 6 of 7 nights (86 %)" in text
    assert "week before: 7 of 7 nights (100 %)" in text
    assert "6 of 7 nights (86 %), 1 failed, 0 missed" in lake.summary_log.read_text()


def test_a_night_that_never_started_counts_although_nothing_recorded_it(lake, nights) -> None:
    nights(f"{GOOD_WEEK} ok ok ok miss ok ok ok")
    made = summary(lake)
    assert (made.good, made.failed, made.missed) == (6, 0, 1)
    assert rate(made.nights) == "6 of 7 nights (86 %)"
    assert "Thu 30 Oct: did not run" in plain(message(made, SETTINGS, False))


def test_a_night_that_was_good_at_the_second_try_is_good_and_counts_once(lake, nights) -> None:
    nights(f"{GOOD_WEEK} ok fail+ok100 ok+ok500 ok ok ok ok")
    made = summary(lake)
    assert (made.good, made.failed, made.missed) == (7, 0, 0)
    assert made.average_seconds == pytest.approx((100 + 6 * 120) / 7)


def test_the_night_of_this_monday_is_not_in_last_week(lake, nights) -> None:
    nights(f"{GOOD_WEEK} {GOOD_WEEK} fail")
    assert summary(lake).failed == 0


def test_nights_before_the_first_run_are_not_judged(lake, nights) -> None:
    nights("miss miss miss miss miss miss miss miss miss ok ok ok ok ok")
    assert rate(summary(lake).nights) == "5 of 5 nights (100 %)"
    assert summary(lake).before == ()


def test_a_week_without_nights_says_so_and_never_0_percent(lake, slack) -> None:
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN)) == 0
    text = slack.taken[0].everything
    assert "No nights to judge in this week." in text and "%" not in text


def test_last_week_is_the_last_whole_one_whatever_the_day() -> None:
    assert last_week(SCHEDULE, MONDAY_SEVEN) == date(2025, 10, 27)
    assert last_week(SCHEDULE, MONDAY_SEVEN - timedelta(hours=8)) == date(2025, 10, 20)  # Sunday 23:00 EST
    assert last_week(SCHEDULE, MONDAY_SEVEN + timedelta(days=6)) == date(2025, 10, 27)


def test_only_scheduled_nights_count() -> None:
    made = week(replace(SCHEDULE, days="mon-fri"), date(2025, 10, 27), (), date(2025, 10, 1), MONDAY_SEVEN)
    assert rate(made.nights) == "0 of 5 nights (0 %)" and made.missed == 5


def test_a_record_that_cannot_be_read_is_told_by_the_exit_code(lake, slack, capsys) -> None:
    lake.database.write_bytes(b"this is no database")
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN)) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert "ALERT no summary" in lake.summary_log.read_text()


def test_a_demo_week_says_demo(lake, nights) -> None:
    nights(f"{GOOD_WEEK} {GOOD_WEEK}")
    made = message(summary(lake), SETTINGS, True)
    assert "DEMO" in made.title and "DEMO" in made.subject and made.summary.startswith("DEMO")


def test_the_summary_is_as_it_was_last_looked_at(lake, nights) -> None:
    nights(f"{GOOD_WEEK} ok100 ok miss fail ok ok180 ok")
    made = message(summary(lake), SETTINGS, False)
    agrees("weekly.slack.json", json.dumps(payload(made), indent=1, ensure_ascii=False) + "\n")
    agrees("weekly.mail.txt", f"Subject: {made.subject}\n\n{plain(made)}")
