"""The quirks of Huron's files that are known from the field, by their number: one test or more for each of them.

The files are written by hand or by the csv module and read by the rules that ship.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support import staging
from support.nights import GRANTS, IRB, Office, feed, file, irb_csv, kinds, note
from support.project import ROOT

from datalake.contracts.config import load_contracts, load_maps
from datalake.contracts.maps import UNMAPPED
from datalake.contracts.model import Column, Contract, Limits, Reference, SkipRow
from datalake.errors import Refused
from datalake.views.database import Database
from datalake.views.plain import plain_text_macros

QUIRKS = {
    1: "line ends inside text fields",
    2: "CR, LF or CR LF as line ends",
    3: "a delimiter other than the comma",
    4: "delimiters inside titles",
    5: "quotes and commas inside enumerated values",
    6: "a byte order mark",
    7: "Windows-1252, and dashes in states",
    8: "HTML and pasted Word text",
    9: "leading zeros lost on ids",
    10: "what Excel made of ids and numbers",
    11: "dates like 20251030.0",
    12: "several shapes of dates, and mistyped years",
    13: "no time zone on business times",
    14: "money with signs, brackets and many decimals",
    15: "many values in one cell",
    16: "a repeated id with identical rows",
    17: "a repeated id with differing rows",
    18: "a current row that is not the last one",
    19: "columns added or moved",
    20: "a renamed column",
    21: "case and spaces in the header",
    22: "new states",
    23: "junk rows",
    24: "a half-uploaded file",
    25: "an empty file, a header alone, a sudden loss of rows",
    26: "the same file twice, a late one, an odd name",
    27: "approval before receipt",
    28: "names in several forms",
    29: "ids of records that are not there",
    30: "text cut at a cap",
    31: "a code without its description, or the reverse",
    32: "blank shell records",
}
RULES = {each.feed: each for each in load_contracts(ROOT)}
MAPS = load_maps(ROOT)
BASE = {
    "irb": {
        "protocol_id": "STUDY00000001",
        "study_title": "Fog",
        "pi_name": "Mo, Em",
        "status": "Approved",
        "last_updated": "10/30/2025 01:12:09 AM",
    },
    "grants": {
        "award_id": "AWD00000001",
        "status": "Active",
        "sponsor": "NIH",
        "pi_name": "Mo, Em",
        "amount": "100.00",
    },
}
Row = dict[str, str]


def csv_of(feed_name: str, *rows: Row, delimiter: str = ",", newline: str = "\r\n", quoting: int = 0) -> str:
    """A file of a feed: each row is a good one but for what is given."""
    whole = [{**BASE[feed_name], **row} for row in rows]
    names = list(dict.fromkeys(name for row in whole for name in row))
    out = io.StringIO(newline="")
    lines = csv.DictWriter(out, names, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    lines.writeheader()
    lines.writerows(whole)
    return out.getvalue()


def study(number: int, **cells: str) -> Row:
    return {"protocol_id": f"STUDY{number:08}", **cells}


def award(number: int, **cells: str) -> Row:
    return {"award_id": f"AWD{number:08}", **cells}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., staging.Outcome]:
    """read(feed, file or rows) cleans it by the shipped rules, with both engines."""

    def read(name: str, *data: Any, rules: Contract | None = None) -> staging.Outcome:
        text = csv_of(name, *data) if isinstance(data[0], dict) else data[0]
        return staging.stage(tmp_path, text, rules or RULES[name])

    return read


def fixes(found: staging.Outcome, column: str) -> dict[str, int]:
    return found.staged.fixes.get(column, {})


def test_every_quirk_has_a_test_that_bears_its_number() -> None:
    named = [re.match(r"test_quirk_(\d\d)_", name) for name in globals()]
    assert sorted({int(each[1]) for each in named if each}) == sorted(QUIRKS) == list(range(1, 33))


@pytest.mark.parametrize("inside", ["\r", "\n", "\r\n", "\n\r\n"])
@pytest.mark.parametrize("newline", ["\r", "\n", "\r\n"])
def test_quirk_01_and_02_line_ends_within_a_text_break_no_row(read, newline: str, inside: str) -> None:
    title = f"Tea{inside}and rain"
    text = csv_of("irb", study(1, study_title=title), study(2), newline=newline, quoting=csv.QUOTE_ALL)
    assert read("irb", text).column("study_title") == [title, "Fog"]


def test_quirk_01_a_line_end_that_nothing_quotes_rejects_both_pieces_and_shifts_nothing(read) -> None:
    found = read("irb", csv_of("irb", study(1, study_title="Tea and rain"), study(2)).replace("Tea and", "Tea\rand"))
    assert found.column("protocol_id") == ["STUDY00000002"]
    assert found.rejected == [(2, None, "cell_count"), (3, None, "cell_count")]


@pytest.mark.parametrize("newline", ["\r", "\n", "\r\n"])
def test_quirk_02_any_line_end_ends_a_row(read, newline: str) -> None:
    assert read("irb", csv_of("irb", study(1), study(2), newline=newline)).staged.accepted == 2


@pytest.mark.parametrize("delimiter", [",", "|", ";", "\t"])
def test_quirk_03_the_delimiter_is_found_and_recorded(read, delimiter: str) -> None:
    found = read("irb", csv_of("irb", study(1, study_title="a,b|c;d\te"), delimiter=delimiter))
    assert (found.staged.delimiter, found.column("study_title")) == (delimiter, ["a,b|c;d\te"])


def test_quirk_04_a_delimiter_in_quotes_is_text_and_one_without_rejects_its_row_alone(read) -> None:
    good = csv_of("irb", study(1, study_title="tea, biscuits"))
    found = read("irb", good + good.splitlines()[1].replace('"tea, biscuits"', "tea, biscuits") + "\r\n")
    assert found.column("study_title") == ["tea, biscuits"]
    assert found.rejected == [(3, None, "cell_count")]


def test_quirk_05_determinations_keep_their_quotes_and_commas(tmp_path: Path) -> None:
    text = (
        "submission_id,protocol_id,status,determination,last_updated\n"
        'MOD00000001,STUDY00000001,Approved,"Modifications Required to Secure ""Approved""",2025-10-30\n'
        'MOD00000002,STUDY00000001,Approved,"Human Research, Not Engaged",2025-10-30\n'
    )
    found = staging.stage(tmp_path, text, RULES["irb_submission"])
    assert found.column("determination") == [
        'Modifications Required to Secure "Approved"',
        "Human Research, Not Engaged",
    ]


