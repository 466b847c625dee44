"""Bash 3.2 and BSD userland must do: macOS has no others. A syntax check alone accepts most of what they lack."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.installation import BASH, BEGIN, SUCCEED, Installation
from support.project import ROOT, project_files

SCRIPTS = [path for path in project_files("src") if path.suffix == ".sh"]

NOT_IN_BASH_3_2 = {
    "associative array, nameref or global": r"\b(declare|local|typeset)\s+-[a-zA-Z]*[Agn]",
    "mapfile": r"\b(mapfile|readarray)\b",
    "case conversion": r"\$\{\w+(\^|,)",
    "negative length or index": r"\$\{\w+:[^}]*:-\d|\[-\d+\]",
    "&>> or |&": r"&>>|\|&",
    "case fall-through": r";;?&",
    "[[ -v ]]": r"-v\s+\w+\s*\]\]",
    "named descriptor": r"\{\w+\}[<>]",
    "printf time or epoch variables": r"%\([^)]*\)T|\bEPOCH(SECONDS|REALTIME)\b|\bBASHPID\b",
    "wait -n, coproc, fractional read": r"\bwait\s+-[np]|\bcoproc\b|\bread\b.*-t\s*0?\.\d",
    "inherit_errexit, globstar, lastpipe": r"\b(inherit_errexit|globstar|lastpipe)\b",
    "an array that may be empty under set -u": r"\"\$\{\w+\[@\]\}\"",
    "source of a substitution": r"(\.|\bsource)\s+<\(",
    "${x@Q} and kin": r"\$\{\w+@\w\}",
}
NOT_IN_BSD = {
    "date arithmetic or parsing": r"\bdate\s+(-d|--\w|-r|-j|-v|-s)",
    "stat": r"\bstat\b",
    "sed -i, -r or -z": r"\bsed\s+(-\w*[irz]|--\w)",
    "readlink -f and realpath": r"\breadlink\s+-f|\brealpath\b",
    "GNU programs": r"\b(timeout|flock|tac|nproc|setsid|sha256sum|md5sum|shuf|numfmt|ionice)\b",
    "install -D, xargs -r, cp --": r"\binstall\s+-D|\bxargs\s+-r|\bcp\s+--",
    "grep -P or -o with lookaround": r"\bgrep\s+-\w*P",
    "echo with options": r"\becho\s+-[neE]",
    "mktemp without a template": r"\bmktemp\s*(-d\s*)?([;)|]|$)",
    "/proc and systemd": r"/proc/|\bsystemctl\b|\bjournalctl\b",
    "hostname": r"\bhostname\b",
}
AGAINST_THE_HOUSE = {
    "eval": r"\beval\b",
    "a web client: alerts are Python's": r"\b(curl|wget)\b",
    "a shellcheck silencer for a whole file": r"shellcheck disable=.*\n\s*\n",
    "activate": r"\bactivate\b",
}


def code_of(script: Path) -> str:
    """The script without its comments."""
    lines = (ROOT / script).read_text(encoding="utf-8").splitlines()
    return "\n".join(re.sub(r"(^|\s)#.*$", "", line) for line in lines)


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
@pytest.mark.parametrize(("what", "pattern"), {**NOT_IN_BASH_3_2, **NOT_IN_BSD, **AGAINST_THE_HOUSE}.items())
def test_no_script_uses_what_macos_lacks(script: Path, what: str, pattern: str) -> None:
    assert re.search(pattern, code_of(script), re.MULTILINE) is None, what


@pytest.mark.parametrize(
    "line",
    [
        "local -A seen",
        "declare -gA x",
        "mapfile -t lines",
        "echo ${name^^}",
        "x=${x:0:-1}",
        "cmd &>>log",
        "exec {fd}>file",
        "printf '%(%F)T'",
        "wait -n",
        'for x in "${list[@]}"; do',
        "date -d yesterday +%F",
        "date -r 0",
        "x=$(stat -c %Y f)",
        "sed -i s/a/b/ f",
        "readlink -f x",
        "timeout 10 cmd",
        "flock -n 9",
        "echo -e x",
        "t=$(mktemp)",
        "curl -m 3 x",
    ],
)
def test_the_search_finds_what_it_is_for(line: str) -> None:
    patterns = {**NOT_IN_BASH_3_2, **NOT_IN_BSD, **AGAINST_THE_HOUSE}.values()
    assert any(re.search(pattern, line, re.MULTILINE) for pattern in patterns)


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_every_script_parses(script: Path) -> None:
    done = subprocess.run([BASH, "-n", str(ROOT / script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_a_script_is_short_and_stops_at_its_first_error(script: Path) -> None:
    lines = (ROOT / script).read_text(encoding="utf-8").splitlines()
    sourced = script.name == "common.sh"
    assert len(lines) < (120 if sourced else 80)
    if not sourced:
        assert "set -euo pipefail" in lines
        assert (ROOT / script).stat().st_mode & 0o111 == 0o111


# The programs that the scripts start, as BSD has them: whoever asks for more is found out.

STRICT = """
case "$*" in
  {allowed}) exec {real} "$@" ;;
  *) echo "$0 $*" >>"{found}"; exit 64 ;;
esac
"""
ALLOWED = {
    "date": '"-u +"*',
    "sed": '"-n "*',
    "mkdir": '"-p "*',
    "rm": '"-f "*',
    "cmp": '"-s "*',
    "uname": "-n",
    "id": "-un",
    "dirname": "*",
}
GNU_ONLY = ("timeout", "flock", "stat", "readlink", "realpath", "tac", "nproc", "mktemp", "setsid", "hostname")


def test_the_runner_asks_no_program_for_more_than_bsd_has(installation: Installation) -> None:
    found = installation.root / "found"
    for name, allowed in ALLOWED.items():
        installation.stand_in(name, STRICT.format(allowed=allowed, real=shutil.which(name), found=found))
    for name in GNU_ONLY:
        installation.stand_in(name, f'echo "$0 $*" >>"{found}"; exit 127')
    (installation.root / "src" / "datalake" / "alerts" / "__main__.py").write_text("")
    installation.etl(BEGIN, SUCCEED)
    assert installation.run().code == 0
    assert installation.run("cron_runner.sh", "--help").code == 0
    installation.etl("sys.exit(2)")
    assert installation.run().code == 2
    assert not found.exists(), found.read_text()
