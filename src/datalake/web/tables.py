"""A published table or view as a page of rows: searched, filtered, sorted, with what the visitor may not see masked.

The files of a version never change, so a page is found by its number. Arrow is loaded only where a table is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalake.errors import UsageError
from datalake.web import text
from datalake.web.figures.grid import MASK, PAGE, Column, Filter, Listed, Shown, Wanted

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

BLOCK = 20_000  # rows of a download that are in memory at once


def read(
    paths: Sequence[Path], columns: Sequence[Column], asked: Wanted, lists: Mapping[str, Listed] | None = None
) -> Shown:
    """Given a version's files and the lists behind its numbers by column, return the page that is asked for.

    Raises OSError or pyarrow's errors if it cannot be read.
    """
    table, chosen = _chosen(paths, columns, asked)
    first = (asked.page - 1) * PAGE
    schema = table.schema
    page = table.take(chosen[first : first + PAGE])
    texts = [_texts(page, each) for each in columns]
    numeric = frozenset(each.name for each in columns if _is_numeric(schema.field(each.name).type))
    rows = [list(row) for row in zip(*texts, strict=True)]
    return Shown(tuple(columns), numeric, rows, len(chosen), table.count_rows(), _links(page, lists or {}))


def _links(page: "pa.Table", lists: Mapping[str, Listed]) -> list[dict[str, str]]:
    """Of each row the addresses behind its numbers; there is none behind a 0 or an empty cell."""
    keys = dict.fromkeys(name for each in lists.values() for name in each.by)
    texts = {name: _as_text(page.column(name)).to_pylist() for name in keys}
    numbers = {name: page.column(name).to_pylist() for name in lists}
    by_row = [{name: found[at] for name, found in texts.items()} for at in range(page.num_rows)]
    return [
        {name: each.link(row) for name, each in lists.items() if numbers[name][at]} for at, row in enumerate(by_row)
    ]


def as_csv(paths: Sequence[Path], columns: Sequence[Column], asked: Wanted) -> Iterator[bytes]:
    """Yield all rows that match as CSV for people with Excel, a block at a time."""
    import io

    import pyarrow as pa
    import pyarrow.csv as pcsv

    from datalake.zones.twin import BYTE_ORDER_MARK

    table, chosen = _chosen(paths, columns, asked)
    sink = io.BytesIO()
    sink.write(BYTE_ORDER_MARK)
    schema = pa.schema([pa.field(each.name, pa.string()) for each in columns])
    with pcsv.CSVWriter(sink, schema, write_options=pcsv.WriteOptions(eol="\r\n")) as writer:
        for first in range(0, max(1, len(chosen)), BLOCK):
            part = table.take(chosen[first : first + BLOCK]).combine_chunks()
            writer.write_table(pa.Table.from_arrays([_cells(part, each) for each in columns], schema=schema))
            yield sink.getvalue()
            sink.seek(0)
            sink.truncate()


def _cells(part: "pa.Table", column: Column) -> Any:
    """A column's texts as the published CSV has them, inert as formulas."""
    import pyarrow as pa

    from datalake.zones.twin import cell_texts

    values = part.column(column.name)
    if column.hidden:
        return pa.array([MASK] * part.num_rows, pa.string())
    return cell_texts(values.chunk(0) if values.num_chunks else pa.array([], values.type), "; ")


def _chosen(paths: Sequence[Path], columns: Sequence[Column], asked: Wanted) -> tuple["ds.Dataset", Any]:
    """The table, and the numbers of the rows that match, in the order asked for."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    table = ds.dataset([str(path) for path in paths])
    visible = [each.name for each in columns if not each.hidden]
    asked_for = [each.column for each in asked.filters] + ([asked.sort] if asked.sort else [])
    needed = dict.fromkeys(asked_for + (visible if asked.search else []))
    if not needed:
        return table, pa.array(range(table.count_rows()), pa.int64())
    rows = table.to_table(columns=list(needed))
    rows = rows.append_column("_row", pa.array(range(rows.num_rows), pa.int64()))
    for each in asked.filters:
        rows = rows.filter(_mask(rows.column(each.column), each))
    if asked.search:
        rows = rows.filter(_found(rows, visible, asked.search))
    if asked.sort:
        order = [(asked.sort, "descending" if asked.down else "ascending"), ("_row", "ascending")]
        rows = rows.take(pc.sort_indices(_sortable(rows, asked.sort), sort_keys=order))
    return table, rows.column("_row").combine_chunks()


def _sortable(rows: "pa.Table", name: str) -> "pa.Table":
    """A list has no order of its own: its text has."""
    import pyarrow.types as kinds

    place = rows.schema.get_field_index(name)
    if not kinds.is_list(rows.schema.field(place).type):
        return rows
    return rows.set_column(place, name, _as_text(rows.column(name)))


def _found(rows: "pa.Table", names: Sequence[str], search: str) -> Any:
    import pyarrow.compute as pc

    masks = [pc.match_substring(_as_text(rows.column(name)), search, ignore_case=True) for name in names]
    found = masks[0]
    for each in masks[1:]:
        found = pc.or_(pc.fill_null(found, False), pc.fill_null(each, False))
    return pc.fill_null(found, False)


def _mask(values: Any, each: Filter) -> Any:
    import pyarrow.compute as pc

    if each.how == "blank":
        return pc.is_null(values)
    if each.how == "has":
        return pc.fill_null(pc.match_substring(_as_text(values), each.value, ignore_case=True), False)
    if each.how == "exactly":
        return pc.fill_null(pc.equal(_as_text(values), each.value), False)
    if each.how == "is":
        return pc.fill_null(pc.equal(pc.utf8_lower(_as_text(values)), each.value.lower()), False)
    compare = pc.greater_equal if each.how == "min" else pc.less_equal
    return pc.fill_null(compare(values, _as_value(each, values.type)), False)


def _as_value(each: Filter, kind: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.scalar(each.value).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise UsageError(f"{each.value!r} is nothing that {each.column} can be held against.") from None


def _as_text(values: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(values.type):
        return pc.binary_join(values, "; ")
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _is_numeric(kind: Any) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind))


def _texts(page: "pa.Table", column: Column) -> list[str]:
    if column.hidden:
        return [MASK] * page.num_rows
    return [text.value(each) for each in page.column(column.name).to_pylist()]