def test_quirk_06_a_mark_before_the_header_is_no_part_of_the_first_name(read) -> None:
    found = read("irb", "\ufeff" + csv_of("irb", study(1)))
    assert found.column("protocol_id") == ["STUDY00000001"]


def test_quirk_07_windows_1252_is_read_strictly_and_dashes_make_no_other_state(read, tmp_path: Path) -> None:
    state = "Award – Pending Reconciliation"
    text = csv_of("irb", study(1, study_title="The “model” group’s view", status=state))
    found = read("irb", text.encode("cp1252"))
    assert (found.staged.encoding, found.rows[0]["study_title"]) == ("cp1252", "The “model” group’s view")
    assert found.rows[0]["status"] == state
    meaning = MAPS["award_states"]
    assert meaning.group(state) == meaning.group("Award - Pending Reconciliation") != UNMAPPED
    neither = text.encode("cp1252").replace(b"model", b"\x81")
    problem = staging.refusal(staging.job(tmp_path / "neither", neither, RULES["irb"]))
    assert isinstance(problem, Refused)
    assert problem.rule == "not_text"


def test_quirk_08_html_and_word_are_kept_as_they_came(read) -> None:
    pasted = '<p class="MsoNormal">A &amp; B&nbsp;&lt;b&gt;<o:p></o:p></p>'
    assert read("irb", study(1, summary=pasted)).column("summary") == [pasted]


