"""manage.py as it is typed: from any folder, by any Python, with help on one screen and errors in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datalake.cli.main import SECTIONS, commands, main

DOORS = ("main", "log_runtime_stats", "log_runtime_sqlite")
NAMES = [name for section in SECTIONS.values() for name in section]


def typed(root: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run manage.py by the Python of this test, with almost nothing in the environment."""
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(root)}
    command = [sys.executable, str(root / "manage.py"), *words]
    return subprocess.run(command, cwd=cwd or root, env=surroundings, capture_output=True, text=True, check=False)


def test_it_runs_from_any_folder_also_beside_files_that_are_called_like_modules(copy_of_repo, tmp_path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('the wrong click')", encoding="utf-8")
    done = typed(copy_of_repo, "check", cwd=tmp_path)
    assert done.returncode == 0 and "The configuration is right" in done.stdout, done.stderr


def test_an_exit_code_comes_through(copy_of_repo) -> None:
    assert typed(copy_of_repo, "nosuch").returncode == 2
    (copy_of_repo / "config" / "settings.yaml").write_text("nmae: x\n", encoding="utf-8")
    assert typed(copy_of_repo, "check").returncode == 78


def test_where_there_can_be_no_environment_it_says_so_in_a_sentence(copy_of_repo) -> None:
    (copy_of_repo / "venv").unlink()
    (copy_of_repo / "venv").symlink_to("/nowhere")
    done = typed(copy_of_repo, "status")
    assert done.returncode == 1 and done.stderr.startswith("error: ") and "Traceback" not in done.stderr


def test_help_fits_one_screen_and_names_every_command_under_its_heading(manage) -> None:
    said = manage("--help")
    lines = said.out.splitlines()
    assert said.code == 0 and len(lines) <= 40 and max(map(len, lines)) <= 80
    for heading, names in SECTIONS.items():
        assert f"{heading}:" in lines
        for name in names:
            assert any(line.split()[:1] == [name] and len(line.split()) > 2 for line in lines), name


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(manage, name: str) -> None:
    said = manage(name, "--help")
    assert said.code == 0 and said.out.startswith(f"Usage: manage.py {name}")


def test_a_word_that_is_no_command_is_a_usage_error_in_one_line(manage) -> None:
    said = manage("stauts")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ") and "--help" in said.err and said.err.count("\n") == 1


def test_a_word_that_is_nearly_a_command_is_answered_with_that_command(manage) -> None:
    assert "Did you mean 'status'?" in manage("stauts").err


def test_without_a_word_it_shows_the_help_and_calls_it_no_error(manage) -> None:
    said = manage()
    assert said.code == 2 and said.err == manage("--help").out


@pytest.mark.parametrize(
    "script", ["manage.py", "src/main.py", "src/log_runtime_stats.py", "src/log_runtime_sqlite.py"]
)
def test_where_a_package_is_missing_every_door_says_how_to_mend_it_in_a_line(copy_of_repo: Path, script: str) -> None:
    (copy_of_repo / "src" / "yaml.py").write_text("raise ModuleNotFoundError(\"No module named 'yaml'\")\n")
    command = [str(copy_of_repo / "venv" / "bin" / "python"), str(copy_of_repo / script), "check"]
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(copy_of_repo)}  # a PYTHONPATH would lead past the copy
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "No module named 'yaml'" in done.stderr and "python3 manage.py setup" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with a fault in it."""
    import click

    @click.command()
    def status() -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(commands, "get_command", lambda context, name: status)


def test_a_fault_of_ours_is_one_line_for_the_person_and_a_traceback_in_the_log(lake, manage, broken) -> None:
    said = manage("status")
    assert said.code == 1 and said.err.count("\n") == 1
    assert "ZeroDivisionError: of all things" in said.err and str(lake.etl_log) in said.err
    assert "Traceback" in lake.etl_log.read_text(encoding="utf-8")
    assert "Traceback" in manage("--debug", "status").err


def test_a_reader_who_has_seen_enough_is_no_error(copy_of_repo) -> None:
    python = [str(copy_of_repo / "venv" / "bin" / "python"), "manage.py", "check"]
    with subprocess.Popen(python, cwd=copy_of_repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout is not None and done.stderr is not None
        done.stdout.close()
        assert done.stderr.read() == b""


def test_ctrl_c_ends_a_command_with_130(lake, monkeypatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "main", interrupted)
    assert main(["status"]) == 130


def test_a_demo_night_is_a_success_also_for_one_who_looks_at_its_first_line_only(copy_of_repo) -> None:
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(copy_of_repo)}
    command = ["bash", "-c", "set -o pipefail; bash src/cron_runner.sh --demo | head -1"]
    done = subprocess.run(command, cwd=copy_of_repo, env=surroundings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
