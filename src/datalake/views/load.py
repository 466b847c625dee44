"""The edge: reads the view files of an installation. A file in config/local/views stands in for the shipped one."""

import re
from dataclasses import dataclass
from pathlib import Path

from datalake.contracts.keys import NAME
from datalake.documents.files import read_bytes
from datalake.documents.nodes import Place, Problem, quoted
from datalake.views.card import View, parse_view

FOLDER, LOCAL_FOLDER = "config/views", "config/local/views"
ENDING = ".sql"


@dataclass(frozen=True)
class Loaded:
    """What came of one view's file: view is None where problems say why it cannot be made."""

    name: str
    view: View | None
    problems: tuple[Problem, ...] = ()


def load_views(root: Path) -> tuple[Loaded, ...]:
    """Given the folder that holds config/, return what came of each view's file, sorted by name."""
    places: dict[str, str] = {}
    loaded = []
    for folder in (FOLDER, LOCAL_FOLDER):
        for path in sorted((root / folder).glob(f"[!.]*{ENDING}")) if (root / folder).is_dir() else ():
            file = f"{folder}/{path.name}"
            if re.fullmatch(NAME, path.stem, re.ASCII):
                places[path.stem] = file
            else:
                message = f'must be called like "view_name{ENDING}": small letters, digits and _.'
                loaded.append(
                    Loaded(path.stem, None, (Problem(Place(f"{folder}/{quoted(path.name)[1:-1]}", 0), message),))
                )
    loaded += [_load(root, name, file) for name, file in places.items()]
    return tuple(sorted(loaded, key=lambda each: each.name))


def _load(root: Path, name: str, file: str) -> Loaded:
    problems: list[Problem] = []
    data = read_bytes(root, file, problems)
    if data is None:
        return Loaded(name, None, tuple(problems))
    view, problems = parse_view(data, name, file)
    return Loaded(name, view, tuple(problems))
