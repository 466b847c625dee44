"""What a machine can say about the code without running it: lint, format, types, shell."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.project import ROOT, project_files

PYTHON = [str(path) for path in project_files() if path.suffix == ".py"]
SHELL = [str(path) for path in project_files() if path.suffix == ".sh" or str(path) == ".ci/run"]


def checked(*command: str, cwd: Path = ROOT) -> str:
    """Run a checker from the environment; return what it said if it objected, else nothing."""
    done = subprocess.run([*command], cwd=cwd, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_ruff_finds_nothing() -> None:
    assert checked(sys.executable, "-m", "ruff", "check", "--no-cache", *PYTHON) == ""


def test_every_file_is_formatted() -> None:
    assert checked(sys.executable, "-m", "ruff", "format", "--check", "--no-cache", *PYTHON) == ""


def test_the_types_hold() -> None:
    command = [sys.executable, "-m", "mypy", "-p", "datalake", "--config-file", "../pyproject.toml"]
    assert checked(*command, cwd=ROOT / "src") == ""


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing_to_object_to() -> None:
    assert checked("shellcheck", "-x", "-P", "src", *SHELL) == ""


@pytest.mark.parametrize("name", [name for name in PYTHON if not name.startswith("tests/")])
def test_no_function_is_longer_than_a_screen_and_no_file_longer_than_a_sitting(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, functions)]
    long = [(node.name, node.end_lineno - node.lineno + 1) for node in nodes if node.end_lineno]
    assert [(each, lines) for each, lines in long if lines > 45] == []
    assert text.count("\n") < 300


DOORS = [name for name in PYTHON if name == "manage.py" or Path(name).parent == Path("src")]
BEHIND = ["src/datalake/__init__.py", "src/datalake/environment.py", "src/datalake/interpreters.py"]


@pytest.mark.parametrize("name", DOORS + BEHIND)
def test_a_door_parses_on_a_python_that_is_too_old_and_can_say_so(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 7))
    annotations = [node.annotation for node in ast.walk(tree) if isinstance(node, (ast.arg, ast.AnnAssign))]
    annotations += [node.returns for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    evaluated = [ast.unparse(each) for each in annotations if each is not None]
    assert [each for each in evaluated if each.startswith(("list[", "dict[", "tuple[")) or " | " in each] == []
