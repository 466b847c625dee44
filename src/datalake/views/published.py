"""The published tables as views and queries read them: whole versions, found once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from datalake.clean.schema import arrow_type, output_schema, value_type
from datalake.contracts.maps import MeaningMap
from datalake.contracts.model import Column, Contract
from datalake.views.card import Source
from datalake.views.database import Database
from datalake.zones import curated
from datalake.zones.paths import Lake
from datalake.zones.state import FeedState

NEVER = "no file of {0} has been loaded yet"


@dataclass
class Published:
    """What a run of views may read. Values of mapped columns are looked up once for all of them."""

    lake: Lake
    contracts: Mapping[str, Contract]
    states: Mapping[str, FeedState]
    maps: Mapping[str, MeaningMap]
    _values: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def files(self, feed: str) -> list[Path]:
        """Return the Parquet files that readers of a feed see now; raise DatalakeError if the feed is damaged."""
        version = curated.current(self.lake, feed)
        return curated.table_paths(version.folder, feed) if version else []

    def table(self, feed: str, columns: Sequence[str] = ()) -> ds.Dataset | pa.Table:
        """Return a feed's table with those columns (all of them, where none is named).

        A column that the table lacks is null throughout, and a feed that was never loaded has no rows.
        """
        paths, contract = self.files(feed), self.contracts[feed]
        there = pq.read_schema(paths[0]) if paths else pa.schema([])
        fields = [there.field(name) if name in there.names else ruled(contract, name) for name in columns]
        schema = pa.schema(fields) if columns else None
        return ds.dataset(paths, schema=schema) if paths else (schema or output_schema(contract)).empty_table()

    def mapped(self, source: Source) -> list[Column]:
        """Return the columns of a source whose values a meaning map sorts into groups."""
        contract = self.contracts.get(source.feed)
        known = [] if contract is None else contract.columns
        return [each for each in known if each.map and not each.mask and each.name in source.columns]

    def values(self, database: Database, feed: str, column: Column) -> set[str]:
        """Return the distinct values of a text or list column of a feed that was handed in under its name."""
        key = (feed, column.name)
        if key not in self._values:
            found = database.table(f"SELECT DISTINCT {items(column)} AS v FROM {feed}")  # noqa: S608 - checked names
            self._values[key] = {each for each in found.column("v").to_pylist() if each is not None}
        return self._values[key]


def ruled(contract: Contract, name: str) -> pa.Field:
    """Return a column as its feed's rules have it; one masked by drop only by its type."""
    column = contract.column(name)
    return pa.field(name, value_type(column) if column.mask == "drop" else arrow_type(column))


def items(column: Column) -> str:
    """Return the SQL of a column's single values: a list has many."""
    return f"unnest({column.name})" if column.type == "list" else column.name


def lacking(published: Published, source: Source) -> tuple[str, str]:
    """Return why a view cannot be made of a source, and what to do; empty where it can."""
    contract, state = published.contracts.get(source.feed), published.states.get(source.feed)
    if contract is None:
        return f"there is no feed {source.feed}", ""
    paths = published.files(source.feed)
    if not paths or state is None:
        return ("", "") if source.optional else (NEVER.format(source.feed), "")
    absent = state.published.get("baseline", {}).get("absent", ()) if contract.write_disposition == "replace" else ()
    empty = empty_columns(paths)
    for name in source.needs:
        why = _why_not(contract, name, absent, empty)
        if why:
            return f"{source.feed}: {why}", _cure(source.feed, name)
    return "", ""


def _why_not(contract: Contract, name: str, absent: Sequence[str], empty: Mapping[str, bool]) -> str:
    if name not in contract.names:
        return f"its rules have no column {name}"
    if _unreadable(contract.column(name)):
        return f"column {name} is masked"
    if name in absent or name not in empty:
        return f"its file had no column {name}"
    return f"column {name} is empty in every row" if empty[name] else ""


def _unreadable(column: Column) -> bool:
    """A hashed text still tells records apart; whatever else is masked says nothing."""
    return bool(column.mask) and not (column.mask == "hash" and column.type == "string" and not column.map)


def _cure(feed: str, name: str) -> str:
    return (
        f"If it has another name now, add that under aliases of {name} in config/local/modules/{feed}.yaml,"
        f" then: python3 manage.py retry {feed}"
    )


def empty_columns(paths: Sequence[Path]) -> dict[str, bool]:
    """Return a table's columns, and of each whether no row has a value; a table without rows has no empty column."""
    found = [_empty_columns(path) for path in paths if pq.read_metadata(path).num_rows] or [_empty_columns(paths[0])]
    return {name: all(each[name] for each in found) for name in found[0]}


def _empty_columns(path: Path) -> dict[str, bool]:
    """The same of one file: by its footer, where that tells."""
    footer = pq.read_metadata(path)
    empty = dict.fromkeys(pq.read_schema(path).names, footer.num_rows > 0)
    unknown = set()
    for group in (footer.row_group(number) for number in range(footer.num_row_groups)):
        for leaf in (group.column(number) for number in range(group.num_columns)):
            name, told = leaf.path_in_schema.partition(".")[0], leaf.statistics
            if told is None or not told.has_null_count:
                unknown.add(name)
            elif told.null_count < leaf.num_values:
                empty[name] = False
    for name in unknown:
        values = pq.read_table(path, columns=[name]).column(name)
        empty[name] = len(values) > 0 and values.null_count == len(values)
    return empty
