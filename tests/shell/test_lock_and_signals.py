"""Two runners, and one that is killed: no lock outlives a dead run, and none is lost over a living one."""

import os
import pty
import signal
import sqlite3
import subprocess

import pytest
from support.installation import BASH, BEGIN, SUCCEED, WAIT, Installation, gone
from support.polling import until

from datalake.errors import LockHeld
from datalake.runs import lock

NO_ALERT = "import sys"


@pytest.fixture(autouse=True)
def no_alerts(installation: Installation) -> None:
    (installation.root / "src" / "datalake" / "alerts" / "__main__.py").write_text(NO_ALERT)


def next_run_does_well(installation: Installation) -> None:
    installation.etl(BEGIN, SUCCEED)
    done = installation.run()
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_second_runner_exits_75_and_names_the_first(installation: Installation) -> None:
    first, _ = installation.start_and_reach_the_etl()
    text = installation.lake.lock.read_text()
    pid, run_id, since, _ = text.split()
    assert int(pid) == first.pid

    second = installation.run()

    assert second.code == 75
    assert run_id in second.err and f"pid {pid}" in second.err and since in second.err
    assert installation.lake.lock.read_text() == text, "the second must not sign what it does not hold"
    installation.let_go()
    assert installation.end(first).code == 0
    assert installation.record("run_id, status") == [(run_id, "success")], "the second leaves no row"


def test_of_many_runners_at_once_exactly_one_loads(installation: Installation) -> None:
    installation.etl(BEGIN, "(root / 'loads').open('a').write('x')", WAIT, SUCCEED)
    runners = [installation.start() for _ in range(6)]
    until(lambda: sum(runner.poll() is not None for runner in runners) == 5, "all but one to give up")
    installation.let_go()
    codes = sorted(installation.end(runner).code for runner in runners)
    assert codes == [0, 75, 75, 75, 75, 75]
    assert (installation.root / "loads").read_text() == "x"


def test_bash_killed_alone_leaves_the_lock_with_the_etl_until_that_is_done(installation: Installation) -> None:
    runner, etl = installation.start_and_reach_the_etl()
    runner.kill()
    runner.wait()
    assert not gone(etl), "the load goes on"

    second = installation.run()
    assert second.code == 75
    assert "its ETL process is still at work" in second.err

    installation.let_go()
    until(lambda: gone(etl), "the ETL to end")
    next_run_does_well(installation)
    assert installation.record() == [("success", 0), ("success", 0)], "what it loaded was a success: recorded late"
    assert installation.csv_statuses() == ["success"] * 2


def test_python_killed_alone_is_a_failure_that_bash_records_at_once(installation: Installation) -> None:
    runner, etl = installation.start_and_reach_the_etl()
    os.kill(etl, signal.SIGKILL)
    done = installation.end(runner)
    assert done.code == 137
    assert len(done.err.splitlines()) == 1, "the one line that cron mails"
    ((status, code, error),) = installation.record("status, exit_code, error")
    assert (status, code) == ("failure", 137)
    assert "signal 9" in error and "clean of irb" in error, "it says where the run was"
    next_run_does_well(installation)


def test_both_killed_leave_no_lock_and_the_next_run_records_it_as_killed(installation: Installation) -> None:
    runner, etl = installation.start_and_reach_the_etl()
    runner.kill()
    os.kill(etl, signal.SIGKILL)
    runner.wait()
    until(lambda: gone(etl), "the ETL to be gone")
    next_run_does_well(installation)
    assert installation.record() == [("failure", 137), ("success", 0)]
    assert installation.csv_statuses() == ["failure", "success"]
    assert list(installation.lake.outcomes.iterdir()) == []


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)])
def test_a_signal_to_the_runner_ends_the_run_at_once_and_is_recorded(
    installation: Installation, name: str, code: int
) -> None:
    runner, etl = installation.start_and_reach_the_etl()
    runner.send_signal(getattr(signal, name))
    done = installation.end(runner)  # the ETL would wait for ever
    assert done.code == code
    assert gone(etl)
    assert installation.record() == [("failure", code)]
    assert installation.csv_statuses() == ["failure"]
    next_run_does_well(installation)


