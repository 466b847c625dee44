"""How the installation stands, and what it is."""

import json
import os
from datetime import datetime, timezone

from web.conftest import WEDNESDAY, night
from web.pages import rows, text


def test_files_are_shown_with_size_and_age_or_as_not_there(client, record, lake):
    record(night(WEDNESDAY))
    lake.etl_log.write_text("x" * 1500)
    moment = datetime(2025, 11, 5, 7, 2, tzinfo=timezone.utc).timestamp()
    os.utime(lake.etl_log, (moment, moment))

    table = {row[0]: row[2:] for row in rows(client, "/status", "Files")}

    assert table["logs/cron_etl.log"] == ["1,500 bytes", "Wed 5 Nov 02:02 EST"]
    assert table["logs/last_success.txt"] == ["–", "not there"]


def test_the_last_word_of_the_morning_check_is_shown(client, lake):
    assert "6 AM check has not looked yet" in text(client, "/status")

    lake.watchdog_log.write_text("2025-11-04 ok\n2025-11-05 \x1b[31mmissed <b>\n")

    assert "6 AM check 2025-11-05 missed <b>" in text(client, "/status")


def test_a_load_at_work_is_shown_and_never_disturbed(client, lake):
    lake.lock.write_text(f"{os.getpid()} 20251105T070000Z-7 2025-11-05T07:00:00+00:00\n")
    started = {"run_id": "20251105T070000Z-7", "start": "2025-11-05T07:00:00+00:00", "night": "2025-11-05", "pid": 7}
    lake.outcomes.mkdir(parents=True)
    (lake.outcomes / "20251105T070000Z-7.started.json").write_text(json.dumps(started))

    assert "is running since Wed 5 Nov 02:00 EST" in text(client, "/status")


def test_a_lock_whose_run_is_gone_is_not_taken_for_a_run(client, lake):
    lake.lock.write_text("999999999 20251105T070000Z-7 2025-11-05T07:00:00+00:00\n")

    assert "No load is at work now." in text(client, "/status")


def test_about_tells_the_next_nights(client):
    said = text(client, "/about")

    assert "Thu 6 Nov 02:00 EST" in said
    assert "Mon 10 Nov 02:00 EST" in said
    assert "Sun 8 Mar 2026" in said  # 02:00 does not exist that night
