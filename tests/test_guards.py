"""Each guard by itself, at its limit and past it, and what a person reads when a file waits."""

from dataclasses import replace
from typing import Any

import pytest
from support.nights import GRANTS, IRB, Office, feed, grants_csv, kinds, note

from datalake.contracts.model import Delivery, Limits
from datalake.engine.job import Staged
from datalake.pipeline.guards import Judged, baseline, reasons

LAST = Staged(rows_read=100, accepted=100, filled={"protocol_id": 100, "study_title": 90}, sums={"amount": "1000.00"})


def judged(limits: Limits, **facts: Any) -> list[str]:
    staged = replace(LAST, **facts)
    stated = facts.pop("stated", None)
    return reasons(Judged(replace(IRB, limits=limits), staged, baseline(LAST, {}), stated))


@pytest.mark.parametrize(("accepted", "waits"), [(100, False), (80, False), (79, True), (0, True), (500, False)])
def test_rows_may_be_fewer_by_the_limit_and_no_more(accepted: int, waits: bool) -> None:
    said = judged(Limits(row_drop_percent=20), accepted=accepted, filled={})
    assert bool(said) == waits
    if accepted == 79:
        assert said == ["it has 79 good rows, the last file had 100 (21.0 % fewer; the limit is 20 %)"]


def test_fewer_rows_mean_nothing_in_a_file_of_changes() -> None:
    contract = replace(IRB, limits=Limits(row_drop_percent=20), write_disposition="merge")
    assert reasons(Judged(contract, replace(LAST, accepted=5), baseline(LAST, {}))) == []


@pytest.mark.parametrize(("filled", "waits"), [(90, False), (70, False), (69, True), (0, True)])
def test_a_column_may_go_blank_by_the_limit_in_points_and_no_more(filled: int, waits: bool) -> None:
    said = judged(Limits(blank_rise_percent=20), filled={"protocol_id": 100, "study_title": filled})
    assert bool(said) == waits
    if filled == 0:
        assert said == ["more is blank than in the last file (the limit is 20 points): study_title 10.0 % to 100.0 %"]


def test_a_column_that_is_absent_is_not_also_called_blank() -> None:
    said = judged(Limits(blank_rise_percent=20), filled={"study_title": 0}, absent=("study_title",))
    assert said == ['it has no column "study_title", which the last file had']


@pytest.mark.parametrize(("now", "waits"), [("1250.00", False), ("1250.01", True), ("749.99", True), ("750", False)])
def test_a_sum_may_move_by_the_limit_and_no_more(now: str, waits: bool) -> None:
    said = judged(Limits(sum_change_percent={"amount": 25}), sums={"amount": now})
    assert bool(said) == waits
    if now == "749.99":
        assert said == ["the sum of amount went from 1,000.00 to 749.99 (-25.0 %; the limit is 25 %)"]


def test_a_first_file_is_measured_against_nothing() -> None:
    limits = Limits(row_drop_percent=0, blank_rise_percent=0, sum_change_percent={"amount": 0})
    assert reasons(Judged(replace(IRB, limits=limits), replace(LAST, accepted=1), {})) == []


def test_rows_that_are_no_records_do_not_count_towards_the_share_of_rejected_ones() -> None:
    assert judged(Limits(rejected_percent=10), rows_read=200, excluded=100, rejected=10) == []
    assert judged(Limits(rejected_percent=10), rows_read=200, excluded=100, rejected=11)


# over whole nights


def test_a_file_cut_off_at_a_row_end_waits_and_its_approval_is_the_new_measure(here: Office) -> None:
    from datalake.pipeline.decisions import Approve

    here.with_irb(limits=Limits(row_drop_percent=20))
    here.irb("2025-11-04", *"ABCDEFGHIJ")
    here.night()
    here.irb("2025-11-05", *"ABCDE")
    assert "50.0 % fewer" in feed(here.next_night()).reason
    here.night(work=Approve("irb", "kim", "closed studies were purged"))
    here.irb("2025-11-06", *"ABCD")
    assert here.next_night().status == "success"


def test_a_control_total_that_does_not_agree_holds_the_file(here: Office) -> None:
    here.with_irb(delivery=Delivery(IRB.delivery.pattern, row_count="{name}.rows"))
    here.irb("2025-11-04", "A", "B")
    here.deliver("IRB_PROTOCOL_2025-11-04.csv.rows", "rows: 1,002\n")
    outcome = here.night()
    assert feed(outcome).status == "held"
    assert "its control total says 1,002 rows, and it has 2" in feed(outcome).reason
    assert here.incoming() == []


def test_a_control_total_that_agrees_lets_it_pass(here: Office) -> None:
    here.with_irb(delivery=Delivery(IRB.delivery.pattern, row_count="{name}.rows"))
    here.irb("2025-11-04", "A", "B")
    here.deliver("IRB_PROTOCOL_2025-11-04.csv.rows", "2\n")
    assert here.night().status == "success"


def test_money_that_moved_too_far_waits(here: Office) -> None:
    here.contracts = (replace(GRANTS, limits=Limits(sum_change_percent={"amount": 25})), IRB)
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("AWD1,1000", "AWD2,-5.50"))
    here.night()
    here.deliver("GRANTS_2025-11-05.csv", grants_csv("AWD1,100000", "AWD2,-5.50"))
    outcome = here.next_night()
    assert "the sum of amount went from 994.50 to 99,994.50" in feed(outcome, "grants").reason


def test_the_newest_date_standing_still_is_told_after_a_few_files(here: Office) -> None:
    here.with_irb(order_by=("last_updated",))
    told = []
    for number in range(4, 9):
        here.irb(f"2025-11-{number:02d}", "A", f"B{number}")
        told.append(kinds(here.next_night()))
    assert told == [[], [], [], ["standing_still"], ["standing_still"]]
    here.irb("2025-11-09", "A,a,Open,2025-11-08")
    assert "standing_still" not in kinds(here.next_night())


def test_the_same_bytes_for_several_working_days_are_told_and_weekends_do_not_count(here: Office) -> None:
    for number in range(6, 13):  # Thu 6 to Wed 12 November
        here.irb(f"2025-11-{number:02d}", "A", "B")
        outcome = here.next_night()
        assert ("standing_still" in kinds(outcome)) == (number >= 11), number
    text = note(outcome, "standing_still")
    assert text == "irb has been the same, byte for byte, for 5 working days: is the export stuck?"
