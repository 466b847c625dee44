"""The files on which nine other tools were tried (contracts.md section 1): here every row of that table is right."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support import staging
from support.nights import feed, irb_csv, office

from datalake.contracts.model import Column, Constraints, Contract, Limits, SchemaContract
from datalake.errors import Refused

HEADER = "protocol_id,study_title,pi_person_id,pi_name,status,date_approved,date_expires,last_updated"
ROWS = (
    "STUDY00000001,Sleep,00012345,\"NA, Ana\",Approved,2025-01-15,2026-01-14,2025-11-01 01:02:03",
    "STUDY00000002,Tea and rain,00000007,NA,Approved,2025-02-15,2026-02-14,2025-11-02 01:02:03",
    "STUDY00000003,Fog,10000000,Null,Closed,2025-03-15,2026-03-14,2025-11-03 01:02:03",
)  # fmt: skip
GOOD = "\n".join((HEADER, *ROWS)) + "\n"
RULES = staging.contract(
    (
        Column("protocol_id", constraints=Constraints(required=True, pattern=r"STUDY\d{8}"), must_exist=True),
        Column("study_title", constraints=Constraints(required=True), must_exist=True),
        Column("pi_person_id", constraints=Constraints(pattern=r"\d{8}")),
        Column("pi_name"),
        Column("status", constraints=Constraints(enum=("Approved", "Closed"))),
        Column("date_approved", "date"),
        Column("date_expires", "date"),
        Column("last_updated", "datetime"),
    ),
    primary_key=("protocol_id",),
    order_by=("last_updated",),
)

TABLE = {
    1: "clean, ids with leading zeros, surname NA",
    2: "impossible date",
    3: "US date where ISO is declared",
    4: "duplicate key",
    5: "unquoted comma",
    6: "short row",
    7: "cut in the middle of a row",
    8: "cut exactly at a row end",
    9: "two date columns swapped in the header",
    10: "new column",
    11: "missing column",
    12: "header only",
    13: "cp1252 bytes",
    14: "same file name next night, new content",
    15: "file whose mtime is older than the last seen",
}


def test_every_row_of_the_table_has_a_test_that_bears_its_number() -> None:
    named = [re.match(r"test_row_(\d\d)_", name) for name in globals()]
    assert sorted({int(each[1]) for each in named if each}) == sorted(TABLE) == list(range(1, 16))


def stage(folder: Path, text: str | bytes, rules: Contract = RULES) -> staging.Outcome:
    return staging.stage(folder, text, rules)


def with_row(row: str) -> str:
    return GOOD + row + "\n"


def test_row_01_leading_zeros_and_the_surname_na_are_kept(tmp_path: Path) -> None:
    found = stage(tmp_path, GOOD)
    assert found.column("pi_person_id") == ["00012345", "00000007", "10000000"]
    assert found.column("pi_name") == ["NA, Ana", "NA", "Null"]
    assert found.staged.fixes == {}


def test_row_02_an_impossible_date_rejects_its_row_alone_and_kept_for_whoever_mends_it(tmp_path: Path) -> None:
    found = stage(tmp_path, with_row("STUDY00000004,x,00000001,y,Approved,2025-02-30,,"))
    assert (found.staged.accepted, found.rejected) == (3, [(5, "date_approved", "type")])
    assert found.findings[0]["value"] == "2025-02-30"
    assert found.findings[0]["key"] == "STUDY00000004"


def test_row_03_a_us_date_where_iso_is_declared_is_refused_whatever_else_is_in_the_column(tmp_path: Path) -> None:
    row = "STUDY00000004,x,00000001,y,Approved,02/03/2025,,"
    alone, beside = (
        stage(tmp_path / "a", with_row(row)),
        stage(tmp_path / "b", with_row(f"{row}\n{row.replace('02/03', 'bad')}")),
    )
    assert alone.rejected == [(5, "date_approved", "type")]
    assert beside.rejected == [(5, "date_approved", "type"), (6, "date_approved", "type")]


def test_row_04_a_repeated_key_leaves_one_row_and_says_which_one_lost(tmp_path: Path) -> None:
    found = stage(tmp_path, with_row("STUDY00000001,Sleep II,00012345,x,Approved,,,2025-10-01 00:00:00"))
    assert found.column("study_title")[0] == "Sleep"
    assert [(each["line"], each["outcome"]) for each in found.findings] == [(5, "superseded")]
    assert "line 2" in found.findings[0]["message"]


def test_row_05_an_unquoted_comma_rejects_its_row_and_loads_the_others(tmp_path: Path) -> None:
    found = stage(tmp_path, with_row("STUDY00000004,tea, biscuits,00000001,y,Approved,,,"))
    assert (found.staged.accepted, found.rejected) == (3, [(5, None, "cell_count")])
    assert found.findings[0]["record"] == "STUDY00000004,tea, biscuits,00000001,y,Approved,,,"


def test_row_06_a_short_row_is_rejected_and_not_padded(tmp_path: Path) -> None:
    found = stage(tmp_path, with_row("STUDY00000004,x,00000001,y,Approved,2025-01-01"))
    assert (found.staged.accepted, found.rejected) == (3, [(5, None, "cell_count")])


def test_row_07_a_file_cut_in_the_middle_of_a_row_is_noticed(tmp_path: Path) -> None:
    found = stage(tmp_path / "bare", GOOD[: GOOD.rindex("Null") + 2])
    assert found.rejected == [(4, None, "cell_count")]
    quoted = GOOD + 'STUDY00000004,"half a ti'
    problem = staging.refusal(staging.job(tmp_path / "quoted", quoted, RULES))
    assert isinstance(problem, Refused)
    assert (problem.rule, problem.line) == ("unclosed_quote", 5)


def test_row_08_a_file_cut_at_a_row_end_waits_for_a_person(tmp_path: Path) -> None:
    """No content can show it; the file before can."""
    here = office(tmp_path).with_irb(limits=Limits(row_drop_percent=20))
    here.irb("2025-11-04", "A", "B", "C")
    here.night()
    here.irb("2025-11-05", "A", "B")
    assert feed(here.next_night()).status == "held"
    assert here.ids() == ["A", "B", "C"]


def test_row_09_two_columns_that_swap_places_in_the_header_take_their_data_along(tmp_path: Path) -> None:
    header = HEADER.replace("date_approved,date_expires", "date_expires,date_approved")
    found = stage(tmp_path, "\n".join((header, *ROWS)))
    assert [each.year for each in found.column("date_approved")] == [2026] * 3
    assert [each.year for each in found.column("date_expires")] == [2025] * 3


def test_row_10_a_new_column_is_named_and_moves_nothing(tmp_path: Path) -> None:
    lines = [f"{line.split(',', 1)[0]},new,{line.split(',', 1)[1]}" for line in ROWS]
    found = stage(tmp_path, "\n".join((HEADER.replace(",", ",Risk Level,", 1), *lines)))
    assert (found.staged.accepted, found.staged.new_columns) == (3, ("Risk Level",))
    assert found.column("study_title") == ["Sleep", "Tea and rain", "Fog"]


def test_row_10_a_new_column_joins_the_table_where_the_contract_evolves(tmp_path: Path) -> None:
    rules = replace(RULES, schema_contract=SchemaContract(new_columns="evolve"))
    lines = (f"{line},low" for line in ROWS)
    found = stage(tmp_path / "a", "\n".join((HEADER + ",Risk Level", *lines)), rules)
    assert found.column("risk_level") == ["low"] * 3
    frozen = replace(RULES, schema_contract=SchemaContract(new_columns="freeze"))
    problem = staging.refusal(staging.job(tmp_path / "b", GOOD.replace("status", "status,Risk", 1), frozen))
    assert isinstance(problem, Refused)
    assert (problem.rule, '"Risk"' in problem.message) == ("new_column", True)


def test_row_11_a_missing_column_is_noticed_and_no_value_moves_into_its_place(tmp_path: Path) -> None:
    text = "\n".join(",".join(line.split(",")[:4]) for line in (HEADER, *ROWS[1:]))
    found = stage(tmp_path, text)
    assert found.staged.absent == ("status", "date_approved", "date_expires", "last_updated")
    assert found.column("status") == [None, None]
    assert found.column("pi_name") == ["NA", "Null"]


def test_row_12_a_header_alone_never_empties_a_table(tmp_path: Path) -> None:
    problem = staging.refusal(staging.job(tmp_path, HEADER + "\n", RULES))
    assert isinstance(problem, Refused)
    assert problem.rule == "header_only"


def test_row_13_windows_1252_is_read_as_such_and_recorded(tmp_path: Path) -> None:
    found = stage(tmp_path, GOOD.replace("Fog", "Étude – “fog”").encode("cp1252"))
    assert found.column("study_title")[2] == "Étude – “fog”"
    assert found.staged.encoding == "cp1252"


def test_row_12_a_header_alone_leaves_the_table_of_the_night_before(tmp_path: Path) -> None:
    here = office(tmp_path)
    here.irb("2025-11-04", "A", "B")
    here.night()
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", irb_csv())
    outcome = here.next_night()
    assert (outcome.status, feed(outcome).status, here.ids()) == ("failure", "refused", ["A", "B"])


@pytest.mark.parametrize("age", [3600, 400 * 86_400], ids=["row 14", "row 15"])
def test_row_14_and_15_the_same_name_with_other_bytes_is_loaded_however_old_its_mtime(tmp_path: Path, age: int) -> None:
    here = office(tmp_path)
    here.irb("2025-11-04", "A", "B")
    here.night()
    here.deliver("IRB_PROTOCOL_2025-11-04.csv", irb_csv("A", "B", "C"), age=age)
    assert feed(here.next_night()).status == "published"
    assert here.ids() == ["A", "B", "C"]


def test_row_14_a_stage_of_the_same_name_begins_afresh(tmp_path: Path) -> None:
    assert stage(tmp_path, GOOD).staged.accepted == 3
    again = stage(tmp_path, "\n".join((HEADER, *ROWS[:1])))
    assert (again.staged.accepted, len(again.rows)) == (1, 1)


def test_row_15_an_mtime_older_than_the_last_file_changes_nothing(tmp_path: Path) -> None:
    work = staging.job(tmp_path, GOOD, RULES)
    os.utime(work.source, (0, 0))
    assert staging.fast(work).staged.accepted == 3
