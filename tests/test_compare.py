"""compare: the published table against a list from elsewhere, as the person at the terminal sees it."""

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datalake.zones.paths import Lake

RULES = """
delivery: {pattern: "ROOMS_{date:%Y-%m-%d}.csv"}
primary_key: [room_id]
missing_values: [""]
columns:
  - {name: room_id, constraints: {required: true}}
  - {name: building, aliases: [house]}
  - {name: seats, type: integer}
  - {name: since, type: date, format: ["%Y-%m-%d", "%m/%d/%Y"]}
  - {name: phone, mask: redact}
"""
HERE = """room_id,building,seats,since,phone
A1,Main,10,2020-01-01,555-0001
A2,Main,20,2020-01-02,555-0002
B1,East,30,2020-01-03,555-0003
B2,=East,40,2020-01-04,555-0004
"""
Manage = Callable[..., Any]


@pytest.fixture(autouse=True)
def rooms(lake: Lake, manage: Manage) -> None:
    """One published file of a feed of our own."""
    (lake.config / "local" / "modules").mkdir(parents=True)
    (lake.config / "local" / "modules" / "rooms.yaml").write_text(RULES, encoding="utf-8")
    (lake.config / "local" / "settings.yaml").write_text("settle_seconds: 0\n", encoding="utf-8")
    path = lake.incoming / "ROOMS_2025-11-04.csv"
    path.write_text(HERE, encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert manage("run").code == 0


def listed(folder: Path, content: str) -> str:
    path = folder / "old.csv"
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_a_list_in_other_order_under_other_names_and_date_forms_does_not_differ(tmp_path, manage: Manage) -> None:
    there = "Since,HOUSE,Room ID,seats,phone\n01/04/2020,=East,B2,40,x\n01/03/2020,East,B1,30,x\n"
    there += "01/02/2020,Main,A2,20,x\n01/01/2020,Main,A1,10,x\n"
    said = manage("compare", "rooms", "--with", listed(tmp_path, there))
    assert said.code == 0, said
    assert said.out.splitlines() == [
        "rooms as of Tue 4 Nov 2025, compared with old.csv",
        "only here: 0 records",
        "only there: 0 records",
        "differs: 0 cells",
        "Not compared: phone (masked)",
        "Nothing differs.",
    ]


def test_ids_of_one_side_and_cells_that_differ_are_told_and_the_exit_code_says_so(tmp_path, manage: Manage) -> None:
    there = "room_id,building,seats,since\nA1,Annex,10,2020-01-01\nA2,,25,2020-01-02\nB2,=East,40,2020-01-04\nC1,W,1,\n"
    said = manage("compare", "rooms", "--with", listed(tmp_path, there))
    assert said.code == 1, said
    assert said.out.splitlines() == [
        "rooms as of Tue 4 Nov 2025, compared with old.csv",
        "only here: 1 record",
        "  B1",
        "only there: 1 record",
        "  C1",
        "differs: 3 cells",
        "  building: 2",
        "  seats: 1",
        "  A1  building: here Main, there Annex",
        "  A2  building: here Main, there -",
        "  A2  seats: here 20, there 25",
        "Not compared: phone (masked)",
    ]


def test_all_differences_are_written_as_csv_without_formulas_or_masked_values(tmp_path, manage: Manage) -> None:
    there = "room_id,building,phone\nA1,Main,555-9999\nA2,Main,1\nB1,East,1\nB2,East,1\n=C1,West,1\n"
    out = tmp_path / "all.csv"
    said = manage("compare", "rooms", "--with", listed(tmp_path, there), "--csv", str(out))
    assert said.code == 1
    assert "Not compared: phone (masked), seats (not there), since (not there)" in said.out
    with out.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["key", "difference", "column", "here", "there"],
            ["'=C1", "only there", "", "", ""],
            ["B2", "differs", "building", "'=East", "East"],
        ]
    assert "555-" not in out.read_text(encoding="utf-8") + said.out
    assert manage("compare", "rooms", "--with", listed(tmp_path, there), "--csv", str(out)).code == 2


def test_a_row_that_the_rules_reject_is_neither_equal_nor_gone(tmp_path, manage: Manage) -> None:
    there = HERE.replace("A2,Main,20", "A2,Main,many")
    said = manage("compare", "rooms", "--with", listed(tmp_path, there))
    assert said.code == 1
    assert "only here: 0 records" in said.out and "Nothing differs" not in said.out
    assert "Rejected by the feed's rules, so not compared: 1 row there" in said.out


def test_a_list_of_rejected_rows_alone_is_told_as_such(tmp_path, manage: Manage) -> None:
    said = manage("compare", "rooms", "--with", listed(tmp_path, "room_id,seats\nA1,many\n"))
    assert (said.code, "only here: 3 records" in said.out) == (1, True), said


def test_only_the_first_twenty_are_shown(tmp_path, manage: Manage) -> None:
    more = "".join(f"Z{at:03},West,1,2020-01-01,1\n" for at in range(25))
    said = manage("compare", "rooms", "--with", listed(tmp_path, HERE + more))
    assert "only there: 25 records" in said.out and "  Z019\n  and 5 more\n" in said.out and "Z020" not in said.out


def test_nothing_of_the_lake_changes_and_what_cannot_be_compared_is_said(tmp_path, lake, manage: Manage) -> None:
    before = {path: path.stat().st_mtime_ns for path in lake.data.rglob("*")}
    assert "no column" in manage("compare", "rooms", "--with", listed(tmp_path, "house\nMain\n")).err
    assert "is no file" in manage("compare", "rooms", "--with", str(tmp_path)).err
    assert "Nothing of grants was published yet" in manage("compare", "grants", "--with", listed(tmp_path, HERE)).err
    assert manage("compare", "rooms", "--with", listed(tmp_path, HERE)).code == 0
    assert {path: path.stat().st_mtime_ns for path in lake.data.rglob("*")} == before
