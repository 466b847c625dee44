"""The project's own files, copied as a fresh clone would have them."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def project_files(*folders: str) -> tuple[Path, ...]:
    """The files that git has or would take, relative to the root: nothing local, nothing that a run left behind."""
    ask = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    listed = subprocess.run([*ask, "--exclude-standard", "--", *folders], check=True, capture_output=True, text=True)
    return tuple(Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def copy_files(files: Iterable[Path], root: Path) -> None:
    """Copy files of the project, modes and all, under another root."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, root / file)


def leave_views(root: Path, *names: str) -> None:
    """Take the report views away but these: a night that is about something else need not make all that ship."""
    for path in (root / "config" / "views").glob("*.sql"):
        if path.stem not in names:
            path.unlink()


def copy_project(root: Path) -> Path:
    """Copy the whole project, with the environment that runs this linked as its venv; return the root.

    What Python has compiled comes along, where it has: each copy would do it again, in the first program it starts.
    """
    copy_files(project_files(), root)
    copy_files([file.relative_to(ROOT) for file in (ROOT / "src").rglob("*.pyc")], root)
    (root / "venv").symlink_to(sys.prefix, target_is_directory=True)
    return root
