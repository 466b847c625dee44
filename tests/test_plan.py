"""What a run would do, from a listing, rules and a state alone."""

from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from support.nights import GRANTS, IRB

from datalake.contracts.model import Delivery
from datalake.pipeline import plan as planning
from datalake.pipeline.plan import Plan, Resume, Take, plan, waiting_notes
from datalake.zones.claims import Entry, Listing
from datalake.zones.state import FeedState, OpenDelivery

NOW = datetime(2025, 11, 5, 7, tzinfo=timezone.utc)
NIGHT = date(2025, 11, 5)
FILE = "IRB_PROTOCOL_2025-11-04.csv"


def entry(name: str, age: float = 3600, **facts: Any) -> Entry:
    when = NOW.timestamp() - age
    return Entry(name, Path("/incoming") / name, **{"kind": "file", "modified": when, "changed": when, **facts})


def planned(*entries: Entry, contracts: Any = (GRANTS, IRB), **options: Any) -> Plan:
    state = options.pop("state", {})
    return plan(Listing(entries), contracts, state, NIGHT, NOW, options.pop("settle", 60), **options)


def takes(made: Plan, feed: str = "irb") -> list[tuple[str, date]]:
    steps = [step for each in made.feeds if each.contract.feed == feed for step in each.steps]
    return [(step.entry.name, step.data_date) for step in steps if isinstance(step, Take)]


def opened(day: date, status: str = "admitted") -> OpenDelivery:
    return OpenDelivery("irb", "0" * 12, "0" * 64, day, FILE, "irb/x", 1, NIGHT, status)


def test_the_date_in_the_name_is_the_data_date() -> None:
    assert takes(planned(entry(FILE))) == [(FILE, date(2025, 11, 4))]


def test_a_name_without_a_date_has_that_of_the_night() -> None:
    contract = replace(IRB, delivery=Delivery("IRB.csv"))
    assert takes(planned(entry("irb.CSV"), contracts=(contract,))) == [("irb.CSV", NIGHT)]


def test_a_left_over_claim_has_the_date_of_the_night_that_made_it_and_need_not_settle() -> None:
    contract = replace(IRB, delivery=Delivery("IRB.csv"))
    made = planned(entry("IRB.csv", age=1, claimed=date(2025, 11, 3)), contracts=(contract,))
    assert takes(made) == [("IRB.csv", date(2025, 11, 3))]


def test_files_are_taken_by_data_date_then_by_when_they_came() -> None:
    made = planned(
        entry("IRB_PROTOCOL_2025-11-04.csv", age=100),
        entry("irb_protocol_2025-11-04.csv", age=200),
        entry("IRB_PROTOCOL_2025-11-02.csv", age=50_000),
        entry("IRB_PROTOCOL_2025-11-03.csv", age=90),
    )
    assert [name for name, _ in takes(made)] == [
        "IRB_PROTOCOL_2025-11-02.csv",
        "IRB_PROTOCOL_2025-11-03.csv",
        "irb_protocol_2025-11-04.csv",
        "IRB_PROTOCOL_2025-11-04.csv",
    ]


def test_what_is_open_from_an_earlier_run_is_taken_up_in_its_place() -> None:
    state = {"irb": FeedState("irb", open=(opened(date(2025, 11, 3)), opened(date(2025, 11, 1), "held")))}
    made = planned(entry(FILE), state=state)
    steps = next(each.steps for each in made.feeds if each.contract.feed == "irb")
    assert [type(each) for each in steps] == [Resume, Take]
    assert made.has_work


def test_feeds_with_something_to_take_up_come_last() -> None:
    state = {"grants": FeedState("grants", open=(opened(date(2025, 11, 3)),))}
    assert [each.contract.feed for each in planned(state=state).feeds] == ["irb", "grants"]
    assert [each.contract.feed for each in planned().feeds] == ["grants", "irb"]


@pytest.mark.parametrize(("age", "settled"), [(59.9, False), (60, True), (0, False)])
def test_a_file_settles_when_it_stood_still_long_enough(age: float, settled: bool) -> None:
    made = planned(entry(FILE, age=age))
    assert bool(takes(made)) == settled
    assert bool(made.waiting) != settled
    assert made.has_work == settled


def test_a_checksum_that_is_itself_still_arriving_is_waited_for() -> None:
    contract = replace(IRB, delivery=Delivery(IRB.delivery.pattern, checksum="{name}.sha256"))
    made = planned(entry(FILE), entry(f"{FILE}.sha256", age=5), contracts=(contract,))
    assert [each.reason for each in made.waiting] == [f"{FILE}.sha256 is still arriving"]
    made = planned(entry(FILE), entry(f"{FILE}.sha256", kind="folder"), contracts=(contract,))
    assert [each.reason for each in made.waiting] == [f"waits for {FILE}.sha256"]


def test_a_marker_without_its_file_is_a_file_of_no_feed() -> None:
    contract = replace(IRB, delivery=Delivery(IRB.delivery.pattern, done_marker="{name}.done"))
    made = planned(entry(f"{FILE}.done"), contracts=(contract,))
    assert [(each.name, each.kind) for each in made.waiting] == [(f"{FILE}.done", "unmatched")]


def test_a_retired_feed_takes_nothing() -> None:
    made = planned(entry(FILE), contracts=(replace(IRB, status="retired"),))
    assert [each.kind for each in made.waiting] == ["unmatched"]


def test_a_date_that_is_no_day_matches_no_feed() -> None:
    assert [each.kind for each in planned(entry("IRB_PROTOCOL_2025-02-30.csv")).waiting] == ["unmatched"]


def test_one_run_takes_so_many_files_and_says_how_many_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_FILES", 3)
    made = planned(*(entry(f"IRB_PROTOCOL_2025-01-{day:02d}.csv") for day in range(1, 10)))
    assert [day.day for _, day in takes(made)] == [1, 2, 3]
    (note,) = waiting_notes(made.waiting)
    assert note.kind == "still_arriving"
    assert "taken by the next run" in note.text
    assert "and 1 more" in note.text


def test_the_plan_is_the_same_for_the_same_listing() -> None:
    entries = [entry(f"IRB_PROTOCOL_2025-01-{day:02d}.csv") for day in range(1, 10)]
    assert planned(*entries) == planned(*reversed(entries))


def test_notes_name_the_feed_only_where_it_is_one() -> None:
    one = waiting_notes(planned(entry(FILE, age=0)).waiting)
    two = waiting_notes(planned(entry(FILE, age=0), entry("GRANTS_2025-11-04.csv", age=0)).waiting)
    assert (one[0].feed, two[0].feed) == ("irb", "")
