"""All feeds, one feed, and what was rejected."""

import json
import re
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from datalake.views.unknown import Unknown
from web.conftest import TUESDAY, WEDNESDAY, night, published, refused
from web.pages import chart, links, rows, text

MONDAY = TUESDAY - timedelta(days=1)


def test_each_feed_shows_its_date_its_rows_and_how_it_stands(client, record):
    record(night(TUESDAY), night(WEDNESDAY, published("irb", WEDNESDAY, rejected=2), refused("grants", WEDNESDAY)))

    table = rows(client, "/feeds", "Feeds")

    assert table[0][:4] == ["grants Awards", "no file that night", "Mon 3 Nov 2025", "100"]
    assert table[1][:8] == ["irb IRB protocols", "current", "Tue 4 Nov 2025", "98", "3", "5", "1", "2"]


def test_a_feed_that_nobody_has_rules_for_any_more_is_still_shown(client, record):
    record(night(WEDNESDAY, published("coi", WEDNESDAY)))

    assert rows(client, "/feeds", "Feeds")[-1][:2] == ["coi", "has no rules"]
    assert client.get("/feeds/coi").status_code == 200


def test_every_feed_has_its_page_and_no_other_name_has_one(client, record):
    record(night(WEDNESDAY))

    paths = [path for path in links(client, "/feeds") if path.startswith("/feeds/")]

    assert paths == ["/feeds/grants", "/feeds/irb"]
    assert client.get("/feeds/nothing").status_code == 404
    assert client.get("/feeds/..%2f..%2fetc").status_code == 404


def test_a_feeds_nights_are_drawn_and_listed(client, record):
    record(night(MONDAY), night(TUESDAY, refused("irb", TUESDAY)), night(WEDNESDAY, published("irb", WEDNESDAY, 4)))

    data = chart(client, "/feeds/irb", "feed-chart")

    assert data["labels"] == ["Mon 3 Nov", "Tue 4 Nov", "Wed 5 Nov"]
    assert data["rows"] == [100, None, 96]
    assert data["failed"] == [None, 100, None]
    assert data["rejected"] == [0, 0, 4]
    table = rows(client, "/feeds/irb", "Outcomes of this feed")
    assert [row[1] for row in table] == ["published", "file refused", "published"]


def test_a_feeds_rules_are_told_in_words(client):
    said = text(client, "/feeds/irb")

    assert "A file is this feed's when its whole name matches IRB_{date:%Y-%m-%d}.csv" in said
    assert "A record is known by id." in said
    assert "A file waits for OK when more than 1 % of its rows are rejected." in said
    assert "amount >= 0 (amount_known), otherwise the row is loaded and the finding told" in said


def test_the_data_dictionary_names_every_column_with_its_rules(client):
    table = rows(client, "/feeds/irb", "Data dictionary")

    assert table[0] == ["id (key)", "Names the record", "text", "required", "the row is rejected", "internal", ""]
    assert table[1][2:] == ["text", "one of Approved and Expired", "the row is rejected", "internal", "state"]
    assert table[2][2:6] == ["number with 2 decimals", "–", "the row is rejected", "confidential"]


class TestRejects:
    @pytest.fixture(autouse=True)
    def three_nights(self, record):
        last_week = WEDNESDAY - timedelta(days=7)
        record(night(last_week, published("irb", last_week, rejected=5)))
        record(night(TUESDAY, published("irb", TUESDAY, rejected=3), published("grants", TUESDAY, rejected=1)))
        record(night(WEDNESDAY, refused("grants", WEDNESDAY)))

    def test_rules_are_counted_by_feed_and_week(self, client):
        table = rows(client, "/rejects", "Rejected rows by rule and week")

        assert [[*row[:2], *row[-3:]] for row in table] == [
            ["irb", "status: enum", "5", "3", "8"],
            ["grants", "status: enum", "·", "1", "1"],
        ]

    def test_the_total_is_that_of_the_files_listed(self, client):
        table = rows(client, "/rejects", "Files with rejected rows")

        assert "9 rejected rows" in text(client, "/rejects")
        assert sum(int(row[5]) for row in table) == 9

    def test_a_refused_file_is_listed_with_its_reason(self, client):
        assert rows(client, "/rejects", "Files with rejected rows")[0][-1] == 'has no column "status"'

    @pytest.mark.parametrize(("query", "total"), [("?feed=grants", 1), ("?from=2025-11-03", 4), ("?to=2025-10-30", 5)])
    def test_filters_are_in_the_address(self, client, query, total):
        assert f"{total} rejected row" in text(client, f"/rejects{query}")

    def test_each_number_leads_to_a_list_that_adds_up_to_it(self, client):
        page = client.get("/rejects").get_data(as_text=True)
        found = re.findall(r'<td class="number"><a href="(/rejects\?[^"]*)">(?:<strong>)?(\d+)<', page)

        assert [int(number) for _, number in found] == [5, 3, 8, 1, 1]
        for path, number in found:
            listed = rows(client, path.replace("&amp;", "&"), "Files with rejected rows")
            assert sum(int(row[5]) for row in listed) == int(number)

    def test_of_two_rules_each_number_leads_to_its_own_rows(self, client, record):
        feed = published("irb", TUESDAY, rejected=5)
        twice = replace(feed.files[0], rejected_by_rule={"type": 3, "required": 2})
        record(night(TUESDAY, replace(feed, files=(twice,)), at="09:00"))
        page = client.get("/rejects?feed=irb&from=2025-11-03").get_data(as_text=True)
        found = re.findall(r'<td class="number"><a href="(/rejects\?[^"]*)">(?:<strong>)?(\d+)<', page)

        assert sorted(int(number) for _, number in found) == [2, 2, 3, 3, 3, 3]
        for path, number in found:
            address = path.replace("&amp;", "&")
            listed = rows(client, address, "Files with rejected rows")
            assert f"{number} rejected rows" in text(client, address)
            assert sum(int(row[5].split()[0]) for row in listed) == int(number)

    def test_of_years_the_newest_weeks_are_shown_and_all_counted(self, client):
        table = rows(client, "/rejects?from=2024-01-01", "Rejected rows by rule and week")

        assert len(table[0]) == 2 + 26 + 1
        assert [row[-1] for row in table] == ["8", "1"]
        assert "the newest 26 of 97 weeks" in text(client, "/rejects?from=2024-01-01")

    def test_a_week_without_any_says_so(self, client):
        assert "No row was rejected" in text(client, "/rejects?from=2025-01-01&to=2025-01-31")


def test_values_that_lead_nowhere_are_on_the_page_of_their_feed_alone(client, lake):
    found = Unknown("irb", "funding_ids", ("grants.award_id",), 2, 3, ("AWD1", "AWD2"))
    lake.unknown.parent.mkdir(parents=True, exist_ok=True)
    lake.unknown.write_text(json.dumps({"irb": {"inputs": [], "found": [asdict(found)]}}))

    assert "2 values of irb.funding_ids (3 times) are not in grants.award_id" in text(client, "/feeds/irb")
    assert "Unknown values" not in text(client, "/feeds/grants")
