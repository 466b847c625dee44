"""The edge: a configuration file's bytes, or the problem that keeps them from being read."""

from pathlib import Path

from datalake.documents.nodes import Mapping, Place, Problem
from datalake.documents.text import parse


def read_bytes(root: Path, name: str, problems: list[Problem]) -> bytes | None:
    """Return what the file root/name holds, None if it is not there; append what keeps it from being read."""
    try:
        return (root / name).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        problems.append(Problem(Place(name, 0), f"cannot be read: {problem.strerror}."))
        return None


def read_mapping(root: Path, name: str, problems: list[Problem]) -> Mapping | None:
    """Return the YAML file root/name as nodes, None if it is not there or cannot be relied on; append its problems."""
    data = read_bytes(root, name, problems)
    if data is None:
        return None
    document = parse(data, name)
    problems.extend(document.problems)
    return document.root
