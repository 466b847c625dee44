"""A short form of `manage.py prove year`: weeks of nights, told to real sinks and counted against the plan."""

from dataclasses import replace
from datetime import date

import pytest
from support.project import ROOT

from datalake.prove.truth import Expected, Year, planned, week_truth
from datalake.prove.year import Simulation, mistakes, simulation

DST = date(2027, 3, 8)  # the clocks of New York jump on Sunday 14 March
WEEKS = 3


@pytest.fixture(scope="module")
def lived():
    """Three weeks with a dead webhook, a host asleep, a restored backup and the spring change, lived through."""
    year = planned(DST, WEEKS, seed=3, dead_days=2, asleep_days=2, old_days=2)
    with simulation(ROOT, year) as done:
        for day in year.days:
            done.night(day)
        yield done


def test_every_bad_night_is_told_once_and_no_good_one_is_accused(lived: Simulation) -> None:
    assert mistakes(lived) == []
    assert {title[0] for _, _, title in lived.sinks.arrived} >= set("✅📅🔎📵🟢")


def test_the_count_notices_a_message_that_is_missing_and_one_too_many(lived: Simulation) -> None:
    told = lived.sinks.arrived
    lived.sinks.arrived = told[1:]
    assert len(mistakes(lived)) == 1
    lived.sinks.arrived = [*told, ("mail", "2027-03-09", "🚨 6 AM check: something")]
    assert mistakes(lived) == ["mail: 🚨 of 2027-03-09 was not to be sent"]
    lived.sinks.arrived = told


def test_the_count_notices_a_week_that_is_wrong(lived: Simulation) -> None:
    right = lived.year
    kinds = ["miss" if place == 1 else kind for place, kind in enumerate(right.kinds)]
    lived.year = replace(right, kinds=tuple(kinds))
    assert any(each.startswith("2027-W10: missed is") for each in mistakes(lived))
    lived.year = right


def test_a_year_has_every_sort_of_night_and_both_changes_of_the_clocks() -> None:
    year = planned(date(2026, 12, 28), 53, seed=1)
    assert set(year.kinds) == {"ok", "double", "short", "fail", "mended", "late", "miss", "asleep"}
    assert date(2027, 3, 14) in year.days and date(2027, 11, 7) in year.days
    assert len(year.days) >= 365 and (year.dead[1] - year.dead[0]).days == 7


def test_what_is_expected_of_four_nights_is_what_a_person_would_expect() -> None:
    monday = date(2026, 12, 28)
    far = date(2030, 1, 1)
    year = Year(monday, ("ok", "fail", "fail", "ok"), (far, far), far, far)
    assert [sign for _, sign in Expected(year, deaf=False).all()] == ["✅", "❌", "⏰", "🟢"]
    assert week_truth(year.kinds).loaded == 2 and week_truth(year.kinds).failed == 2
