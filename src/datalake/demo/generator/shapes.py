"""Quirks of whole records, all their life: shells without content, codes without names, approvals before receipt."""

from collections.abc import Callable
from datetime import date, timedelta

from datalake.demo.generator.block import KEY_COLUMN, Block
from datalake.demo.generator.rates import Rates

Shape = Callable[[Block, int], bool]  # given a row, give it the shape and say whether that could be


def apply_shapes(block: Block, rates: Rates) -> None:
    """Give records of a block their odd shapes, at those rates."""
    for name, shape in SHAPES.items():
        for row, _ in block.hits(name, getattr(rates, name)):
            if shape(block, row):
                block.quirks[name] += 1


def _shell(block: Block, row: int) -> bool:
    """A record that was migrated as a shell: blank but for what is required."""
    for index, column in enumerate(block.columns):
        if index != KEY_COLUMN and not column.required:
            block.write(row, index, "", None)
    return True


def _code_alone(block: Block, row: int) -> bool:
    """A department's code without its name."""
    names = [block.at[name] for name in ("pi_department", "school") if name in block.at]
    for index in names:
        if block.free(row, index):
            block.write(row, index, "", None)
    return bool(names)


def _approved_early(block: Block, row: int) -> bool:
    """A ceded study, approved before it was received here."""
    if not {"date_approved", "date_submitted"} <= block.at.keys():
        return False
    approved, submitted = block.at["date_approved"], block.at["date_submitted"]
    if block.meant(row, approved) is None or not block.free(row, submitted):
        return False
    day = date.fromisoformat(block.meant(row, approved)) + timedelta(days=5)
    block.put(row, submitted, day.strftime("%m/%d/%Y"), day.isoformat())
    return True


SHAPES: dict[str, Shape] = {"shell": _shell, "code_alone": _code_alone, "approved_early": _approved_early}
