"""A database that is damaged or gone: numbers go on, what can be read stays, and what is lost is said."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from support import samples

from datalake.alerts import book
from datalake.clock import MovedClock
from datalake.runs import crumbs
from datalake.runs.database import writing
from datalake.runs.record import record_run
from datalake.settings import Schedule
from datalake.watchdog.check import check

SCHEDULE = Schedule(zone="America/New_York")
SIX = datetime(2025, 11, 5, 11, 0, tzinfo=timezone.utc)
DAY = timedelta(days=1)


@pytest.fixture
def look(lake, slack):
    return lambda now=SIX: check(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(now))


@pytest.fixture
def told_of_one(lake, look):
    """A failed night that was told as problem 1, acknowledged; grants is silenced; a message for mail waits."""
    crumbs.leave(lake, samples.FAILURE)
    record_run(lake, SCHEDULE, samples.FAILURE)
    assert look() == 1
    with writing(lake.database) as connection:
        book.acknowledge(connection, 1, SIX + 9 * DAY, "sam")
        book.silence(connection, "feed:grants", SIX + 5 * DAY, "sam", "known", SIX)
        (entry,) = book.messages_about(connection, 1)
        book.enqueue(connection, replace(entry, channel="mail", id=0))


def damage(lake, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(lake.database)) as connection:
        query = "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = ?"
        page, size = connection.execute(query, (table,)).fetchone()
    whole = bytearray(lake.database.read_bytes())
    whole[(page - 1) * size : page * size] = b"\xff" * size
    lake.database.write_bytes(bytes(whole))


def test_acknowledgements_silences_and_unsent_messages_survive_a_damage_elsewhere(lake, told_of_one, look, slack):
    damage(lake, "etl_stage")
    assert look(SIX + timedelta(hours=1)) == 1
    with writing(lake.database) as connection:
        incident = book.incident(connection, 1)
        assert (incident.acked_by, incident.acked_until) == ("sam", SIX + 9 * DAY)
        assert [silence.key for silence in book.silences(connection, SIX)] == ["feed:grants"]
        assert [entry.channel for entry in book.unsent(connection)] == ["mail"]
    (finding,) = [call.everything for call in slack.taken if "the record was rebuilt" in call.everything]
    assert "etl_stats.damaged-1.db" in finding and "not all of its stages of runs could be read" in finding
    assert "problem 2" in finding


@pytest.mark.parametrize("lost", ["damaged", "gone", "an old copy"])
def test_a_number_that_was_told_is_never_given_again(lake, told_of_one, look, slack, lost) -> None:
    numbers = [line for line in slack.taken[0].everything.splitlines() if "problem 1" in line]
    assert numbers
    if lost == "damaged":
        lake.database.write_bytes(b"\xff" * 8192)
    elif lost == "gone":
        lake.database.unlink()
    else:
        with writing(lake.database) as connection:
            for table in ("outbox", "incident", "look"):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("DELETE FROM sqlite_sequence")
    look(SIX + timedelta(hours=1))
    again = [call for call in slack.taken[1:] if "problem 1 " in f"{call.everything} "]
    assert again == [] and any("problem 2" in call.everything for call in slack.taken[1:])


def test_what_the_nightly_run_lost_is_told_by_the_next_check_once(lake, told_of_one, look, slack) -> None:
    lake.database.write_bytes(b"\xff" * 8192)
    good = replace(samples.SUCCESS, run_id="20251106T070000Z-1", night=date(2025, 11, 6))
    good = replace(good, start=good.start + DAY, end=good.end + DAY)
    crumbs.leave(lake, good)
    record_run(lake, SCHEDULE, good)
    assert [look(SIX + DAY + timedelta(minutes=step)) for step in (0, 5)] == [1, 0]
    told = [call.everything for call in slack.taken if "the record was rebuilt" in call.everything]
    assert "problems, acknowledgements, silences and unsent messages are lost" in told[0]
    assert "ALERT night=2025-11-06 state=ok also=record logs/etl_stats.db was damaged" in lake.watchdog_log.read_text()


def test_a_row_that_can_be_read_but_makes_no_sense_is_left_out(lake, told_of_one, look) -> None:
    with writing(lake.database) as connection:
        connection.execute("UPDATE silence SET until = 'friday'")
    damage(lake, "etl_stage")
    look(SIX + timedelta(hours=1))
    with writing(lake.database) as connection:
        assert connection.execute("SELECT count(*) FROM silence").fetchone()[0] == 0
        assert "silences" in connection.execute("SELECT said FROM loss").fetchone()[0]