def test_quirk_08_html_can_be_asked_for_as_plain_text() -> None:
    pasted = '<p class="MsoNormal">A &amp; B&nbsp;&lt;b&gt;<o:p></o:p></p>'
    with Database(1) as database:
        for each in plain_text_macros():
            database.define(each)
        assert database.table(f"select plain_text('{pasted}') as read").to_pylist() == [{"read": "A & B <b>"}]


def test_quirk_09_lost_zeros_come_back_only_where_a_width_is_declared_and_are_counted(read) -> None:
    found = read("irb", study(1, pi_department_code="42110"), study(2, pi_department_code="0042110"))
    assert found.column("pi_department_code") == ["0042110", "0042110"]
    assert fixes(found, "pi_department_code") == {"padded": 1}
    kept = read("irb", study(1, legacy_protocol_number="0551"), study(2, legacy_protocol_number="551"))
    assert kept.column("legacy_protocol_number") == ["0551", "551"]


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("amount", "5.03E+02", "lossy"),
        ("sponsor_id", "1.2E+05", "lossy"),
        ("award_id", "1.23E+09", "lossy"),
        ("start_date", "45960", "type"),
        ("amount", "#######", "type"),
    ],
)
def test_quirk_10_what_excel_has_spoilt_is_rejected(read, column: str, text: str, rule: str) -> None:
    found = read("grants", award(1, **{column: text}), award(2))
    assert found.rejected == [(2, column, rule)]
    assert found.findings[0]["value"] == text


def test_quirk_10_an_assistance_listing_stays_text(read) -> None:
    assert read("grants", award(1, assistance_listing="47.070")).column("assistance_listing") == ["47.070"]


def test_quirk_11_a_date_that_became_a_number_is_a_date_again_and_counted(read) -> None:
    found = read("grants", award(1, start_date="20251030.0"))
    assert found.column("start_date") == [date(2025, 10, 30)]
    assert sum(fixes(found, "start_date").values()) == 1


@pytest.mark.parametrize(
    "text", ["10/03/2025", "2025-10-03", "20251003", "10/03/2025 12:00:00 AM", " 10/03/2025 ", "20251003.0"]
)
def test_quirk_12_every_shape_of_a_date_means_the_same_day(read, text: str) -> None:
    assert read("grants", award(1, start_date=text)).column("start_date") == [date(2025, 10, 3)]


@pytest.mark.parametrize("text", ["02/30/2025", "13/01/2025", "2025-06-31", "soon"])
def test_quirk_12_a_day_that_is_none_is_rejected(read, text: str) -> None:
    assert read("grants", award(1, start_date=text)).rejected == [(2, "start_date", "type")]


def test_quirk_12_a_mistyped_year_is_loaded_and_told(read) -> None:
    found = read("grants", award(1, start_date="07/01/2205"), award(2, start_date="07/01/0205"))
    assert found.column("start_date") == [date(2205, 7, 1), date(205, 7, 1)]
    assert [(each["rule"], each["outcome"]) for each in found.findings] == [("starts_in_our_time", "warned")] * 2


def test_quirk_13_days_stay_days_and_times_without_a_zone_are_those_of_the_office(read) -> None:
    found = read("irb", study(1, date_approved="10/30/2025"), study(2, last_updated="2025-10-30T05:12:09Z"))
    assert found.column("date_approved")[0] == date(2025, 10, 30)
    assert found.column("last_updated") == [datetime(2025, 10, 30, 5, 12, 9)] * 2


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1,234.50", "1234.50"),
        ("(500.00)", "-500.00"),
        ("($1,500.25)", "-1500.25"),
        ("-42", "-42.00"),
        ("1250000.0000000000", "1250000.00"),
        ("0", "0.00"),
    ],
)
def test_quirk_14_money_is_what_it_says(read, text: str, amount: str) -> None:
    assert read("grants", award(1, amount=text)).column("amount") == [Decimal(amount)]


