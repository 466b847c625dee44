"""Which Python makes the venv. Any Python from 3.6 on may read this file: no newer grammar, nothing installed."""

import subprocess
import sys
from typing import Callable, List, Mapping, NamedTuple, Optional, Tuple

OLDEST, NEWEST = (3, 11), (3, 13)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3")

PROBE = """
import sys
print("%d.%d.%d" % sys.version_info[:3])
print(sys.executable)
try:
    import venv, ensurepip
    print("whole")
except ImportError:
    print("no venv")
"""

DAMAGED = """
from importlib import metadata
for each in metadata.distributions():
    if not all(str(file).endswith(".pyc") or each.locate_file(file).exists() for file in each.files or ()):
        print(each.metadata["Name"])
"""

Say = Callable[[str], None]


class SetupFailed(Exception):
    """Given what is wrong and what to do about it, in one sentence each: there is no environment to run in."""

    exit_code = 1


class Interpreter(NamedTuple):
    """A Python that runs."""

    path: str
    version: str
    whole: bool  # venv and ensurepip can be imported

    @property
    def minor(self) -> Tuple[int, ...]:
        return tuple(int(part) for part in self.version.split(".")[:2])


def find_interpreter(environ: Mapping[str, str], say: Say) -> Interpreter:
    """Return the first Python that is new enough and can make a venv; raise SetupFailed that names those found."""
    wished = environ.get("DATALAKE_PYTHON", "")
    found = []
    for name in filter(None, (wished, *CANDIDATES, sys.executable)):
        python = probe(name)
        if python is None or not python.whole or python.minor < OLDEST:
            found.append((name, python))
            if name == wished:
                say(f"DATALAKE_PYTHON={name} cannot be used: looking for another.")
            continue
        if python.minor > NEWEST:
            say(f"Python {python.version} is newer than any this was tried with ({wanted()}): trying it all the same.")
        return python
    raise SetupFailed(_none_fits([(name, python) for name, python in found if python is not None]))


def probe(name: str) -> Optional[Interpreter]:
    """Start it and ask: a name on the PATH may be a shim with nothing behind it."""
    try:
        asked = subprocess.run(
            [name, "-I", "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = asked.stdout.decode("utf-8", "replace").splitlines()
    if asked.returncode != 0 or len(words) != 3:
        return None
    return Interpreter(words[1], words[0], words[2] == "whole")


def damaged(python: str) -> List[str]:
    """Return the packages of a Python, sorted, of which files are gone; what it cannot tell is not counted."""
    try:
        asked = subprocess.run(
            [python, "-I", "-c", DAMAGED], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
    except OSError:
        return []
    return sorted(set(asked.stdout.decode("utf-8", "replace").split()))


def _none_fits(found: "list[tuple[str, Interpreter]]") -> str:
    for _, python in found:
        if python.minor >= OLDEST:
            minor = ".".join(str(part) for part in python.minor)
            return (
                f"Python {python.version} ({python.path}) has no venv module. Install it (Debian, Ubuntu: "
                f"sudo apt install python{minor}-venv) or name another Python in DATALAKE_PYTHON."
            )
    there = ", ".join(sorted({f"Python {python.version} ({python.path})" for _, python in found})) or "no Python"
    return f"{wanted()} is needed; found {there}. Install one, or name it in DATALAKE_PYTHON."


def wanted() -> str:
    return "Python {}.{} to {}.{}".format(*(OLDEST + NEWEST))
