"""cron_runner.sh from the outside: what it says, how it ends, what it leaves in the record."""

import os
import pty
import re
import stat
import subprocess
from datetime import datetime, timezone

import pytest
from support.installation import BASH, BEGIN, FAIL, SUCCEED, Installation
from support.polling import until

QUIET = (0, "", "")


@pytest.fixture
def no_alerts(installation: Installation) -> None:
    """Alerts are another matter: a stand-in that says nothing and does well."""
    alerts_end_with(installation, "")


def alerts_end_with(installation: Installation, line: str) -> None:
    module = installation.root / "src" / "datalake" / "alerts" / "__main__.py"
    module.write_text(f"import sys, time, pathlib\n{line}\n", encoding="utf-8")


def ended(installation: Installation, *words: str, **options: object) -> tuple[int, str, str]:
    done = installation.run("cron_runner.sh", *words, **options)
    return done.code, done.out, done.err


@pytest.mark.usefixtures("no_alerts")
def test_a_good_night_says_nothing_and_is_one_row_in_both_records(installation: Installation) -> None:
    installation.etl("print('loaded', flush=True)", BEGIN, SUCCEED)

    assert ended(installation) == QUIET

    assert installation.record('status, exit_code, "trigger", night, runtime_sec') == [
        ("success", 0, "cron", "2025-11-05", 1.5)
    ]
    assert installation.csv_statuses() == ["success"]
    assert "loaded\n" in installation.log()
    assert list(installation.lake.outcomes.iterdir()) == []


@pytest.mark.usefixtures("no_alerts")
def test_the_marker_says_in_local_time_when_the_last_success_ended(installation: Installation) -> None:
    installation.etl(BEGIN, SUCCEED)
    installation.run()
    ((end_time, end_utc),) = installation.record("end_time, end_utc")
    lines = installation.lake.success_marker.read_text().splitlines()
    assert lines[0] == end_time
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lines[0])
    assert f"end_utc={end_utc}" in lines


@pytest.mark.usefixtures("no_alerts")
def test_every_run_is_one_more_row(installation: Installation) -> None:
    installation.etl(BEGIN, SUCCEED)
    for _ in range(3):
        assert ended(installation) == QUIET
    assert installation.record() == [("success", 0)] * 3
    assert installation.csv_statuses() == ["success"] * 3


@pytest.mark.usefixtures("no_alerts")
def test_a_failed_night_is_recorded_and_says_one_line_that_cron_mails(installation: Installation) -> None:
    installation.etl(BEGIN, FAIL)
    code, out, err = ended(installation)
    assert (code, out) == (1, "")
    assert re.fullmatch(r"cron_runner\.sh: run \S+ ended with exit code 1\. See .*logs/cron_etl\.log\n", err)
    assert installation.record() == [("failure", 1)]
    assert installation.csv_statuses() == ["failure"]
    assert not installation.lake.success_marker.exists()


@pytest.mark.usefixtures("no_alerts")
def test_a_wrong_configuration_is_recorded_although_nothing_ran(installation: Installation) -> None:
    installation.etl("sys.exit(78)")
    assert installation.run().code == 78
    ((status, code, error, fix),) = installation.record("status, exit_code, error, fix")
    assert (status, code, fix) == ("failure", 78, "python3 manage.py check")
    assert "configuration" in error
    assert installation.csv_statuses() == ["failure"]


@pytest.mark.usefixtures("no_alerts")
def test_a_mistake_in_the_settings_ends_the_real_etl_with_78_and_is_in_the_log(
    installation: Installation,
) -> None:
    (installation.root / "config" / "settings.yaml").write_text("name: Lake\nthread: 2\n")
    assert installation.run().code == 78
    assert "config/settings.yaml:2" in installation.log()
    assert installation.log().count("config/settings.yaml:2") == 1
    ((code, error),) = installation.record("exit_code, error")
    assert code == 78
    assert error.startswith("The configuration is wrong; nothing was touched. config/settings.yaml:2")


@pytest.mark.usefixtures("no_alerts")
def test_an_etl_that_ends_without_a_word_is_a_failure_whatever_its_exit_code(installation: Installation) -> None:
    installation.etl(BEGIN)
    assert installation.run().code == 1
    assert installation.record() == [("failure", 1)]


@pytest.mark.usefixtures("no_alerts")
def test_a_refused_command_leaves_no_row(installation: Installation) -> None:
    installation.etl(BEGIN, "sys.exit(2)")
    assert installation.run().code == 2
    assert not installation.lake.database.exists()
    assert list(installation.lake.outcomes.iterdir()) == []


@pytest.mark.usefixtures("no_alerts")
def test_a_person_whose_command_was_refused_is_not_sent_to_a_log_that_says_nothing_about_it(
    installation: Installation,
) -> None:
    installation.etl("print('refused: read this', file=sys.stderr)", "sys.exit(2)")
    main, terminal = pty.openpty()
    assert installation.run("cron_runner.sh", stdout=terminal, stderr=terminal).code == 2
    os.close(terminal)
    assert os.read(main, 4096) == b"refused: read this\r\n"
    os.close(main)


