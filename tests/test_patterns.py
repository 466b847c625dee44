"""Delivery patterns: which file is whose, and which two patterns could take one file."""

import fnmatch
import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.contracts.model import Contract, Delivery, Match
from datalake.contracts.patterns import PatternError, companion, match_name, parse_pattern, shared_name

IRB = "IRB_PROTOCOL_{date:%Y-%m-%d}.csv"
GRANTS = "GRANTS_{date:%Y-%m-%d}.csv"
PROPOSALS = "GRANTS_PROPOSAL_{date:%Y-%m-%d}.csv"


def feed(name, pattern, status="active"):
    return Contract(feed=name, delivery=Delivery(pattern), columns=(), status=status)


FEEDS = (feed("grants", GRANTS), feed("grants_proposal", PROPOSALS), feed("irb", IRB))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IRB_PROTOCOL_2025-11-04.csv", [Match("irb", date(2025, 11, 4))]),
        ("irb_protocol_2025-11-04.CSV", [Match("irb", date(2025, 11, 4))]),
        ("GRANTS_2025-11-04.csv", [Match("grants", date(2025, 11, 4))]),
        ("GRANTS_PROPOSAL_2025-11-04.csv", [Match("grants_proposal", date(2025, 11, 4))]),
        ("GRANTS_IRB_LINK_2025-11-04.csv", []),
        ("xIRB_PROTOCOL_2025-11-04.csv", []),
        ("IRB_PROTOCOL_2025-11-04.csv.part", []),
        ("IRB_PROTOCOL_2025-11-04.csv\n", []),
        ("IRB_PROTOCOL_2025-02-30.csv", []),
        ("IRB_PROTOCOL_2025-13-01.csv", []),
        ("IRB_PROTOCOL_٢٠٢٥-11-04.csv", []),
        ("IRB_PROTOCOL_2025-11-04xcsv", []),
        ("", []),
        ("\udcff\udcfe.csv", []),
    ],
)
def test_a_file_is_the_feeds_whose_pattern_takes_its_whole_name(name, expected):
    assert match_name(name, FEEDS) == expected


def test_a_retired_feed_takes_nothing():
    assert match_name("IRB_PROTOCOL_2025-11-04.csv", [feed("irb", IRB, "retired")]) == []


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("COI_{date:%Y%m%d}*.csv", "COI_20251104_final (2).csv", date(2025, 11, 4)),
        ("AwardHistory {date:%Y%m%d}.dat", "awardhistory 20230705.DAT", date(2023, 7, 5)),
        ("irb_{date:%b_%Y}.csv", "IRB_JUL_2020.csv", date(2020, 7, 1)),
        ("irb_{date:%d%B%y}.csv", "irb_04November25.csv", date(2025, 11, 4)),
        ("irb {date}.csv", "irb 2025-11-04.csv", date(2025, 11, 4)),
        ("IRB_*.csv", "IRB_2025-11-04.csv", date(2025, 11, 4)),
        ("IRB_*.csv", "irb_20251104_0200.csv", date(2025, 11, 4)),
        ("IRB_*.csv", "irb_final.csv", None),
        ("IRB_*.csv", "irb_20251399.csv", None),
        ("IRB_*.csv", "irb_1202511040.csv", None),
        ("IRB_*.csv", "irb_2025-11-01_to_2025-11-30.csv", None),
        ("a?.csv", "ab.csv", None),
        ("a+(b).csv", "A+(B).csv", None),
    ],
)
def test_the_data_date_is_read_from_the_name(pattern, name, expected):
    assert match_name(name, [feed("x", pattern)]) == [Match("x", expected)]


def test_a_pattern_of_many_stars_takes_no_time():
    assert match_name("a" * 255, [feed("x", "*a" * 20 + "*b")]) == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("in/IRB.csv", "is the name of a file; it has no folders."),
        ("IRB_{day:%Y}.csv", "has {day:%Y}; only {date:%Y-%m-%d} can stand in braces."),
        ("IRB_{date:%Y-%m-%q}.csv", "has %q in its date; known are %Y,"),
        ("IRB_{date:%m-%d}.csv", "has a date, %m-%d, that lacks the year or the month."),
        ("IRB_{date:%Y-%m-%m}.csv", "has a date, %Y-%m-%m, with one part twice."),
        ("{date:%Y-%m-%d}{date:%Y-%m-%d}", "has more than one {date:...}."),
        ("IRB_{date.csv", "has a brace that is not part of {date:...}."),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(pattern, expected):
    with pytest.raises(PatternError) as raised:
        parse_pattern(pattern)
    assert expected in str(raised.value)


def test_grants_does_not_swallow_proposals():
    assert shared_name(GRANTS, PROPOSALS) is None
    assert shared_name(GRANTS, "grants_*.CSV") == "grants_1111-11-11.csv"
    assert shared_name("GRANTS_*.csv", PROPOSALS) == "grants_proposal_1111-11-11.csv"
    assert shared_name("{date:%b%Y}x", "ju?19*") is not None
    assert shared_name("{date:%m%Y}x", "ju?19*") is None
    assert shared_name("IRB_*.csv", "IRB_{date:%Y-%m-%d}.csv.gz") is None
    assert shared_name("IRB_*", "IRB_{date:%Y-%m-%d}.csv.gz") is not None


SMALL = st.text("ab?*", max_size=4)  # two of four places share a name of at most six, if any


@given(SMALL, SMALL)
def test_overlap_is_found_exactly_when_some_name_fits_both(one, other):
    """The truth: fnmatch, over every name of up to six places."""
    names = ("".join(each) for length in range(7) for each in itertools.product("abx", repeat=length))
    truth = any(fnmatch.fnmatchcase(each, one) and fnmatch.fnmatchcase(each, other) for each in names)
    found = shared_name(one, other)
    assert (found is not None) == truth
    if found is not None:
        assert fnmatch.fnmatchcase(found, one)
        assert fnmatch.fnmatchcase(found, other)


def test_the_files_that_go_with_a_delivery_carry_its_name():
    assert companion("{name}.done", "IRB 1.csv") == "IRB 1.csv.done"
