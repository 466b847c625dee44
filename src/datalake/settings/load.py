"""The edge: reads the files and the environment that the settings are made of."""

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from datalake.documents import Mapping as Nodes
from datalake.documents import Place, Problem, listed, overlay, parse
from datalake.errors import ConfigurationError
from datalake.settings import secrets
from datalake.settings.records import Settings
from datalake.settings.words import SETTINGS, settings_from

SHIPPED = "config/settings.yaml"
LOCAL = "config/local/settings.yaml"
SECRETS = "config/secrets.env"
EMPTY = Nodes((), Place(SHIPPED, 0))


def load(root: Path, environ: Mapping[str, str]) -> Settings:
    """Given the folder that holds config/ and the environment, return the settings.

    config/local/settings.yaml overlays config/settings.yaml; a secret comes from the environment, else from
    config/secrets.env. Raises ConfigurationError that holds every mistake, one a line.
    """
    problems: list[Problem] = []
    filled = SETTINGS.read(_document(root, problems), "", problems)
    known, warnings = _secrets(root, environ, problems)
    if problems:
        raise ConfigurationError(listed(problems))
    return replace(settings_from(filled), secrets=known, warnings=warnings)


def _document(root: Path, problems: list[Problem]) -> Nodes:
    shipped, local = _nodes(root, SHIPPED, problems), _nodes(root, LOCAL, problems)
    if shipped is None and not problems:
        problems.append(Problem(Place(SHIPPED, 0), "is missing. Restore it: git checkout -- config/settings.yaml"))
    return overlay(shipped or EMPTY, local) if local else shipped or EMPTY


def _nodes(root: Path, name: str, problems: list[Problem]) -> Nodes | None:
    data = _bytes(root, name, problems)
    if data is None:
        return None
    document = parse(data, name)
    problems.extend(document.problems)
    return document.root


def _bytes(root: Path, name: str, problems: list[Problem]) -> bytes | None:
    """Return what the file holds, None if it is not there; report one that cannot be read."""
    try:
        return (root / name).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        problems.append(Problem(Place(name, 0), f"cannot be read: {problem.strerror}."))
        return None


def _secrets(root: Path, environ: Mapping[str, str], problems: list[Problem]) -> tuple[dict[str, str], tuple[str, ...]]:
    data = _bytes(root, SECRETS, problems)
    found, wrong = secrets.parse(data, SECRETS) if data is not None else ({}, [])
    known = secrets.chosen(environ, found)
    problems.extend(wrong + secrets.mistakes(known, environ, SECRETS))
    return known, _too_open(root / SECRETS) if data is not None else ()


def _too_open(path: Path) -> tuple[str, ...]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077:
        return ()
    return (f"{SECRETS}: others on this host can read it (mode {mode:04o}). Run: chmod 600 {SECRETS}",)
