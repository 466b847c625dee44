"""Whether the views can be made at all: cards that fit the feeds' rules, and SQL that binds. No data is read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from datalake.contracts.config import load_maps
from datalake.contracts.maps import MeaningMap
from datalake.contracts.model import Contract
from datalake.documents.nodes import Place, Problem, did_you_mean, listed, quoted
from datalake.errors import ConfigurationError
from datalake.settings import Settings
from datalake.views.card import VERSIONS, Source, View
from datalake.views.database import Database, SqlProblem
from datalake.views.load import load_views
from datalake.views.make import Order, check_columns, left_out, prepare, run_up_to_last
from datalake.views.measures import SCHEMA
from datalake.views.published import Published
from datalake.zones.paths import Lake

ANY_DAY = date(2000, 1, 1)
NOWHERE = Lake(Path("/nonexistent"))  # no feed has anything published there


def check_views(root: Path, contracts: Sequence[Contract], settings: Settings) -> tuple[View, ...]:
    """Return the views of an installation, sorted by name; raise ConfigurationError that holds every mistake."""
    known = {each.feed: each for each in contracts}
    maps = load_maps(root)
    problems: list[Problem] = []
    views = []
    for loaded in load_views(root):
        problems.extend(loaded.problems)
        if loaded.view is not None:
            problems.extend(view_problems(loaded.view, known, maps, settings))
            views.append(loaded.view)
    by_name = {each.name: each for each in views}
    problems += [problem for each in views for problem in _list_problems(each, by_name)]
    if problems:
        raise ConfigurationError(listed(problems))
    return tuple(views)


def _list_problems(view: View, views: Mapping[str, View]) -> Iterator[Problem]:
    for name, each in view.lists.items():
        listing = views.get(each.view)
        if listing is None:
            hint = did_you_mean(each.view, views)
            yield Problem(each.place, f"lists.{name}: there is no view {quoted(each.view)} that can be made.{hint}")
            continue
        for column in (*each.by, *each.only):
            if column not in listing.columns:
                hint = did_you_mean(column, listing.columns)
                yield Problem(each.place, f"lists.{name}: {each.view} has no column {quoted(column)}.{hint}")


def view_problems(
    view: View, contracts: Mapping[str, Contract], maps: Mapping[str, MeaningMap], settings: Settings
) -> list[Problem]:
    """Return what is wrong with a view whose card could be read."""
    if view.name in contracts or view.name in maps:
        return [
            Problem(Place(view.file, 0), f"{view.name} is a {'feed' if view.name in contracts else 'map'} already.")
        ]
    problems = [problem for source in view.sources for problem in _source_problems(view, source, contracts)]
    return problems or list(_sql_problems(view, Published(NOWHERE, contracts, {}, maps), settings))


def _source_problems(view: View, source: Source, contracts: Mapping[str, Contract]) -> Iterator[Problem]:
    if source.feed == VERSIONS:
        names: Sequence[str] = SCHEMA.names
    elif source.feed in contracts:
        names = contracts[source.feed].names
    else:
        hint = did_you_mean(source.feed, contracts)
        yield Problem(source.place, f"sources: there is no feed {quoted(source.feed)}.{hint}")
        return
    for name in source.columns:
        if name not in names:
            hint = did_you_mean(name, names)
            yield Problem(source.place, f"sources.{source.feed}: {source.feed} has no column {quoted(name)}.{hint}")


def _sql_problems(view: View, published: Published, settings: Settings) -> Iterator[Problem]:
    order = Order(view, published, ANY_DAY, settings, {}, SCHEMA.empty_table())
    with Database(1) as database:
        try:
            prepare(database, order)
            last = run_up_to_last(database, view)
            left_out(database, view)
            reader = database.rows(last)
            check_columns(reader.schema, view, last)
        except SqlProblem as problem:
            message = _not_on_the_card(problem.message, view, published.contracts) or problem.message
            yield Problem(Place(view.file, problem.line), message)


def _not_on_the_card(message: str, view: View, contracts: Mapping[str, Contract]) -> str:
    """What the lake has and the card does not name, the SQL cannot see; nothing where that is not the mistake."""
    table = re.match(r"Table with name (\w+) does not exist", message)
    if table and table[1] in contracts:
        return f"{table[1]} is not among the card's sources: add it there with the columns that the view needs."
    column = re.match(r'Referenced column "(\w+)" not found', message)
    feeds = [each.feed for each in view.sources if each.feed in contracts]
    holding = [feed for feed in feeds if column and column[1] in contracts[feed].names]
    return f"{column[1]} is not on the card: add it to what {holding[0]} needs." if column and holding else ""
