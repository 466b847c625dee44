"""What the documents say is so: commands, options, files, layers; and the README's commands work as they stand."""

import ast
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from support.project import ROOT, project_files
from test_layers import HEIGHT, layer_of, modules

from datalake.cli.main import SECTIONS, commands

DOCUMENTS = [path for path in project_files() if path.suffix == ".md"]
TOLD = [*DOCUMENTS, *(path for path in project_files("src", "config", ".ci", ".github") if path.suffix != ".csv")]
COMMAND = re.compile(r"(?:python3? |`)manage\.py ([a-z]+)((?: +-{1,2}[a-z-]+| +[\w./'-]+)*)")
NAMES = {name for section in SECTIONS.values() for name in section}


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def told_commands() -> Iterator[tuple[str, str, list[str]]]:
    """Every `manage.py COMMAND ...` that a person is told anywhere: where, the command, its options."""
    for path in TOLD:
        for command, rest in COMMAND.findall(text_of(path)):
            yield str(path), command, re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)


def test_every_command_that_anybody_is_told_to_type_exists() -> None:
    assert {(where, command) for where, command, _ in told_commands() if command not in NAMES} == set()


def test_every_command_names_the_python_that_a_bare_host_has() -> None:
    bare = re.compile(r"(?<![\w/])python manage\.py")
    assert [str(path) for path in TOLD if bare.search(text_of(path))] == []


def sentences_of(path: Path) -> Iterator[str]:
    """Every text in a module but its docstrings and bare words: what it may say to somebody."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.name)
def test_a_command_in_a_message_works_when_pasted(path: Path) -> None:
    bare = re.compile(r"(?<!python3 )(?<!by )manage\.py( [a-z]| $)")  # "by": who wrote the lines in the crontab
    assert [each for each in sentences_of(path) if bare.search(each)] == []


def test_every_option_that_anybody_is_told_to_give_exists() -> None:
    wrong = []
    for where, name, options in told_commands():
        command = commands.get_command(click.Context(commands), name)
        if command is None or name == "test":  # its arguments are pytest's
            continue
        parts = [command, *getattr(command, "commands", {}).values()]  # a group's options are those of its commands
        known = {option for part in parts for each in part.params for option in each.opts} | {"--help"}
        wrong += [(where, name, option) for option in options if option not in known]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_command_is_told_of_in_a_document(name: str) -> None:
    documents = "\n".join(text_of(path) for path in DOCUMENTS)
    assert re.search(rf"manage\.py {name}\b|`{name}`", documents), f"no document names manage.py {name}"


MADE_BY_RUNS = ("data/", "logs/", "venv", "config/local", "config/secrets.env", "current/", "/", "~")
A_PATH = re.compile(r"`([\w.<>-]+(?:/[\w.<>*-]*)+|[\w-]+\.(?:py|sh|md|txt|lock|yaml|toml))`")


def is_path(name: str) -> bool:
    """Whether it is one at all: `Active/Retired` is none."""
    return "/" not in name or "." in name or (ROOT / name.partition("/")[0]).is_dir()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_file_a_document_names_is_there(document: Path) -> None:
    """Also beside the document, or by its bare name anywhere: `irb.yaml`."""
    everywhere = {path.name for path in project_files()}
    missing = []
    for name in A_PATH.findall(text_of(document)):
        if name.startswith(MADE_BY_RUNS) or "<" in name or "*" in name or not is_path(name):
            continue
        if not ((ROOT / name).exists() or ("/" not in name and name in everywhere)):
            missing.append(name)
    assert [name for name in missing if name not in EXAMPLES] == []


EXAMPLES = {"rooms.yaml", "visits.yaml", "version.json", "settings.yaml", "name.part"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text_of(document))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (ROOT / document.parent / link).exists()] == []


def test_the_map_names_every_layer_in_the_order_that_holds() -> None:
    table = text_of(Path("CONTRIBUTING.md")).split("## Testing")[0]
    named = [each.partition("/")[0].removesuffix(".py") for each in re.findall(r"`src/datalake/([\w/.]+)`", table)]
    records = {"errors", "clock", "outcomes"}
    assert {layer_of(path) for path in modules()} - set(named) - records == set()
    heights = [HEIGHT[name] for name in named]
    assert heights == sorted(heights)


def test_the_exit_codes_of_the_handbook_are_those_of_the_code() -> None:
    from datalake import errors

    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    rows = re.findall(r"^\| (\d+)[ ,|]", text_of(Path("docs/operations.md")), re.MULTILINE)
    assert {int(row) for row in rows} >= codes


# The README's commands, one after the other, as somebody would paste them.

BLOCKS = re.findall(r"^ *```bash\n(.*?)^ *```", text_of(Path("README.md")), re.MULTILINE | re.DOTALL)
LINES = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
ELSEWHERE = {
    "git clone git@github.com:hiteshtara/research_datalake.git": "the copy stands for the clone; .ci/run clones",
    "cd research_datalake": "the copy's own folder",
    "python3 manage.py test": "this very suite; .ci/run types it",
    "python3 src/app_dashboard.py": "serves until it is ended; tests/web start it",
}
DOCTOR = "python3 manage.py doctor"  # here it has much to say: the machine of a test is not set up for a quiet night


@pytest.fixture
def newcomer(copy_of_repo: Path, tmp_path: Path) -> dict[str, str]:
    """Almost nothing in the environment, and a crontab command of our own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    shutil.copy(ROOT / "tests" / "support" / "crontab.sh", folder / "crontab")
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}


GRANTS = "award_id,sponsor,pi_name,amount,status\nAWD00001,NSF,Testa Example,1000.00,Active\n"


def test_the_commands_of_the_readme_work_in_its_order(copy_of_repo: Path, newcomer: dict[str, str]) -> None:
    for line in filter(None, LINES):
        if line in ELSEWHERE:
            continue
        if " try " in line:  # now the newcomer has a file of their own
            (copy_of_repo / line.split()[-1]).write_text(GRANTS, encoding="utf-8")
        done = subprocess.run(shlex.split(line), cwd=copy_of_repo, env=newcomer, capture_output=True, text=True)
        assert done.returncode == 0 or line == DOCTOR, f"{line}\n{done.stdout}\n{done.stderr}"


def test_the_workflow_runs_what_ci_runs_on_both_systems_with_their_own_bash() -> None:
    workflow = yaml.safe_load(text_of(Path(".github/workflows/ci.yml")))
    suite = workflow["jobs"]["suite"]
    matrix = suite["strategy"]["matrix"]
    assert matrix == {"system": ["ubuntu-latest", "macos-latest"], "python": ["3.11", "3.13"]}
    assert suite["env"]["DATALAKE_TEST_BASH"] == "/bin/bash"
    assert len([step for step in suite["steps"] if "/bin/bash .ci/run" in step.get("run", "")]) == 2
