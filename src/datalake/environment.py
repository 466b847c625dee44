"""The venv that everything runs in: made where it is missing, and brought to what the lock file names.

Any Python from 3.6 on may start this file, so that one that is too old can say so in a sentence: the standard library
only, no newer grammar, nothing of the package. By hand: python3 manage.py setup

What is installed is written last, as a copy of the lock file in venv: where the two are equal there is nothing to do.
While work goes on venv holds a file `unfinished`: a set-up that was killed is begun again from nothing.
"""

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Iterator, List, Optional

from datalake.interpreters import OLDEST, Interpreter, Say, SetupFailed, damaged, find_interpreter, probe, wanted

LOCKS = ("requirements.lock",)
DEVELOPER_LOCKS = ("requirements.lock", "requirements-dev.lock")
BYTES_NEEDED = 1_500_000_000  # a fresh venv of the runtime is 0.6 GB, and pip unpacks beside it
EXIT_TERMINATED = 143


def say_now(line: str) -> None:
    """Through a pipe too, and before manage.py becomes another program."""
    print(line, flush=True)


def ensure(root: str, developer: bool = False, say: Say = say_now, thorough: bool = False) -> str:
    """Given the project's folder, return the path of venv's Python, set up first if need be; raise SetupFailed.

    thorough: look at every installed file too, and bring back what was lost. A fifth of a second.
    """
    folder = Path(root)
    locks = DEVELOPER_LOCKS if developer or os.environ.get("DATALAKE_DEV") == "1" else LOCKS
    if thorough and (folder / "venv" / DEVELOPER_LOCKS[-1]).exists():
        locks = DEVELOPER_LOCKS
    if _lacks(folder, locks, thorough) is not None:
        with only_set_up(folder, say) as lock:
            lacking = _lacks(folder, locks, thorough)
            if lacking is not None:  # else another set-up has done it meanwhile
                _set_up(folder, locks, lock, say, lacking)
    return str(python_of(folder))


def _lacks(root: Path, locks: "tuple[str, ...]", thorough: bool) -> "Optional[list[str]]":
    """Return None where there is nothing to do, else the packages to be installed anew, which pip takes for whole."""
    if not is_current(root, locks):
        return []
    return (damaged(str(python_of(root))) if thorough else []) or None


def python_of(root: Path) -> Path:
    return root / "venv" / "bin" / "python"


def is_current(root: Path, locks: "tuple[str, ...]") -> bool:
    """Say whether venv holds what the lock files name, without starting its Python."""
    return os.access(str(python_of(root)), os.X_OK) and all(
        _content(root / name) == _content(root / "venv" / name) is not None for name in locks
    )


def _content(path: Path) -> Optional[bytes]:
    try:
        return path.read_bytes()
    except OSError:
        return None


@contextlib.contextmanager
def only_set_up(root: Path, say: Say) -> Iterator[int]:
    """Hold the set-up lock, an flock on the project's folder itself; wait for another set-up to end first.

    What writes into venv (venv, pip) inherits the descriptor: where this process is killed, the next set-up waits
    until they are gone too.
    """
    lock = os.open(str(root), os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work: waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def _set_up(root: Path, locks: "tuple[str, ...]", lock: int, say: Say, lacking: "list[str]") -> None:
    venv = root / "venv"
    _clear_remains(venv, say)
    try:
        if not venv.exists():
            _create(venv, find_interpreter(os.environ, say), lock, say)
        else:
            _refuse_old(venv, probe(str(python_of(root))))
        if lacking:
            say(f"Files are gone from venv ({', '.join(lacking)}): installing all of it anew.")
        _install(root, locks, lock, say, ["--force-reinstall"] if lacking else [])
    except OSError as problem:
        raise SetupFailed(f"Set-up could not write {venv}: {problem.strerror}. {_room(root)}") from problem
    say("Set-up is done.")


def _clear_remains(venv: Path, say: Say) -> None:
    """Remove a venv that was left half-made, or whose Python has gone. A link is the user's own: never removed."""
    if not venv.exists() and not venv.is_symlink():
        return
    if (venv / "unfinished").exists():
        say("An earlier set-up was broken off: starting again.")
    elif probe(str(venv / "bin" / "python")) is None:
        say("The Python that venv was made with has gone: making venv anew.")
    else:
        return
    if venv.is_symlink():
        raise SetupFailed(f"{venv} is a link to an environment that does not run. Remove the link and try again.")
    shutil.rmtree(str(venv))


def _refuse_old(venv: Path, found: Optional[Interpreter]) -> None:
    if found is not None and found.minor < OLDEST:
        raise SetupFailed(f"venv holds Python {found.version}; {wanted()} is needed. Remove {venv} and try again.")


def _create(venv: Path, python: Interpreter, lock: int, say: Say) -> None:
    free = shutil.disk_usage(str(venv.parent)).free
    if free < BYTES_NEEDED:
        raise SetupFailed(f"The disk is too full: set-up needs {_size(BYTES_NEEDED)}. {_room(venv.parent)}")
    say(f"Making venv with Python {python.version} ({python.path}).")
    venv.mkdir()
    (venv / "unfinished").touch()
    made = _run([python.path, "-m", "venv", str(venv)], venv, lock)
    if made.returncode != 0:
        raise SetupFailed(explain(made.stdout.decode("utf-8", "replace"), venv.parent))


def _install(root: Path, locks: "tuple[str, ...]", lock: int, say: Say, how: "list[str]") -> None:
    """Bring venv to the lock files. Where pip fails, an environment that was whole before stays as it was."""
    venv, python = root / "venv", str(python_of(root))
    fresh = (venv / "unfinished").exists()
    count = len(re.findall(r"(?m)^[\w.-]+==", "".join((root / name).read_text("utf-8") for name in locks[-1:])))
    say(f"Installing {count} packages from {' and '.join(locks)}: once, a few minutes.")
    (venv / "unfinished").touch()
    output = _pip([python, "-m", "pip", "install", *how], root, locks, lock, count)
    if output is not None:
        if not fresh:
            (venv / "unfinished").unlink()
        raise SetupFailed(explain(output, root))
    say("Compiling the packages, so that every later start is quick.")
    _run([python, "-m", "compileall", "-qq", "-j", "0", str(venv / "lib"), str(root / "src")], venv, lock)
    for name in locks:
        shutil.copyfile(str(root / name), str(venv / name))
    shutil.rmtree(str(venv / "tmp"), ignore_errors=True)
    (venv / "unfinished").unlink()


def _pip(install: "list[str]", root: Path, locks: "tuple[str, ...]", lock: int, count: int) -> Optional[str]:
    """Run pip's install, counting packages on a terminal; return None when all is installed, else what it said."""
    command = [*install, "--no-compile", "--require-hashes", "--progress-bar", "off"]
    for name in locks:
        command += ["-r", str(root / name)]
    lines: List[str] = []
    environ = _environ(root / "venv")
    with subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        pass_fds=[lock],
    ) as pip:
        try:
            for line in pip.stdout or ():
                lines.append(line.decode("utf-8", "replace"))
                _show_progress(sum(each.startswith(("Collecting", "Requirement")) for each in lines), count)
        except BaseException:
            pip.kill()
            raise
    return None if pip.returncode == 0 else "".join(lines)


