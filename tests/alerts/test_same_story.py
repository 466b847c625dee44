"""The check and the weekly report tell one story of the same nights, also of a demo and of a record that lost some."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from support import samples

from datalake.alerts.ways import Ways
from datalake.clock import MovedClock
from datalake.reports import gather as weekly
from datalake.reports import looked
from datalake.reports.week import last_week
from datalake.reports.wording import monitoring
from datalake.runs import crumbs
from datalake.runs.record import record_run
from datalake.settings import Schedule, Settings
from datalake.watchdog.check import check
from datalake.watchdog.facts import gather
from datalake.watchdog.verdict import verdict

SCHEDULE = Schedule(zone="America/New_York")
SETTINGS = Settings(schedule=SCHEDULE)
MONDAY = date(2025, 10, 27)
DAY = timedelta(days=1)
SEVEN = datetime(2025, 11, 3, 12, tzinfo=timezone.utc)  # Mon 3 Nov 07:00


@pytest.fixture
def record(lake):
    """record(night, hour, status) puts a run of that night into the record, begun at that hour UTC."""

    def put(night: date, hour: int = 6, good: bool = True, demo: bool = False) -> None:
        start = datetime(night.year, night.month, night.day, hour, tzinfo=timezone.utc)
        run = replace(samples.SUCCESS if good else samples.KILLED, run_id=f"{start:%Y%m%dT%H%M%SZ}-1", night=night)
        run = replace(run, start=start, end=start + timedelta(minutes=2), demo=demo, trigger="demo" if demo else "cron")
        crumbs.leave(lake, run)
        record_run(lake, SCHEDULE, run)

    return put


def reported(lake, now=SEVEN):
    return weekly.gather(lake, SETTINGS, Ways(), MovedClock(now), last_week(SCHEDULE, now))


def test_a_late_a_failed_and_a_missed_night_are_the_same_to_both(lake, record) -> None:
    record(MONDAY - DAY)
    check(lake, {}, MovedClock(datetime(2025, 10, 26, 10, tzinfo=timezone.utc)))
    for offset, words in enumerate(({}, {"hour": 14}, {"good": False}, None, {}, {}, {})):
        if words is not None:
            record(MONDAY + offset * DAY, **words)
    at = MovedClock(datetime(2025, 11, 2, 11, tzinfo=timezone.utc))  # Sun 06:00: the first look since a week
    judged = {night.day.isoformat(): night.state for night in verdict(gather(lake, SETTINGS, at), SCHEDULE).nights}
    truth = ["ok", "late", "failed", "missed", "ok", "ok", "ok"]
    assert list(judged.values()) == truth
    assert {each.day: each.state for each in reported(lake).nights} == judged


def test_a_demo_that_ended_days_ago_has_no_missed_nights_after_its_end(lake, record) -> None:
    lake.demo_marker.write_text("{}")
    for offset in range(4):
        record(MONDAY + offset * DAY, demo=True)
    assert check(lake, {}, MovedClock(SEVEN)) == 0
    report = reported(lake)
    assert [each.state for each in report.nights] == ["ok"] * 4 and report.span.missed == 0
    assert "morning" not in monitoring(report)


def test_nights_that_the_record_lost_cannot_be_told_by_either(lake, record) -> None:
    record(MONDAY)
    lake.success_marker.write_text("2025-11-02 02:02:15\n")
    at = MovedClock(datetime(2025, 11, 2, 11, tzinfo=timezone.utc))
    assert verdict(gather(lake, SETTINGS, at), SCHEDULE).cause == "unknown"
    report = reported(lake)
    assert [each.state for each in report.nights] == ["ok", *["unknown"] * 6]
    assert (report.span.judged, report.span.missed) == (1, 0)


def test_mornings_are_those_of_a_look_and_nights_those_judged_if_only_later() -> None:
    week = [MONDAY + offset * DAY for offset in range(7)]
    sixes = [datetime(2025, 10, 27, 10, tzinfo=timezone.utc), datetime(2025, 10, 31, 10, tzinfo=timezone.utc)]
    assert looked.mornings(SCHEDULE, week, [*sixes, sixes[1] + timedelta(hours=3)]) == 2
    assert looked.judged(week, [MONDAY, MONDAY + 4 * DAY, MONDAY + 4 * DAY]) == 5
    assert looked.judged(week, []) == looked.mornings(SCHEDULE, week, []) == 0


def test_the_report_says_how_many_nights_only_a_later_look_judged(lake, record) -> None:
    for offset in range(7):
        record(MONDAY + offset * DAY)
        if offset in (0, 1, 5, 6):
            at = datetime.combine(MONDAY + offset * DAY, datetime.min.time(), timezone.utc) + timedelta(hours=11)
            check(lake, {}, MovedClock(at))
    said = monitoring(reported(lake))
    assert said.startswith("The check looked on 4 of 7 mornings and judged 3 further nights later;")