def test_quirk_14_a_blank_amount_is_unknown_and_never_nought(read) -> None:
    assert read("grants", award(1, direct_amount="")).column("direct_amount") == [None]


@pytest.mark.parametrize(
    "text", ["AWD00000001; FP00000001", "AWD00000001;FP00000001;", '["AWD00000001", "FP00000001"]']
)
def test_quirk_15_many_values_in_a_cell_are_a_list(read, text: str) -> None:
    assert read("irb", study(1, funding_ids=text)).column("funding_ids") == [["AWD00000001", "FP00000001"]]


def test_quirk_15_values_spread_over_numbered_columns_keep_a_column_each(read) -> None:
    names = [f"funding_src{number}" for number in range(1, 16)]
    rules = replace(RULES["irb"], columns=(*RULES["irb"].columns, *map(Column, names)))
    found = read("irb", study(1, **dict(zip(names, ["NIH", "", "NSF"] + [""] * 12, strict=True))), rules=rules)
    assert [found.column(each) for each in names[:4]] == [["NIH"], [None], ["NSF"], [None]]


def test_quirk_16_of_identical_rows_one_stays_and_the_others_are_counted(read) -> None:
    found = read("irb", study(1), study(1), study(2), study(1))
    assert (found.staged.accepted, found.staged.duplicates, found.staged.rejected) == (2, 2, 0)


def test_quirk_17_of_differing_rows_the_newest_wins_wherever_it_stands_and_the_loser_is_told(read) -> None:
    older, newer = "10/30/2025 01:12:09 AM", "10/30/2025 01:13:41 AM"
    found = read(
        "irb", study(1, status="Closed", last_updated=newer), study(1, last_updated=older), study(1, study_title="x")
    )
    assert found.column("status") == ["Closed"]
    assert [(each["line"], each["outcome"]) for each in found.findings] == [(3, "superseded"), (4, "superseded")]


def test_quirk_18_what_is_newest_is_decided_by_the_feeds_rules(read) -> None:
    """BU: in 202 awards the current row is not that of the highest sequence."""
    rows = (award(1, status="Active", end_date="2027-01-01"), award(1, status="Closed", end_date="2026-01-01"))
    assert read("grants", *rows).column("status") == ["Closed"]  # no last_updated: the last row in the file
    by_end = replace(RULES["grants"], order_by=("end_date",))
    assert read("grants", *rows, rules=by_end).column("status") == ["Active"]
    by_grain = (award(1, allocation_id="A1"), award(1, allocation_id="A2"))
    assert read("grants", *by_grain).staged.accepted == 2


def test_quirk_18_a_key_column_that_the_file_lacks_hides_no_misbuilt_row(read) -> None:
    """Awards without allocations: the award of a ragged row is known, so that it alone is kept from before."""
    ragged = csv_of("grants", award(1), award(2)) + "AWD00000003,Active\r\n"
    found = read("grants", ragged)
    assert found.rejected == [(4, None, "cell_count")]
    assert (found.findings[0]["key"], found.staged.rejected_keys_known) == ("AWD00000003 | \\N", True)
    with_allocations = csv_of("grants", award(1, allocation_id="A1")) + "AWD00000003,Active\r\n"
    assert not read("grants", with_allocations).staged.rejected_keys_known


def test_quirk_19_columns_are_found_by_name_wherever_they_stand_and_new_ones_are_told(read) -> None:
    lines = ["x2,date_expires,last_updated,status,date_approved,pi_name,study_title,protocol_id"]
    lines.append("?,2026-10-01,2025-10-30,Approved,2025-10-02,Mo,Fog,STUDY00000001")
    found = read("irb", "\n".join(lines))
    assert found.column("date_approved") == [date(2025, 10, 2)]
    assert found.column("date_expires") == [date(2026, 10, 1)]
    assert found.staged.new_columns == ("x2",)


