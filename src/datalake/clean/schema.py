"""The table that comes out: the contract's columns as Arrow types, then the lake's own, which start with _."""

import pyarrow as pa

from datalake.contracts.model import Column, Contract

LAKE_FIELDS = (
    pa.field("_source_file", pa.string()),
    pa.field("_source_line", pa.int64()),
    pa.field("_data_date", pa.date32()),
    pa.field("_delivery", pa.string()),
)

# One line per thing found. value is the cell as it came, record the whole row as it came, key null where unreadable.
FINDINGS = pa.schema(
    [
        pa.field("line", pa.int64()),
        pa.field("column", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("outcome", pa.string()),  # rejected | nulled | warned | duplicate | superseded | excluded
        pa.field("value", pa.string()),
        pa.field("message", pa.string()),
        pa.field("key", pa.string()),
        pa.field("record", pa.string()),
    ]
)

# The same while findings wait to be written: a row of 2,000 wrong cells has 2,000 findings, and one record.
HELD = FINDINGS.set(FINDINGS.get_field_index("record"), pa.field("record", pa.dictionary(pa.int32(), pa.string())))

_TYPES = {
    "string": pa.string(),
    "text": pa.string(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", tz="UTC"),
    "list": pa.list_(pa.string()),
}


def arrow_type(column: Column) -> pa.DataType:
    """Return the type in which a column is published; hashed and redacted values are text."""
    if column.mask in ("hash", "redact"):
        return pa.string()
    return value_type(column)


def value_type(column: Column) -> pa.DataType:
    """Return the type of a column's values before any masking."""
    if column.type == "number":
        return pa.decimal128(*column.precision)
    return _TYPES[column.type]


def published(contract: Contract) -> tuple[Column, ...]:
    """Return the columns that leave staging: all but those masked by drop."""
    return tuple(each for each in contract.columns if each.mask != "drop")


def output_schema(contract: Contract) -> pa.Schema:
    """Return the schema of accepted rows: the contract's columns in its order, then the lake's."""
    fields = [pa.field(each.name, arrow_type(each)) for each in published(contract)]
    return pa.schema([*fields, *LAKE_FIELDS])
