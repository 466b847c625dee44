"""What a bench hands back, whatever it measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figures:
    """Lines for a person, the same for a program, and whether all that was measured did what it was to do."""

    lines: Sequence[str]
    values: Sequence[Mapping[str, Any]] | Mapping[str, Any]
    sound: bool = True
