"""One cause, one message; and one answer to "is this feed current", whoever is asked."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from support.nights import Office
from support.slack_server import SlackServer

from datalake.alerts.run import stands, tell_run
from datalake.cli.door import Door
from datalake.cli.status import look as look_at
from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.freshness import expected_night
from datalake.reports.gather import _usable
from datalake.runs.record import record_run
from datalake.schedule import instant_of
from datalake.settings import Schedule, Settings, Window
from datalake.standing import verdict
from datalake.watchdog.check import check
from datalake.watchdog.facts import gather
from datalake.zones.paths import Lake

NAMES = ("alpha", "beta", "delta", "gamma")
WEDNESDAY = datetime(2025, 11, 5, 7, tzinfo=timezone.utc)  # 02:00 in New York
LOCAL = "schedule: {zone: America/New_York, early_margin_minutes: 30}\nalerts: {on_success: never}\n"


class Desk:
    """An office of four feeds that is loaded, told of and checked as cron does it."""

    def __init__(self, root, url: str) -> None:
        self.lake, self.environ = Lake(root), {"SLACK_WEBHOOK": url}
        for folder in (self.lake.incoming, root / "config" / "modules", root / "config" / "local", self.lake.logs):
            folder.mkdir(parents=True)
        (root / "config" / "settings.yaml").write_text(LOCAL)
        for name in NAMES:
            (root / "config" / "modules" / f"{name}.yaml").write_text("expected_columns: [id, title]\n")
        self.settings = Settings(schedule=Schedule(zone="America/New_York"), threads=1)
        self.office = Office(self.lake, load_contracts(root), self.settings, MovedClock(WEDNESDAY))

    def files(self, *names: str) -> "Desk":
        day = (self.office.clock.now() - timedelta(days=1)).date()
        for name in names:
            self.office.deliver(f"{name.upper()}_{day}.csv", f"id,title\n1,of {day}\n")
        return self

    def load(self):
        run = self.office.night(trigger="cron")
        record_run(self.lake, self.settings.schedule, run)
        assert tell_run(self.lake, self.environ, run.run_id, self.office.clock) == 0
        return run

    def check(self) -> int:
        """At 6 AM of the night that it is."""
        day = self.office.clock.now().date()
        at = instant_of(self.settings.schedule, day, "06:00")
        return check(self.lake, self.environ, MovedClock(at))

    def next(self) -> "Desk":
        self.office.clock.advance(timedelta(days=1).total_seconds())
        return self


@pytest.fixture
def desk(tmp_path, slack) -> Desk:
    made = Desk(tmp_path / "lake", slack.url)
    made.files(*NAMES).load()
    assert made.check() == 0 and slack.calls == []
    return made.next()


def heads(slack) -> list[str]:
    return [call.payload["blocks"][0]["text"]["text"] for call in slack.taken]


def test_four_feeds_without_files_are_one_message_one_reminder_and_one_recovery(desk, slack) -> None:
    desk.load()
    assert desk.check() == 1
    desk.next().load()
    assert desk.check() == 1
    desk.next().files(*NAMES).load()
    assert [head.split(" ")[0] for head in heads(slack)] == ["⏰", "⏰", "🟢"], "told by the load, not hours later"
    assert desk.check() == 0 and len(slack.taken) == 3
    assert "Explained by it" not in slack.taken[0].everything, "it names them itself"
    assert "4 feeds are old: alpha, beta, delta and gamma" in heads(slack)[0]
    assert heads(slack)[1].startswith("⏰ Still so: 4 feeds are old")
    for name in NAMES:
        assert f"{name}: no file for the night of Thu 6 Nov has come" in slack.taken[0].everything


def test_a_missed_night_is_one_message_that_names_the_feeds_it_leaves_old(desk, slack) -> None:
    assert desk.check() == 1
    assert desk.next().check() == 1
    assert [head.split(" ")[0] for head in heads(slack)] == ["🚨", "⏰"]
    for name in NAMES:
        assert f"{name}: no file for the night of Thu 6 Nov has come" in slack.taken[0].everything
    desk.files(*NAMES).load()
    assert desk.check() == 0
    assert len(slack.taken) == 3 and heads(slack)[2].startswith("🟢 Recovered: the load did not run")


def test_a_run_that_failed_as_a_whole_is_one_message(desk, slack, monkeypatch) -> None:
    monkeypatch.setattr("datalake.nightly.check_room", lambda lake, todo: 1 / 0)
    desk.files(*NAMES).load()
    assert desk.check() == 1
    assert len(slack.taken) == 1 and "ETL Failure" in heads(slack)[0]


def test_one_feed_more_changes_the_problem_and_one_alone_is_its_own(desk, slack) -> None:
    desk.files("alpha", "beta", "delta").load()
    assert desk.check() == 1
    assert "gamma: no file for the night of Thu 6 Nov has come" in heads(slack)[0]
    desk.next().files("alpha", "beta").load()
    assert desk.check() == 1
    assert "2 feeds are old: delta and gamma" in heads(slack)[1] and len(slack.taken) == 2
    desk.next().files("alpha").load()
    assert desk.check() == 1
    assert "3 feeds are old: beta, delta and gamma" in heads(slack)[2] and len(slack.taken) == 3
    assert "Problem 2 has changed" in slack.taken[2].everything


def test_a_load_that_fails_on_top_keeps_what_it_explains_and_does_not_call_it_over(desk, slack) -> None:
    desk.load()
    desk.check()
    assert desk.next().check() == 1  # and this night did not even run
    assert [head.split(" ")[0] for head in heads(slack)] == ["⏰", "🚨"]
    desk.next().load()  # it ran, and still nothing has come
    assert desk.check() == 1
    assert not any("Recovered: 4 feeds" in head for head in heads(slack))


@pytest.mark.parametrize("missing", [("gamma",), ("delta", "gamma")])
def test_the_further_try_that_brings_what_was_missing_says_so_in_its_own_message(desk, slack, missing) -> None:
    settings = desk.lake.config / "settings.yaml"
    settings.write_text(settings.read_text().replace("never", "always"))
    desk.files(*(name for name in NAMES if name not in missing)).load()
    assert desk.check() == 1
    number = heads(slack)[-1].rpartition("problem ")[2]
    desk.office.clock.advance(timedelta(hours=6).total_seconds())
    desk.files(*missing).load()
    assert [head.split(" ")[0] for head in heads(slack)] == ["⚠️", "⏰", "🟢"]
    assert heads(slack)[-1].startswith("🟢 Recovered") and f"problem {number}" in heads(slack)[-1]
    assert "All 4 feeds are current: they show Huron as of Wed 5 Nov." in slack.taken[-1].everything
    assert "ETL completed successfully" in slack.taken[-1].everything
    assert check(desk.lake, desk.environ, desk.office.clock) == 0 and len(slack.taken) == 3


def test_planned_work_expects_no_file(desk, slack, tmp_path) -> None:
    night = desk.office.clock.now().date()
    schedule = replace(desk.settings.schedule, maintenance=(Window(night, night, "planned"),))
    assert expected_night(desk.office.contracts[0], schedule, night) == night - timedelta(days=1)
    planned = f"{LOCAL[:-1]}\n".replace(
        "early_margin_minutes: 30", f"maintenance: [{{first: {night}, last: {night}, reason: planned}}]"
    )
    (desk.lake.config / "settings.yaml").write_text(planned)
    assert desk.check() == 0 and slack.calls == []


def test_message_check_status_and_weekly_give_one_answer_at_every_hour(desk, slack) -> None:
    settings = desk.lake.config / "settings.yaml"
    settings.write_text(settings.read_text().replace("never", "always"))
    run = desk.files("alpha", "beta").load()
    answer = "2 of 4 feeds are current as of Wed 5 Nov. delta and gamma show Tue 4 Nov: no file that night."
    assert answer in slack.taken[0].everything
    known = {"alpha": "current", "beta": "current", "delta": "no file that night", "gamma": "no file that night"}
    for hours in (0, 4, 10, 23):
        clock = MovedClock(desk.office.clock.now() + timedelta(hours=hours))
        assert gather(desk.lake, desk.settings, clock).stands == known
        assert stands(desk.lake, desk.settings.schedule, run.night) == known
        assert answer in verdict(look_at(Door(desk.lake, {}, clock)))
        assert answer in _usable(desk.lake, desk.settings, (), clock.now())


def test_data_that_is_too_old_is_not_current_though_its_file_came(desk, slack) -> None:
    rules = "expected_columns: [id, title]\nfreshness: {warn_after_hours: 26, error_after_hours: 50}\n"
    (desk.lake.config / "modules" / "gamma.yaml").write_text(rules)
    desk.office.contracts = load_contracts(desk.lake.root)
    desk.files("alpha", "beta", "delta")
    desk.office.deliver("GAMMA_2025-11-04.csv", "id,title\n1,corrected\n")
    desk.load()
    assert desk.check() == 1
    assert "gamma: its data is old" in heads(slack)[0]
    clock = MovedClock(desk.office.clock.now() + timedelta(hours=1))
    assert "gamma shows Tue 4 Nov: too old." in verdict(look_at(Door(desk.lake, {}, clock)))


def test_who_hears_of_one_feed_alone_hears_that_it_is_old_and_that_it_came(desk, slack) -> None:
    steward = SlackServer().start()
    settings = desk.lake.config / "settings.yaml"
    hook = "webhooks: [{name: steward, secret: WEBHOOK_STEWARD, form: slack, feeds: [gamma]}]"
    settings.write_text(settings.read_text().replace("never}", f"never, {hook}}}"))
    desk.environ["WEBHOOK_STEWARD"] = steward.url
    try:
        desk.load()
        assert [desk.check(), desk.next().check()] == [1, 1]
        desk.files(*NAMES).load()
        desk.check()
    finally:
        steward.stop()
    assert [head.split(" ")[0] for head in heads(steward)] == ["⏰", "⏰", "🟢"]
    assert all(
        "gamma" in head and "alpha" not in call.everything
        for head, call in zip(heads(steward), steward.taken, strict=True)
    )
