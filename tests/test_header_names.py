"""Headers: columns are found by name, whatever their order and spelling."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.contracts.model import Column, Contract, Delivery
from datalake.contracts.names import header_key, match_header, normalise
from datalake.errors import Refused

IRB = Contract(
    feed="irb",
    delivery=Delivery("irb_*.csv"),
    columns=(
        Column("protocol_id", aliases=("irb_number", "study_id")),
        Column("status", aliases=("state", "current_state", "clk_currentstate")),
        Column("date_approved"),
    ),
)


@pytest.mark.parametrize(
    "spelling",
    ["protocol_id", "PROTOCOL_ID", " Protocol ID ", "Protocol-Id", "protocolId", "ProtocolID", "\ufeffprotocol_id",
     "Protocol\u00a0Id", "protocol__id_", "Ｐrotocol ID"],
)  # fmt: skip
def test_spellings_of_one_name_are_one(spelling):
    assert normalise(spelling) == "protocol_id"
    assert match_header([spelling], IRB).positions == {"protocol_id": 0}


def test_names_become_snake_case():
    spellings = {"PIName": "pi_name", "IRBNumber": "irb_number", "Award IDs": "award_ids", "F&A Rate %": "f_a_rate",
                 "CLK_CurrentState": "clk_current_state", "Café": "café", "": "", "--": ""}  # fmt: skip
    assert {each: normalise(each) for each in spellings} == spellings


@given(st.text(max_size=20))
def test_normalising_twice_changes_nothing_that_matters(text):
    assert header_key(normalise(text)) == header_key(text)


def test_columns_are_found_in_any_order():
    names = ["date_approved", "extra", "status", "protocol_id"]
    for seed in range(10):
        random.Random(seed).shuffle(names)
        match = match_header(names, IRB)
        assert {name: names[at] for name, at in match.positions.items()} == {each: each for each in IRB.names}
        assert (match.absent, match.new) == ((), ("extra",))


def test_an_alias_is_found():
    match = match_header(["CLK_CurrentState", "Study ID"], IRB)
    assert match.positions == {"protocol_id": 1, "status": 0}
    assert match.absent == ("date_approved",)


def test_the_columns_own_name_goes_before_its_aliases():
    match = match_header(["state", "status", "protocol_id"], IRB)
    assert match.positions == {"protocol_id": 2, "status": 1}
    assert match.new == ("state",)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["status", "protocol_id", "Status"], 'Columns 1 and 3 of the header, "status" and "Status", have one name.'),
        (["protocol_id", "notes", "NOTES "], '"notes" and "NOTES ", have one name.'),
        (["irb_number", "study_id"], '"irb_number" and "study_id", are both other names of protocol_id.'),
    ],
)
def test_two_columns_of_one_name_are_refused(header, words):
    with pytest.raises(Refused) as raised:
        match_header(header, IRB)
    assert raised.value.rule == "duplicate_header"
    assert words in str(raised.value)


def test_cells_without_a_name_are_no_columns():
    match = match_header(["protocol_id", "", "status", " "], IRB)
    assert (match.positions, match.new) == ({"protocol_id": 0, "status": 2}, ())