@pytest.mark.parametrize("name", ["state", "current_state", "CLK_CURRENTSTATE"])
def test_quirk_20_a_renamed_column_is_found_by_its_other_names(read, name: str) -> None:
    assert read("irb", csv_of("irb", study(1)).replace("status", name, 1)).column("status") == ["Approved"]


@pytest.mark.parametrize("spelled", ["Protocol ID", "PROTOCOL_ID", " protocolId ", '"Protocol-Id"'])
def test_quirk_21_spellings_of_a_header_are_one_name_and_two_of_them_collide(
    read, tmp_path: Path, spelled: str
) -> None:
    text = csv_of("irb", study(1)).replace("protocol_id", spelled, 1)
    assert read("irb", text).column("protocol_id") == ["STUDY00000001"]
    twice = text.replace("study_title", "protocol_id,study_title", 1)
    problem = staging.refusal(staging.job(tmp_path / "twice", twice, RULES["irb"]))
    assert isinstance(problem, Refused)
    assert problem.rule == "duplicate_header"


def test_quirk_22_an_unknown_state_lands_and_is_unmapped(read) -> None:
    state = "NOT USED - Pending Post Submission Response"
    assert read("irb", study(1, status=state)).column("status") == [state]
    assert MAPS["irb_states"].group(state) == UNMAPPED


def test_quirk_23_junk_rows_are_counted_apart_and_not_as_rejected(read) -> None:
    rules = replace(RULES["irb"], skip_rows=(SkipRow("protocol_id", "Total.*"), SkipRow("status", "Template")))
    text = csv_of("irb", study(1), {"protocol_id": "Total: 2"}, study(2, status="Template"), study(3))
    found = read("irb", text + text.splitlines()[0] + "\r\n", rules=rules)  # and the header once more
    assert (found.staged.accepted, found.staged.excluded, found.staged.rejected) == (2, 3, 0)


@pytest.mark.parametrize("feed", sorted(RULES))
def test_quirk_23_the_shipped_rules_know_a_row_of_totals(feed: str) -> None:
    (rule,) = RULES[feed].skip_rows
    assert rule.column == RULES[feed].primary_key[0]
    assert all(re.fullmatch(rule.pattern, each) for each in ("Total", "TOTAL: 12", "Grand total", "Totals for FY26"))
    assert not any(re.fullmatch(rule.pattern, each) for each in ("STUDY00000001", "TOTALLY1", "123456-00002"))


def test_quirk_23_totals_with_and_without_their_commas_do_not_count_as_rejected(read) -> None:
    whole = csv_of("irb", study(1), study(2, protocol_id="Total"), study(3))
    found = read("irb", whole + "Grand total: 2\r\n")
    assert (found.staged.rows_read, found.staged.accepted, found.staged.excluded, found.staged.rejected) == (4, 2, 2, 0)


@pytest.mark.parametrize("empty", [",,,,", " , ,,\t,", '"","",,,', "   ", ","])
def test_quirk_23_rows_without_a_value_are_no_records(read, empty: str) -> None:
    found = read("irb", csv_of("irb", study(1), study(2)) + f"{empty}\r\n" * 3)
    assert (found.staged.rows_read, found.staged.accepted, found.staged.excluded, found.staged.rejected) == (5, 2, 3, 0)
    assert {each["rule"] for each in found.findings} == {"blank_row"}


def test_quirk_24_a_file_still_arriving_waits(here: Office) -> None:
    here.deliver("IRB_PROTOCOL_2025-11-04.csv.filepart", irb_csv("A"))
    here.deliver("GRANTS_2025-11-04.csv", "award_id,amount\nA,1\n", age=5)
    outcome = here.night()
    assert {each.feed: each.status for each in outcome.feeds} == {"grants": "nothing", "irb": "nothing"}
    assert here.incoming() == ["GRANTS_2025-11-04.csv", "IRB_PROTOCOL_2025-11-04.csv.filepart"]


def test_quirk_24_a_last_row_that_is_cut_is_not_loaded(read) -> None:
    found = read("irb", csv_of("irb", study(1), study(2))[:-30])
    assert (found.staged.accepted, found.rejected) == (1, [(3, None, "cell_count")])


