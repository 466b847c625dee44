"""manage.py doctor: ten things a quiet night needs, each judged on its own, each with what to do."""

import fcntl
import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from datalake.cli import crontab, health
from datalake.runs import lockfile
from datalake.settings import Alerts, MailChannel, Schedule, Settings, SlackChannel

NOW = datetime(2025, 11, 5, 7, 0, tzinfo=timezone.utc)
ROOT = "/srv/lake"
BLOCK = crontab.block(Schedule(), ROOT)


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10, 9), "bad"), ((3, 11, 0), "ok"), ((3, 13, 7), "ok"), ((3, 15, 0), "warn")]
)
def test_pythons_outside_the_tried_ones_are_named(version: tuple[int, ...], state: str) -> None:
    finding = health.check_python(version)
    assert finding.state == state and finding.says.startswith(".".join(map(str, version)))


def test_a_venv_is_judged_by_the_lock_file_it_was_made_from(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("click==8\n", encoding="utf-8")
    assert health.check_venv(tmp_path).do == "python3 manage.py setup"
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to("/bin/sh")
    (tmp_path / "venv" / "requirements.lock").write_text("click==8\n", encoding="utf-8")
    assert health.check_venv(tmp_path).state == "ok"
    (tmp_path / "requirements.lock").write_text("click==9\n", encoding="utf-8")
    assert health.check_venv(tmp_path).state == "bad"


@pytest.mark.parametrize(("running", "state"), [(True, "ok"), (False, "bad"), (None, "warn")])
def test_without_a_cron_daemon_no_night_starts(running: bool | None, state: str) -> None:
    assert health.check_cron_daemon(running).state == state


@pytest.mark.parametrize(
    ("table", "state"),
    [
        ("", "bad"),
        (BLOCK, "ok"),
        (BLOCK.replace("0 2 *", "5 2 *"), "warn"),
        (f"0 2 * * * {ROOT}/src/cron_runner.sh\n", "warn"),
        (crontab.block(Schedule(), "/srv/other"), "bad"),
    ],
)
def test_the_installed_lines_are_held_against_the_schedule(table: str, state: str) -> None:
    assert health.check_lines(table, BLOCK, ROOT).state == state


def test_a_lock_that_is_held_names_the_holder_and_one_held_for_long_is_bad(lake) -> None:
    assert health.check_lock(lake, NOW).says == "free"
    with lake.lock.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lockfile.sign(file.fileno(), lockfile.Holder(os.getpid(), "20251105T070000Z-1", NOW.isoformat()))
        young = health.check_lock(lake, NOW + timedelta(minutes=5))
        old = health.check_lock(lake, NOW + timedelta(hours=7))
        lockfile.sign(file.fileno(), None)
    assert young.state == "ok" and f"20251105T070000Z-1 (pid {os.getpid()})" in young.says
    assert old.state == "bad" and str(os.getpid()) in old.do
    assert health.check_lock(lake, NOW).says == "free"


@pytest.mark.parametrize(
    ("free", "waiting", "state"),
    [(50_000_000_000, 0, "ok"), (900_000_000, 0, "bad"), (5_000_000_000, 2_000_000_000, "bad")],
)
def test_there_must_be_room_for_three_times_tonights_files(free: int, waiting: int, state: str) -> None:
    assert health.check_disk(free, waiting).state == state


def test_a_zone_that_cron_does_not_go_by_is_bad(host_in) -> None:
    host_in("Asia/Tokyo")
    assert health.check_zone("America/New_York", NOW).state == "bad"
    assert health.check_zone("local", NOW).state == "ok"


SLACK = {"SLACK_WEBHOOK": "https://hooks.example/services/T/B/secret"}


def test_a_missing_webhook_is_a_warning_and_a_set_one_is_never_shown() -> None:
    assert health.check_webhook(Settings()).state == "warn"
    known = health.check_webhook(Settings(secrets=SLACK))
    assert known.state == "ok" and "secret" not in f"{known.says}{known.do}"
    off = Settings(alerts=Alerts(slack=SlackChannel(enabled=False)))
    assert health.check_webhook(off).state == "ok"


def test_mail_needs_a_program_once_somebody_is_to_get_it(tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    mail = MailChannel(to=("ops@example.edu",), sendmail=str(program))
    settings = Settings(alerts=Alerts(mail=mail))
    assert health.check_sendmail(settings).state == "bad"
    program.touch(mode=0o755)
    assert health.check_sendmail(settings).state == "ok"
    assert health.check_sendmail(replace(settings, alerts=Alerts())).state == "warn"


def test_all_ten_are_shown_and_a_bad_one_makes_exit_code_1(manage) -> None:
    said = manage("doctor")
    assert [line[6:20].strip() for line in said.out.splitlines() if not line.startswith(" ")] == list(health.ORDER)
    assert said.code == 1 and "do: python3 manage.py setup" in said.out  # the lake of this test has no venv


def test_the_next_nights_are_listed_and_a_coming_change_of_the_clocks_is_a_warning() -> None:
    two = health.check_nights(Schedule(zone="America/New_York"), NOW)
    assert two.state == "warn"
    assert two.says.startswith("Thu 6 Nov 02:00 EST, Fri 7 Nov 02:00 EST, Sat 8 Nov 02:00 EST")
    assert two.says.endswith("on Sun 8 Mar 2026 the clocks skip 02:00")
    half_past_three = health.check_nights(Schedule(zone="America/New_York", nightly="03:30"), NOW)
    assert (half_past_three.state, half_past_three.do) == ("ok", "")
