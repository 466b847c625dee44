"""The run lock's text, and the limit on a child: the small parts that Bash starts before anything else is there."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support import samples
from support.installation import gone
from support.polling import until

from datalake.errors import EXIT_LOCK_HELD, LockHeld
from datalake.runs import crumbs, lock, lockfile
from datalake.runs.limit import run_limited
from datalake.runs.lockfile import Holder, held_sentence, read_holder
from datalake.zones.paths import Lake


def test_the_holder_is_named_in_the_file_while_the_lock_is_held_and_afterwards_it_is_free(lake: Lake) -> None:
    with lock.held(lake) as run_id:
        holder = read_holder(lake.lock)
        assert holder is not None and (holder.pid, holder.run_id) == (os.getpid(), run_id)
        assert lock.holder(lake) == holder
    assert lock.holder(lake) is None
    assert lake.lock.exists(), "it is never deleted: two could then hold one each"


def test_nobody_else_can_take_it_meanwhile_and_is_told_who_has_it(lake: Lake) -> None:
    with lock.held(lake) as run_id, pytest.raises(LockHeld) as refused, lock.held(lake):
        pass
    assert run_id in str(refused.value) and f"pid {os.getpid()}" in str(refused.value)
    assert refused.value.exit_code == EXIT_LOCK_HELD == 75


def test_a_block_that_fails_lets_it_go(lake: Lake) -> None:
    with pytest.raises(ZeroDivisionError), lock.held(lake):
        raise ZeroDivisionError
    assert lock.holder(lake) is None


def test_only_its_owner_may_open_the_lock_file(lake: Lake) -> None:
    with lock.held(lake):
        assert lake.lock.stat().st_mode & 0o777 == 0o600


def test_a_run_is_at_work_while_its_etl_process_lives_though_its_runner_was_killed(lake: Lake) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lake.lock.write_text(f"{ended.pid} 20251105T070000Z-1 2025-11-05T07:00:00+00:00\n")
    assert lock.holder(lake) is None
    begun = datetime(2025, 11, 5, 7, tzinfo=timezone.utc)
    crumbs.begin(lake, "20251105T070000Z-1", begun, "cron", begun.date())  # by this process, which lives
    holder = lock.holder(lake)
    assert holder is not None and holder.run_id == "20251105T070000Z-1"
    crumbs.leave(lake, replace(samples.SUCCESS, run_id="20251105T070000Z-1"))
    assert lock.holder(lake) is None, "it has come to its end; what is left is to record it"


def test_a_process_that_was_given_the_number_of_a_killed_runner_is_not_taken_for_it(lake: Lake) -> None:
    boot, _, ticks = lockfile.birth_of(os.getpid()).partition(":")
    if not boot:
        pytest.skip("this system does not say when a process began")
    words = f"{os.getpid()} 20251105T070000Z-1 2025-11-05T07:00:00+00:00"
    lake.lock.write_text(f"{words} {boot}:{ticks}\n")
    assert lock.holder(lake) is not None
    lake.lock.write_text(f"{words} {boot}:{int(ticks) - 1}\n")
    assert lock.holder(lake) is None, "another process of this number"


def test_after_a_restart_of_the_host_nothing_is_at_work_whatever_has_the_numbers_now(lake: Lake) -> None:
    if not lockfile.birth_of(os.getpid()):
        pytest.skip("this system does not say when a process began")
    begun = datetime(2025, 11, 5, 7, tzinfo=timezone.utc)
    crumbs.begin(lake, "20251105T070000Z-1", begun, "cron", begun.date())  # its pid is one that lives
    lake.lock.write_text(f"1 20251105T070000Z-1 2025-11-05T07:00:00+00:00 {'0' * 36}:17\n")
    assert lock.holder(lake) is None


@pytest.mark.parametrize("text", [b"", b"1 2", b"one two three", b"\xff\xfe", b"1 2 3 4", b"\0" * 40])
def test_a_lock_file_with_any_other_text_names_nobody(lake: Lake, text: bytes) -> None:
    lake.lock.write_bytes(text)
    assert read_holder(lake.lock) is None
    assert "holds logs/cron_runner.lock" in held_sentence(None)
    with lock.held(lake):
        assert read_holder(lake.lock) is not None


def test_looking_who_holds_it_never_keeps_a_run_from_starting(lake: Lake) -> None:
    """A look must not take the lock, not even for an instant: a runner that comes just then would not run."""
    stop = threading.Event()
    looks = threading.Thread(target=lambda: [lock.holder(lake) for _ in iter(stop.is_set, True)])
    with lock.held(lake):
        pass
    looks.start()
    try:
        for _ in range(200):
            with lock.held(lake):
                pass
    finally:
        stop.set()
        looks.join()


def test_a_holder_that_has_died_is_said_to_be_gone() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert "its ETL process is still at work" in held_sentence(Holder(ended.pid, "run", "then"))
    assert "still" not in held_sentence(Holder(os.getpid(), "run", "then"))


def test_the_lock_can_be_taken_by_a_python_without_any_environment(lake: Lake) -> None:
    take = f"import runpy; print(runpy.run_path({lockfile.__file__!r})['take'](9), flush=True); input()"
    script = 'exec 9>>"$1"; exec "$2" -I -S -c "$3"'
    command = ["bash", "-c", script, "bash", str(lake.lock), sys.executable, take]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as taker:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "True\n"
        with pytest.raises(LockHeld), lock.held(lake):
            pass
        taker.communicate("\n")


# The limit on a child


@pytest.mark.parametrize(("program", "code"), [("", 0), ("raise SystemExit(3)", 3)])
def test_a_child_that_ends_in_time_has_its_own_exit_code(program: str, code: int) -> None:
    assert run_limited(30, [sys.executable, "-c", program]) == code


def test_a_child_that_a_signal_ended_has_128_and_the_signal() -> None:
    assert run_limited(30, [sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"]) == 143


def test_a_child_that_takes_too_long_is_killed_with_its_children(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pid = tmp_path / "pid"
    parent = 'sleep 1000 & echo $! >"$1.part"; mv "$1.part" "$1"; wait'
    assert run_limited(0.5, ["sh", "-c", parent, "sh", str(pid)]) == 124
    until(lambda: gone(int(pid.read_text())), "the grandchild to be gone")
    assert "killed after 0.5 seconds" in capfd.readouterr().err
