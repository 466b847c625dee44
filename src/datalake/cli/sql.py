"""manage.py sql: ask the published tables and the views, as a table, CSV or JSON."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from datalake.cli import journal, text
from datalake.cli.door import Door, pass_door
from datalake.inert import cell
from datalake.words import count, number

if TYPE_CHECKING:
    from datalake.contracts.model import Contract
    from datalake.views.query import Question, Readable

SHOWN = 200  # rows of a table on a terminal; CSV and JSON have all
WIDEST = 60
BY_TEXT = {"query_table", "histogram", "histogram_values"}  # take a name that the query puts together: it may be any


@click.command()
@click.argument("query")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@pass_door
def sql(door: Door, query: str, form: str) -> None:
    """Ask the published tables and the views in SQL; change nothing.

    QUERY is one SELECT of DuckDB's SQL, such as "select status, count(*) from irb group by 1". Tables are called as
    feeds and views are; SHOW TABLES and DESCRIBE tell what there is. as_of() is the night, fiscal_year(day) its fiscal
    year, and each meaning map is a function of its name: irb_states(status).
    """
    from datalake.schedule import night_of
    from datalake.views.query import Question

    settings = door.settings()
    readable = _readable(door, night_of(settings.schedule, door.clock.now()))
    with Question(readable, settings, query) as question:
        journal.note_restricted(door.lake, _named(door, readable, query), "sql")
        for line in _FORMS[form](question):
            click.echo(line)


def _named(door: Door, readable: "Readable", query: str) -> "list[Contract]":
    """The rules of the feeds that a query names, itself or by a view that is made of them."""
    from datalake.views.load import load_views

    words = set(re.findall(r"\w+", query.casefold()))
    if words & BY_TEXT:
        words |= set(readable.contracts)
    views = [each.view for each in load_views(door.lake.root) if each.view and each.name in words]
    words |= {source.feed for view in views for source in view.sources}
    return [each for feed, each in readable.contracts.items() if feed in words]


def _readable(door: Door, as_of: date) -> "Readable":
    from datalake.contracts.config import load_maps
    from datalake.views.load import load_views
    from datalake.views.query import Readable

    contracts = {each.feed: each for each in door.contracts()}
    views = [each.name for each in load_views(door.lake.root) if each.view]
    return Readable(door.lake, contracts, views, load_maps(door.lake.root), as_of)


def _rows(question: "Question") -> Iterator[tuple[Any, ...]]:
    for batch in question.batches():
        columns = [column.to_pylist() for column in batch.columns]
        yield from zip(*columns, strict=True)


def _table(question: "Question") -> Iterator[str]:
    names = question.schema.names
    rows = _cells(question, WIDEST)
    shown = list(islice(rows, SHOWN))
    more = sum(1 for _ in rows)
    numbers = [each.name for each in question.schema if _is_number(str(each.type))]
    yield from text.table(names, shown, right=numbers) or ["  ".join(names)]
    yield ""
    yield f"{count(len(shown) + more, 'row')}" + (f"; the first {number(SHOWN)} are shown" if more else "")


def _is_number(kind: str) -> bool:
    return kind.startswith(("int", "uint", "float", "double", "decimal"))


def _cells(question: "Question", widest: int) -> Iterator[list[str]]:
    for row in _rows(question):
        yield [text.clipped(_shown(value), widest) for value in row]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return "; ".join(map(_shown, value)) if isinstance(value, list) else str(value)


def _csv(question: "Question") -> Iterator[str]:
    """As in the published CSV, text that a spreadsheet would run as a formula gets an apostrophe in front."""
    yield _line(question.schema.names)
    for row in _rows(question):
        yield _line([_inert(value) for value in row])


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _inert(value: Any) -> str:
    shown = _shown(value)
    return str(cell(shown)) if isinstance(value, (str, list)) else shown


def _json(question: "Question") -> Iterator[str]:
    """One array, one row a line."""
    before = "["
    for row in _rows(question):
        document = dict(zip(question.schema.names, row, strict=True))
        yield before + json.dumps(document, ensure_ascii=False, default=_plain)
        before = ","
    yield "[]" if before == "[" else "]"


def _plain(value: Any) -> Any:
    """Money stays a number where a program reads it back to the cent."""
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_FORMS = {"table": _table, "csv": _csv, "json": _json}
