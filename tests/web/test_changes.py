"""What changed in a feed's records, night by night: on the feed's page, on one of its own, and in the API."""

import csv
import io
from dataclasses import replace

import pytest
from support.nights import Office

from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.settings import Dashboard
from datalake.web.app import create_app
from web.conftest import BREAKFAST, SETTINGS, new_lake, write_record
from web.pages import link_to, rows, text

HEADER = "id,status,amount\n"
FIRST = HEADER + "".join(f"S-{number},Approved,{number}.50\n" for number in range(1, 7))
SECOND = (
    HEADER
    + "S-1,Expired,1.50\nS-2,Approved,2.75\nS-3,Approved,3.50\n"
    + FIRST[FIRST.index("S-5") :]
    + "S-7,Approved,7.50\n"
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Two real nights of irb: six records, then two changed, one gone and one new."""
    lake = new_lake(tmp_path_factory.mktemp("changes") / "lake")
    rules = lake.config / "modules" / "irb.yaml"
    rules.write_text(rules.read_text() + "history: scd2\n")
    office = Office(lake, load_contracts(lake.root))
    for day, content in (("2025-11-04", FIRST), ("2025-11-05", SECOND)):
        office.deliver(f"IRB_{day}.csv", content)
        run = office.night()
        assert run.status == "success", run
        write_record(lake, run)
        office.clock.advance(86_400)
    return lake


def client_of(lake, role="viewer"):
    settings = replace(SETTINGS, dashboard=Dashboard(local_role=role))
    return create_app(lake, settings, MovedClock(BREAKFAST)).test_client()


@pytest.fixture
def client(lake):
    return client_of(lake)


def found(client, query):
    return [(each["key"], each["change"], each["columns"]) for each in client.get(query).get_json()["data"]]


def test_each_change_names_its_record_its_columns_and_where_it_came_from(client):
    table = rows(client, "/feeds/irb/changes?from=2025-11-05", "Changes")

    assert [row[1:4] for row in table] == [
        ["S-7", "new", ""],
        ["S-1", "changed", "status"],
        ["S-2", "changed", "amount"],
        ["S-4", "no longer in Huron", ""],
    ]
    assert [row[4] for row in table] == [f"IRB_2025-11-05.csv, line {line}" for line in (7, 2, 3)] + [""]


def test_a_count_of_changes_leads_to_just_these(client):
    overview = {row[0].split()[0]: row for row in rows(client, "/", "Feeds")}["irb"]
    links = client.get("/").get_data(as_text=True)

    for number, kind in zip(overview[4:7], ("new", "changed", "gone"), strict=True):
        path = f"/feeds/irb/changes?from=2025-11-05&amp;to=2025-11-05&amp;kind={kind}"
        assert f'href="{path}"' in links
        assert int(number.split()[0]) == len(rows(client, path.replace("&amp;", "&"), "Changes"))
        assert f"{number.split()[0]} change" in text(client, path.replace("&amp;", "&"))


def test_the_feeds_page_shows_the_newest_and_leads_to_all(client):
    assert [row[1] for row in rows(client, "/feeds/irb", "Changes")][:2] == ["S-7", "S-1"]
    assert "10 changes" in text(client, link_to(client, "/feeds/irb", "All changes"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?kind=gone", [("S-4", "gone", "")]),
        ("?kind=changed&feed=irb", [("S-1", "changed", "status"), ("S-2", "changed", "amount")]),
        ("?to=2025-11-04&limit=1", [("S-1", "new", "")]),
        ("?feed=grants", []),
        ("?from=2025-11-06", []),
    ],
)
def test_the_api_filters_by_feed_date_and_kind(client, query, expected):
    assert found(client, f"/api/v1/changes{query}") == expected


def test_pages_of_the_api_hold_every_change_once(client):
    keys, address = [], "/api/v1/changes?limit=3"
    while address:
        page = client.get(address).get_json()
        keys += [(each["version"], each["key"]) for each in page["data"]]
        address = page["next_url"]

    assert len(keys) == len(set(keys)) == 10
    assert [version for version, _ in keys] == [2] * 4 + [1] * 6


def test_the_csv_twin_holds_the_same(client):
    lines = list(csv.DictReader(io.StringIO(client.get("/api/v1/changes.csv").get_data(as_text=True))))

    assert [(each["key"], each["change"], each["columns"]) for each in lines] == found(client, "/api/v1/changes")


def test_a_key_is_masked_where_the_visitor_may_not_see_it(lake):
    rules = lake.config / "modules" / "irb.yaml"
    before = rules.read_text()
    rules.write_text(before.replace("name: id, constr", "name: id, classification: restricted, constr"))
    try:
        viewer = found(client_of(lake), "/api/v1/changes?kind=gone")
        page = [row[1] for row in rows(client_of(lake), "/feeds/irb/changes?kind=gone", "Changes")]
        reader = found(client_of(lake, "reader"), "/api/v1/changes?kind=gone")
    finally:
        rules.write_text(before)

    assert (viewer, page, reader) == ([("•••", "gone", "")], ["•••"], [("S-4", "gone", "")])


@pytest.mark.parametrize("query", ["?kind=lost", "?cursor=WzFd", "?from=soon", "?colour=red"])
def test_a_question_that_cannot_be_meant_is_a_problem(client, query):
    assert client.get(f"/api/v1/changes{query}").status_code == 400
    assert client.get("/feeds/irb/changes?kind=lost").status_code == 400


class TestColumns:
    @pytest.fixture
    def office(self, tmp_path):
        lake = new_lake(tmp_path / "lake")
        office = Office(lake, load_contracts(lake.root))
        office.deliver("IRB_2025-11-04.csv", FIRST)
        office.night()
        office.clock.advance(86_400)
        return office

    def columns(self, office):
        return [row[:2] for row in rows(client_of(office.lake), "/feeds/irb", "Columns changed")]

    def test_a_file_that_lacks_a_column_is_told(self, office):
        office.deliver("IRB_2025-11-05.csv", FIRST.replace("amount", "money"))
        office.night()

        ((day, what),) = self.columns(office)

        assert day == "Wed 5 Nov 2025"
        assert what.startswith("Waits for OK: ")
        assert 'it has no column "amount", which the last file had; new in it: "money"' in what

    def test_a_change_of_the_rules_is_told_by_its_columns(self, office):
        rules = office.lake.config / "modules" / "irb.yaml"
        text = rules.read_text().replace("aliases: [state]", "aliases: [state, stage]")
        rules.write_text(text.replace("checks:", "  - {name: phase}\nchecks:"))
        office.contracts = load_contracts(office.lake.root)
        office.deliver(
            "IRB_2025-11-05.csv",
            SECOND.replace("amount\n", "amount,phase\n", 1).replace("50\n", "50,x\n").replace("75\n", "75,x\n"),
        )
        assert office.night().status == "success"

        assert [what for _, what in self.columns(office)] == [
            "status may also be called stage from here on.",
            "New in the feed's rules: phase.",
        ]

    def test_a_column_that_nobody_asked_for_is_named(self, office):
        office.deliver("IRB_2025-11-05.csv", FIRST.replace("amount\n", "amount,mood\n", 1).replace("50\n", "50,x\n"))
        office.night()

        assert "not in the feed's rules, and so left out: mood." in text(client_of(office.lake), "/feeds/irb")
