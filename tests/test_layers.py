"""The flow is one way: a module imports only from the layers below its own, also where it imports late."""

import ast
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "datalake"

# Lowest first. Those of one row do not know each other.
LAYERS = (
    ("errors", "clock", "outcomes", "interpreters", "words", "safe_text", "inert"),
    ("environment",),
    ("documents",),
    ("settings_words",),
    ("settings",),
    ("schedule",),
    ("contracts",),
    ("clean",),
    ("merge",),
    ("zones",),
    ("engine",),
    ("cluster",),
    ("views", "drafts"),
    ("pipeline",),
    ("runs",),
    ("nights", "freshness"),
    ("alerts",),
    ("standing",),
    ("watchdog",),
    ("reports",),
    ("nightly",),
    ("demo",),
    ("prove",),
    ("bench",),
    ("web",),
    ("cli",),
)
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imported_names(path: Path) -> tuple[tuple[int, str], ...]:
    """Every absolute module name that a file imports anywhere, inside functions and for types too, with its line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, each.name) for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert node.level == 0, f"{path}:{node.lineno}: relative import; write it out"
            found += [(node.lineno, f"{module}.{each.name}") for each in node.names]
    return tuple(found)


def test_every_module_of_the_package_has_its_place_in_the_order() -> None:
    assert {layer_of(path) for path in modules()} <= set(HEIGHT)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_layers_below_its_own(path: Path) -> None:
    own = layer_of(path)
    wrong = []
    for line, name in imported_names(path):
        parts = name.split(".")
        other = parts[1] if parts[0] == "datalake" and len(parts) > 1 else own
        if other in HEIGHT and other != own and HEIGHT[other] >= HEIGHT[own]:
            wrong.append(f"{path.relative_to(ROOT)}:{line}: {own} imports {name}")
    assert wrong == []


def test_the_package_never_imports_the_scripts_beside_it() -> None:
    scripts = {path.stem for path in SOURCE.glob("*.py")}
    imported = {(path.name, name) for path in modules() for _, name in imported_names(path)}
    assert {(path, name) for path, name in imported if name.split(".")[0] in scripts} == set()


STARTERS = ("run", "Popen", "call", "check_call", "execv", "execve")


def test_the_package_never_calls_the_bash_beside_it() -> None:
    called = []
    for path in modules():
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in STARTERS:
                words = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
                called += [f"{path}: {word}" for word in words if str(word).endswith(".sh")]
    assert called == []


EDGES = {"os", "subprocess", "socket", "requests", "time", "sqlite3", "shutil", "tempfile", "urllib.request"}


@cache
def says_pure(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return "PURE." in text and (ast.get_docstring(ast.parse(text)) or "").startswith("PURE.")


PURE = [path for path in modules() if says_pure(path) or says_pure(path.parent / "__init__.py")]


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_that_says_it_is_pure_imports_nothing_that_reaches_outside(path: Path) -> None:
    reached = [name for _, name in imported_names(path) if {name, name.split(".")[0], name.rpartition(".")[0]} & EDGES]
    clocks = [name for _, name in imported_names(path) if name == "datalake.clock.SystemClock"]
    assert reached + clocks == []


def test_the_core_says_that_it_is_pure() -> None:
    core = {PACKAGE / "schedule.py", PACKAGE / "outcomes.py", PACKAGE / "clean" / "batch.py", PACKAGE / "nights.py"}
    assert core <= set(PURE)


def test_importing_any_package_root_alone_stays_light() -> None:
    """An __init__.py that imports its modules would make every entrypoint pay for all of them."""
    for path in PACKAGE.rglob("__init__.py"):
        heavy = [name for _, name in imported_names(path) if name.split(".")[0] not in sys.stdlib_module_names]
        assert heavy == [], path


RUN = ("1", "success", "2025-11-04 02:00:00", "2025-11-04 02:00:01")
OTHERS = {name for name in packages_distributions() if not name.startswith("_")}

# What an entrypoint may load beside Python's own library and datalake; numpy, pyarrow, pandas, duckdb, requests and
# flask take longer to load than all that these do.
RULES = {"yaml", "re2"}
ENTRYPOINTS = {
    "the lock": (["src/datalake/runs/lockfile.py"], set()),
    "the 6 AM check": (["-m", "datalake.watchdog", "--may-start"], RULES),
    "the CSV recorder": (["src/log_runtime_stats.py", *RUN], {"yaml"}),
    "the SQLite recorder": (["src/log_runtime_sqlite.py", *RUN], {"yaml"}),
    "the limit on a child": (["-m", "datalake.runs.limit", "9", "true"], set()),
    "an empty night": (["src/main.py"], RULES),
    "an empty night's message": (["-m", "datalake.alerts", "run", "last"], RULES),
    "the help": (["-m", "datalake.cli", "--help"], {*RULES, "click"}),
    "status": (["-m", "datalake.cli", "status"], {*RULES, "click"}),
}


@pytest.mark.parametrize(("words", "may_load"), ENTRYPOINTS.values(), ids=ENTRYPOINTS.keys())
def test_an_entrypoint_loads_only_what_it_needs(words: list[str], may_load: set[str], copy_of_repo: Path) -> None:
    surroundings = {"PATH": "/usr/bin:/bin", "HOME": str(copy_of_repo), "PYTHONPATH": "src"}
    python = str(copy_of_repo / "venv" / "bin" / "python")
    if words[-1] == "last":
        subprocess.run([python, "src/main.py"], cwd=copy_of_repo, env=surroundings, check=True, capture_output=True)
        left = (copy_of_repo / "data" / "metadata" / "outcomes").glob("*.started.json")
        words = [*words[:-1], next(left).name.removesuffix(".started.json")]
    timed = [python, "-X", "importtime", *words]
    done = subprocess.run(timed, cwd=copy_of_repo, env=surroundings, capture_output=True, text=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert len(loaded) > 20, done.stderr
    assert {name.partition(".")[0] for name in loaded} & OTHERS <= may_load


CLEANING = """
import sys
from pathlib import Path
from support import staging
rows = ["A1,x,1.00,2025-01-01,", "A1,y,1.00,2025-01-01,", "A2,x,bad,,", " ,,,,", "A3,x", "?,x,1,,", "A4, x ,2,,"]
done = staging.local.stage(staging.job(Path(sys.argv[1]), "\\n".join(["id,title,amount,start,updated", *rows, ""])))
print(done.rows_read, done.accepted, done.rejected, done.superseded, done.excluded, "pandas" in sys.modules)
"""


def test_cleaning_bad_repeated_and_blank_rows_loads_no_pandas(tmp_path: Path) -> None:
    """Arrow loads it by itself where it is handed numpy arrays: half a second of every night (speed.md, section 8)."""
    surroundings = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{PACKAGE.parent}:{Path(__file__).parent}"}
    done = subprocess.run(
        [sys.executable, "-c", CLEANING, str(tmp_path)], env=surroundings, capture_output=True, text=True
    )
    assert done.stdout.split() == ["7", "2", "3", "1", "1", "False"], done.stdout + done.stderr
