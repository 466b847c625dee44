"""Alerts from the scripts to whoever reads them: the real programs, a real sendmail, and Slack's stand-in."""

import json
import sqlite3
import subprocess

import pytest
from support.installation import BEGIN, FAIL, SUCCEED, Installation
from support.polling import until
from support.slack_server import SlackServer


@pytest.fixture
def office(installation: Installation, slack: SlackServer) -> Installation:
    """An installation that tells Slack alone."""
    installation.environ["SLACK_WEBHOOK"] = slack.url
    return installation


def settings(installation: Installation, text: str) -> None:
    local = installation.root / "config" / "local"
    local.mkdir(exist_ok=True)
    (local / "settings.yaml").write_text(text, encoding="utf-8")


def an_hour_passes(installation: Installation) -> None:
    """What waits for its next try is due: as if the clock had gone on."""
    connection = sqlite3.connect(installation.lake.database)
    connection.execute("UPDATE outbox SET not_before = '2020-01-01T00:00:00.000000+00:00' WHERE state = 'pending'")
    connection.commit()
    connection.close()


def test_with_every_way_out_dead_stderr_says_so_and_the_next_run_tells_what_was_missed(office, slack) -> None:
    slack.usual = "404"
    office.etl(BEGIN, FAIL)
    done = office.run()
    assert done.code == 1, "the load's own exit code, whatever becomes of its alert"
    assert "the alert of run " in done.err and "could not be sent" in done.err, "cron mails it"
    assert slack.taken == []
    slack.usual = "slack"
    an_hour_passes(office)
    office.etl(BEGIN, SUCCEED)
    done = office.run()
    assert (done.code, done.err) == (0, "")
    text = "\n".join(call.everything for call in slack.taken)
    assert "Recovered: the load failed" in text
    assert "That it had begun could not be told here at the time." in text
    assert len([call for call in slack.taken if "the load failed" in call.everything]) == 1, "one message, not two"


def test_what_waits_is_sent_at_once_by_alerts_flush(office, slack) -> None:
    slack.usual = "500"
    office.etl(BEGIN, FAIL)
    assert office.run().code == 1
    slack.usual = "slack"
    command = [office.root / "venv" / "bin" / "python", office.root / "manage.py", "alerts", "flush"]
    done = subprocess.run(command, env=office.environ, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ["ETL Failure" in call.everything for call in slack.taken] == [True]


def test_a_dead_slack_is_told_by_a_real_sendmail_beside_the_failure_itself(office, slack, postfix) -> None:
    sink, relay = postfix
    sink.mails.clear()
    settings(office, f"alerts: {{mail: {{to: [oncall@example.edu], sendmail: {relay.sendmail}}}}}\n")
    slack.usual = "410"
    office.etl(BEGIN, FAIL)
    done = office.run()
    assert done.code == 1 and "could not be sent" in done.err
    until(lambda: len(sink.mails) == 2, "two mails")
    failure, channel = sorted(sink.mails, key=lambda mail: "Slack" in str(mail.message["Subject"]))
    assert "ETL Failure" in failure.text("plain") and "ETL Failure" in failure.text("html")
    assert "Slack does not take our messages: you read this by another way." in channel.text("plain")
    assert "410 channel_is_archived" in channel.text("plain")


def test_webhooks_by_url_hear_of_everything_or_of_their_feeds_as_slack_messages_or_as_json(office, slack) -> None:
    """The stand-in answers ok at any of its paths' queries; which hook called is told by the query."""
    hooks = {"WEBHOOK_PAGER": "pager", "WEBHOOK_IRB": "irb", "WEBHOOK_GRANTS": "grants"}
    office.environ.update({name: f"{slack.url}?{which}" for name, which in hooks.items()})
    settings(
        office,
        "alerts:\n  webhooks:\n"
        "    - {name: pager, secret: WEBHOOK_PAGER, form: json}\n"
        "    - {name: IRB office, secret: WEBHOOK_IRB, feeds: [irb]}\n"
        "    - {name: grants office, secret: WEBHOOK_GRANTS, feeds: [grants]}\n",
    )
    refused = "FeedOutcome('irb', 'refused', reason='no column status', fix='python3 manage.py retry irb')"
    office.etl(
        BEGIN,
        "from datalake.outcomes import FeedOutcome",
        "end = datetime.datetime.now(datetime.timezone.utc)",
        f"feeds = ({refused}, FeedOutcome('grants', 'published', night))",
        "run = RunOutcome(words.run_id, night, words.trigger, now, end, 1.5, 'failure', 1, feeds=feeds)",
        "crumbs.leave(lake, run)",
        "sys.exit(1)",
    )
    done = office.run()
    assert (done.code, "could not be sent" in done.err) == (1, False), done.err
    by_hook = {call.path.partition("?")[2]: json.loads(call.body) for call in slack.calls}
    assert set(by_hook) == {"", "pager", "irb"}, "the grants office hears nothing of irb"
    assert set(by_hook["pager"]) == {"id", "kind", "title", "summary", "text"}
    assert by_hook["pager"]["kind"] == "failure" and "no column status" in by_hook["pager"]["text"]
    assert "irb" in by_hook["irb"]["text"] and "grants" not in json.dumps(by_hook["irb"])


def test_any_week_that_is_over_can_be_told_and_its_figures_never_change(office, slack) -> None:
    office.etl(BEGIN, SUCCEED)  # serves the night of Wed 5 Nov 2025
    assert office.run().code == 0
    done = office.run("weekly_summary_slack.sh", "--week", "2025-W45")
    assert done.code == 0, done.err
    text = slack.taken[-1].everything
    assert "Weekly ETL Summary (Last 7 Days) · Mon 3 Nov – Sun 9 Nov 2025" in text
    kept = office.lake.reports / "2025-W45.json"
    first = kept.read_bytes()
    for ending in ("html", "pdf"):
        assert (office.lake.reports / f"2025-W45.{ending}").stat().st_size > 1_000
    office.etl(BEGIN, FAIL)
    office.run()
    assert office.run("weekly_summary_slack.sh", "--week", "2025-W45").code == 0
    assert kept.read_bytes() == first
    assert office.run("weekly_summary_slack.sh", "--week", "2025-W99").code == 2
