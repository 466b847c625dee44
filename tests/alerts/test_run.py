"""python -m datalake.alerts run RUN_ID: who is told what about a recorded run."""

import logging
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest
from support import samples
from support.polling import until
from support.slack_server import SlackServer

from datalake.alerts.run import is_due, last_lines, since_its_begin, tell_run
from datalake.clock import MovedClock
from datalake.errors import DatalakeError
from datalake.runs import crumbs
from datalake.runs.history import last_runs
from datalake.settings import Schedule
from datalake.zones.paths import Lake

SCHEDULE = Schedule(zone="America/New_York")
CLOCK = MovedClock(samples.END)


def local(lake: Lake, text: str) -> None:
    path = lake.config / "local" / "settings.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_failure_is_told_to_slack_and_by_mail(lake, record, slack: SlackServer, postfix) -> None:
    sink, relay = postfix
    sink.mails.clear()
    local(lake, f"alerts: {{mail: {{to: [a@example.edu], sendmail: {relay.sendmail}}}}}\n")
    lake.etl_log.write_text("02:02:15 ERROR grants: it broke\n", encoding="utf-8")
    record(samples.FAILURE)
    assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.FAILURE.run_id, CLOCK) == 0
    (call,) = slack.taken
    until(lambda: sink.mails, "the mail")
    for text in (call.everything, sink.mails[0].text("plain")):
        assert "BU Research Data Lake – ETL Failure" in text
        assert "Exit code: 1 · 02:00:00–02:02:15 EST" in text
        assert "grants was not updated" in text and "ERROR grants: it broke" in text


def test_a_dead_slack_never_stops_the_mail_and_is_told_by_the_exit_code(lake, record, slack, postfix, caplog) -> None:
    sink, relay = postfix
    sink.mails.clear()
    local(lake, f"alerts: {{mail: {{to: [a@example.edu], sendmail: {relay.sendmail}}}}}\n")
    record(samples.SUCCESS)
    slack.moods = ["404"]
    with caplog.at_level(logging.INFO):
        assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.SUCCESS.run_id, CLOCK) == 1
    until(lambda: sink.mails, "the mail")
    assert "Slack: dead: 404 no_service" in caplog.text and "services" not in caplog.text


def test_with_nobody_to_tell_the_alert_is_a_line_in_the_log(lake, record, caplog) -> None:
    record(samples.FAILURE)
    with caplog.at_level(logging.INFO):
        assert tell_run(lake, {}, samples.FAILURE.run_id, CLOCK) == 0
    assert "FAILED: BU Research Data Lake, Wed 5 Nov 2025. grants was not updated" in caplog.text
    assert "nobody is told" in caplog.text


def test_a_run_that_is_not_in_the_record_is_told_from_what_it_left(lake, slack) -> None:
    lake.outcomes.mkdir(parents=True, exist_ok=True)
    crumbs.leave(lake, samples.FAILURE)
    lake.database.write_bytes(b"this is no database")
    assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.FAILURE.run_id, CLOCK) == 0
    assert len(slack.taken) == 1


def test_a_locked_database_costs_seconds_and_no_message(lake, record, slack) -> None:
    """The runner ends this process after ten seconds."""
    record(replace(samples.SUCCESS, run_id="20251104T070000Z-1"))
    crumbs.leave(lake, samples.FAILURE)
    begun = time.monotonic()
    with closing(sqlite3.connect(lake.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.FAILURE.run_id, CLOCK) == 0
    assert time.monotonic() - begun < 6
    (call,) = slack.taken
    assert "grants was not updated" in call.everything
    assert "This run is not in the record yet; the next run writes it." in call.everything


def test_a_success_that_could_not_be_recorded_says_so(lake, slack) -> None:
    crumbs.leave(lake, samples.SUCCESS)
    assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.SUCCESS.run_id, CLOCK) == 0
    (call,) = slack.taken
    assert "Success with notes" in call.everything and "not in the record yet" in call.everything


def test_a_killed_run_is_told_although_the_database_is_locked(lake, record, slack) -> None:
    record(replace(samples.SUCCESS, run_id="20251104T070000Z-1"))
    crumbs.begin(lake, samples.KILLED.run_id, samples.START, "cron", samples.NIGHT)
    with closing(sqlite3.connect(lake.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.KILLED.run_id, CLOCK) == 0
    assert "The run was killed" in slack.taken[0].everything


def test_an_unknown_run_is_refused_by_name(lake) -> None:
    with pytest.raises(DatalakeError, match="nosuch: no such run is recorded"):
        tell_run(lake, {}, "nosuch", CLOCK)


def test_a_wrong_configuration_is_itself_told(lake, record, slack) -> None:
    local(lake, "schedule: {nightly: quarter past two}\nalerts: {log_lines: 0}\n")
    wrong = replace(samples.KILLED, exit_code=78, error="The configuration is wrong; nothing was touched.")
    record(wrong)
    assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, wrong.run_id, CLOCK) == 0
    assert "The configuration is wrong" in slack.taken[0].everything


@pytest.mark.parametrize(
    ("setting", "run", "after", "told"),
    [
        ("always", samples.SUCCESS, samples.SUCCESS, True),
        ("changes", samples.SUCCESS, samples.SUCCESS, False),
        ("changes", samples.SUCCESS, samples.FAILURE, True),
        ("changes", samples.NOTES, samples.SUCCESS, True),
        ("never", samples.NOTES, samples.FAILURE, False),
        ("never", samples.FAILURE, samples.SUCCESS, True),
        ("changes", samples.HELD, samples.HELD, True),
    ],
)
def test_the_settings_say_whether_a_good_night_is_told(lake, record, setting, run, after, told) -> None:
    record(replace(after, run_id="20251104T070000Z-1"))
    assert is_due(run, setting, last_runs(lake.database, 5)) is told


def test_a_failure_ends_with_the_lines_of_its_own_run_and_not_of_the_night_before(lake, record, slack) -> None:
    begin = f"INFO datalake.nightly: run={samples.FAILURE.run_id} night=2025-11-05 trigger=cron"
    lake.etl_log.write_text(f"ERROR of another night\n{begin}\nERROR of this one\n")
    record(samples.FAILURE)
    tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.FAILURE.run_id, CLOCK)
    assert "ERROR of this one" in slack.taken[0].everything
    assert "of another night" not in slack.taken[0].everything
    long = ("cut off before", f"run={samples.FAILURE.run_id} night=2025-11-05 status=failure")
    assert since_its_begin(long, samples.FAILURE.run_id) == long


def test_the_last_lines_of_a_log_are_read_from_its_end_only(tmp_path) -> None:
    log = tmp_path / "cron_etl.log"
    log.write_bytes(b"x" * 300_000 + b"\nfirst\n\n  \nlast \xff line\n")
    assert last_lines(log, 2) == ("first", "last \ufffd line")
    assert last_lines(log, 0) == () and last_lines(tmp_path / "none", 5) == ()