def test_a_second_signal_does_not_keep_the_run_from_being_recorded(installation: Installation) -> None:
    runner, _ = installation.start_and_reach_the_etl()
    runner.send_signal(signal.SIGTERM)
    runner.send_signal(signal.SIGTERM)
    assert installation.end(runner).code == 143
    assert installation.record() == [("failure", 143)]


def test_control_c_on_a_terminal_ends_the_run_with_130(installation: Installation) -> None:
    installation.etl(BEGIN, WAIT, SUCCEED)
    child, terminal = pty.fork()
    if child == 0:  # a session of its own, with this terminal: as in a person's window
        os.execve(
            "/usr/bin/env", ["env", BASH, str(installation.root / "src" / "cron_runner.sh")], installation.environ
        )
    working = installation.root / "working"
    until(working.exists, "the ETL to be at work")
    os.write(terminal, b"\x03")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert installation.record('status, exit_code, "trigger"') == [("failure", 130, "hand")]


def test_a_signal_during_set_up_ends_the_run_before_anything_is_loaded(installation: Installation) -> None:
    (installation.root / "requirements.lock").write_text("changed==1\n")
    environment = installation.root / "src" / "datalake" / "environment.py"
    environment.write_text(
        "import os, pathlib, time\npathlib.Path('setting-up').touch()\nwhile True: time.sleep(0.01)\n"
    )
    installation.etl("(root / 'loaded').touch()")
    runner = installation.start()
    until((installation.root / "setting-up").exists, "the set-up to be at work")
    runner.send_signal(signal.SIGTERM)
    assert installation.end(runner).code == 143
    assert not (installation.root / "loaded").exists()


def test_a_hung_alert_of_a_killed_runner_does_not_hold_the_lock(installation: Installation) -> None:
    alerts = installation.root / "src" / "datalake" / "alerts" / "__main__.py"
    alerts.write_text(
        "import os, pathlib, signal\npathlib.Path('alerting').write_text(str(os.getpid()))\nsignal.pause()\n"
    )
    installation.etl(BEGIN, SUCCEED)
    runner = installation.start()
    alerting = installation.root / "alerting"
    until(lambda: alerting.exists() and alerting.read_text(), "the alert to be sent")
    runner.kill()
    alerts.write_text(NO_ALERT)
    next_run_does_well(installation)
    os.kill(int(alerting.read_text()), signal.SIGKILL)


def test_a_command_of_manage_py_and_the_runner_keep_each_other_out(installation: Installation) -> None:
    runner, _ = installation.start_and_reach_the_etl()
    with pytest.raises(LockHeld, match=rf"pid {runner.pid}\b"), lock.held(installation.lake):
        pass
    installation.let_go()
    installation.end(runner)
    with lock.held(installation.lake) as run_id:
        second = installation.run()
        holder = lock.holder(installation.lake)
    assert second.code == 75
    assert run_id in second.err
    assert holder is not None and (holder.run_id, holder.pid, holder.alive) == (run_id, os.getpid(), True)
    assert lock.holder(installation.lake) is None


def test_the_lock_holds_where_logs_can_be_read_but_not_written(installation: Installation) -> None:
    """Root may write anywhere, but not into a lock file whose name a directory has: the same road as read-only."""
    installation.lake.lock.mkdir(parents=True)
    first, _ = installation.start_and_reach_the_etl()
    assert installation.run().code == 75
    installation.let_go()
    assert installation.end(first).code == 0


def test_a_database_that_is_busy_for_a_moment_costs_nothing(installation: Installation) -> None:
    installation.etl(BEGIN, SUCCEED)
    installation.run()
    runner, _ = installation.start_and_reach_the_etl()
    busy = sqlite3.connect(installation.lake.database, isolation_level=None)
    busy.execute("BEGIN EXCLUSIVE")
    installation.let_go()
    until(lambda: recorders_wait(installation), "a recorder")
    busy.execute("ROLLBACK")
    busy.close()
    done = installation.end(runner)
    assert (done.code, done.err) == (0, "")
    assert installation.record() == [("success", 0)] * 2


def recorders_wait(installation: Installation) -> bool:
    """A recorder has been started on this installation."""
    seen = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return any("log_runtime_sqlite" in line and str(installation.root) in line for line in seen.splitlines())
