"""What a person reads that helps to decide: which records would leave, and what a lost column is called now."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.nights import GRANTS, HEADER, IRB, Office, feed, office

from datalake.contracts.model import Column, Limits
from datalake.pipeline import advice
from datalake.pipeline.decisions import Retry


@pytest.fixture
def here(tmp_path: Path) -> Office:
    """Ten studies are published: six approved, three closed, one in review."""
    made = office(tmp_path)
    columns = (*IRB.columns, Column("pi_department"), Column("pi_department_code"))
    made.with_irb(limits=Limits(row_drop_percent=20), columns=columns)
    made.deliver("IRB_PROTOCOL_2025-11-04.csv", made_csv(range(10)))
    made.night()
    return made


def state(number: int) -> str:
    return "Approved" if number < 6 else "Closed" if number < 9 else "In Review"


def made_csv(numbers: range, header: str = f"{HEADER},pi_department,pi_department_code") -> str:
    rows = [f"S{each},Study {each},{state(each)},2025-10-{each + 1:02d},Dept {each % 2},0{each}" for each in numbers]
    return "\n".join([header, *rows, ""])


def test_a_held_file_says_which_records_would_leave_by_state_and_department(here: Office) -> None:
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", made_csv(range(0, 3)))
    reason = feed(here.next_night()).reason
    assert "70.0 % fewer" in reason
    assert (
        "7 published records would leave: status 3 Approved, 3 Closed, 1 In Review;"
        " pi_department 4 Dept 1, 3 Dept 0." in reason
    )


def test_a_column_that_not_everybody_may_see_is_not_counted_out_in_a_message(here: Office) -> None:
    columns = tuple(
        replace(each, classification="confidential") if each.name == "status" else each
        for each in here.contracts[1].columns
    )
    here.with_irb(columns=columns)
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", made_csv(range(0, 3)))
    reason = feed(here.next_night()).reason
    assert "7 published records would leave: pi_department" in reason
    assert "Approved" not in reason


def test_a_renamed_column_is_proposed_by_its_values_when_the_file_is_refused(here: Office) -> None:
    header = f"{HEADER},pi_department,pi_department_code".replace("status", "clk_state")
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", made_csv(range(10), header))
    outcome = here.next_night()
    assert feed(outcome).status == "refused"
    assert 'New column "clk_state" holds the same values as "status" did (100 %).' in feed(outcome).reason
    assert feed(outcome).fix == (
        "In config/local/modules/irb.yaml add under status, `aliases: [clk_state]`. Then `python3 manage.py retry irb`."
    )


def test_the_proposed_line_keeps_the_names_that_a_column_has_already(here: Office) -> None:
    """An overlay's list replaces the one that ships: with the new name alone the old form would fail."""
    columns = tuple(
        replace(each, aliases=("state", "no")) if each.name == "status" else each for each in here.contracts[1].columns
    )
    here.with_irb(columns=columns)
    header = f"{HEADER},pi_department,pi_department_code".replace("status", "State (12.1)")
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", made_csv(range(10), header))
    assert 'under status, `aliases: [state, no, "State (12.1)"]`' in feed(here.next_night()).fix


def test_a_renamed_date_is_recognised_and_the_fix_that_was_proposed_works(here: Office) -> None:
    header = f"{HEADER},pi_department,pi_department_code".replace("last_updated", "Modified On")
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", made_csv(range(10), header))
    outcome = here.next_night()
    assert feed(outcome).status == "held"
    assert 'New column "Modified On" holds the same values as "last_updated" did (100 %).' in feed(outcome).reason

    columns = tuple(
        replace(each, aliases=("Modified On",)) if each.name == "last_updated" else each
        for each in here.contracts[1].columns
    )
    here.with_irb(columns=columns)
    assert here.night(work=Retry("irb", "kim")).status == "success"


def test_a_new_column_of_other_values_is_not_proposed(here: Office) -> None:
    text = made_csv(range(10)).replace("status", "colour").replace("Approved", "red").replace("Closed", "blue")
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", text)
    outcome = here.next_night()
    assert feed(outcome).status == "refused"
    assert "holds the same values" not in feed(outcome).reason


def test_advice_that_fails_leaves_the_file_held_all_the_same(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(advice, "leaving", broken)
    monkeypatch.setattr(advice, "renamed", broken)
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", made_csv(range(3), f"{HEADER},dept,code"))
    assert feed(here.next_night()).status == "held"


def test_advice_leaves_nothing_behind_in_staging(here: Office) -> None:
    header = f"{HEADER},pi_department,pi_department_code".replace("status", "clk_state")
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", made_csv(range(10), header))
    here.next_night()
    assert [path.name for path in here.lake.data.rglob(".tmp-*")] == []


def test_a_feed_without_a_key_or_a_first_file_gets_no_advice(tmp_path: Path) -> None:
    here = office(tmp_path)
    here.contracts = (replace(GRANTS, primary_key=(), limits=Limits(row_drop_percent=1)), IRB)
    here.deliver("GRANTS_2025-11-04.csv", "award_id,amount\nA,1\nB,2\n")
    here.night()
    here.deliver("GRANTS_2025-11-05.csv", "award_id,amount\nA,1\n")
    assert "would leave" not in feed(here.next_night(), "grants").reason
