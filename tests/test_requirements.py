"""The lock files belong to the requirements: same packages, versions that fit, a hash for each, and no host's name."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.project import ROOT

PAIRS = ["requirements", "requirements-dask", "requirements-dev"]


def wanted(name: str) -> list[Requirement]:
    """What a requirements file asks for, with what it includes by -r."""
    found = []
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += wanted(text[3:].strip())
        elif text:
            found.append(Requirement(text))
    return found


def locked(name: str) -> dict[str, list[str]]:
    """The block of lines of each pinned package, by its canonical name and, where there are two, its marker."""
    blocks: dict[str, list[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            blocks[line.rstrip(" \\")] = block = []
        elif line:
            block.append(line.strip(" \\"))
    return blocks


def versions(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pin in locked(name):
        package, _, rest = pin.partition("==")
        found.setdefault(canonicalize_name(package), set()).add(rest.partition(";")[0].strip())
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_every_requirement_is_locked_at_a_version_that_fits(name: str) -> None:
    pinned = versions(f"{name}.lock")
    for requirement in wanted(f"{name}.txt"):
        found = pinned.get(canonicalize_name(requirement.name), set())
        assert found and all(requirement.specifier.contains(version) for version in found), requirement


@pytest.mark.parametrize("name", PAIRS)
def test_every_locked_package_has_a_reason_to_be_there(name: str) -> None:
    """uv writes `via` beside each pin: those that came by a requirement must still be required."""
    required = {canonicalize_name(each.name) for each in wanted(f"{name}.txt")}
    for pin, lines in locked(f"{name}.lock").items():
        package = canonicalize_name(pin.partition("==")[0])
        reasons = [line.lstrip("# ").removeprefix("via ") for line in lines if line.startswith("#")]
        direct = any(each.startswith("-r requirements") for each in reasons)
        assert not direct or package in required, f"{pin} is no longer in {name}.txt: lock again"


@pytest.mark.parametrize("name", PAIRS)
def test_every_locked_package_has_its_hashes(name: str) -> None:
    for pin, lines in locked(f"{name}.lock").items():
        hashes = [line for line in lines if line.startswith("--hash=")]
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), pin


@pytest.mark.parametrize("name", PAIRS)
def test_no_lock_file_names_a_place_to_fetch_from(name: str) -> None:
    text = (ROOT / f"{name}.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|@ ", text)


@pytest.mark.parametrize(("name", "fuller"), [("", "-dask"), ("", "-dev"), ("-dask", "-dev")])
def test_a_fuller_environment_holds_the_very_versions_of_the_suites(name: str, fuller: str) -> None:
    least, most = versions(f"requirements{name}.lock"), versions(f"requirements{fuller}.lock")
    assert {package: most.get(package) for package in least} == least


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dask.txt", "requirements-dev.txt"])
def test_every_requirement_says_what_it_is_for(name: str) -> None:
    lines = Path(ROOT / name).read_text(encoding="utf-8").splitlines()
    silent = [line for line in lines if line and not line.startswith(("#", "-r", "types-")) and "#" not in line]
    assert silent == []
