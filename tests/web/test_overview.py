"""The overview: what a person sees who opens port 8080 at breakfast."""

import sqlite3
from datetime import timedelta

import pytest

from web.conftest import TUESDAY, WEDNESDAY, night, published, refused
from web.pages import chart, links, markup, rows, text

HOSTILE = "\x1b[31m</script><script>alert(1)</script> {{7*7}}"


def nights(count, last=WEDNESDAY, **more):
    """So many good nights up to a last one, oldest first."""
    return [night(last - timedelta(days=back), **more) for back in range(count - 1, -1, -1)]


class TestVerdict:
    def test_an_empty_lake_says_no_data_yet_and_names_the_command(self, client):
        said = text(client, "/")

        assert "No data yet" in said
        assert "bash src/cron_runner.sh" in said

    def test_all_feeds_current(self, client, record):
        record(*nights(2))

        assert "Both feeds are current: they show Huron as of Tue 4 Nov. Loaded Wed 5 Nov 02:02 EST." in text(
            client, "/"
        )

    def test_a_night_that_did_not_run_is_told_with_the_command(self, client, record):
        record(*nights(2, last=TUESDAY))

        said = text(client, "/")

        assert "The load of Wed 5 Nov did not run." in said
        assert "The published tables are whole and show Huron as of Mon 3 Nov." in said
        assert "Last load did not run" in said

    def test_a_refused_file_is_told_with_its_reason_and_what_to_do(self, client, record):
        record(night(TUESDAY), night(WEDNESDAY, published("irb", WEDNESDAY), refused("grants", WEDNESDAY)))

        said = text(client, "/")

        assert "1 of 2 feeds is current as of Tue 4 Nov." in said
        assert 'has no column "status"' in said
        assert "python3 manage.py retry grants" in said


class TestNights:
    def test_each_run_shows_its_status_as_a_word_with_start_end_and_runtime(self, client, record):
        record(night(TUESDAY), night(WEDNESDAY, refused("grants", WEDNESDAY), seconds=3.2))

        table = rows(client, "/", "The latest 2 of 2 runs, newest first")

        assert table[0][:5] == ["Wed 5 Nov 2025", "failure", "2025-11-05 02:00:00", "2025-11-05 02:00:03", "3.2 s"]
        assert table[1][:5] == ["Tue 4 Nov 2025", "success", "2025-11-04 02:00:00", "2025-11-04 02:02:15", "2 min 15 s"]

    def test_the_chart_tells_good_failed_and_missed_nights_apart(self, client, record):
        first, failed = WEDNESDAY - timedelta(days=3), WEDNESDAY - timedelta(days=2)
        record(
            night(first, seconds=120), night(failed, refused("irb", failed), seconds=30), night(WEDNESDAY, seconds=150)
        )

        data = chart(client, "/", "runtime-chart")

        assert data["labels"] == ["Sun 2 Nov", "Mon 3 Nov", "Tue 4 Nov", "Wed 5 Nov"]
        assert data["good"] == [2.0, None, None, 2.5]
        assert data["failed"] == [None, 0.5, None, None]
        assert data["missed"] == [None, None, 0, None]

    def test_the_band_is_that_of_the_good_nights_before(self, client, record):
        record(*(each for each in nights(11, seconds=60)[:-1]), night(WEDNESDAY, seconds=600))

        data = chart(client, "/", "runtime-chart")

        assert data["median"] == [None] * 10 + [1.0]
        assert (data["p10"][-1], data["p90"][-1]) == (1.0, 1.0)
        assert "10 min 00 s, +900 % against usual" in text(client, "/")

    def test_a_retry_of_one_feed_makes_the_night_good_but_is_no_runtime_to_compare(self, client, record):
        failed = night(WEDNESDAY, refused("grants", WEDNESDAY), published("irb", WEDNESDAY), seconds=100)
        retry = night(WEDNESDAY, published("grants", WEDNESDAY), seconds=4, at="09:14", trigger="retry")
        record(night(TUESDAY), failed, retry)

        assert chart(client, "/", "runtime-chart")["good"] == [2.25, None]
        assert "Both feeds are current" in text(client, "/")

    def test_the_calendar_has_a_word_for_every_night(self, client, record):
        record(night(TUESDAY - timedelta(days=1)), night(WEDNESDAY, refused("irb", WEDNESDAY)))

        cells = [cell for row in rows(client, "/", "Calendar of nights") for cell in row]

        assert "✓Mon 3 Nov: loaded" in cells
        assert "MTue 4 Nov: did not run" in cells
        assert "FWed 5 Nov: failed" in cells
        assert cells.count("still to come") == 4  # Thursday to Sunday
        assert cells.count("before the first run") == 7 * 7

    def test_the_rate_counts_nights_that_did_not_run(self, client, record):
        record(night(TUESDAY - timedelta(days=1)), night(WEDNESDAY))

        assert "2 of 3 nights (67 %)" in text(client, "/")


@pytest.mark.parametrize(
    ("seconds", "said"), [(120, "It is not getting slower"), (240, "It is getting slower, by 100 %")]
)
def test_whether_it_is_getting_slower_is_told_from_twenty_good_nights_on(client, record, seconds, said):
    record(*nights(10, TUESDAY - timedelta(days=9), seconds=120), *nights(9, TUESDAY, seconds=seconds))
    assert "Too few good nights to say whether it is getting slower (19 of 20)." in text(client, "/")

    record(night(WEDNESDAY, seconds=seconds))

    assert said in text(client, "/")