@pytest.mark.usefixtures("no_alerts")
def test_a_further_try_that_finds_nothing_new_is_no_run(installation: Installation) -> None:
    installation.etl("assert words.trigger == 'again'", BEGIN, "crumbs.forget(lake, words.run_id)")
    assert ended(installation, "--again") == QUIET
    assert not installation.lake.database.exists()


def test_a_further_try_that_is_no_run_still_records_what_was_killed_before_it(installation: Installation) -> None:
    outcomes = installation.lake.outcomes
    outcomes.mkdir(parents=True)
    killed = f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-41"  # so that the night has had its run
    (outcomes / f"{killed}.exit").write_text("exit_code=143\nreason=ended\ntrigger=cron\n")
    assert ended(installation, "--again") == QUIET
    assert installation.record("run_id, status, exit_code") == [(killed, "failure", 143)]
    assert list(outcomes.iterdir()) == []


def test_an_unknown_word_is_a_usage_error_that_touches_nothing(installation: Installation) -> None:
    code, out, err = ended(installation, "--agian")
    assert (code, out) == (2, "")
    assert "--agian" in err and "--help" in err
    assert not installation.lake.etl_log.exists()


def test_help_names_every_word_it_takes(installation: Installation) -> None:
    code, out, err = ended(installation, "--help")
    assert (code, err) == (0, "")
    assert all(word in out for word in ("--demo", "--again", "--boot", "75", "78"))


@pytest.mark.usefixtures("no_alerts")
def test_with_its_descriptors_closed_it_does_the_same(installation: Installation) -> None:
    installation.etl("print('loaded')", BEGIN, SUCCEED)
    runner = installation.root / "src" / "cron_runner.sh"
    closed = [BASH, "-c", 'exec "$0" "$1" <&- >&- 2>&-', BASH, str(runner)]
    assert subprocess.run(closed, env=installation.environ, timeout=30, check=False).returncode == 0
    assert installation.record() == [("success", 0)]
    assert "loaded" in installation.log()


@pytest.mark.usefixtures("no_alerts")
def test_where_the_log_cannot_be_written_the_load_goes_on_and_cron_mails_the_log(installation: Installation) -> None:
    installation.lake.etl_log.mkdir()  # even root cannot write into a directory
    installation.etl("print('loaded')", BEGIN, SUCCEED)
    code, out, err = ended(installation)
    assert (code, out) == (0, "")
    assert "cannot be written" in err and "loaded" in err
    assert installation.record() == [("success", 0)]


@pytest.mark.usefixtures("no_alerts")
def test_what_one_recorder_could_not_write_the_next_run_writes(installation: Installation) -> None:
    installation.lake.database.mkdir(parents=True)
    installation.etl(BEGIN, SUCCEED)
    code, _, err = ended(installation)
    assert code == 0, "the record never changes how the night ended"
    assert "not in the record yet" in err
    installation.lake.database.rmdir()

    assert ended(installation) == QUIET

    assert installation.record() == [("success", 0)] * 2
    assert installation.csv_statuses() == ["success"] * 2
    assert list(installation.lake.outcomes.iterdir()) == []


@pytest.mark.usefixtures("no_alerts")
def test_on_a_full_disk_cron_mails_which_recorder_failed_and_why(installation: Installation) -> None:
    """/dev/full takes as little as a full disk: the log cannot keep the reason."""
    installation.lake.logs.mkdir(exist_ok=True)
    installation.lake.etl_log.symlink_to("/dev/full")
    installation.lake.database.mkdir()
    installation.etl(BEGIN, SUCCEED)
    code, _, err = ended(installation)
    assert code == 0
    assert "not in the record yet" in err
    assert f"log_runtime_sqlite.py: {installation.lake.database}: unable to open database file. See" in err


def test_an_alert_that_fails_is_said_and_changes_nothing(installation: Installation) -> None:
    alerts_end_with(installation, "sys.exit(1)")
    installation.etl(BEGIN, SUCCEED)
    code, _, err = ended(installation)
    assert code == 0
    assert "alert" in err
    assert installation.record() == [("success", 0)]


def test_an_alert_that_hangs_is_killed_with_all_it_started(installation: Installation) -> None:
    runner = installation.root / "src" / "cron_runner.sh"
    text = runner.read_text()
    assert "datalake.runs.limit 10 " in text, "ten seconds are what the design allows"
    runner.write_text(text.replace("datalake.runs.limit 10 ", "datalake.runs.limit 0.3 "))
    alerts_end_with(installation, "import subprocess; subprocess.run(['sleep', '1000'])")
    installation.etl(BEGIN, FAIL)
    code, _, err = ended(installation)  # would wait for the sleeper, which holds its end of the pipe
    assert code == 1
    assert "alert" in err


