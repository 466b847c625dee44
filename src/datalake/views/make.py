"""One view made: its SQL run over what is published, its rows and its card written as a version, and swapped in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa

from datalake.contracts.model import Classification, Contract
from datalake.settings import Settings
from datalake.views.card import VERSIONS, Source, View
from datalake.views.database import READS, Database, SqlProblem, Statement, batches, define_map, define_words
from datalake.views.published import Published, items
from datalake.views.shelf import CARD_FILE, Shelf, shown
from datalake.zones import curated
from datalake.zones.curated import Version
from datalake.zones.files import fsync_file, write_durably
from datalake.zones.raw import file_sha256
from datalake.zones.tables import TableWriter
from datalake.zones.twin import Twin

CONSIDERED = (
    "considered"  # the name under which a view's SQL keeps all records, with left_out saying why one counts not
)
CLASSES = get_args(Classification)
LISTED = 10  # unknown values that a card names
SEPARATOR = "; "


@dataclass(frozen=True)
class Order:
    """What is wanted: a view, of what is published, as of a day. inputs is what it is made from, for version.json."""

    view: View
    published: Published
    as_of: date
    settings: Settings
    inputs: Mapping[str, Any]
    versions: pa.Table | None = None  # of the source feed_versions


def make(order: Order) -> Version:
    """Publish a new version of a view and return it; raise SqlProblem, and leave the old one shown, where it fails."""
    lake, name = Shelf(order.published.lake.root), order.view.name
    before = shown(lake, name)
    curated.tidy(lake, name, before)
    with Database(order.settings.threads) as database:
        prepare(database, order)
        last = run_up_to_last(database, order.view)
        excluded = left_out(database, order.view)
        draft = curated.begin(lake, name)
        rows, schema = _write(database.rows(last), order.view, draft, last, order.settings.csv_twin)
        card = _card(order, rows, schema, excluded, _unmapped(database, order))
    write_durably(draft / CARD_FILE, json.dumps(card, indent=1).encode("ascii") + b"\n")
    for path in draft.iterdir():
        fsync_file(path)
    version = curated.finish(lake, name, draft, _facts(order, before, rows, draft))
    curated.swap(lake, name, version)
    curated.prune(lake, name, order.settings.keep_versions)
    return version


def prepare(database: Database, order: Order) -> None:
    """Hand a view what it may read, and lock the rest away."""
    define_words(database, order.as_of, order.settings, order.view.code)
    values: dict[str, set[str]] = {name: set() for name in named_maps(order.view, order.published)}
    for source in order.view.sources:
        if source.feed == VERSIONS:
            database.hand_in(VERSIONS, order.versions)
            continue
        database.hand_in(source.feed, order.published.table(source.feed, source.columns))
        for column in order.published.mapped(source):
            values[column.map] |= order.published.values(database, source.feed, column)
    for name, found in values.items():
        define_map(database, order.published.maps[name], found)
    database.lock()


def named_maps(view: View, published: Published) -> set[str]:
    """Return the maps of a view's columns, and those that its SQL names besides."""
    mapped = {column.map for source in view.sources for column in published.mapped(source)}
    return {name for name in published.maps if name in mapped or f"{name}(" in view.code}


def run_up_to_last(database: Database, view: View) -> Statement:
    """Carry out the statements that prepare the view's rows; return the SELECT that gives them. Raises SqlProblem."""
    statements = database.statements(view.code)
    if not statements or statements[-1].kind != READS:
        raise SqlProblem("The last statement must be the SELECT that gives the view's rows.", _last_line(view))
    for each in statements[:-1]:
        if each.kind != "CREATE":
            raise SqlProblem(f"{each.kind}: before the last SELECT only CREATE VIEW may stand.", each.line)
        database.execute(each)
    return statements[-1]


def _last_line(view: View) -> int:
    return view.code.rstrip().count("\n") + 1


def _line_of(view: View, word: str) -> int:
    return view.code.count("\n", 0, view.code.index(word)) + 1


def left_out(database: Database, view: View) -> list[dict[str, Any]]:
    """Count the records by why they do not count; each of the card's reasons is there, also with none."""
    if not view.left_out:
        return []
    counted = f"SELECT left_out, count(*) AS records FROM {CONSIDERED} WHERE left_out IS NOT NULL GROUP BY 1"  # noqa: S608
    try:
        found = {row["left_out"]: row["records"] for row in database.table(counted).to_pylist()}
    except SqlProblem:
        told = f"The card says what is left out, so the SQL must make a view {CONSIDERED} with a column left_out."
        raise SqlProblem(told, _line_of(view, "left_out:")) from None
    unknown = sorted(set(found) - set(view.left_out))
    if unknown:
        told = f'left_out gives the reason "{unknown[0]}", which the card does not have.'
        raise SqlProblem(told, _line_of(view, "left_out:"))
    return [{"reason": each, "what": what, "records": found.get(each, 0)} for each, what in view.left_out.items()]


