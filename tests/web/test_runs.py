"""All runs, filtered, sorted, in pages; and one run."""

from dataclasses import replace
from datetime import timedelta

import pytest

from web.conftest import TUESDAY, WEDNESDAY, night, published, refused
from web.pages import link_to, links, rows, text

MONDAY = TUESDAY - timedelta(days=1)


def days(client, query):
    return [row[0] for row in rows(client, f"/runs{query}", "Runs")]


@pytest.fixture
def three(record):
    """Monday by hand, Tuesday without grants, Wednesday by cron."""
    record(
        night(MONDAY, seconds=200, trigger="hand"),
        night(TUESDAY, published("irb", TUESDAY), refused("grants", TUESDAY), seconds=100),
        night(WEDNESDAY, published("irb", WEDNESDAY, rejected=4), seconds=150),
    )


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Wed", "Tue", "Mon"]),
        ("?status=failure", ["Tue"]),
        ("?from=2025-11-04", ["Wed", "Tue"]),
        ("?to=2025-11-03", ["Mon"]),
        ("?from=2025-11-04&to=2025-11-04", ["Tue"]),
        ("?trigger=hand", ["Mon"]),
        ("?feed=grants", ["Tue", "Mon"]),
        ("?sort=runtime", ["Tue", "Wed", "Mon"]),
        ("?sort=-runtime", ["Mon", "Wed", "Tue"]),
        ("?sort=-rejected&status=success", ["Wed", "Mon"]),
    ],
)
def test_filters_and_order_are_in_the_address(client, three, query, shown):
    assert [each[:3] for each in days(client, query)] == shown


def test_the_count_above_the_list_is_that_of_the_list(client, three):
    assert "3 runs: 2 successes, 1 failure" in text(client, "/runs")
    assert "1 run: 0 successes, 1 failure" in text(client, "/runs?status=failure")


def test_a_failure_says_why(client, three):
    assert rows(client, "/runs?status=failure", "Runs")[0][-1] == 'grants: has no column "status"'


@pytest.mark.parametrize("query", ["?sort=runtime", "?sort=-status", "", "?sort=-read"])
def test_the_pages_hold_every_run_once(client, record, query):
    record(*(night(WEDNESDAY - timedelta(days=back), seconds=back % 7) for back in range(120, 0, -1)))
    found, path = [], f"/runs{query}"
    while path:
        found += [row[0] for row in rows(client, path, "Runs")]
        path = link_to(client, path, "Next page")

    assert len(found) == len(set(found)) == 120


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?from=yesterday", "from 'yesterday' is no date. Write it as 2025-11-04."),
        ("?from=2025-11-05&to=2025-11-04", "from 2025-11-05 is later than to 2025-11-04."),
        ("?status=broken", "status 'broken' is not known. One of: success, failure."),
        ("?sort=colour", "sort 'colour' is not known."),
        ("?after=rubbish", "The cursor is not one of ours."),
        ("?after=WzFd", "The cursor is not one of ours."),
    ],
)
def test_a_question_that_cannot_be_meant_is_told(client, three, query, said):
    answer = client.get(f"/runs{query}")

    assert answer.status_code == 400
    assert said in answer.get_data(as_text=True).replace("&#39;", "'")


def test_the_csv_holds_the_runs_of_the_filter(client, three):
    lines = client.get("/runs.csv?status=success&sort=runtime").get_data(as_text=True).splitlines()

    assert lines[0].startswith("date,hostname,start_time,end_time,runtime_sec,runtime_min,status,run_id,night")
    assert [line.split(",")[4:7] for line in lines[1:]] == [["150", "2.5", "success"], ["200", "3.33", "success"]]


def test_the_csv_is_inert_as_formulas_and_its_numbers_are_numbers(client, record):
    record(night(WEDNESDAY, error="=HYPERLINK(1)", seconds=1.5))

    line = client.get("/runs.csv").get_data(as_text=True).splitlines()[1]

    assert line.endswith(",'=HYPERLINK(1)")
    assert ",1.5,0.03," in line


class TestOneRun:
    def test_every_run_in_the_list_has_its_page(self, client, three):
        paths = [path for path in links(client, "/runs") if path.startswith("/runs/")]

        assert len(paths) == 3
        assert all(client.get(path).status_code == 200 for path in paths)

    def test_the_counts_of_each_feed_add_up(self, client, three):
        row = rows(client, "/runs/20251105T020000Z-1", "Feeds of this run")[0]

        assert row[:9] == ["irb", "published", "Tue 4 Nov 2025", "100", "96", "4 rejected rows of irb", "0", "0", "yes"]

    def test_counts_that_do_not_add_up_are_told(self, client, record):
        feed = published("irb", WEDNESDAY)
        record(night(WEDNESDAY, replace(feed, files=(replace(feed.files[0], accepted=98),))))

        assert rows(client, "/runs/20251105T020000Z-1", "Feeds of this run")[0][8] == "no"

    def test_findings_files_notes_and_stages_are_shown(self, client, three):
        path = "/runs/20251105T020000Z-1"

        ((feed, rule, number, name),) = rows(client, path, "Rejected rows by rule")
        assert (feed, rule, number.split()[0], name) == ("irb", "status: enum", "4", "IRB_2025-11-04.csv")
        assert rows(client, path, "Files of this run")[0][:3] == ["IRB_2025-11-04.csv", "irb", "published"]
        assert ["clean", "irb", "1.25 s", "1.25 s", ""] in rows(client, path, "Stages of this run")
        assert "Rows were rejected." in text(client, path)

    def test_a_run_recorded_by_hand_has_a_page_too(self, client, in_csv):
        in_csv(("2025-11-05", "dl1", "2025-11-05 02:00:00", "2025-11-05 02:02:15", 135, 2.25, "success"))

        assert "Wed 5 Nov 2025 load" in text(client, "/runs/1")

    @pytest.mark.parametrize("key", ["nothing", "%00", "..%2f..%2fetc%2fpasswd", "1' OR '1'='1", "%F0%9F%92%A9"])
    def test_a_run_that_is_not_there_is_not_found(self, client, three, key):
        assert client.get(f"/runs/{key}").status_code == 404
