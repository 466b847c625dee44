"""The edge: reads the contracts and meaning maps of an installation, with the local ones laid over them."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from datalake import settings
from datalake.contracts.across import engine_problems, map_problems, problems_between, salt_problems
from datalake.contracts.keys import NAME
from datalake.contracts.load import Loaded, load
from datalake.contracts.maps import MeaningMap, overlay_map, parse_map
from datalake.contracts.model import Contract
from datalake.documents.files import read_bytes
from datalake.documents.nodes import Place, Problem, listed, quoted
from datalake.documents.overlay import overlay
from datalake.documents.text import parse
from datalake.errors import ConfigurationError
from datalake.settings import Settings

MODULES, LOCAL_MODULES = "config/modules", "config/local/modules"
MAPS, LOCAL_MAPS = "config/maps", "config/local/maps"


def load_all(root: Path, environ: Mapping[str, str]) -> tuple[Settings, tuple[Contract, ...]]:
    """Return settings and contracts as a run needs them; raise one ConfigurationError with the mistakes of both."""
    mistakes: list[str] = []
    chosen = _noted(lambda: settings.load(root, environ), mistakes)
    contracts = _noted(lambda: load_contracts(root), mistakes)
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    require_met(contracts, chosen)
    return chosen, contracts


def _noted(reader: Callable[[], Any], mistakes: list[str]) -> Any:
    try:
        return reader()
    except ConfigurationError as problem:
        mistakes.append(str(problem))
        return None


def load_contracts(root: Path) -> tuple[Contract, ...]:
    """Given the folder that holds config/, return the feeds' contracts, sorted by feed, the retired ones too.

    A file in config/local/modules overlays the one of its name in config/modules, or is a feed of its own. Raises
    ConfigurationError that holds every mistake, one a line.
    """
    problems: list[Problem] = []
    loaded = [each for name in _names(root, (MODULES, LOCAL_MODULES), ".yaml", problems)
              if (each := _load(root, name, problems))]  # fmt: skip
    contracts = tuple(each.contract for each in loaded if each.contract)
    if not loaded and not problems:
        problems.append(Problem(Place(MODULES, 0), "describes no feed. Restore it: git checkout -- config/modules"))
    problems.extend(problems_between(loaded))
    problems.extend(map_problems(contracts, _maps(root, problems)))
    if problems:
        raise ConfigurationError(listed(problems))
    return contracts


def require_met(contracts: Sequence[Contract], chosen: Settings) -> None:
    """Raise ConfigurationError where rules ask for what settings and secrets lack: a key to hash with, a cluster."""
    has_cluster = bool(chosen.scheduler or chosen.cluster)
    problems = [*salt_problems(contracts, chosen.secrets), *engine_problems(contracts, has_cluster)]
    if problems:
        raise ConfigurationError(listed(problems))


def load_maps(root: Path) -> dict[str, MeaningMap]:
    """Return the meaning maps by name, the local ones laid over the shipped; raise ConfigurationError."""
    problems: list[Problem] = []
    maps = _maps(root, problems)
    if problems:
        raise ConfigurationError(listed(problems))
    return maps


def _load(root: Path, feed: str, problems: list[Problem]) -> Loaded | None:
    told = len(problems)
    shipped = read_bytes(root, f"{MODULES}/{feed}.yaml", problems)
    if shipped is None and len(problems) > told:
        return None  # what is laid over it cannot be judged
    loaded, wrong = _judged(feed, shipped, read_bytes(root, f"{LOCAL_MODULES}/{feed}.yaml", problems))
    problems.extend(wrong)
    return loaded


@lru_cache(maxsize=64)
def _judged(feed: str, shipped: bytes | None, local: bytes | None) -> tuple[Loaded | None, tuple[Problem, ...]]:
    """Return what a feed's files come to, and their mistakes: the same bytes need not be read a second time."""
    below, above = (
        parse(data, f"{folder}/{feed}.yaml") if data is not None else None
        for folder, data in ((MODULES, shipped), (LOCAL_MODULES, local))
    )
    if below and below.root is None:
        return None, below.problems
    wrong = [problem for each in (below, above) if each for problem in each.problems]
    roots = [each.root for each in (below, above) if each and each.root]
    if not roots:
        return None, tuple(wrong)
    loaded = load(overlay(*roots) if len(roots) == 2 else roots[0], feed)
    return loaded, (*wrong, *loaded.problems)


def _maps(root: Path, problems: list[Problem]) -> dict[str, MeaningMap]:
    maps: dict[str, MeaningMap] = {}
    for name in _names(root, (MAPS, LOCAL_MAPS), ".csv", problems):
        for folder in (MAPS, LOCAL_MAPS):
            file = f"{folder}/{name}.csv"
            data = read_bytes(root, file, problems)
            if data is not None:
                read, wrong = parse_map(data, name, file)
                problems.extend(wrong)
                maps[name] = overlay_map(maps[name], read) if name in maps else read
    return maps


def _names(root: Path, folders: tuple[str, ...], ending: str, problems: list[Problem]) -> list[str]:
    """Return the names, without ending, of the files that count in those folders; report files that nearly do."""
    names = set()
    for folder in folders:
        for path in sorted((root / folder).glob("[!.]*")) if (root / folder).is_dir() else ():
            if path.suffix.casefold() not in (ending, ".yml" if ending == ".yaml" else ending):
                continue  # a README, or what an editor left
            if path.suffix != ending or not re.fullmatch(NAME, path.stem, re.ASCII):
                message = f'must be called like "feed_name{ending}": small letters, digits and _.'
                problems.append(Problem(Place(f"{folder}/{quoted(path.name)[1:-1]}", 0), message))
            else:
                names.add(path.stem)
    return sorted(names)
