"""The edge to what is published: which files a reader of a feed or a view sees now, and which columns are masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from datalake.contracts.model import Contract
from datalake.views import shelf
from datalake.views.load import Loaded, load_views
from datalake.web.access import HIDDEN_CLASSES
from datalake.web.figures.grid import Column
from datalake.zones import curated
from datalake.zones.paths import Lake

LAKE_COLUMNS = {
    "_source_file": "The file that brought the row",
    "_source_line": "Its line in that file",
    "_data_date": "The data date of that file",
    "_delivery": "The first digits of that file's sha256",
}
COUNTS = ("bool", "int64")  # types of view columns that are no values of records


@dataclass(frozen=True)
class Published:
    """One version on disk: its files, its columns, and how strict their classes are at most."""

    paths: list[Path]
    version: str
    columns: list[Column]
    hidden: list[str] = field(default_factory=list)  # that a viewer may not see


def published_table(lake: Lake, contract: Contract, reads: bool) -> Published | None:
    """Given a feed's rules, return what is published of it; None where nothing is. Raises DatalakeError if damaged."""
    version = curated.current(lake, contract.feed)
    if version is None:
        return None
    paths = curated.table_paths(version.folder, contract.feed)
    classes = {each.name: each.classification in HIDDEN_CLASSES for each in contract.columns}
    about = {each.name: each.description for each in contract.columns} | LAKE_COLUMNS
    names = _names(paths[0])
    hidden = [name for name in names if classes.get(name, False)]
    columns = [Column(name, about.get(name, ""), name in hidden and not reads) for name in names]
    return Published(paths, version.name, columns, hidden)


def _names(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    names: list[str] = pq.read_schema(path).names
    return names


@dataclass(frozen=True)
class ViewState:
    """One report view: its card (None: never made), and why it is not what it should be."""

    name: str
    title: str
    card: Mapping[str, Any] | None
    reason: str = ""
    fix: str = ""
    closed: frozenset[str] = frozenset()  # feed.column, of which whoever asks may not see the values


def views(lake: Lake) -> list[ViewState]:
    """Return every view that has a file, with how it stands."""
    return [_view_state(lake, each) for each in load_views(lake.root)]


def _view_state(lake: Lake, loaded: Loaded) -> ViewState:
    stands = shelf.standing(lake, loaded.name)
    wrong = stands.not_updated
    title = loaded.view.title if loaded.view else loaded.name
    if loaded.problems:
        return ViewState(loaded.name, title, stands.card, str(loaded.problems[0]), "python3 manage.py check")
    return ViewState(loaded.name, title, stands.card, wrong.reason if wrong else "", wrong.fix if wrong else "")


def view(lake: Lake, name: str, contracts: Sequence[Contract], reads: bool) -> ViewState | None:
    """Return one view for somebody who reads closed columns or not, None where there is no such file."""
    found = next((each for each in views(lake) if each.name == name), None)
    return replace(found, closed=frozenset() if reads else _closed(contracts)) if found else None


def _closed(contracts: Sequence[Contract]) -> frozenset[str]:
    columns = ((contract.feed, each) for contract in contracts for each in contract.columns)
    return frozenset(f"{feed}.{each.name}" for feed, each in columns if each.classification in HIDDEN_CLASSES)


def view_table(lake: Lake, state: ViewState, contracts: Sequence[Contract], reads: bool) -> Published | None:
    """Given a view, return its rows' files; None where it was never made. Raises DatalakeError if damaged."""
    version = shelf.shown(lake, state.name)
    if version is None or state.card is None:
        return None
    hidden = _hidden(state.card, contracts)
    columns = [
        Column(each["name"], each["what"], each["name"] in hidden and not reads) for each in state.card["columns"]
    ]
    return Published([curated.table_path(version.folder, state.name)], version.name, columns, hidden)


def lists(lake: Lake, state: ViewState, contracts: Sequence[Contract], reads: bool) -> dict[str, Mapping[str, Any]]:
    """Return what of a view's card says where its numbers' records are; nothing of what the visitor may not ask for."""
    named: dict[str, Mapping[str, Any]] = dict(state.card.get("lists", {})) if state.card else {}
    can_be_asked = {
        name: _open_columns(lake, name, contracts, reads) for name in {each["view"] for each in named.values()}
    }
    return {name: each for name, each in named.items() if {*each["by"], *each["only"]} <= can_be_asked[each["view"]]}


def _open_columns(lake: Lake, name: str, contracts: Sequence[Contract], reads: bool) -> set[str]:
    listing = view(lake, name, contracts, reads)
    table = view_table(lake, listing, contracts, reads) if listing else None
    return {each.name for each in table.columns if not each.hidden} if table else set()


def records(columns: Sequence[Column], feeds: Sequence[str], contracts: Sequence[Contract]) -> dict[str, str]:
    """Return the columns that name a record, each with its feed; one that could be of two feeds is none."""
    keys = [(each.primary_key[0], each.feed) for each in contracts if each.feed in feeds and len(each.primary_key) == 1]
    names = [name for name, _ in keys]
    visible = {each.name for each in columns if not each.hidden}
    return {name: feed for name, feed in keys if names.count(name) == 1 and name in visible}


def _hidden(card: Mapping[str, Any], contracts: Sequence[Contract]) -> list[str]:
    """Of a view of confidential records a viewer sees what is counted, and columns that are open in its sources."""
    if card["classification"] not in HIDDEN_CLASSES:
        return []
    feeds = {each["feed"] for each in card["sources"]}
    sources = [column for contract in contracts if contract.feed in feeds for column in contract.columns]
    closed = {each.name for each in sources if each.classification in HIDDEN_CLASSES}
    open_columns = {each.name for each in sources} - closed
    seen = open_columns | {
        each["name"] for each in card["columns"] if each["type"] in COUNTS and each["name"] not in closed
    }
    return [each["name"] for each in card["columns"] if each["name"] not in seen]
