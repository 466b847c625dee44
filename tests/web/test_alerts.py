"""Problems, unsent messages and channels, as the alerts keep them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from datalake.alerts import book, proofs
from datalake.alerts.incidents import Incident
from datalake.alerts.message import Message
from datalake.alerts.outbox import Entry
from datalake.runs import database
from web.conftest import BREAKFAST, SETTINGS, WEDNESDAY, night
from web.pages import rows, text

HOUR = timedelta(hours=1)
PROBLEM = Incident("feed:grants", "grants was not updated", "refused", BREAKFAST - 5 * HOUR, BREAKFAST - HOUR)


@pytest.fixture
def keep(lake):
    """keep(do) does something in one transaction of the record."""

    def kept(do):
        with database.writing(lake.database, lake.runtime_csv) as connection:
            return do(connection)

    return kept


def test_without_any_the_page_says_that_nothing_is_wrong(client, record):
    record(night(WEDNESDAY))

    said = text(client, "/alerts")

    assert "0 open problems, 0 unsent messages" in said
    assert "nothing is wrong" in said
    assert "Every message has gone out." in said


def test_an_open_problem_is_shown_with_its_number_and_the_command(client, keep):
    kept = keep(lambda connection: book.keep_incident(connection, PROBLEM))

    said = text(client, "/alerts")

    assert f"Problem {kept.number} grants was not updated Since Wed 5 Nov 02:00 EST" in said
    assert f"python3 manage.py alerts ack {kept.number} --until 3d" in said


def test_one_that_somebody_is_on_says_who_and_until_when(client, keep):
    keep(
        lambda connection: book.keep_incident(
            connection, replace(PROBLEM, acked_by="rita", acked_until=BREAKFAST + 24 * HOUR)
        )
    )

    assert "Acknowledged by rita until Thu 6 Nov 07:00 EST." in text(client, "/alerts")


def test_a_problem_that_is_over_is_listed_below(client, keep):
    keep(lambda connection: book.keep_incident(connection, replace(PROBLEM, closed_at=BREAKFAST)))

    assert "0 open problems" in text(client, "/alerts")
    assert rows(client, "/alerts", "Problems of before")[0][1:4] == [
        "grants was not updated",
        "Wed 5 Nov 02:00 EST",
        "Wed 5 Nov 07:00 EST",
    ]


def test_an_unsent_message_is_listed_with_its_last_answer(client, keep):
    message = Message("failure", "ETL <Failure>", "It failed.")
    entry = Entry("run-1", "slack", "failure", message, BREAKFAST, attempts=2, answer="503 \x1b[31mbusy")
    keep(lambda connection: book.enqueue(connection, entry))

    row = rows(client, "/alerts", "Unsent messages")[0]

    assert row[:3] == ["ETL <Failure>", "slack", "Wed 5 Nov 07:00 EST"]
    assert "python3 manage.py alerts flush" in text(client, "/alerts")


def test_a_dead_channel_is_told_and_an_unproven_one_too(client, keep):
    keep(lambda connection: book.note_channel(connection, "mail", BREAKFAST, False, "queued"))
    keep(lambda connection: book.note_channel(connection, "slack", BREAKFAST - HOUR, True, "404 no_service"))
    keep(lambda connection: proofs.send(connection, {"mail": "4821"}, SETTINGS, BREAKFAST))
    keep(lambda connection: proofs.seen(connection, "4821", "rita", BREAKFAST))

    table = rows(client, "/alerts", "Channels")

    assert table[0][:4] == ["mail", "yes", "Wed 5 Nov 07:00 EST", "Wed 5 Nov 07:00 EST"]
    assert table[1][1:4] == ["no, since Wed 5 Nov 06:00 EST", "–", "never"]


def test_what_was_told_of_a_run_stands_on_its_page(client, record, keep):
    run = night(WEDNESDAY)
    record(run)
    message = Message("success", "ETL Success", "It went well.")
    entry = Entry(f"run-{run.run_id}", "mail", "success", message, BREAKFAST)
    keep(lambda connection: book.enqueue(connection, entry))

    assert rows(client, f"/runs/{run.run_id}", "Messages about this run")[0][:3] == ["success", "mail", "pending"]


def test_a_record_of_before_there_were_alerts_says_so(client, in_csv):
    in_csv(("2025-11-05", "dl1", "2025-11-05 02:00:00", "2025-11-05 02:02:15", 135, 2.25, "success"))

    said = text(client, "/alerts")

    assert "The record keeps no problems yet" in said
