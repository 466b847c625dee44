"""Nights on which files were taken, retried or approved by hand: what the pages and the watchers outside are told."""

from datetime import timedelta

import pytest

from web.conftest import BREAKFAST, TUESDAY, WEDNESDAY, night, published, refused
from web.pages import rows, text

MONDAY, DAY = TUESDAY - timedelta(days=1), timedelta(days=1)


def by_hand(day, feed="irb", trigger="take", at="06:30"):
    return night(day, published(feed, day), seconds=4, at=at, trigger=trigger)


def cells(client):
    return [cell for row in rows(client, "/", "Calendar of nights") for cell in row]


def nights(client):
    return {each["night"]: each["state"] for each in client.get("/api/v1/nights").json["data"]}


def last_success(client):
    name = "datalake_run_last_success_timestamp_seconds{"
    (line,) = (each for each in client.get("/metrics").text.splitlines() if each.startswith(name))
    return float(line.split()[-1])


@pytest.mark.parametrize("trigger", ["take", "retry", "approve"])
def test_a_night_with_a_file_by_hand_alone_did_not_run(client, record, trigger):
    record(night(MONDAY), night(TUESDAY), by_hand(WEDNESDAY, trigger=trigger))

    assert "MWed 5 Nov: did not run" in cells(client)
    said = text(client, "/")
    assert "2 of 3 nights (67 %)" in said
    assert "The load of Wed 5 Nov did not run." in said
    assert client.get("/status.json").json["night"] == {"night": "2025-11-05", "state": "missed"}
    assert nights(client)["2025-11-05"] == "missed"


def test_many_files_by_hand_do_not_hide_it_from_the_verdict(client, record):
    record(night(TUESDAY), *(by_hand(WEDNESDAY, at=f"06:{minute}") for minute in range(10, 40)))

    assert "The load of Wed 5 Nov did not run." in text(client, "/")


def test_a_file_by_hand_is_no_last_success_to_who_watches_from_outside(client, record):
    record(night(TUESDAY), by_hand(WEDNESDAY))

    assert last_success(client) == (BREAKFAST - timedelta(days=1, hours=5) + timedelta(seconds=135)).timestamp()
    assert "datalake_slots_missed_total 1.0" in client.get("/metrics").text


def test_the_feed_that_failed_made_good_by_hand_makes_the_night_good_and_another_does_not(client, record):
    record(night(TUESDAY), night(WEDNESDAY, refused("grants", WEDNESDAY), published("irb", WEDNESDAY)))
    record(by_hand(WEDNESDAY, "irb", at="05:10"))
    assert "FWed 5 Nov: failed" in cells(client)

    record(by_hand(WEDNESDAY, "grants", "retry", at="05:20"))
    assert "✓Wed 5 Nov: loaded" in cells(client)
    assert last_success(client) == (BREAKFAST - timedelta(hours=1, minutes=40) + timedelta(seconds=4)).timestamp()


def test_a_load_that_stopped_half_way_stays_so_whatever_is_taken_after_it(client, record):
    record(night(TUESDAY), night(WEDNESDAY, error="The run was killed."), by_hand(WEDNESDAY))

    assert "FWed 5 Nov: failed" in cells(client)
    assert "The load of Wed 5 Nov failed: The run was killed." in text(client, "/")


def test_old_files_loaded_before_the_first_night_are_no_missed_nights(client, record):
    record(by_hand(MONDAY), night(WEDNESDAY))

    assert not [each for each in cells(client) if "did not run" in each]
    assert list(nights(client)) == ["2025-11-05"]
    assert "datalake_slots_missed_total 0.0" in client.get("/metrics").text
