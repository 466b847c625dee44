"""The REST API: what it answers, its CSV twins, its errors, and the document that describes it."""

import base64
import csv
import hashlib
import io
from datetime import timedelta
from urllib.parse import urlparse

import pytest

from datalake.alerts import book
from datalake.alerts.incidents import Incident
from datalake.runs import database
from web.conftest import BREAKFAST, TUESDAY, WEDNESDAY, night, published, refused
from web.pages import text

MONDAY = TUESDAY - timedelta(days=1)
RUN = "20251105T020000Z-1"


@pytest.fixture
def three(record):
    """Monday good, Tuesday without grants, Wednesday with rejected rows."""
    record(
        night(MONDAY, seconds=60, trigger="hand"),
        night(TUESDAY, published("irb", TUESDAY), refused("grants", TUESDAY), seconds=100),
        night(WEDNESDAY, published("irb", WEDNESDAY, rejected=4), published("grants", WEDNESDAY), seconds=120.5),
    )


def get(client, path):
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def every(client, path):
    """All rows of a list, page by page."""
    found, address = [], f"/api/v1{path}"
    while address:
        page = client.get(address).get_json()
        found += page["data"]
        address = page["next_url"]
    return found


class TestRuns:
    def test_a_run_is_a_flat_row_of_plain_values(self, client, three):
        run = get(client, "/runs")["data"][0]

        assert run == {
            "run_id": RUN,
            "night": "2025-11-05",
            "start": "2025-11-05T07:00:00Z",
            "end": "2025-11-05T07:02:00.500000Z",
            "start_epoch_ms": 1762326000000,
            "start_time": "2025-11-05 02:00:00",
            "end_time": "2025-11-05 02:02:00",
            "runtime_sec": 120.5,
            "status": "success",
            "exit_code": 0,
            "trigger": "cron",
            "hostname": run["hostname"],
            "demo": False,
            "rows_read": 200,
            "accepted": 196,
            "rejected": 4,
            "notes": 1,
            "error": "",
            "fix": "",
        }

    @pytest.mark.parametrize(
        ("query", "nights"),
        [
            ("?status=failure", ["2025-11-04"]),
            ("?from=2025-11-04&to=2025-11-04", ["2025-11-04"]),
            ("?from=1762232400000", ["2025-11-05", "2025-11-04"]),
            ("?trigger=hand", ["2025-11-03"]),
            ("?sort=runtime", ["2025-11-03", "2025-11-04", "2025-11-05"]),
        ],
    )
    def test_filters_are_those_of_the_page(self, client, three, query, nights):
        assert [run["night"] for run in get(client, f"/runs{query}")["data"]] == nights

    @pytest.mark.parametrize("sort", ["start", "-start", "runtime", "-status", "night"])
    def test_pages_hold_every_run_once(self, client, record, sort):
        record(*(night(WEDNESDAY - timedelta(days=back), seconds=back % 3) for back in range(25)))

        found = [run["run_id"] for run in every(client, f"/runs?limit=7&sort={sort}")]

        assert len(found) == len(set(found)) == 25

    def test_one_run_with_its_feeds_files_and_stages(self, client, three):
        assert get(client, f"/runs/{RUN}") == get(client, "/runs/latest") == get(client, "/runs")["data"][0]
        feeds = get(client, f"/runs/{RUN}/feeds")["data"]
        assert [(each["feed"], each["rows_read"], each["rejected"]) for each in feeds] == [
            ("grants", 100, 0),
            ("irb", 100, 4),
        ]
        assert [each["name"] for each in get(client, f"/runs/{RUN}/files")["data"]] == [
            "GRANTS_2025-11-04.csv",
            "IRB_2025-11-04.csv",
        ]
        assert [each["stage"] for each in get(client, f"/runs/{RUN}/stages")["data"]] == ["plan", "clean"]


