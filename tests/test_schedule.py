"""Nights, due instants and clock changes, against instants worked out by hand from the zones' published rules."""

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake import schedule as nights
from datalake.settings import Schedule

UTC = timezone.utc
NEW_YORK = Schedule(zone="America/New_York")
BERLIN = Schedule(zone="Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "night", "due"),
    [
        (NEW_YORK, date(2025, 11, 5), "2025-11-05 07:00"),
        (NEW_YORK, date(2025, 7, 5), "2025-07-05 06:00"),
        (NEW_YORK, date(2027, 3, 14), "2027-03-14 07:00"),  # 02:00 does not exist: due at the jump, 03:00 EDT
        (NEW_YORK, date(2027, 11, 7), "2027-11-07 07:00"),  # 01:00 to 01:59 comes twice, 02:00 once
        (BERLIN, date(2027, 3, 28), "2027-03-28 01:00"),  # 02:00 does not exist
        (BERLIN, date(2027, 10, 31), "2027-10-31 00:00"),  # 02:00 comes twice: the first, summer time
        (BERLIN, date(2027, 11, 1), "2027-11-01 01:00"),
    ],
)
def test_a_night_is_due_at_one_known_instant(schedule: Schedule, night: date, due: str) -> None:
    assert nights.due(schedule, night) == utc(due)


@pytest.mark.parametrize("clock", ["02:00", "02:20", "02:59"])
def test_a_time_that_the_clocks_skip_is_due_when_they_jump(clock: str) -> None:
    schedule = Schedule(zone="America/New_York", nightly=clock)
    assert nights.due(schedule, date(2027, 3, 14)) == utc("2027-03-14 07:00")


def test_a_time_that_comes_twice_is_due_the_first_time() -> None:
    schedule = Schedule(zone="America/New_York", nightly="01:30")
    assert nights.due(schedule, date(2027, 11, 7)) == utc("2027-11-07 05:30")


@pytest.mark.parametrize(
    ("start", "night"),
    [
        ("2025-11-05 07:00:00", date(2025, 11, 5)),
        ("2025-11-05 06:30:00", date(2025, 11, 5)),  # 30 minutes early: tonight's
        ("2025-11-05 06:29:59", date(2025, 11, 4)),
        ("2025-11-05 15:00:00", date(2025, 11, 5)),  # by hand at ten in the morning
        ("2025-11-06 04:59:00", date(2025, 11, 5)),  # shortly before midnight
        ("2025-11-06 05:30:00", date(2025, 11, 5)),  # half past midnight: the next load is not due yet
    ],
)
def test_a_run_belongs_to_the_latest_night_that_was_due(start: str, night: date) -> None:
    assert nights.night_of(NEW_YORK, utc(start)) == night


def test_the_run_after_the_spring_jump_serves_that_night_and_not_the_one_before() -> None:
    assert nights.night_of(NEW_YORK, utc("2027-03-14 07:00:02")) == date(2027, 3, 14)
    assert nights.night_of(BERLIN, utc("2027-03-28 01:00:02")) == date(2027, 3, 28)


def test_a_load_before_midnight_is_named_by_the_day_it_starts_on() -> None:
    late = Schedule(zone="America/New_York", nightly="23:30", again=("00:45",))
    assert nights.night_of(late, utc("2025-11-06 05:45")) == date(2025, 11, 5)  # the further try, 00:45 on the 6th


def test_a_run_on_a_free_day_belongs_to_the_last_working_night() -> None:
    weekdays_only = Schedule(zone="America/New_York", days="mon-fri")
    assert nights.night_of(weekdays_only, utc("2025-11-09 15:00")) == date(2025, 11, 7)  # Sunday: Friday's
    assert nights.nights(weekdays_only, date(2025, 11, 7), date(2025, 11, 11)) == [
        date(2025, 11, 7),
        date(2025, 11, 10),
        date(2025, 11, 11),
    ]


def test_the_next_nights_start_with_the_first_that_is_not_due() -> None:
    assert nights.next_nights(NEW_YORK, utc("2025-11-05 06:59"), 2) == [date(2025, 11, 5), date(2025, 11, 6)]
    assert nights.next_nights(NEW_YORK, utc("2025-11-05 07:00"), 2) == [date(2025, 11, 6), date(2025, 11, 7)]


def test_the_next_try_is_the_first_of_the_days_times_still_to_come() -> None:
    assert nights.next_due(NEW_YORK, utc("2025-11-05 11:00"), ("02:00", "08:00")) == utc("2025-11-05 13:00")
    assert nights.next_due(NEW_YORK, utc("2025-11-05 13:00"), ("02:00", "08:00")) == utc("2025-11-06 07:00")


def test_coming_changes_of_the_clocks_are_told_a_year_ahead() -> None:
    assert nights.coming_changes(NEW_YORK, utc("2026-12-01 12:00")) == [date(2027, 3, 14)]
    assert nights.clock_change(NEW_YORK, date(2027, 3, 14)) == nights.SKIPPED
    assert nights.coming_changes(BERLIN, utc("2026-12-01 12:00")) == [date(2027, 3, 28), date(2027, 10, 31)]
    assert nights.clock_change(BERLIN, date(2027, 10, 31)) == nights.REPEATED
    safe = Schedule(zone="America/New_York", nightly="03:30")
    assert nights.coming_changes(safe, utc("2026-12-01 12:00")) == []


@pytest.mark.parametrize("schedule", [NEW_YORK, BERLIN])
def test_over_two_years_nights_follow_each_other_and_each_finds_itself(schedule: Schedule) -> None:
    every = nights.nights(schedule, date(2026, 1, 1), date(2027, 12, 31))
    dues = [nights.due(schedule, night) for night in every]
    assert len(every) == 730
    assert {later - earlier for earlier, later in pairwise(dues)} == {
        timedelta(hours=23),
        timedelta(hours=24),
        timedelta(hours=25),
    }
    assert [nights.night_of(schedule, due) for due in dues] == every


# conftest sets TZ to America/New_York, so `local` must be that zone at every instant.
@given(st.datetimes(datetime(2000, 1, 1), datetime(2036, 1, 1)))
def test_the_hosts_own_zone_says_what_the_zone_database_says(moment: datetime) -> None:
    host = moment.replace(tzinfo=UTC).astimezone(nights.zone_named("local"))
    named = moment.replace(tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    assert (host.replace(tzinfo=None), host.fold) == (named.replace(tzinfo=None), named.fold)
    assert (host.utcoffset(), host.tzname()) == (named.utcoffset(), named.tzname())


@given(st.dates(date(2000, 1, 1), date(2035, 12, 31)), st.times())
def test_nights_in_the_hosts_own_zone_are_due_as_in_the_named_one(day: date, clock: object) -> None:
    nightly = f"{clock:%H:%M}"
    assert nights.due(Schedule(nightly=nightly), day) == nights.due(
        Schedule(zone="America/New_York", nightly=nightly), day
    )


@pytest.mark.parametrize("zone", ["local", "America/New_York"])
def test_the_hosts_zone_knows_skipped_and_repeated_times_as_a_named_one_does(zone: str) -> None:
    half_past_two = Schedule(zone=zone, nightly="02:30")
    half_past_one = Schedule(zone=zone, nightly="01:30")
    assert nights.clock_change(half_past_two, date(2026, 3, 8)) == nights.SKIPPED
    assert nights.clock_change(half_past_one, date(2026, 11, 1)) == nights.REPEATED
    assert nights.due(half_past_two, date(2026, 3, 8)) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # when the clocks jump
