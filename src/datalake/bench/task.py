"""The job of `bench clean`: an IRB file from the project's generator, and the rules that every tool is to apply."""

import json
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from datalake.contracts.model import Column, Constraints, Contract, Delivery

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


@dataclass(frozen=True)
class Field:
    """A column of the job: its type is string, integer, boolean, date or datetime."""

    name: str
    type: str
    required: bool


_REQUIRED = ("protocol_id", "study_title", "pi_name", "status", "last_updated")
_OF_TYPE = {
    "boolean": "is_clinical_trial",
    "date": "date_submitted date_first_review date_approved date_originally_approved date_expires date_closed",
    "integer": "irb_days pi_days enrollment_approved enrolled",
    "datetime": "last_updated",
}
_NAMES = (
    "protocol_id record_type study_title short_title pi_name pi_person_id pi_email pi_department_code pi_department "
    "school status review_type review_categories risk_level committee external_irb is_clinical_trial nct_number "
    "funding_ids sponsors date_submitted date_first_review date_approved date_originally_approved date_expires "
    "date_closed irb_days pi_days enrollment_approved enrolled summary legacy_protocol_number last_updated"
)


def fields() -> tuple[Field, ...]:
    """Return the columns of the file, in its order; a cell of several values stays one text, as no peer splits it."""
    types = {name: kind for kind, names in _OF_TYPE.items() for name in names.split()}
    return tuple(Field(name, types.get(name, "string"), name in _REQUIRED) for name in _NAMES.split())


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


def rules() -> str:
    """Return the same rules as a person writes them."""
    columns = [
        f"  - {{name: {each.name}, type: {each.type}, constraints: {{required: {str(each.required).lower()}"
        + (f", pattern: {json.dumps(PATTERN)}" if each.name == KEY else "")
        + "}}"
        for each in fields()
    ]
    return "\n".join([_RULES, *columns, ""])


_RULES = f"""\
delivery: {{pattern: "IRB_PROTOCOL_{{date:%Y-%m-%d}}.csv"}}
formats: {{date: ["{DATE_FORM}"], datetime: ["{INSTANT_FORM}"]}}
primary_key: [{KEY}]
order_by: [{NEWEST}]
columns:"""


def make_file(megabytes: int, folder: Path, night: int = 0) -> Path:
    """Return a file of about that size, made once and kept in the folder. night: so many nights later, with what has
    changed by then.
    """
    path = folder / f"irb-{megabytes}mb{f'-night-{night}' if night else ''}.csv"
    if not path.exists():
        sample = _generated(SAMPLE_ROWS, folder, "sample.csv").stat().st_size
        rows = round(megabytes * 1_000_000 / sample * SAMPLE_ROWS)
        _generated(rows, folder, f"{path.name}.part", night).replace(path)
    return path


def _generated(rows: int, folder: Path, name: str, night: int = 0) -> Path:
    """Write a file; the generator is loaded here alone, so that it is no part of what a tool costs."""
    from datalake.demo.generator.forms import PLAIN
    from datalake.demo.generator.generate import Order, generate
    from datalake.demo.generator.rates import Rates
    from datalake.demo.generator.world import World

    rates = Rates(**(dict.fromkeys(Rates.__annotations__, 0.0) | _QUIRKS))
    return generate(
        Order(World(1, date(2025, 1, 1), rows), "irb", DAY + timedelta(days=night), PLAIN, rates), folder, None, name
    ).path


if __name__ == "__main__":
    print(make_file(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