class TestOtherLists:
    def test_nights_without_a_run_are_there(self, client, record):
        record(night(MONDAY), night(WEDNESDAY))

        assert [(each["night"], each["state"]) for each in every(client, "/nights?limit=2")] == [
            ("2025-11-05", "ok"),
            ("2025-11-04", "missed"),
            ("2025-11-03", "ok"),
        ]

    def test_feeds_as_they_stand(self, client, three):
        feeds = {each["feed"]: each for each in get(client, "/feeds")["data"]}

        assert feeds["irb"]["as_of"] == "2025-11-04"
        assert feeds["irb"]["stands"] == "current"
        assert get(client, "/feeds/irb") == feeds["irb"]

    def test_a_feeds_outcomes_and_files_are_paged(self, client, three):
        assert [each["status"] for each in every(client, "/feeds/grants/outcomes?limit=1")] == [
            "published",
            "refused",
            "published",
        ]
        assert len(every(client, "/feeds/grants/files?limit=2")) == 3

    def test_rejects_by_rule(self, client, three):
        found = every(client, "/rejects")

        assert [(each["feed"], each["rule"], each["rows"]) for each in found] == [("irb", "status: enum", 4)]

    def test_stats_say_how_many_nights_each_figure_is_of(self, client, three):
        week = get(client, "/stats?bucket=week")["data"][0]

        assert week == {
            "from": "2025-11-03",
            "nights": 3,
            "good": 2,
            "failed": 1,
            "missed": 0,
            "success_rate": 0.6667,
            "n": 2,
            "p50_sec": 90.25,
            "p90_sec": 114.45,
            "p95_sec": 117.475,
            "max_sec": 120.5,
        }
        assert [each["n"] for each in get(client, "/stats?bucket=day")["data"]] == [1, 0, 1]

    def test_an_empty_lake_answers_with_empty_lists(self, client):
        for path in ("/runs", "/nights", "/rejects", "/stats"):
            assert get(client, path)["data"] == []


class TestCsv:
    def test_the_twin_holds_the_same_rows_and_can_prove_it_is_whole(self, client, three):
        answer = client.get("/api/v1/runs.csv?status=success")
        rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))

        assert [row["night"] for row in rows] == ["2025-11-05", "2025-11-03"]
        assert list(rows[0]) == list(get(client, "/runs")["data"][0])
        assert answer.headers["X-Total-Rows"] == "2"
        digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
        assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"

    def test_it_goes_on_behind_the_last_row(self, client, three):
        answer = client.get("/api/v1/runs.csv?limit=2")

        following = answer.headers["Link"].split(">")[0].lstrip("<")
        assert "2025-11-03" in client.get(following).get_data(as_text=True)

    def test_text_is_inert_unless_a_machine_asks_for_it_raw(self, client, record):
        record(night(WEDNESDAY, error="=1+1"))

        assert ",'=1+1," in client.get("/api/v1/runs.csv").get_data(as_text=True)
        assert ",=1+1," in client.get("/api/v1/runs.csv?raw=1").get_data(as_text=True)


class TestManners:
    def test_an_unchanged_answer_is_not_sent_again(self, client, record):
        record(night(TUESDAY))
        tag = client.get("/api/v1/runs").headers["ETag"]
        assert client.get("/api/v1/runs", headers={"If-None-Match": tag}).status_code == 304

        record(night(WEDNESDAY))

        assert client.get("/api/v1/runs", headers={"If-None-Match": tag}).status_code == 200

    @pytest.mark.parametrize(
        ("path", "status", "detail"),
        [
            ("/runs?colour=red", 400, "There is no parameter 'colour' here."),
            ("/runs?limit=5000", 400, "limit '5000' is not a number from 1 to 500."),
            ("/runs?limit=0", 400, "limit '0' is not a number from 1 to 500."),
            ("/runs?from=soon", 400, "from 'soon' is no date."),
            ("/runs?status=", 400, "status is empty."),
            ("/runs?cursor=e30", 400, "The cursor is not one of ours."),
            ("/nights?cursor=e30", 400, "The cursor is not one of ours."),
            ("/stats?from=1999-01-01&to=2025-11-05&bucket=century", 400, "bucket 'century' is not known."),
            ("/runs/nothing", 404, "There is no such run."),
            ("/runs/nothing/stages", 404, "There is no such run."),
            ("/feeds/nothing", 404, "There is no such feed."),
            ("/feeds/nothing/files", 404, "There is no such feed."),
        ],
    )
    def test_errors_say_what_is_wrong(self, client, three, path, status, detail):
        answer = client.get(f"/api/v1{path}")

        assert answer.status_code == status
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["status"] == status
        assert answer.get_json()["detail"].startswith(detail)

    def test_a_corrupt_database_is_told_beside_what_can_be_given(self, client, three, lake):
        lake.database.write_bytes(b"no database" * 1000)

        page = get(client, "/runs")

        assert page["problem"].startswith("logs/etl_stats.db cannot be read")
        assert len(page["data"]) == 3

    def test_the_page_for_people_names_every_address(self, client):
        said = text(client, "/api/v1/")

        assert all(f"/api/v1{path.removesuffix('.csv')}" in said for path in get(client, "/openapi.json")["paths"])


