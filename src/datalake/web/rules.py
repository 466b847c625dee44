"""The feeds' rules as the pages show them: read again only when a file of theirs has changed."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.zones.paths import Lake

FILES = ("modules/*.yaml", "local/modules/*.yaml", "maps/*.csv", "local/maps/*.csv")

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Rules:
    """The contracts, by feed; problem: why they cannot be read, "" where all is well."""

    contracts: tuple[Contract, ...] = ()
    problem: str = ""

    def of(self, feed: str) -> Contract | None:
        return next((contract for contract in self.contracts if contract.feed == feed), None)


def read_rules(lake: Lake) -> Rules:
    """Given a lake, return its feeds' rules as they stand in config/ now."""
    try:
        return _read(lake.root, _stamp(lake))
    except OSError as error:
        return Rules(problem=f"The feeds' rules cannot be read: {error}")


@lru_cache(maxsize=4)
def _read(root: Path, _: Stamp) -> Rules:
    from datalake.contracts.config import load_contracts

    try:
        return Rules(load_contracts(root))
    except DatalakeError as error:
        return Rules(problem=f"The feeds' rules cannot be read: {error}")


def _stamp(lake: Lake) -> Stamp:
    files = [path for pattern in FILES for path in sorted(lake.config.glob(pattern))]
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.is_file())