def _show_progress(done: int, count: int) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        ending = "\r" if done < count else "\r\n"
        sys.stdout.write(f"  {min(done, count)} of {count} packages{ending if done <= count else ''}")
        sys.stdout.flush()


def _run(command: "list[str]", venv: Path, lock: int) -> "subprocess.CompletedProcess[bytes]":
    """Run it to its end with its output kept."""
    return subprocess.run(
        command,
        env=_environ(venv),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        pass_fds=[lock],
    )


def _environ(venv: Path) -> "dict[str, str]":
    """The user's environment, pip's settings too, less what would send packages elsewhere than into venv."""
    elsewhere = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON")
    environ = {name: value for name, value in os.environ.items() if name not in elsewhere}
    temporary = venv / "tmp"
    temporary.mkdir(exist_ok=True)  # /tmp may be small, or another disk than the one that was measured
    return dict(environ, PIP_USER="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1", TMPDIR=str(temporary))


CAUSES = (
    (r"No space left on device|Errno 28|Disk quota exceeded", "The disk is full: set-up could not finish. {room}"),
    (
        r"DO NOT MATCH THE HASHES",
        "A package that was fetched is not the one that the lock file names (another hash). "
        "Do not go on: ask who keeps your package index.",
    ),
    (
        r"NewConnectionError|name resolution|ConnectTimeout|ReadTimeout|Max retries|ProxyError|SSLError|"
        r"Connection (refused|aborted|reset)|Could not find a version|No matching distribution|Could not fetch URL",
        "The packages could not be fetched: no way to the package registry, or it lacks them ({last}). "
        "Check the network, or name your index in pip's settings (PIP_INDEX_URL), and try again.",
    ),
)


def explain(output: str, root: Path) -> str:
    """Given what pip or venv said when it failed, return the one sentence that helps."""
    errors = [line.strip() for line in output.splitlines() if line.strip()]
    last = next((line for line in reversed(errors) if "ERROR" in line or "Error" in line), (errors or ["no word"])[-1])
    for pattern, sentence in CAUSES:
        if re.search(pattern, output):
            return sentence.format(room=_room(root), last=last[:200])
    return f"The packages could not be installed: {last[:300]}"


def _room(root: Path) -> str:
    return f"{_size(shutil.disk_usage(str(root)).free)} are free at {root}."


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _sayer(log: Optional[str]) -> Say:
    def say(line: str) -> None:
        with contextlib.suppress(OSError):
            print(line, flush=True)
        if log:
            with contextlib.suppress(OSError), Path(log).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    return say


def _end(signum: int, frame: Optional[FrameType]) -> None:
    raise SystemExit(EXIT_TERMINATED)


def main(arguments: "list[str]") -> int:
    """Set up the environment of the project that this file lies in; return the exit code."""
    parser = argparse.ArgumentParser(prog="environment.py", description="Make or update venv from the lock file.")
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    parser.add_argument("--log", help="append what is said to this file too")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    say = _sayer(options.log)
    try:
        ensure(str(Path(__file__).resolve().parents[2]), options.dev, say)
    except SetupFailed as problem:
        say(f"error: {problem}")
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