class TestForWatchers:
    def test_healthz_is_503_while_the_record_cannot_be_read(self, client, three, lake):
        assert client.get("/healthz").status_code == 200

        lake.database.write_bytes(b"no database" * 1000)

        assert client.get("/healthz").status_code == 503

    def test_status_json_says_what_the_overview_says(self, client, three):
        status = client.get("/status.json").get_json()

        assert status["verdict"]["sentence"] in text(client, "/")
        assert status["night"] == {"night": "2025-11-05", "state": "notes"}
        assert status["last_run"]["run_id"] == RUN

    def test_metrics_hold_the_figures_of_the_record(self, client, record):
        record(night(MONDAY), night(WEDNESDAY, published("irb", WEDNESDAY, rejected=4), refused("grants", WEDNESDAY)))

        lines = client.get("/metrics").get_data(as_text=True).splitlines()

        assert 'datalake_runs_total{job="nightly",state="success"} 1.0' in lines
        assert 'datalake_runs_total{job="nightly",state="failure"} 1.0' in lines
        assert "datalake_slots_missed_total 1.0" in lines
        assert 'datalake_run_last_success_timestamp_seconds{job="nightly"} 1.762153335e+09' in lines
        assert 'datalake_run_last_exit_code{job="nightly"} 1.0' in lines
        assert 'datalake_feed_fresh{feed="irb"} 1.0' in lines
        assert 'datalake_feed_fresh{feed="grants"} 0.0' in lines
        assert 'datalake_run_last_rows{feed="irb",job="nightly",kind="rejected"} 4.0' in lines

    def test_metrics_of_an_empty_lake_leave_out_what_is_not_known(self, client):
        content = client.get("/metrics").get_data(as_text=True)

        assert "last_success" not in content
        assert 'datalake_run_running{job="nightly"} 0.0' in content


def test_no_address_names_another_host(client, three):
    document = get(client, "/openapi.json")

    assert document["servers"] == [{"url": "/api/v1"}]
    assert urlparse(get(client, "/runs?limit=1")["next_url"]).netloc == ""


class TestAddressesThatAreNone:
    @pytest.mark.parametrize("path", ["/nope", "/feeds/..%2F..%2Fetc", "/runs/x/y/z", ""])
    def test_an_unknown_address_is_a_problem_too(self, client, three, path):
        answer = client.get(f"/api/v1/{path.lstrip('/')}" if path else "/api/v1/x.csv")

        assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
        assert answer.get_json()["status"] == 404

    def test_a_wrong_method_is_a_problem_that_names_the_right_ones(self, client, three):
        answer = client.post("/api/v1/runs")

        assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
        assert "GET" in answer.headers["Allow"]

    def test_the_pages_stay_pages(self, client, three):
        assert client.get("/nope").mimetype == "text/html"

    def test_a_parameter_given_twice_is_a_problem(self, client, three):
        answer = client.get("/api/v1/runs?limit=1&limit=2")

        assert answer.status_code == 400
        assert "limit is there 2 times" in answer.get_json()["detail"]


class TestPagingToTheEnd:
    def test_days_of_the_statistics(self, client, three):
        found = every(client, "/stats?bucket=day&limit=1")

        assert [row["from"] for row in found] == ["2025-11-05", "2025-11-04", "2025-11-03"]
        assert found == get(client, "/stats?bucket=day")["data"]

    def test_a_hundred_and_twenty_nights_by_pages_of_any_size(self, client, record):
        record(night(WEDNESDAY - timedelta(days=119)), night(WEDNESDAY))

        for path in ("/nights", "/nights?limit=7", "/nights?limit=500"):
            found = [row["night"] for row in every(client, path)]
            assert found == [(WEDNESDAY - timedelta(days=back)).isoformat() for back in range(120)]

    def test_reports(self, lake, client, three):
        lake.reports.mkdir(parents=True)
        for week in ("2025-W43", "2025-W44", "2025-W45"):
            (lake.reports / f"{week}.html").write_text("<!doctype html>")

        assert [row["week"] for row in every(client, "/reports?limit=2")] == ["2025-W45", "2025-W44", "2025-W43"]

    def test_problems(self, lake, client, three):
        with database.writing(lake.database, lake.runtime_csv) as connection:
            for key in ("a", "b", "c"):
                book.keep_incident(connection, Incident(f"feed:{key}", "It is stale.", "stale", BREAKFAST, BREAKFAST))

        found = every(client, "/incidents?limit=1")
        assert [row["number"] for row in found] == [3, 2, 1]
