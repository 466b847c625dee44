"""One block of rows while it is being made: cells that quirks may rewrite, and which rows have become bad."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datalake.demo.generator.cells import Cells, Column, Meant, quoted
from datalake.demo.generator.world import Rows

KEY_COLUMN = 0  # in every layout, moved ones too: the key of a row with too many cells must stay where it is


@dataclass(frozen=True)
class Fault:
    """Why a row is bad: the rule it breaks, the column (None: the row as a whole), and whether its key is lost."""

    rule: str
    column: str | None
    key_lost: bool = False


@dataclass
class Block:
    """The rows of one block in a layout's columns; quirks counts what was done to them."""

    rows: Rows
    columns: Sequence[Column]
    cells: list[Cells]
    delimiter: str = ","
    quirks: Counter[str] = field(default_factory=Counter)
    faults: dict[int, Fault] = field(default_factory=dict)
    short: dict[int, int] = field(default_factory=dict)  # row -> how many of its cells are written
    _touched: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.at = {column.name: index for index, column in enumerate(self.columns)}

    def fitting(self, fits: Callable[[Column], bool]) -> list[int]:
        """Return the positions of the columns that fit."""
        return [index for index, column in enumerate(self.columns) if fits(column)]

    def meant(self, row: int, column: int) -> Any:
        """Return what a cell means as things stand."""
        return self.cells[column].meant[row]

    def free(self, row: int, column: int) -> bool:
        """Tell whether a cell is as it was made: a cell carries one quirk at most."""
        return (row, column) not in self._touched

    def put(self, row: int, column: int, text: str, meant: Meant) -> None:
        """Rewrite a cell; text is what it says, before any quotes."""
        self.write(row, column, quoted(text), meant)

    def write(self, row: int, column: int, cell: str, meant: Meant) -> None:
        """Rewrite a cell as it stands in the file, quotes and all."""
        self._touched.add((row, column))
        self.cells[column].text[row] = cell
        self.cells[column].meant[row] = meant

    def hits(self, name: str, rate: float, night: int = 0) -> list[tuple[int, int]]:
        """Return the rows that something of that rate happens to, each with a number to choose by.

        With night 0 it happens to a record all its life, with another number only then.
        """
        if not rate or not len(self.rows):
            return []
        draws = self.rows.draws
        found = np.nonzero(draws.chance(name, self.rows.k, rate, night))[0]
        numbers = draws.below(f"{name} choice", self.rows.k[found], 2**31, night)
        return list(zip(found.tolist(), numbers.tolist(), strict=True))

    def texts(self) -> list[str]:
        """Return each row as it is written, without a line end."""
        rows = zip(*(column.text for column in self.cells), strict=True)
        texts = list(map(self.delimiter.join, rows))
        for row, count in self.short.items():
            texts[row] = self.delimiter.join(column.text[row] for column in self.cells[:count])
        return texts

    def meanings(self) -> list[tuple[Any, ...]]:
        """Return what each row's cells mean."""
        return list(zip(*(column.meant for column in self.cells), strict=True))


def make_block(rows: Rows, columns: Sequence[Column], delimiter: str = ",") -> Block:
    """Make the cells of one block, as good and plain as they come."""
    return Block(rows, columns, [column.make(rows) for column in columns], delimiter)
