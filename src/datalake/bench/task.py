"""The job of `bench clean`: an IRB file from the project's generator, and the rules that every tool is to apply."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from datalake.contracts.model import Column, Constraints, Contract, Delivery
from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import PLAIN
from datalake.demo.generator.generate import Order, generate, laid_out
from datalake.demo.generator.rates import Rates
from datalake.demo.generator.world import World

DAY = date(2025, 1, 2)
KEY, NEWEST, PATTERN = "protocol_id", "last_updated", r"[A-Z]{2,6}\d{8,9}|\d{10}"
DATE_FORM, INSTANT_FORM = "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p"
SAMPLE_ROWS = 2_000

# A thousandth of the rows is bad, and titles are as unruly as titles are. Rows with too few or too many cells are left
# out: Polars and pandas pad or cut these, and would then agree with nobody.
_QUIRKS = {
    "embedded_newline": 0.01,
    "embedded_quotes": 0.03,
    "embedded_delimiter": 0.1,
    "bad_day": 0.0003,
    "wrong_id": 0.0003,
    "bad_moment": 0.0002,
    "missing_required": 0.0002,
    "identical_repeat": 0.002,
    "differing_repeat": 0.001,
    "bad_rows_at_most": 1.0,
}
RATES = Rates(**(dict.fromkeys(Rates.__annotations__, 0.0) | _QUIRKS))
_TYPES = {"list": "string", "text": "string"}  # a cell of several values stays one text: no peer splits it


@dataclass(frozen=True)
class Field:
    """A column of the job: its type is string, integer, boolean, date or datetime."""

    name: str
    type: str
    required: bool


def fields() -> tuple[Field, ...]:
    """Return the columns of the file, in its order."""
    columns = laid_out(FEEDS["irb"], PLAIN)
    return tuple(Field(each.name, _TYPES.get(each.kind, each.kind), each.required) for each in columns)


def contract() -> Contract:
    """Return the rules as our own engine takes them."""
    forms = {"date": (DATE_FORM,), "datetime": (INSTANT_FORM,)}
    columns = tuple(
        Column(
            each.name,
            each.type,
            formats=forms.get(each.type, ()),
            constraints=Constraints(required=each.required, pattern=PATTERN if each.name == KEY else ""),
            must_exist=each.required,
        )
        for each in fields()
    )
    return Contract("irb", Delivery("*.csv"), columns, primary_key=(KEY,), order_by=(NEWEST,))


def make_file(megabytes: int, folder: Path) -> Path:
    """Return a file of about that size, made once and kept in the folder."""
    path = folder / f"irb-{megabytes}mb.csv"
    if not path.exists():
        sample = _generated(SAMPLE_ROWS, folder, "sample.csv").stat().st_size
        rows = round(megabytes * 1_000_000 / sample * SAMPLE_ROWS)
        _generated(rows, folder, f"{path.name}.part").replace(path)
    return path


def _generated(rows: int, folder: Path, name: str) -> Path:
    order = Order(World(1, date(2025, 1, 1), rows), "irb", DAY, PLAIN, RATES)
    return generate(order, folder, None, name).path
