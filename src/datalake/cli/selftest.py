"""manage.py test: the whole suite, on both cores; what it cannot run here it names with the reason."""

import subprocess
import sys

import click

from datalake.cli.door import Door, pass_door


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@pass_door
def test(door: Door, arguments: tuple[str, ...]) -> int:
    """Run the tests: lint, types, shell, suite.

    Changes nothing on the system. ARGUMENTS go to pytest.
    """
    root = door.lake.root
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
    surroundings = {**door.environ, "PYTHONPATH": str(root / "src")}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)  # or every program of the suite compiles all it imports
    return subprocess.run(command, cwd=root, env=surroundings, check=False).returncode
