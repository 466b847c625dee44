"""Hours of old data, feed by feed, against weeks counted by hand."""

from datetime import date, datetime, timedelta, timezone

from datalake.reports.age import old_hours
from datalake.settings import Schedule

SCHEDULE = Schedule(zone="America/New_York")  # deadline 06:00
MONDAY = date(2025, 11, 3)
NIGHTS = [MONDAY + timedelta(days=offset) for offset in range(-7, 7)]
WEEK = (datetime(2025, 11, 3, 5, tzinfo=timezone.utc), datetime(2025, 11, 10, 5, tzinfo=timezone.utc))  # midnight EST


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """That hour of New York's, EST, in November 2025."""
    return datetime(2025, 11, day, hour + 5, minute, tzinfo=timezone.utc)


def good(*but: date):
    """A feed that was updated at 02:05 of each night but these."""
    return [
        (datetime(day.year, day.month, day.day, 7, 5, tzinfo=timezone.utc), day) for day in NIGHTS if day not in but
    ]


def hours(updates, days: str = "mon-sun", nights=NIGHTS) -> dict[str, float]:
    return old_hours(SCHEDULE, nights, {"grants": days}, {"grants": updates}, WEEK)


def test_a_feed_that_came_every_night_was_never_old() -> None:
    assert hours(good()) == {}


def test_a_feed_mended_in_the_morning_was_old_from_the_deadline_until_then() -> None:
    wednesday = date(2025, 11, 5)
    assert hours([*good(wednesday), (at(5, 9, 14), wednesday)]) == {"grants": 3.2}  # 06:00 to 09:14


def test_a_feed_whose_file_of_one_night_never_came_was_old_until_the_next_nights_load() -> None:
    assert hours(good(date(2025, 11, 5))) == {"grants": 20.1}  # Wed 06:00 to Thu 02:05


def test_a_night_before_the_week_counts_only_for_the_hours_within_it() -> None:
    assert hours(good(date(2025, 11, 2))) == {"grants": 2.1}  # Mon 00:00 to Mon 02:05


def test_a_weekly_feed_is_old_for_days_and_only_its_own_weekday_asks_for_it() -> None:
    mondays = [(at(3, 2, 5) - timedelta(days=7), MONDAY - timedelta(days=7))]
    assert hours(mondays, "mon") == {"grants": 162.0}  # Mon 06:00 to Sunday's midnight
    assert hours([*mondays, (at(4, 6), date(2025, 11, 4))], "mon") == {"grants": 24.0}


def test_nights_that_were_not_expected_and_those_before_its_first_file_ask_for_nothing() -> None:
    wednesday = date(2025, 11, 5)
    without = [night for night in NIGHTS if night != wednesday]
    assert hours(good(wednesday), nights=without) == {}
    assert hours([each for each in good() if each[1] >= wednesday]) == {}
    assert hours([]) == {}
