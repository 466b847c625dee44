"""The published tables and report views, as a real night published them."""

import csv
import html
import io
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support.nights import Office
from support.project import copy_files, project_files
from support.shelves import Shelves

from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.settings import Dashboard
from datalake.web.app import create_app
from datalake.zones.paths import Lake
from web.conftest import BREAKFAST, FILE, SETTINGS, VIEW, publish
from web.pages import link_to, rows, text


@pytest.fixture
def published(lake):
    """One night's irb file and a view of it."""
    publish(lake)
    return lake


@pytest.fixture
def reader(published):
    """A client that may see confidential values."""
    settings = replace(SETTINGS, dashboard=Dashboard(local_role="reader"))
    return create_app(published, settings, MovedClock(BREAKFAST)).test_client()


def ids(client, query=""):
    return [row[0] for row in rows(client, f"/data/irb{query}", "Rows")]


def test_a_row_shows_its_values_and_where_it_came_from(reader):
    assert rows(reader, "/data/irb", "Rows")[0][:6] == [
        "S-1",
        "Approved",
        "10.50",
        "IRB_2025-11-04.csv",
        "2",
        "2025-11-04",
    ]


def test_confidential_values_are_masked_for_a_viewer_everywhere(published, client):
    assert rows(client, "/data/irb", "Rows")[0][2] == "•••"
    for path in ("/data/irb", "/data/irb.csv", "/views/studies", "/views/studies.csv"):
        content = client.get(path).get_data(as_text=True)
        assert "10.5" not in content
        assert "•••" in content


@pytest.mark.parametrize("query", ["?amount.min=5", "?amount.is=10.50", "?sort=amount", "?sort=-amount"])
def test_a_masked_column_cannot_be_found_out_by_filter_or_order(published, client, query):
    answer = client.get(f"/data/irb{query}")

    assert answer.status_code == 400
    assert "amount is masked for you" in answer.get_data(as_text=True)


def test_a_search_does_not_look_into_masked_columns(published, client, reader):
    assert ids(client, "?q=10.5") == []
    assert ids(reader, "?q=10.5") == ["S-1"]


def test_who_reads_confidential_values_is_logged(reader, client, caplog):
    caplog.set_level("INFO", "datalake.web.reads")

    client.get("/data/irb")
    assert caplog.messages == []

    reader.get("/data/irb")
    assert caplog.messages == ["data irb shown to - (reader) at 127.0.0.1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status.is=approved", ["S-1", "S-3", "=S-4"]),
        ("?status.has=PIRE", ["S-2"]),
        ("?amount.min=10", ["S-1", "=S-4"]),
        ("?amount.max=0", ["S-2"]),
        ("?amount.blank=1", ["S-3"]),
        ("?status.is=Approved&amount.min=100", ["=S-4"]),
        ("?q=s-2", ["S-2"]),
        ("?sort=amount", ["S-2", "S-1", "=S-4", "S-3"]),
        ("?sort=-id", ["S-3", "S-2", "S-1", "=S-4"]),
        ("?_data_date.min=2025-11-05", []),
    ],
)
def test_rows_are_filtered_and_sorted_by_the_address(reader, query, found):
    assert ids(reader, query) == found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?colour.is=red", "There is no column 'colour' here."),
        ("?status=Approved", "'status' is not known here."),
        ("?amount.min=much", "'much' is nothing that amount can be held against."),
        ("?page=0", "page '0' is not the number of a page."),
        ("?sort=colour", "There is no column 'colour' here."),
    ],
)
def test_a_question_that_cannot_be_meant_is_told(reader, query, said):
    answer = reader.get(f"/data/irb{query}")

    assert answer.status_code == 400
    assert said in answer.get_data(as_text=True).replace("&#39;", "'")


def test_the_form_adds_its_filter_to_the_address(reader):
    answer = reader.get("/data/irb?q=S&column=status&how=is&value=Approved")

    assert answer.status_code == 302
    assert answer.location.endswith("/data/irb?q=S&status.is=Approved")


def test_the_download_holds_the_rows_of_the_filter_inert_as_formulas(reader):
    path = link_to(reader, "/data/irb?status.is=Approved", "Download these as CSV")
    answer = reader.get(path)

    found = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [row["id"] for row in found] == ["S-1", "S-3", "'=S-4"]
    assert [row["amount"] for row in found] == ["10.50", "", "200.00"]
    assert answer.headers["Content-Disposition"] == "attachment; filename=irb-000001-2025-11-04.csv"


def test_a_feed_that_was_never_published_says_so(published, client):
    assert "Nothing of it has been published yet." in text(client, "/data/grants")
    assert client.get("/data/grants.csv").status_code == 404
    assert client.get("/data/nothing").status_code == 404


def test_a_damaged_table_is_told_and_nothing_else_shown(published, client):
    (published.curated("irb") / "current" / "irb.parquet").write_bytes(b"PAR1 no more")

    answer = client.get("/data/irb")

    assert answer.status_code == 503
    assert client.get("/").status_code == 200


