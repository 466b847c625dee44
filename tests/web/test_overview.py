"""The overview: what a person sees who opens port 8080."""

import json
import re
import sqlite3
from html import unescape

from web.conftest import BAD, GOOD

HOSTILE = "\x1b[31m</script><script>alert(1)</script> {{7*7}}"


def page_text(client, path="/"):
    markup = client.get(path).get_data(as_text=True)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def chart_data(client):
    markup = client.get("/").get_data(as_text=True)
    return json.loads(re.search(r'id="runtime-chart-data">(.*?)</script>', markup, re.DOTALL)[1])


def test_an_empty_lake_says_no_data_yet_and_names_the_command(client):
    text = page_text(client)

    assert "No data yet" in text
    assert "bash src/cron_runner.sh" in text


def test_each_run_shows_its_status_as_a_word_with_start_end_and_runtime(client, in_database):
    in_database(GOOD, BAD)

    text = page_text(client)

    assert "2025-11-04 success 2025-11-04 02:00:00 2025-11-04 02:02:15 2 min 15 s" in text
    assert "2025-11-05 failure 2025-11-05 02:00:00 2025-11-05 02:00:03 3.2 s" in text


def test_the_newest_run_stands_first_in_the_table_and_last_in_the_chart(client, in_database):
    in_database(GOOD, BAD)

    assert page_text(client).index("2025-11-05 failure") < page_text(client).index("2025-11-04 success")
    assert chart_data(client) == {
        "labels": ["2025-11-04 02:00:00", "2025-11-05 02:00:00"],
        "success": [2.25, None],
        "failure": [None, 0.053],
    }


def test_text_from_outside_is_shown_as_text(client, in_database):
    in_database(("2025-11-05", HOSTILE, *BAD[2:]), error=HOSTILE)

    markup = client.get("/").get_data(as_text=True)

    assert "<script>alert" not in markup
    assert "\x1b" not in markup
    assert "</script><script>alert(1)</script> {{7*7}}" in page_text_of(markup)


def page_text_of(markup):
    return unescape(re.sub(r"<[a-z/!][^>]*>", " ", markup))


def test_a_name_that_is_not_utf8_does_no_harm(client, in_csv, lake):
    in_csv(GOOD)
    lake.runtime_csv.write_bytes(lake.runtime_csv.read_bytes().replace(b"dl1", b"dl\xff1"))

    assert "dl\ufffd1" in page_text(client)


def test_download_full_csv_is_the_file_in_logs(client, in_csv, lake):
    in_csv(GOOD, BAD)

    answer = client.get("/etl_runtime_stats.csv")

    assert answer.data == lake.runtime_csv.read_bytes()
    assert answer.headers["Content-Disposition"] == "attachment; filename=etl_runtime_stats.csv"


def test_a_demo_lake_says_demo_on_every_page(client, lake):
    assert "DEMO" not in page_text(client)

    (lake.metadata / "demo.json").write_text("{}")

    assert "DEMO" in page_text(client)
    assert "DEMO" in page_text(client, "/nowhere")


class TestHalfBroken:
    def test_a_missing_database_is_named_and_the_csv_shown(self, client, in_csv):
        in_csv(GOOD)

        text = page_text(client)

        assert "logs/etl_stats.db is missing. These runs come from logs/etl_runtime_stats.csv." in text
        assert "2025-11-04 success" in text

    def test_a_corrupt_database_is_named_and_the_csv_shown(self, client, in_csv, lake):
        in_csv(GOOD)
        lake.database.write_bytes(b"this is no database at all" * 100)

        text = page_text(client)

        assert "logs/etl_stats.db cannot be read (file is not a database)" in text
        assert "2025-11-04 success" in text

    def test_a_locked_database_is_named_and_the_csv_shown(self, client, in_csv, in_database, lake, monkeypatch):
        monkeypatch.setattr("datalake.web.runtimes.BUSY_SECONDS", 0.01)
        in_csv(GOOD)
        in_database(GOOD)
        writer = sqlite3.connect(lake.database)
        writer.execute("BEGIN EXCLUSIVE")

        text = page_text(client)
        writer.close()

        assert "logs/etl_stats.db cannot be read (database is locked)" in text
        assert "2025-11-04 success" in text

    def test_an_empty_database_file_is_named_and_the_csv_shown(self, client, in_csv, lake):
        in_csv(GOOD)
        lake.database.touch()

        text = page_text(client)

        assert "logs/etl_stats.db cannot be read (no such table: etl_runtime)" in text
        assert "2025-11-04 success" in text

    def test_a_torn_line_of_the_csv_is_left_out(self, client, in_csv, lake):
        in_csv(GOOD)
        with lake.runtime_csv.open("a") as file:
            file.write("2025-11-05,dl1,2025-11-05 02:0")

        assert "The latest 1 of 1 run" in page_text(client)

    def test_reading_never_makes_a_file(self, client, lake):
        client.get("/")

        assert not lake.database.exists()