@pytest.mark.parametrize(
    ("content", "status"),
    [("", "refused"), (irb_csv().strip(), "refused"), (irb_csv("A"), "held")],
    ids=["no byte", "header alone", "rows lost"],
)
def test_quirk_25_nothing_and_too_little_leave_the_table_as_it_was(here: Office, content: str, status: str) -> None:
    here.with_irb(limits=Limits(row_drop_percent=20))
    here.irb("2025-11-04", "A", "B", "C")
    here.night()
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", content)
    assert feed(here.next_night()).status == status
    assert here.ids() == ["A", "B", "C"]


def test_quirk_26_repeated_late_and_oddly_named_files_never_make_the_table_older(here: Office) -> None:
    here.irb("2025-11-05", "A", "B")
    here.night()
    here.irb("2025-11-05", "A", "B")
    here.deliver("irb protocol 20251106 (1).csv", irb_csv("Z"))
    outcome = here.next_night()
    assert file(outcome).status == "duplicate"
    assert "unmatched" in kinds(outcome)
    here.irb("2025-11-03", "OLD")
    assert file(here.next_night()).status == "filed"
    assert here.ids() == ["A", "B"]


def test_quirk_27_approval_before_receipt_is_kept_and_told(read) -> None:
    found = read("irb", study(1, date_submitted="10/02/2025", date_approved="10/01/2025"))
    assert found.column("date_approved") == [date(2025, 10, 1)]
    assert [(each["rule"], each["outcome"]) for each in found.findings] == [("approved_after_submission", "warned")]


def test_quirk_28_names_are_display_only_and_persons_are_told_by_their_id(read) -> None:
    names = ["Mo, Em", "Em Mo", "Mo., Em", "NA, Null"]
    found = read("irb", *(study(at, pi_name=name, pi_person_id="U00001234") for at, name in enumerate(names)))
    assert found.column("pi_name") == names
    assert set(found.column("pi_person_id")) == {"U00001234"}


def test_quirk_29_an_id_of_no_record_is_loaded_and_reported(here: Office) -> None:
    parent = Column("award_id", references=(Reference("grants", "award_id"),))
    here.contracts = (GRANTS, replace(IRB, columns=(*IRB.columns, parent)))
    here.deliver("GRANTS_2025-11-04.csv", "award_id,amount\nA1,1\n")
    here.deliver(
        "IRB_PROTOCOL_2025-11-04.csv", "protocol_id,study_title,status,last_updated,award_id\nS,x,Open,2025-10-01,A9\n"
    )
    outcome = here.night()
    assert (file(outcome).rejected, here.table()[0]["award_id"]) == (0, "A9")
    assert "irb.award_id (once) is not in grants.award_id" in note(outcome, "unknown")


def test_quirk_30_a_text_as_long_as_the_cap_is_loaded_and_told(read) -> None:
    found = read("irb", study(1, summary="x" * 4000), study(2, summary="x" * 3999))
    assert [len(each) for each in found.column("summary")] == [4000, 3999]
    assert [(each["line"], each["column"], each["outcome"]) for each in found.findings] == [(2, "summary", "warned")]


def test_quirk_31_a_code_and_its_description_may_stand_alone(read) -> None:
    found = read("irb", study(1, pi_department_code="0042110"), study(2, pi_department="Paper Bridges"))
    codes, words = found.column("pi_department_code"), found.column("pi_department")
    assert (codes, words) == (["0042110", None], [None, "Paper Bridges"])


@pytest.mark.parametrize("name", BASE)
def test_quirk_32_a_shell_of_required_columns_alone_is_a_good_row(read, name: str) -> None:
    blank = dict.fromkeys(set(RULES[name].names) - set(BASE[name]), "")
    found = read(name, blank)
    assert (found.staged.accepted, found.findings) == (1, [])
    assert {found.rows[0][each] for each in blank if not RULES[name].column(each).mask} == {None}
