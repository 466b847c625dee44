"""One record's history: why does this study show Approved?"""

from dataclasses import replace

import pytest
from support.nights import Office

from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.settings import Dashboard
from datalake.web.app import create_app
from web.conftest import BREAKFAST, FILE, SETTINGS, new_lake
from web.pages import links, rows, text

SECOND = FILE.replace("S-2,Expired,-3.25", "S-2,Approved,7.00").replace("S-3,Approved,\n", "S-3,Unheard of,12345\n")
CHANGED = "What each file changed"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Two nights: S-2 becomes Approved, S-3 comes with a status that the rules refuse."""
    lake = new_lake(tmp_path_factory.mktemp("kept") / "lake")
    rules = lake.config / "modules" / "irb.yaml"
    rules.write_text(rules.read_text().replace("rejected_percent: 1", "rejected_percent: 50") + "history: scd2\n")
    office = Office(lake, load_contracts(lake.root))
    office.deliver("IRB_2025-11-04.csv", FILE)
    office.night()
    office.deliver("IRB_2025-11-05.csv", SECOND, age=-80_000)
    office.next_night()
    return lake


def as_role(lake, role):
    settings = replace(SETTINGS, dashboard=Dashboard(local_role=role))
    return create_app(lake, settings, MovedClock(BREAKFAST)).test_client()


@pytest.fixture
def viewer(kept):
    return as_role(kept, "viewer")


@pytest.fixture
def reader(kept):
    return as_role(kept, "reader")


@pytest.fixture
def steward(kept):
    return as_role(kept, "steward")


def test_each_change_is_told_with_the_file_and_line_that_brought_it(reader):
    table = rows(reader, "/record?feed=irb&key=S-2", CHANGED)

    assert [(row[0], row[1], row[3]) for row in table] == [
        ("Wed 5 Nov 2025", "changed", "IRB_2025-11-05.csv, line 3"),
        ("Tue 4 Nov 2025", "new", "IRB_2025-11-04.csv, line 3"),
    ]
    assert table[0][2] == "status Expired → Approvedamount -3.25 → 7.00"


def test_a_rejected_row_is_told_with_its_reason_and_the_record_keeps_its_last_good_version(reader):
    row = rows(reader, "/record?feed=irb&key=S-3", "Rejected rows")[0]

    assert row[:4] == ["Wed 5 Nov 2025", "4", "status", "Unheard of"]
    assert "status Approved" in text(reader, "/record?feed=irb&key=S-3")


def test_a_viewer_sees_no_confidential_value_and_no_raw_row(viewer):
    for key in ("S-2", "S-3"):
        said = text(viewer, f"/record?feed=irb&key={key}")
        assert "3.25" not in said
        assert "7.00" not in said
        assert "12345" not in said
    assert "•••" in said or "amount" in said


def test_the_raw_rows_are_a_stewards(reader, steward):
    assert "S-3,Unheard of,12345" not in text(reader, "/record?feed=irb&key=S-3")
    assert "S-3,Unheard of,12345" in text(steward, "/record?feed=irb&key=S-3")
    assert "S-2,Approved,7.00" in text(steward, "/record?feed=irb&key=S-2")


@pytest.mark.parametrize("typed", ["S-2", "s-2", " s-2 "])
def test_the_whole_number_leads_straight_to_the_record(viewer, typed):
    answer = viewer.get("/record", query_string={"q": typed})

    assert answer.status_code == 302
    assert answer.location == "/record?feed=irb&key=S-2"


def test_a_part_of_it_lists_what_has_it(viewer):
    found = [path for path in links(viewer, "/record?q=S-") if "key=" in path]

    assert len(found) == 4
    assert "No file has held a record" in text(viewer, "/record?q=nothing")


def test_a_record_that_no_file_held_is_not_found(viewer):
    assert viewer.get("/record?feed=irb&key=S-99").status_code == 404
    assert viewer.get("/record?feed=nothing&key=S-1").status_code == 404


def test_every_row_of_the_table_leads_to_its_record(viewer):
    assert "/record?feed=irb&key=S-2" in links(viewer, "/data/irb")


def test_text_in_a_record_is_shown_as_text(viewer):
    answer = viewer.get("/record?feed=irb&key=<script>alert(1)</script>")

    assert answer.status_code == 404
    assert "<script>alert" not in answer.get_data(as_text=True)


class TestRejectedRows:
    @pytest.fixture
    def path(self, kept):
        (folder,) = (kept.data / "quarantine" / "irb" / "2025-11-05").iterdir()
        return f"/rejects/irb/2025-11-05/{folder.name}"

    def test_each_is_told_with_line_value_and_reason(self, reader, path):
        assert rows(reader, path, "Findings")[0][:4] == ["4", "S-3", "status", "Unheard of"]
        assert "1 row of the file with 1 finding" in text(reader, path)
        assert "python3 manage.py rejects irb --csv" in text(reader, path)

    def test_raw_rows_are_a_stewards_also_in_the_download(self, reader, steward, path):
        for given in (path, f"{path}.csv"):
            assert "S-3,Unheard of,12345" not in reader.get(given).get_data(as_text=True)
            assert "S-3,Unheard of,12345" in steward.get(given).get_data(as_text=True)

    def test_it_leads_to_the_record(self, reader, path):
        assert "/record?feed=irb&key=S-3" in links(reader, path)

    @pytest.mark.parametrize(
        "path",
        ["irb/2025-11-05/zzz", "irb/2025-13-05/0123456789ab", "irb/..%2f..%2f/x", "nothing/2025-11-05/0123456789ab"],
    )
    def test_there_is_nothing_else_to_be_asked_for(self, reader, path):
        assert reader.get(f"/rejects/{path}").status_code == 404

    def test_a_rule_shows_the_rows_that_are_counted_under_it(self, viewer, path):
        assert len(rows(viewer, f"{path}?rule=enum", "Findings")) == 1
        assert "Nothing of that kind." in text(viewer, f"{path}?rule=type")

    def test_a_confidential_column_is_masked_for_a_viewer(self, kept, viewer, path):
        rules = kept.config / "modules" / "irb.yaml"
        before = rules.read_text()
        rules.write_text(before.replace("on_fail: reject}", "on_fail: reject, classification: restricted}"))

        try:
            row = rows(viewer, path, "Findings")[0]
        finally:
            rules.write_text(before)

        assert row[3] == "•••"
        assert "Unheard of" not in " ".join(row)