def test_the_alert_is_sent_after_the_lock_is_let_go_and_knows_its_run(installation: Installation) -> None:
    take = "import fcntl; fcntl.flock(open('logs/cron_runner.lock'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    alerts_end_with(installation, f"{take}\npathlib.Path('told').write_text(' '.join(sys.argv[1:]))")
    installation.etl(BEGIN, SUCCEED)
    assert ended(installation) == QUIET
    ((run_id,),) = installation.record("run_id")
    assert (installation.root / "told").read_text() == f"run {run_id}"


@pytest.mark.usefixtures("no_alerts")
def test_on_a_terminal_a_person_sees_it_and_it_counts_as_started_by_hand(installation: Installation) -> None:
    installation.etl("print('irb loaded')", BEGIN, SUCCEED)
    main, terminal = pty.openpty()
    assert installation.run("cron_runner.sh", stdout=terminal, stderr=terminal).code == 0
    os.close(terminal)
    assert b"irb loaded" in os.read(main, 4096)
    os.close(main)
    assert installation.record('"trigger"') == [("hand",)]


@pytest.mark.usefixtures("no_alerts")
def test_the_lakes_group_may_read_and_nobody_else_and_no_other_account_can_hold_the_lock(
    installation: Installation,
) -> None:
    installation.etl("(root / 'published').touch()", BEGIN, SUCCEED)
    installation.run()
    mode = {
        path: stat.S_IMODE(path.stat().st_mode) for path in (installation.root / "published", installation.lake.lock)
    }
    assert list(mode.values()) == [0o640, 0o600]


def test_without_any_python_a_mail_in_fixed_words_goes_out_and_the_next_run_records_the_night(
    installation: Installation,
) -> None:
    venv = installation.root / "venv"
    venv.rename(installation.root / "venv away")
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        installation.stand_in(name, "echo 'pyenv: command not found' >&2; exit 127")
    mail = installation.root / "mail"
    installation.stand_in("sendmail", f'echo "$@" >"{mail}.part"; cat >>"{mail}.part"; mv "{mail}.part" "{mail}"')
    installation.environ["MAILTO"] = "oncall@example.edu"

    code, _, err = ended(installation)

    assert code == 1
    assert "no Python runs here" in err
    until(mail.exists, "the mail")
    words = mail.read_text()
    assert words.startswith("-i -- oncall@example.edu\nSubject: Research Data Lake")
    assert os.uname().nodename in words

    (installation.root / "venv away").rename(venv)
    alerts_end_with(installation, "")
    installation.etl(BEGIN, SUCCEED)
    assert ended(installation) == QUIET
    assert installation.record() == [("failure", 1), ("success", 0)]


@pytest.mark.parametrize(
    ("script", "module"), [("check_etl_watchdog.sh", "watchdog"), ("weekly_summary_slack.sh", "reports/weekly")]
)
class TestTheDoorsThatOnlyTell:
    def put(self, installation: Installation, module: str, text: str) -> None:
        """Put a stand-in for the module, which may be a folder."""
        place = installation.root / "src" / "datalake" / module
        main = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
        main.write_text(text, encoding="utf-8")

    def test_nothing_is_said_when_all_is_well(self, installation: Installation, script: str, module: str) -> None:
        self.put(installation, module, "print('all is well')")
        done = installation.run(script)
        assert (done.code, done.out, done.err) == QUIET

    def test_a_problem_is_exit_1_and_one_line(self, installation: Installation, script: str, module: str) -> None:
        bad = "import sys\nif __name__ == '__main__':\n    print('bad')\n    sys.exit(1)\n"
        self.put(installation, module, bad)
        done = installation.run(script)
        log = installation.lake.watchdog_log if module == "watchdog" else installation.lake.summary_log
        assert (done.code, done.out) == (1, "")
        assert done.err == f"{script}: ended with exit code 1. See {log}\n"
        assert log.read_text() == "bad\n"

    def test_a_venv_that_does_not_work_is_told_in_fixed_words(
        self, installation: Installation, script: str, module: str
    ) -> None:
        (installation.root / "venv").unlink()
        done = installation.run(script)
        assert done.code == 1
        assert "python3 manage.py setup" in done.err


def test_a_load_that_never_ran_is_started_by_the_check_and_judged_after(installation: Installation) -> None:
    local = installation.root / "config" / "local"
    local.mkdir()
    (local / "settings.yaml").write_text("schedule: {start_if_missed: true}\n", encoding="utf-8")
    installation.etl(BEGIN, SUCCEED)
    installation.run("check_etl_watchdog.sh")
    assert installation.record() == [("success", 0)]
    log = installation.lake.watchdog_log.read_text()
    assert "the load did not run: starting it" in log
    assert log.count("night=") == 1


def test_where_nobody_asked_for_it_the_check_starts_no_load(installation: Installation) -> None:
    installation.etl(BEGIN, SUCCEED)
    assert installation.run("check_etl_watchdog.sh").code == 1
    assert not installation.lake.database.exists() or installation.record() == []
    (line,) = installation.lake.watchdog_log.read_text().splitlines()
    assert "state=never" in line and "nobody is told: no SLACK_WEBHOOK is set" in line
