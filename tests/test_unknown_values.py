"""Published values that lead nowhere: told once, shown for as long as they are there, and never a reason to reject."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.nights import GRANTS, IRB, Office, file, kinds, note, office

from datalake.contracts.model import Column, Reference
from datalake.views import unknown
from datalake.views.unknown import Unknown

FUNDING = Column("funding_ids", type="list", references=(Reference("grants", "award_id"),))
HEADER = "protocol_id,study_title,status,last_updated,funding_ids\n"


@pytest.fixture
def funded(tmp_path: Path) -> Office:
    """An office whose studies name the awards that pay for them."""
    here = office(tmp_path)
    here.contracts = (GRANTS, replace(IRB, columns=(*IRB.columns, FUNDING)))
    return here


def studies(here: Office, day: str, *funding: str) -> None:
    rows = (f"S{at},Study,Approved,2025-10-01,{ids}\n" for at, ids in enumerate(funding, 1))
    here.deliver(f"IRB_PROTOCOL_{day}.csv", HEADER + "".join(rows))


def awards(here: Office, day: str, *names: str) -> None:
    here.deliver(f"GRANTS_{day}.csv", "award_id,amount\n" + "".join(f"{each},1\n" for each in names))


def test_an_id_of_no_record_is_loaded_and_told_with_how_many_and_which(funded: Office) -> None:
    awards(funded, "2025-11-04", "A1", "A2")
    studies(funded, "2025-11-04", "A1; A9", "A9; A8", "A2", "")
    outcome = funded.night()
    assert (outcome.status, file(outcome).rejected) == ("success", 0)
    assert funded.table()[0]["funding_ids"] == ["A1", "A9"]
    assert note(outcome, "unknown") == (
        '2 values of irb.funding_ids (3 times) are not in grants.award_id, such as "A9" and "A8". The rows were loaded.'
    )
    assert unknown.kept(funded.lake) == [Unknown("irb", "funding_ids", ("grants.award_id",), 2, 3, ("A9", "A8"))]


def test_what_was_told_is_not_told_again_until_there_is_more_of_it(funded: Office) -> None:
    awards(funded, "2025-11-04", "A1")
    studies(funded, "2025-11-04", "A9")
    assert "unknown" in kinds(funded.night())
    studies(funded, "2025-11-05", "A9", "A1")
    assert "unknown" not in kinds(funded.next_night())
    studies(funded, "2025-11-06", "A9", "A7")
    assert note(funded.next_night(), "unknown").startswith("2 values of irb.funding_ids")


def test_a_record_that_comes_later_ends_it_though_the_feed_that_named_it_did_not_change(funded: Office) -> None:
    awards(funded, "2025-11-04", "A1")
    studies(funded, "2025-11-04", "A9")
    funded.night()
    awards(funded, "2025-11-05", "A1", "A9")
    funded.next_night()
    assert unknown.kept(funded.lake) == []


def test_nothing_is_said_while_the_other_feed_has_never_come(funded: Office) -> None:
    studies(funded, "2025-11-04", "A9")
    assert "unknown" not in kinds(funded.night())
    awards(funded, "2025-11-05", "A1")
    assert "unknown" in kinds(funded.next_night())


def test_several_feeds_may_hold_the_record_and_info_is_for_nobody(funded: Office) -> None:
    either = replace(FUNDING, references=(Reference("grants", "award_id"), Reference("irb", "protocol_id")))
    funded.contracts = (GRANTS, replace(IRB, columns=(*IRB.columns, either)))
    awards(funded, "2025-11-04", "A1")
    studies(funded, "2025-11-04", "A1", "S1", "X")
    assert note(funded.night(), "unknown").startswith(
        '1 value of irb.funding_ids (once) is not in grants.award_id or irb.protocol_id, such as "X".'
    )
    quiet = replace(FUNDING, references=(Reference("grants", "award_id", "info"),))
    funded.contracts = (GRANTS, replace(IRB, columns=(*IRB.columns, quiet)))
    funded.next_night()
    assert unknown.kept(funded.lake) == []


def test_confidential_values_are_counted_and_not_shown(funded: Office) -> None:
    secret = replace(FUNDING, classification="confidential")
    funded.contracts = (GRANTS, replace(IRB, columns=(*IRB.columns, secret)))
    awards(funded, "2025-11-04", "A1")
    studies(funded, "2025-11-04", "A9")
    told = note(funded.night(), "unknown")
    assert "1 value of irb.funding_ids" in told
    assert "A9" not in told


def test_a_value_that_its_map_does_not_know_is_loaded_and_told(funded: Office) -> None:
    maps = funded.lake.root / "config" / "maps"
    maps.mkdir(parents=True)
    (maps / "states.csv").write_text("value,group\nApproved,active\n")
    columns = (replace(each, map="states" if each.name == "status" else "") for each in IRB.columns)
    funded.contracts = (replace(IRB, columns=tuple(columns)),)
    funded.irb("2025-11-04", "S1", "S2,x,Paused,2025-10-01", "S3,x,paused,2025-10-01", "S4,x,APPROVED,2025-10-01")
    told = note(funded.night(), "unknown")
    assert told.startswith('2 values of irb.status (2 times) are not in the map states, such as "Paused" and "paused".')
    (maps / "states.csv").write_text("value,group\nApproved,active\nPaused,waiting\n")
    assert "unknown" not in kinds(funded.next_night())
    assert unknown.kept(funded.lake) == []
