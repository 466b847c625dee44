"""manage.py alerts: problems listed, acknowledged, silenced; a code that arrives is proof."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from support import samples

from datalake.alerts.run import tell_run
from datalake.clock import MovedClock
from datalake.runs import crumbs
from datalake.runs.record import record_run
from datalake.settings import Schedule


@pytest.fixture
def slack(slack, monkeypatch):
    monkeypatch.setenv("SLACK_WEBHOOK", slack.url)
    return slack


@pytest.fixture
def failed(lake, slack):
    """A night that failed and was told; returns the clock."""
    clock = MovedClock(samples.END)
    crumbs.leave(lake, samples.FAILURE)
    record_run(lake, Schedule(), samples.FAILURE)
    tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.FAILURE.run_id, clock)
    return clock


def test_an_open_problem_is_listed_with_its_number_and_age(manage, failed) -> None:
    failed.advance(3 * 3600)
    said = manage("alerts", clock=failed)
    assert said.code == 0
    assert "problem 1: the load failed (open 3 h 00 min; nights 2025-11-05)" in said.out
    assert "Slack: works as far as is known; never proven: python3 manage.py alerts test" in said.out


def test_with_nothing_wrong_that_is_said(manage, lake) -> None:
    assert manage("alerts").out.splitlines()[0] == "Nothing is wrong that is known."


def test_an_acknowledgement_has_a_number_an_end_and_a_name(manage, failed) -> None:
    said = manage("alerts", "ack", "1", "--until", "2025-11-08", clock=failed)
    assert "No reminders of problem 1 (the load failed) until Sun 9 Nov 00:00 EST." in said.out
    assert "acknowledged by" in manage("alerts", clock=failed).out


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("ack", "7", "--until", "3d"), "There is no open problem 7."),
        (("ack", "1", "--until", "soon"), "--until soon: a date like 2025-11-10 or days like 3d is meant."),
        (("ack", "1", "--until", "2025-11-01"), "--until 2025-11-01 is over already."),
        (("ack", "1"), "Missing option '--until'"),
        (("silence", "grants", "--until", "3d"), "Missing option '--why'"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(manage, failed, words, wrong) -> None:
    said = manage("alerts", *words, clock=failed)
    assert said.code == 2 and wrong in said.err


def test_a_silence_of_a_feed_is_listed_until_it_ends(manage, failed) -> None:
    assert (
        "Nothing is told of feed:grants"
        in manage("alerts", "silence", "grants", "--until", "2d", "--why", "move", clock=failed).out
    )
    assert "Silent until Fri 7 Nov 02:02 EST: feed:grants" in manage("alerts", clock=failed).out
    failed.advance(timedelta(days=3).total_seconds())
    assert "Silent" not in manage("alerts", clock=failed).out


def test_a_code_that_arrived_is_kept_as_proof(manage, lake, slack) -> None:
    said = manage("alerts", "test")
    assert said.code == 0
    code = re.search(r"did you see code (\d{4})\?", slack.taken[0].everything)[1]
    assert slack.taken[0].payload["text"].startswith("TEST")
    assert manage("alerts", "seen", "0000").code == 1
    assert manage("alerts", "seen", code).out == "Slack is proven.\n"
    assert re.search(r"Slack: works as far as is known; proven \w{3} \d+ \w{3}", manage("alerts").out)


def test_a_test_with_nobody_to_tell_says_what_is_missing(manage, lake, monkeypatch) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK", raising=False)
    said = manage("alerts", "test")
    assert said.code == 2 and "Set SLACK_WEBHOOK in config/secrets.env or alerts.mail.to." in said.err


def test_what_waits_is_listed_and_sent_by_flush(manage, lake, slack) -> None:
    clock = MovedClock(samples.END)
    crumbs.leave(lake, samples.FAILURE)
    record_run(lake, Schedule(), samples.FAILURE)
    slack.usual = "500"
    assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, samples.FAILURE.run_id, clock) == 1
    assert "Unsent to Slack: ❌ " in manage("alerts", clock=clock).out
    assert manage("alerts", "flush", clock=clock).code == 1
    slack.usual = "slack"
    said = manage("alerts", "flush", clock=clock)
    assert (said.code, said.out) == (0, "Nothing waits any more.\n")
    assert len(slack.taken) == 1


def test_a_problem_that_is_over_is_listed_as_such(manage, lake, failed, slack) -> None:
    good = replace(samples.SUCCESS, run_id="20251105T140000Z-1", start=samples.END, end=samples.END)
    crumbs.leave(lake, good)
    record_run(lake, Schedule(), good)
    failed.advance(7 * 3600)
    tell_run(lake, {"SLACK_WEBHOOK": slack.url}, good.run_id, failed)
    assert "problem 1: the load failed (was open 7 h 00 min; nights 2025-11-05)" in manage("alerts", clock=failed).out
