"""The weekly reports as they lie in logs/reports."""

import json
from datetime import timedelta

import pytest

from datalake.alerts.ways import Ways
from datalake.clock import MovedClock
from datalake.reports.gather import gather
from datalake.reports.model import to_json
from web.conftest import BREAKFAST, SETTINGS, WEDNESDAY, night
from web.pages import links, rows, text


@pytest.fixture
def week(lake):
    """The files of one week, and one that is no report."""
    lake.reports.mkdir(parents=True)
    (lake.reports / "2025-W44.html").write_text("<html><style>p {color: red}</style><p>A week</p></html>")
    (lake.reports / "2025-W44.pdf").write_bytes(b"%PDF-1.7")
    (lake.reports / "2025-W44.json").write_text(json.dumps({"week": "not as we write it"}))
    (lake.reports / "passwords.json").write_text("{}")
    return lake


def test_without_any_the_page_says_how_one_is_made(client):
    assert "bash src/weekly_summary_slack.sh" in text(client, "/reports")


def test_each_week_is_listed_with_its_files(week, client):
    assert rows(client, "/reports", "Weekly reports")[0][0] == "2025-W44"
    paths = [path for path in links(client, "/reports") if path.startswith("/reports/")]

    assert paths == ["/reports/2025-W44.html", "/reports/2025-W44.json", "/reports/2025-W44.pdf"]
    assert [client.get(path).status_code for path in paths] == [200, 200, 200]
    assert client.get("/reports/2025-W44.pdf").content_type == "application/pdf"


def test_a_report_is_shut_into_a_sandbox_of_its_own(week, client):
    policy = client.get("/reports/2025-W44.html").headers["Content-Security-Policy"]

    assert "sandbox" in policy
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "name", ["passwords.json", "2025-W45.html", "2025-W44.txt", "..%2fetl_stats.db", "2025-W44.html%00"]
)
def test_nothing_else_can_be_asked_for(week, client, name):
    assert client.get(f"/reports/{name}").status_code == 404


def test_a_real_week_says_how_it_went(lake, client, record):
    monday = WEDNESDAY - timedelta(days=9)
    record(*(night(monday + timedelta(days=step)) for step in range(6)))
    made = gather(lake, SETTINGS, Ways(), MovedClock(BREAKFAST), monday)
    lake.reports.mkdir(parents=True)
    (lake.reports / "2025-W44.json").write_text(json.dumps(to_json(made)))

    row = rows(client, "/reports", "Weekly reports")[0]

    assert row[1] == "Mon 27 Oct – Sun 2 Nov 2025"
    assert "6 of 7 nights" in row[2]