def test_the_last_failure_is_told_with_its_reason_and_leads_to_its_run(client, record):
    record(night(TUESDAY))
    assert "Last failure none" in text(client, "/")

    record(night(WEDNESDAY, published("irb", WEDNESDAY), refused("grants", WEDNESDAY)))

    assert "Last failure Wed 5 Nov grants not updated" in text(client, "/")
    assert "/runs/20251105T020000Z-1" in links(client, "/")


def test_text_from_outside_is_shown_as_text(client, record):
    record(night(TUESDAY), night(WEDNESDAY, error=HOSTILE, fix=HOSTILE))

    content = markup(client, "/")

    assert "<script>alert" not in content
    assert "\x1b" not in content
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in content


def test_download_full_csv_is_the_file_in_logs(client, record, lake):
    record(*nights(2))

    answer = client.get("/etl_runtime_stats.csv")

    assert answer.data == lake.runtime_csv.read_bytes()
    assert answer.headers["Content-Disposition"] == "attachment; filename=etl_runtime_stats.csv"
    assert "/etl_runtime_stats.csv" in links(client, "/")


def test_a_demo_lake_says_demo_on_every_page_and_is_judged_by_its_last_night(client, record, lake):
    record(*nights(2, last=TUESDAY - timedelta(days=30)))
    assert "DEMO" not in text(client, "/")

    lake.demo_marker.write_text("{}")

    assert all("DEMO" in text(client, path) for path in ("/", "/runs", "/feeds", "/rejects", "/status", "/about"))
    assert "Both feeds are current" in text(client, "/")


class TestHalfBroken:
    GOOD = ("2025-11-05", "dl1", "2025-11-05 02:00:00", "2025-11-05 02:02:15", 135, 2.25, "success")

    @pytest.fixture(params=["/", "/runs", "/feeds", "/rejects", "/status"])
    def page(self, request):
        return request.param

    def test_a_missing_database_is_named_and_the_csv_shown(self, client, in_csv):
        in_csv(self.GOOD)

        said = text(client, "/")

        assert "logs/etl_stats.db is missing. The runs shown come from logs/etl_runtime_stats.csv" in said
        assert "Wed 5 Nov 2025 success" in said

    def test_a_corrupt_database_is_named_on_every_page(self, client, in_csv, lake, page):
        in_csv(self.GOOD)
        lake.database.write_bytes(b"this is no database at all" * 100)

        assert "logs/etl_stats.db cannot be read (file is not a database)" in text(client, page)

    def test_a_locked_database_is_named_and_the_csv_shown(self, client, record, lake, monkeypatch):
        monkeypatch.setattr("datalake.web.record.BUSY_SECONDS", 0.01)
        record(*nights(2))
        writer = sqlite3.connect(lake.database)
        writer.execute("BEGIN EXCLUSIVE")

        said = text(client, "/")
        writer.close()

        assert "logs/etl_stats.db cannot be read (database is locked)" in said
        assert "Wed 5 Nov 2025 success" in said

    def test_a_database_torn_in_the_middle_is_named_and_the_csv_shown(self, client, record, lake):
        record(*nights(40))
        content = bytearray(lake.database.read_bytes())
        content[8192:] = b"\xff" * (len(content) - 8192)
        lake.database.write_bytes(content)

        said = text(client, "/")

        assert "logs/etl_stats.db cannot be read" in said
        assert "Wed 5 Nov 2025 success" in said

    def test_an_empty_database_file_is_named_and_the_csv_shown(self, client, in_csv, lake):
        in_csv(self.GOOD)
        lake.database.touch()

        said = text(client, "/")

        assert "logs/etl_stats.db cannot be read (no such table: etl_runtime)" in said
        assert "Wed 5 Nov 2025 success" in said

    def test_an_older_database_is_read_by_the_names_of_its_columns(self, client, lake):
        connection = sqlite3.connect(lake.database)
        connection.execute("CREATE TABLE etl_runtime (id INTEGER PRIMARY KEY, date, start_time, runtime_sec, status)")
        connection.execute("INSERT INTO etl_runtime VALUES (1, '2025-11-05', '2025-11-05 02:00:00', 135, 'success')")
        connection.commit()
        connection.close()

        said = text(client, "/")

        assert "logs/etl_stats.db is of another version" in said
        assert "Wed 5 Nov 2025 success 2025-11-05 02:00:00" in said

    def test_a_database_of_a_newer_program_is_read_as_far_as_it_is_known(self, client, record, lake):
        record(*nights(2))
        connection = sqlite3.connect(lake.database)
        connection.execute("ALTER TABLE etl_runtime ADD COLUMN colour TEXT DEFAULT 'red'")
        connection.execute("ALTER TABLE etl_feed ADD COLUMN colour TEXT DEFAULT 'red'")
        connection.close()

        said = text(client, "/")

        assert "Both feeds are current" in said
        assert "etl_stats.db" not in said

    def test_a_line_of_the_csv_that_is_torn_or_not_utf8_does_no_harm(self, client, in_csv, lake):
        in_csv(self.GOOD)
        lake.runtime_csv.write_bytes(
            lake.runtime_csv.read_bytes().replace(b"dl1", b"dl\xff1") + b"2025-11-06,dl1,2025-1"
        )

        assert "Wed 5 Nov 2025 success" in text(client, "/")

    def test_rules_that_cannot_be_read_are_named_and_the_runs_shown(self, client, record, lake):
        record(*nights(2))
        (lake.config / "modules" / "irb.yaml").write_text("colums: []\n")

        said = text(client, "/")

        assert "config/modules/irb.yaml:1" in said
        assert "It cannot be told whether today's data is good." in said
        assert "Wed 5 Nov 2025 success" in said

    def test_reading_never_makes_a_file(self, client, lake, page):
        before = sorted(lake.root.rglob("*"))

        client.get(page)

        assert sorted(lake.root.rglob("*")) == before
