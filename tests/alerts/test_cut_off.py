"""A run that was killed together with its runner: somebody hears of it, once."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from support import samples

from datalake.alerts.run import tell_run
from datalake.clock import MovedClock
from datalake.runs import crumbs
from datalake.runs.record import record_run, recover_unrecorded
from datalake.settings import Schedule
from datalake.watchdog.check import check

SCHEDULE = Schedule(zone="America/New_York")
SIX = datetime(2025, 11, 5, 11, tzinfo=timezone.utc)
CUT = "20251105T070000Z-1"


@pytest.fixture
def cut_off(lake) -> None:
    """At 02:00 a run begins, and the host goes down while it cleans irb."""
    crumbs.begin(lake, CUT, samples.START, "cron", samples.NIGHT)
    crumbs.add_progress(lake, CUT, samples.START + timedelta(minutes=1), "stage", stage="clean", feed="irb")
    started = lake.outcomes / f"{CUT}.started.json"
    started.write_text(started.read_text().replace('"pid": ', '"pid": 99999'))  # of before the restart


@pytest.fixture
def environ(lake, slack) -> dict[str, str]:
    local = lake.config / "local"
    local.mkdir(exist_ok=True)
    (local / "settings.yaml").write_text("schedule: {zone: America/New_York}\nalerts: {on_success: never}\n")
    return {"SLACK_WEBHOOK": slack.url}


def healed(lake, environ, start: datetime) -> None:
    """The next run: it records what the dead one left, loads, is recorded and told."""
    run = replace(samples.SUCCESS, run_id=f"{start:%Y%m%dT%H%M%SZ}-2", trigger="again", start=start, end=start)
    crumbs.begin(lake, run.run_id, start, "again", samples.NIGHT)
    assert [each.run_id for each in recover_unrecorded(lake, SCHEDULE, run.run_id)] in ([CUT], [])
    crumbs.leave(lake, run)
    record_run(lake, SCHEDULE, run)
    assert tell_run(lake, environ, run.run_id, MovedClock(start)) == 0


def test_a_further_try_that_does_what_was_left_says_so_once_even_where_success_is_not_told(
    lake, cut_off, environ, slack
) -> None:
    healed(lake, environ, datetime(2025, 11, 5, 7, 10, tzinfo=timezone.utc))
    (call,) = slack.taken
    assert "The load that began Wed 5 Nov 02:00 EST was cut off: The run was killed" in call.everything
    assert "while at clean of irb" in call.everything
    assert check(lake, environ, MovedClock(SIX)) == 0
    healed(lake, environ, datetime(2025, 11, 5, 7, 12, tzinfo=timezone.utc))
    assert len(slack.taken) == 1


def test_without_a_further_try_the_check_tells_it_and_the_next_success_is_its_recovery(
    lake, cut_off, environ, slack
) -> None:
    assert check(lake, environ, MovedClock(SIX)) == 1
    assert "stopped half-way" in slack.taken[0].everything
    healed(lake, environ, datetime(2025, 11, 5, 12, tzinfo=timezone.utc))
    assert check(lake, environ, MovedClock(SIX + timedelta(hours=2))) == 0
    heads = [call.payload["blocks"][0]["text"]["text"] for call in slack.taken]
    assert len(heads) == 2 and heads[1].startswith("🟢 Recovered")
    assert "was cut off" not in slack.taken[1].everything


def test_a_good_load_that_could_not_be_recorded_is_not_called_a_failed_one(lake, environ, slack) -> None:
    crumbs.begin(lake, samples.SUCCESS.run_id, samples.START, "cron", samples.NIGHT)
    crumbs.leave(lake, samples.SUCCESS)
    assert check(lake, environ, MovedClock(SIX)) == 1
    (call,) = slack.taken
    assert "last night's load was good, but its success marker is not there" in call.everything
    assert "failed" not in call.everything