def _unmapped(database: Database, order: Order) -> list[dict[str, Any]]:
    """Count the values of each source that its meaning map does not know, and name the most frequent ones."""
    counts = []
    for source in order.view.sources:
        for column in order.published.mapped(source):
            values = f"SELECT {items(column)} AS v FROM {source.feed}"  # noqa: S608 - checked names
            unknown = f"SELECT v, count(*) AS n FROM ({values}) WHERE {column.map}(v) = 'unmapped' GROUP BY 1"  # noqa: S608
            found = database.table(f"{unknown} ORDER BY n DESC, v").to_pylist()
            most = [[each["v"], each["n"]] for each in found[:LISTED]]
            total = sum(each["n"] for each in found)
            counts.append(
                {"column": f"{source.feed}.{column.name}", "map": column.map, "records": total, "values": most}
            )
    return counts


def _write(
    reader: pa.RecordBatchReader, view: View, draft: Path, statement: Statement, twin: bool
) -> tuple[int, pa.Schema]:
    schema = check_columns(reader.schema, view, statement)
    table = TableWriter(curated.table_path(draft, view.name), schema)
    separators = dict.fromkeys(schema.names, SEPARATOR)
    beside = Twin(curated.twin_path(draft, view.name), schema, separators) if twin else None
    for batch in batches(reader, statement):
        plain = batch.cast(schema)
        table.write(plain)
        if beside:
            beside.write(plain)
    table.close()
    if beside:
        beside.close()
    return table.written, schema


def check_columns(found: pa.Schema, view: View, statement: Statement) -> pa.Schema:
    """Return the schema in which a view is published; raise SqlProblem where it is not as the card has it."""
    if found.names != list(view.columns):
        told = f"The columns are {', '.join(found.names)}; the card describes {', '.join(view.columns)}."
        raise SqlProblem(told, statement.line)
    return pa.schema([pa.field(each.name, _plain(each, statement.line)) for each in found])


def _plain(field: pa.Field, line: int) -> pa.DataType:
    """The type in which a column is published: the few that feeds have too, so that every reader knows them."""
    kind = field.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(pa.field(field.name, kind.value_type), line))
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC")
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_decimal(kind) or pa.types.is_boolean(kind) or pa.types.is_date(kind):
        return kind
    raise SqlProblem(f"{field.name} is a {kind}: make it text, a number, a date or a list of such.", line)


def _card(
    order: Order, rows: int, schema: pa.Schema, excluded: list[dict[str, Any]], unmapped: list[dict[str, Any]]
) -> dict[str, Any]:
    """What stands beside the numbers, for whoever shows them."""
    view = order.view
    return {
        "view": view.name,
        "title": view.title,
        "definition": view.definition,
        "row": view.row,
        "owner": view.owner,
        "as_of": order.as_of.isoformat(),
        "rows": rows,
        "classification": classification(view, order.published.contracts),
        "columns": [{"name": each.name, "type": str(each.type), "what": view.columns[each.name]} for each in schema],
        "sources": [_source(order, each) for each in view.sources],
        "left_out": excluded,
        "unmapped": unmapped,
        "lists": {name: {"view": each.view, "by": each.by, "only": each.only} for name, each in view.lists.items()},
    }


def _source(order: Order, source: Source) -> dict[str, Any]:
    state, contract = order.published.states.get(source.feed), order.published.contracts.get(source.feed)
    as_of = state.as_of if state else None
    return {
        "feed": source.feed,
        "title": contract.title if contract else "",
        "as_of": as_of.isoformat() if as_of else None,
        "version": state.version if state else "",
        "rows": state.rows if state else 0,
    }


def classification(view: View, contracts: Mapping[str, Contract]) -> str:
    """Return the strictest class of the columns that a view reads."""
    found = [
        contracts[source.feed].column(name).classification
        for source in view.sources
        for name in source.columns
        if source.feed in contracts and name in contracts[source.feed].names
    ]
    return max(found, key=CLASSES.index, default="internal")


def _facts(order: Order, before: Version | None, rows: int, draft: Path) -> dict[str, Any]:
    """What version.json says: nothing of the run or its time, so that the same again gives the same again."""
    seq = (before.seq if before else 0) + 1
    return {
        "view": order.view.name,
        "version": curated.version_name(seq, order.as_of),
        "seq_of_feed": seq,
        "as_of": order.as_of.isoformat(),
        "rows": rows,
        "inputs": order.inputs,
        "files": {path.name: file_sha256(path) for path in sorted(draft.iterdir())},
    }