class TestViews:
    def test_each_is_listed_with_its_day(self, published, client):
        assert rows(client, "/views", "Views")[0][1:] == ["up to date", "Wed 5 Nov 2025", "2"]

    def test_one_is_shown_with_its_card(self, reader):
        said = text(reader, "/views/studies")

        assert "Every study in the last file." in said
        assert "irb-data@example.edu" in said
        assert "IRB protocols as of Tue 4 Nov 2025" in said
        assert rows(reader, "/views/studies", "Rows") == [["Approved", "3", "210.50"], ["Expired", "1", "-3.25"]]

    def test_a_viewer_sees_what_is_counted(self, published, client):
        assert rows(client, "/views/studies", "Rows") == [["Approved", "3", "•••"], ["Expired", "1", "•••"]]

    def test_one_that_could_not_be_made_says_why_and_never_shows_a_zero(self, published, client):
        (published.config / "views" / "studies.sql").write_text(VIEW.replace("from irb", "frm irb"))
        office = Office(published, load_contracts(published.root))
        office.deliver("IRB_2025-11-05.csv", FILE)
        office.next_night()

        said = text(client, "/views/studies")

        assert "Not updated." in said
        assert "What is shown is of an earlier day." in said
        assert rows(client, "/views/studies", "Rows")[0][:2] == ["Approved", "3"]

    def test_there_is_no_other(self, published, client):
        assert client.get("/views/nothing").status_code == 404
        assert client.get("/views/..%2firb").status_code == 404


def test_a_demo_lake_masks_nothing_for_nothing_in_it_is_anybodys(published, client):
    published.demo_marker.write_text("{}")

    assert rows(client, "/data/irb", "Rows")[0][2] == "10.50"


def test_values_that_no_map_knows_are_masked_on_the_card_where_their_column_is(published, client, reader):
    card = published.views / "studies" / "current" / "card.json"
    found = json.loads(card.read_text())
    found["unmapped"] = [{"column": "irb.amount", "map": "amounts", "records": 2, "values": [["Secret Sponsor", 2]]}]
    card.chmod(0o644)
    card.write_text(json.dumps(found))

    told = "2 values of irb.amount are in no group of the map amounts"
    assert f"{told} , such as Secret Sponsor." in text(reader, "/views/studies")
    seen = text(client, "/views/studies")
    assert f"{told} , their values are masked for you." in seen
    assert "Secret" not in seen


class TestTheListBehindANumber:
    """Every number of the shipped views, page by page, against the number of rows behind its link."""

    @pytest.fixture
    def shipped(self, tmp_path):
        copy_files(project_files("config", "data", "logs"), tmp_path / "lake")
        shelves = Shelves(Lake(tmp_path / "lake"))
        shelves.publish("grants_proposal", *(proposal(number, **each) for number, each in enumerate(PROPOSALS)))
        study = {"study_title": "T", "pi_name": "P"}
        studies = [("Approved", "IRB-01"), ("Approved", None), ("approved", "IRB-01"), ("No such state", "IRB-01")]
        found = [{"protocol_id": f"S{at}", "status": of, "committee": by} for at, (of, by) in enumerate(studies)]
        shelves.publish("irb", *({**study, **each} for each in found))
        shelves.refresh()
        return shelves.lake

    def of(self, lake, role):
        settings = replace(SETTINGS, dashboard=Dashboard(local_role=role))
        return create_app(lake, settings, MovedClock(BREAKFAST)).test_client()

    def links(self, client, view):
        page = client.get(f"/views/{view}").get_data(as_text=True)
        return [
            (html.unescape(link), int(told)) for link, told in re.findall(r'<a href="(/views/[^"]+)">(\d+)</a>', page)
        ]

    @pytest.mark.parametrize(
        ("view", "numbers"),
        [("proposals_pending_by_sponsor", 15), ("proposal_outcomes_fy", 8), ("irb_pipeline", 3)],
    )
    def test_holds_as_many_rows_as_it_says(self, shipped, view, numbers):
        client = self.of(shipped, "reader")
        found = self.links(client, view)

        assert len(found) == numbers
        assert [len(rows(client, link, "Rows")) for link, _ in found] == [told for _, told in found]

    def test_names_the_proposals_that_are_pending_with_nih_and_leads_to_each(self, shipped):
        client = self.of(shipped, "reader")
        link, told = self.links(client, "proposals_pending_by_sponsor")[2]

        assert (told, [row[0] for row in rows(client, link, "Rows")]) == (3, ["FP0", "FP1", "FP2"])
        assert "/record?feed=grants_proposal&amp;key=FP0" in client.get(link).get_data(as_text=True)

    def test_is_not_offered_to_whom_its_columns_are_masked(self, shipped):
        client = self.of(shipped, "viewer")

        assert self.links(client, "proposals_pending_by_sponsor") == []
        assert [told for _, told in self.links(client, "irb_pipeline")] == [2, 1, 1]


PROPOSALS = (
    {"sponsor": "NIH", "total_amount": Decimal("10.00")},
    {"sponsor": "National Institutes of Health", "pi_name": "Other, One", "submitted_date": None},
    {"sponsor": "Acme", "prime_sponsor": "nih/nci", "pi_person_id": "P-7"},
    {"sponsor": "Acme"},
    {"sponsor": "ACME"},
    {},
    {"sponsor": "NIH", "status": "Awarded"},
    {"sponsor": "NIH", "status": "Not Funded"},
    {"sponsor": "NIH", "status": "Somewhere else"},
)


def proposal(number, **values):
    known = {"status": "Pending Sponsor Review", "pi_name": "Testa, Example", "submitted_date": date(2025, 3, 1)}
    return {"proposal_id": f"FP{number}", **known, **values}
