"""The environment: made once, from hashes, by whatever Python fits; and one clear sentence where it cannot be."""

import base64
import hashlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.installation import Installation
from support.polling import until
from support.project import copy_files, project_files

from datalake import environment, interpreters

NAME = "tinypackage"
SOURCES = [file for file in project_files("src", "manage.py") if file.suffix in (".py", ".sh")]


def make_wheel(folder: Path, version: str) -> str:
    """Put a wheel of one module into a folder; return its line for a lock file, with its hash."""
    folder.mkdir(exist_ok=True)
    info = f"{NAME}-{version}.dist-info"
    files = {
        f"{NAME}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for name, text in files.items()}
    record = [f"{name},sha256={digest.decode().rstrip('=')}," for name, digest in digests.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"]) + "\n"
    wheel = folder / f"{NAME}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # a date of its own would change the hash
    return f"{NAME}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


class Clone:
    """A clone without venv, whose lock file names one tiny package that lies in a folder beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / "venv"
        self.lock = root / "requirements.lock"
        copy_files(SOURCES, root)
        self.lock.write_text(make_wheel(root / "wheels", "1.0"), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (root / "wheels").as_uri(), "PIP_CONFIG_FILE": os.devnull}
        self.environ = {**kept, **offline, "PYTHONPATH": str(root / "src"), "DATALAKE_PYTHON": sys.executable}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "datalake.environment", *words]
        return subprocess.Popen(
            command, env=self.environ, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def set_up(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def installed(self) -> str:
        """The version that the environment's own Python imports."""
        ask = [str(self.venv / "bin" / "python"), "-c", f"import {NAME}; print({NAME}.VERSION)"]
        return subprocess.run(ask, cwd=self.root, capture_output=True, text=True, check=False).stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clone, list[str]]:
    """A clone on which two first set-ups have run at once, and what each said: the one that worked, the other."""
    clone = Clone(tmp_path_factory.mktemp("first") / "a path")
    clone.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    clone.environ |= {"PIP_USER": "1", "PIP_TARGET": str(clone.root / "elsewhere")}
    both = [clone.start(), clone.start()]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    return clone, sorted(said, key=len, reverse=True)


@pytest.fixture
def clone(made: tuple[Clone, list[str]], tmp_path: Path) -> Clone:
    """Another clone with such an environment, to change; it is not the one that the first set-up made."""
    copy = Clone(tmp_path / "a path")
    shutil.copytree(made[0].venv, copy.venv, symlinks=True)  # it may be moved: nothing of bin is ever started
    return copy


def test_the_first_set_up_says_what_it_does_and_installs_what_the_lock_names(made: tuple[Clone, list[str]]) -> None:
    clone, (said, _) = made
    assert clone.installed() == "1.0"
    lines = said.splitlines()
    assert lines[0].startswith("Making venv with Python 3.")
    assert lines[1].startswith("Installing 1 packages from requirements.lock")
    assert lines[-1] == "Set-up is done."
    assert not (clone.venv / "unfinished").exists()


def test_the_packages_are_compiled_although_the_user_forbids_python_to_write_bytecode(
    made: tuple[Clone, list[str]],
) -> None:
    assert list(made[0].venv.rglob(f"{NAME}.*.pyc"))


def test_a_pip_that_is_set_to_install_elsewhere_installs_into_venv_all_the_same(made: tuple[Clone, list[str]]) -> None:
    assert list(made[0].venv.rglob(f"{NAME}.py"))
    assert not (made[0].root / "elsewhere").exists()


def test_a_second_time_there_is_nothing_to_say(made: tuple[Clone, list[str]]) -> None:
    assert made[0].set_up() == (0, "")


def test_the_runner_starts_no_set_up_where_nothing_changed(installation: Installation) -> None:
    (installation.root / "src" / "datalake" / "environment.py").write_text("raise SystemExit('was started')")
    (installation.root / "src" / "datalake" / "alerts" / "__main__.py").write_text("")
    installation.etl("begin()", "leave('success', 0)")
    assert installation.run().code == 0
    assert "was started" not in installation.log()


def test_a_changed_lock_file_updates_the_environment_that_is_there(clone: Clone) -> None:
    (clone.venv / "canary").touch()
    clone.lock.write_text(make_wheel(clone.root / "wheels", "2.0"), encoding="utf-8")
    code, said = clone.set_up()
    assert code == 0, said
    assert "Making venv" not in said
    assert clone.installed() == "2.0"
    assert (clone.venv / "canary").exists()


def test_two_first_set_ups_at_once_make_one_environment(made: tuple[Clone, list[str]]) -> None:
    working, waiting = made[1]
    assert "Making venv" in working
    assert waiting in ("", "Another set-up is at work: waiting for it.\n"), "it comes later, or waits"


def test_a_set_up_that_was_killed_is_begun_again_from_nothing(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "a path")
    first = clone.start()
    until((clone.venv / "unfinished").exists, "the set-up to be under way")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (clone.venv / "canary").touch()
    code, said = clone.set_up()
    assert code == 0, said
    assert "broken off" in said
    assert not (clone.venv / "canary").exists()
    assert clone.installed() == "1.0"
    assert clone.set_up() == (0, "")


def test_where_the_new_packages_cannot_be_had_the_old_environment_stays_whole(clone: Clone) -> None:
    before = clone.lock.read_text()
    clone.lock.write_text(before.replace("==1.0", "==9.9"), encoding="utf-8")
    code, said = clone.set_up()
    assert code == 1
    assert said.splitlines()[-1].startswith("error: The packages could not be fetched")
    assert "Traceback" not in said
    clone.lock.write_text(before, encoding="utf-8")
    assert clone.set_up() == (0, ""), "nothing was broken, so nothing is to be mended"
    assert clone.installed() == "1.0"


def test_a_registry_that_does_not_answer_is_said_in_a_sentence(clone: Clone) -> None:
    clone.lock.write_text(make_wheel(clone.root / "wheels", "3.0"), encoding="utf-8")
    del clone.environ["PIP_NO_INDEX"], clone.environ["PIP_FIND_LINKS"]
    clone.environ |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_TIMEOUT": "1"}
    code, said = clone.set_up()
    assert code == 1
    assert said.splitlines()[-1].startswith("error: The packages could not be fetched: no way to the package registry")


def test_a_package_with_another_hash_is_refused(clone: Clone) -> None:
    line = make_wheel(clone.root / "wheels", "4.0")
    clone.lock.write_text(line[:-9] + "deadbeef\n", encoding="utf-8")
    code, said = clone.set_up()
    assert code == 1
    assert "another hash" in said.splitlines()[-1]
    assert clone.installed() == "1.0"


def test_an_environment_whose_python_has_gone_is_made_anew(clone: Clone) -> None:
    for link in (clone.venv / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python")
    code, said = clone.set_up()
    assert code == 0, said
    assert "has gone" in said
    assert clone.installed() == "1.0"


def test_setup_brings_back_a_package_whose_files_are_gone_and_says_so_through_a_pipe(clone: Clone) -> None:
    (module,) = clone.venv.rglob(f"{NAME}.py")
    module.unlink()
    (clone.root / "src" / "datalake" / "cli" / "__main__.py").write_text("print('the command')", encoding="utf-8")
    command = [sys.executable, str(clone.root / "manage.py"), "setup"]
    said = [subprocess.check_output(command, env=clone.environ, text=True).splitlines() for _ in range(2)]
    assert said[0][0] == f"Files are gone from venv ({NAME}): installing all of it anew."
    assert said[0][-2:] == ["Set-up is done.", "the command"]
    assert said[1] == ["the command"]
    assert clone.installed() == "1.0"


def test_an_environment_that_is_a_link_of_the_users_own_is_never_removed(clone: Clone, tmp_path: Path) -> None:
    own = tmp_path / "own"
    clone.venv.rename(own)
    clone.venv.symlink_to(own)
    assert clone.set_up() == (0, "")
    shutil.rmtree(own / "bin")
    code, said = clone.set_up()
    assert code == 1
    assert "is a link" in said.splitlines()[-1]
    assert own.exists()


def test_the_runner_ends_with_one_sentence_where_the_set_up_fails_and_the_log_says_why(
    installation: Installation, clone: Clone
) -> None:
    venv, lock = installation.root / "venv", installation.root / "requirements.lock"
    venv.unlink()
    clone.venv.rename(venv)
    whole = lock.read_text()
    lock.write_text("nosuchpackage==1 --hash=sha256:" + "0" * 64 + "\n")
    installation.environ |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "DATALAKE_PYTHON": sys.executable}
    done = installation.run()
    assert (done.code, done.out) == (1, "")
    why, what = done.err.splitlines()
    assert why.startswith("error: The packages could not be fetched")
    assert what.startswith("cron_runner.sh: the environment could not be set up, so nothing was loaded. See ")
    assert why in installation.log()

    shutil.rmtree(venv)
    venv.symlink_to(sys.prefix)
    lock.write_text(whole)
    (installation.root / "src" / "datalake" / "alerts" / "__main__.py").write_text("")
    installation.etl("begin()", "leave('success', 0)")
    assert installation.run().code == 0
    assert installation.record("status, fix") == [("failure", "python3 manage.py setup"), ("success", "")]


def test_on_a_terminal_the_set_up_is_seen_and_is_in_the_log_all_the_same(
    installation: Installation, clone: Clone
) -> None:
    (installation.root / "venv").unlink()
    clone.venv.rename(installation.root / "venv")
    (installation.root / "requirements.lock").write_text("nosuchpackage==1 --hash=sha256:" + "0" * 64 + "\n")
    installation.environ |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    main, terminal = pty.openpty()
    assert installation.run("cron_runner.sh", stdout=terminal, stderr=terminal).code == 1
    os.close(terminal)
    seen = os.read(main, 10_000).decode()
    os.close(main)
    for line in ("Installing 1 packages from requirements.lock", "error: The packages could not be fetched"):
        assert line in seen
        assert line in installation.log()


# Which Python is taken


@pytest.fixture
def pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """pythons(name=answer): the only Pythons there are, each a program that answers the probe, or fails."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(interpreters.sys, "executable", str(tmp_path / "none"))
    for name in interpreters.CANDIDATES:
        (tmp_path / name).write_text("#!/bin/sh\nexit 127\n")  # a shim with nothing behind it
        (tmp_path / name).chmod(0o755)

    def put(**answers: str) -> None:
        for name, answer in answers.items():
            file = tmp_path / name.replace("_", ".")
            version, _, state = answer.partition(" ")
            file.write_text(f"#!/bin/sh\nprintf '%s\\n' {version} /opt/{file.name} '{state or 'whole'}'\n")
            file.chmod(0o755)

    yield put


def find(**environ: str) -> tuple[str, list[str]]:
    said: list[str] = []
    return interpreters.find_interpreter(environ, said.append).version, said


def test_the_newest_that_was_tried_is_taken_and_shims_are_passed_over(pythons: Callable[..., None]) -> None:
    pythons(python3="3.11.2", python3_12="3.12.4")
    assert find() == ("3.12.4", [])


def test_the_one_that_is_named_comes_first(pythons: Callable[..., None], tmp_path: Path) -> None:
    pythons(python3_13="3.13.1", python3_11="3.11.9")
    assert find(DATALAKE_PYTHON=str(tmp_path / "python3.11")) == ("3.11.9", [])


def test_one_that_is_named_and_cannot_be_used_is_said(pythons: Callable[..., None]) -> None:
    pythons(python3="3.11.2")
    version, said = find(DATALAKE_PYTHON="/opt/nothing")
    assert (version, said) == ("3.11.2", ["DATALAKE_PYTHON=/opt/nothing cannot be used: looking for another."])


def test_a_newer_one_is_tried_with_a_warning(pythons: Callable[..., None]) -> None:
    pythons(python3="3.14.0")
    version, said = find()
    assert version == "3.14.0"
    assert "3.14.0 is newer" in said[0] and "3.11 to 3.13" in said[0]


def test_only_an_old_one_is_named_with_what_is_needed(pythons: Callable[..., None]) -> None:
    pythons(python3="3.9.2")
    with pytest.raises(interpreters.SetupFailed, match=r"Python 3\.11 to 3\.13 is needed; found Python 3\.9\.2"):
        find()


def test_one_without_a_venv_module_names_the_package_to_install(pythons: Callable[..., None]) -> None:
    pythons(python3="3.11.2 no venv")
    with pytest.raises(interpreters.SetupFailed, match=r"no venv module.*sudo apt install python3\.11-venv"):
        find()


def test_one_without_a_venv_module_is_passed_over_where_another_has_it(pythons: Callable[..., None]) -> None:
    pythons(python3_13="3.13.1 no venv", python3="3.11.2")
    assert find() == ("3.11.2", [])


def test_no_python_at_all_is_said(pythons: Callable[..., None]) -> None:
    with pytest.raises(interpreters.SetupFailed, match="found no Python"):
        find()


# What is said when it fails


def test_a_full_disk_is_seen_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = Clone(tmp_path / "a path")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: usage._replace(free=300_000_000))
    with pytest.raises(interpreters.SetupFailed, match=r"disk is too full.* needs 1\.5 GB\. 0\.3 GB are free at "):
        environment.ensure(str(clone.root), say=lambda line: None)
    assert not clone.venv.exists()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n", "another hash"),
        ("WARNING: Retrying ... NewConnectionError('...: Name or service not known')\n", "package registry"),
        (
            "ERROR: No matching distribution found for duckdb==1.4.1\n",
            "No matching distribution found for duckdb==1.4.1",
        ),
        (
            "collecting\nerror: command 'gcc' failed\nERROR: Failed building wheel for x\n",
            "Failed building wheel for x",
        ),
    ],
)
def test_what_pip_says_becomes_one_sentence(output: str, sentence: str, tmp_path: Path) -> None:
    said = environment.explain(output, tmp_path)
    assert sentence in said
    assert "\n" not in said


def test_on_a_terminal_the_packages_are_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    environment._show_progress(3, 31)
    assert "3 of 31 packages" in capsys.readouterr().out
