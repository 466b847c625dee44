"""What every command is handed: where the lake is, its environment and its clock. Reading happens when asked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datalake.clock import Clock, SystemClock
from datalake.zones.paths import Lake

if TYPE_CHECKING:  # a command that fails before it reads the configuration need not import YAML
    from datalake.contracts.model import Contract
    from datalake.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Door:
    """One installation as a command sees it."""

    lake: Lake = field(default_factory=lambda: Lake(ROOT))
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    clock: Clock = field(default_factory=SystemClock)

    def settings(self) -> "Settings":
        """Return the settings; raise ConfigurationError that holds every mistake."""
        from datalake import settings

        return settings.load(self.lake.root, self.environ)

    def contracts(self) -> "tuple[Contract, ...]":
        """Return the feeds' rules, sorted by feed; raise ConfigurationError that holds every mistake."""
        from datalake.contracts.config import load_contracts

        return load_contracts(self.lake.root)


pass_door = click.make_pass_decorator(Door, ensure=True)
