"""Rows that are bad, each by one fault, and the rule word by which the lake must say so.

A fault stays for two nights and is mended then, as when an office corrects a record after being told.
"""

from collections.abc import Callable
from dataclasses import dataclass

from datalake.demo.generator.block import KEY_COLUMN, Block, Fault
from datalake.demo.generator.cells import Column
from datalake.demo.generator.rates import Rates

NIGHTS_TO_MEND = 2

# The one table of what each fault is called by the rules (datalake.clean, datalake.engine).
RULE_WORDS = {
    "missing_required": "required",
    "bad_day": "type",
    "bad_number": "type",
    "bad_moment": "type",
    "bad_flag": "type",
    "power_of_ten": "lossy",
    "wrong_id": "pattern",
    "extra_cell": "cell_count",
    "short_row": "cell_count",
    "stray_quote": "stray_quote",
    "nul_byte": "nul_byte",
}


@dataclass(frozen=True)
class CellFault:
    """A cell that cannot be read: in which columns it happens, and what stands there."""

    name: str
    fits: Callable[[Column], bool]
    texts: tuple[str, ...]


def _number(column: Column) -> bool:
    return column.kind in ("number", "integer")


CELL_FAULTS = (
    CellFault("missing_required", lambda column: column.required, ("",)),
    CellFault("bad_day", lambda column: column.kind == "date", ("02/30/2025", "13/45/2025", "2025-06-31", "soon")),
    CellFault("bad_number", _number, ("twelve", "1.2.3", "12,34", "n/a")),
    CellFault("bad_moment", lambda c: c.kind == "datetime", ("10/32/2025 01:12:09 AM", "yesterday", "25:61:00")),
    CellFault("bad_flag", lambda column: column.kind == "boolean", ("Maybe", "2", "Yes/No")),
    CellFault("power_of_ten", lambda column: _number(column) or column.width > 0, ("5.03E+02", "1.25E+06")),
    CellFault("wrong_id", lambda column: column.name.endswith("_id") and column.required, ("?", "ID 12", "tbd")),
)
ROW_FAULTS = ("extra_cell", "short_row", "stray_quote", "nul_byte")


def apply_faults(block: Block, rates: Rates, most: int) -> None:
    """Spoil rows of a block at those rates, no more than `most` of them."""
    night = block.rows.night // NIGHTS_TO_MEND + 1
    wanted = [
        (row, position, number)
        for position, name in enumerate((*(each.name for each in CELL_FAULTS), *ROW_FAULTS))
        for row, number in block.hits(name, getattr(rates, name), night)
    ]
    for row, position, number in sorted(wanted):
        if len(block.faults) < most and row not in block.faults:
            _spoil(block, row, position, number)


def _spoil(block: Block, row: int, position: int, number: int) -> None:
    if position >= len(CELL_FAULTS):
        _spoil_row(block, row, ROW_FAULTS[position - len(CELL_FAULTS)], number)
        return
    fault = CELL_FAULTS[position]
    columns = block.fitting(fault.fits)
    if not columns:
        return
    column = columns[number % len(columns)]
    block.put(row, column, fault.texts[number // 64 % len(fault.texts)], None)
    name = block.columns[column].name
    _mark(block, row, fault.name, Fault(RULE_WORDS[fault.name], name, key_lost=column == KEY_COLUMN))


def _spoil_row(block: Block, row: int, name: str, number: int) -> None:
    titles = block.fitting(lambda column: column.name.endswith("title"))
    if name == "short_row":
        block.short[row] = 2 + number % (len(block.columns) - 2)
    elif titles:
        block.write(row, titles[0], _TITLES[name].replace("|", block.delimiter), None)
    else:
        return
    _mark(block, row, name, Fault(RULE_WORDS[name], None))


# A title as it stands in a misbuilt row; | is the file's delimiter.
_TITLES = {
    "extra_cell": "A model study of tea| biscuits| and rain",
    "stray_quote": '"Lantern" study of fog',
    "nul_byte": '"A model study \0 of nothing"',
}


def _mark(block: Block, row: int, name: str, fault: Fault) -> None:
    block.faults[row] = fault
    block.quirks[name] += 1
