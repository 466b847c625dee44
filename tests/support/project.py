"""The project's own files, copied as a fresh clone would have them."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def project_files(*folders: str) -> list[Path]:
    """The files that git has or would take, relative to the root: nothing local, nothing that a run left behind."""
    ask = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    listed = subprocess.run([*ask, "--exclude-standard", "--", *folders], check=True, capture_output=True, text=True)
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def copy_files(files: list[Path], root: Path) -> None:
    """Copy files of the project, modes and all, under another root."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, root / file)


def copy_project(root: Path) -> Path:
    """Copy the whole project, with the environment that runs this linked as its venv; return the root."""
    copy_files(project_files(), root)
    (root / "venv").symlink_to(sys.prefix, target_is_directory=True)
    return root
