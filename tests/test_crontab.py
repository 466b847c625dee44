"""The crontab block: made from the schedule, installed without touching anything else, run by a real cron."""

import os
import shutil
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.project import ROOT as ROOT_OF_PROJECT

from datalake.cli import crontab, host
from datalake.errors import UsageError
from datalake.settings import Schedule
from datalake.zones.paths import Lake

ROOT = "/srv/research_datalake"
BLOCK = crontab.block(Schedule(), ROOT)


def jobs(block: str) -> list[str]:
    return [line for line in block.splitlines() if not line.startswith("#")]


def test_the_shipped_schedule_gives_the_three_lines_everybody_knows() -> None:
    assert jobs(BLOCK) == [
        "0 2 * * * /srv/research_datalake/src/cron_runner.sh",
        "0 6 * * * /srv/research_datalake/src/check_etl_watchdog.sh",
        "0 7 * * 1 /srv/research_datalake/src/weekly_summary_slack.sh",
    ]


def test_further_tries_and_the_restart_line_stand_there_when_configured() -> None:
    block = crontab.block(replace(Schedule(), again=("03:30", "05:00"), at_reboot=True), ROOT)
    assert jobs(block)[1:4] == [
        "30 3 * * * /srv/research_datalake/src/cron_runner.sh --again",
        "0 5 * * * /srv/research_datalake/src/cron_runner.sh --again",
        "@reboot /srv/research_datalake/src/cron_runner.sh --boot",
    ]


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ("mon-sun", "*"),
        ("mon-fri", "1-5"),
        ("sun-thu", "0-4"),
        ("mon,wed", "1,3"),
        ("fri-mon", "0,1,5,6"),
        ("sat", "6"),
    ],
)
def test_days_become_the_numbers_cron_wants(days: str, field: str) -> None:
    assert crontab.days_field(days) == field


def test_a_try_after_midnight_belongs_to_the_evening_before() -> None:
    block = crontab.block(replace(Schedule(), nightly="22:00", days="mon-fri", again=("01:00",)), ROOT)
    assert [line.split(" /")[0] for line in jobs(block)[:2]] == ["0 22 * * 1-5", "0 1 * * 2-6"]


def test_a_path_with_a_space_and_a_percent_sign_is_quoted_for_both_cron_and_the_shell() -> None:
    line = jobs(crontab.block(Schedule(), "/home/x/100% real/lake"))[0]
    assert line == "0 2 * * * '/home/x/100\\% real/lake/src/cron_runner.sh'"


@pytest.mark.parametrize("root", ["/srv/back\\slash", "/srv/new\nline"])
def test_a_path_that_cron_cannot_run_is_refused(root: str) -> None:
    with pytest.raises(UsageError, match="Move the project"):
        crontab.block(Schedule(), root)


OTHERS = "MAILTO=ops@example.edu\n\n15 4 * * * /usr/local/bin/backup --what 'a  b'\n"


@pytest.mark.parametrize("table", ["", OTHERS, OTHERS.rstrip("\n"), "# only a comment\n"])
def test_installing_twice_is_installing_once_and_removing_gives_back_what_was_there(table: str) -> None:
    once = crontab.replace_block(table, ROOT, BLOCK)
    assert once.startswith(table) and once.endswith(BLOCK)
    assert crontab.replace_block(once, ROOT, BLOCK) == once
    assert crontab.replace_block(once, ROOT, "").rstrip("\n") == table.rstrip("\n")


def test_a_changed_schedule_replaces_only_its_own_block_in_place() -> None:
    other = crontab.block(Schedule(), "/srv/second lake")
    changed = crontab.block(replace(Schedule(), nightly="01:15"), ROOT)
    table = crontab.replace_block(OTHERS + BLOCK + other + "# end\n", ROOT, changed)
    assert table == OTHERS + changed + other + "# end\n"
    assert crontab.installed_block(table, ROOT) == changed


@pytest.mark.parametrize("damage", [lambda lines: lines[:-1], lambda lines: lines[1:], lambda lines: lines * 2])
def test_a_damaged_block_is_left_alone_and_named(damage) -> None:
    table = "".join(damage(BLOCK.splitlines(keepends=True)))
    with pytest.raises(UsageError, match="crontab -e"):
        crontab.replace_block(table, ROOT, BLOCK)


def test_a_line_pasted_by_hand_is_found_because_it_would_run_the_night_twice() -> None:
    pasted = f"0 2 * * * {ROOT}/src/cron_runner.sh"
    assert crontab.stray_lines(OTHERS + pasted + "\n#" + pasted + "\n" + BLOCK, ROOT) == [pasted]
    assert crontab.stray_lines(OTHERS + BLOCK, ROOT) == []


START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_a_zone_by_another_name_is_the_same_zone_and_one_without_summer_time_is_not() -> None:
    york = ZoneInfo("America/New_York")
    assert host.zones_agree(ZoneInfo("US/Eastern"), york, START)
    assert not host.zones_agree(ZoneInfo("America/Panama"), york, START)  # the same in January


def write_settings(lake: Lake, text: str) -> None:
    overlay = lake.config / "local" / "settings.yaml"
    overlay.parent.mkdir(parents=True, exist_ok=True)
    overlay.write_text(text, encoding="utf-8")


def test_lines_for_another_zone_than_the_hosts_are_refused_with_what_to_do(lake, manage, host_in) -> None:
    host_in("America/Chicago")
    write_settings(lake, "schedule: {zone: America/New_York}\n")
    said = manage("cron")
    assert said.code == 2 and said.out == ""
    assert "America/New_York" in said.err and "America/Chicago" in said.err and "timedatectl" in said.err


def test_lines_in_the_hosts_own_zone_are_printed(lake, manage, host_in) -> None:
    host_in("US/Eastern")
    write_settings(lake, "schedule: {zone: America/New_York}\n")
    assert manage("cron").out == crontab.block(Schedule(), str(lake.root))


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file behind a crontab command of our own, so that no test touches the developer's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    shutil.copy(ROOT_OF_PROJECT / "tests" / "support" / "crontab.sh", folder / "crontab")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder / "table"


def test_install_keeps_what_was_there_and_says_when_nothing_changes(lake, manage, table) -> None:
    table.write_text(OTHERS, encoding="utf-8")
    assert "Installed" in manage("cron", "--install").out
    assert table.read_text(encoding="utf-8") == OTHERS + crontab.block(Schedule(), str(lake.root))
    assert "nothing changed" in manage("cron", "--install").out
    assert "Removed" in manage("cron", "--remove").out
    assert table.read_text(encoding="utf-8") == OTHERS


def test_install_works_for_a_user_who_has_no_crontab_yet(lake, manage, table) -> None:
    assert manage("cron", "--install").code == 0
    assert table.read_text(encoding="utf-8") == crontab.block(Schedule(), str(lake.root))


def test_install_beside_a_line_pasted_by_hand_is_refused(lake, manage, table) -> None:
    pasted = f"0 2 * * * {lake.root}/src/cron_runner.sh\n"
    table.write_text(pasted, encoding="utf-8")
    said = manage("cron", "--install")
    assert said.code == 2 and "run twice" in said.err
    assert table.read_text(encoding="utf-8") == pasted


def test_without_a_crontab_command_the_error_says_what_to_install(manage, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = manage("cron", "--install")
    assert said.code == 1 and "apt-get install cron" in said.err
