"""All feeds, and one feed: what it shows, how it went, and its rules in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import abort, render_template

from datalake import freshness
from datalake.views.unknown import kept, sentence
from datalake.web import columns, outcome_queries, records
from datalake.web.blueprint import blueprint
from datalake.web.figures.columns import ColumnChange
from datalake.web.figures.feed import feed_chart
from datalake.web.figures.feeds import Feed, duties
from datalake.web.figures.rules import in_words
from datalake.web.known import Now, look
from datalake.web.pages import changes
from datalake.web.record import Record, ask
from datalake.web.rows import FeedRow, FileRow
from datalake.web.security import visitor
from datalake.web.site import Site, this_site
from datalake.zones.paths import Lake

SPARK = 30  # outcomes of a feed in its line
HISTORY = 90  # outcomes on a feed's own page
FILES = 14
COLUMN_CHANGES = 20

History = dict[str, list[FeedRow]]


@dataclass(frozen=True)
class OneFeed:
    """One feed's outcomes and files, newest first."""

    now: Now
    feed: Feed
    history: list[FeedRow]
    files: list[FileRow]


def histories(record: Record, feeds: Sequence[Feed]) -> History:
    """Return the last outcomes of each feed, newest first."""
    return {feed.name: outcome_queries.history_of_feed(record.connection, feed.name, SPARK) for feed in feeds}


@blueprint.get("/feeds")
def feeds() -> str:
    """All feeds."""
    site = this_site()
    now, history, files = ask(site.lake, lambda record: _all(site, record))
    links = changes.links(site.lake, files)
    return render_template("feeds.html", now=now, history=history, links=links, duties=duties(now.feeds))


def _all(site: Site, record: Record) -> tuple[Now, History, list[FileRow]]:
    now = look(site, record)
    return now, histories(record, now.feeds), files_of(record, now.feeds)


def files_of(record: Record, feeds: Sequence[Feed]) -> list[FileRow]:
    """Return the files of each feed's last outcome."""
    last = {feed.row.run_id for feed in feeds if feed.row}
    return outcome_queries.files_of_runs(record.connection, last)


@blueprint.get("/feeds/<name>")
def feed(name: str) -> str:
    """One feed."""
    site = this_site()
    shown = ask(site.lake, lambda record: _one(site, record, name))
    if shown is None:
        abort(404, "There is no such feed.")
    contract, lake = shown.feed.contract, site.lake
    return render_template(
        "feed.html",
        shown=shown,
        links=changes.links(lake, shown.files),
        recent=changes.recent(lake, contract) if contract else None,
        linked=contract is not None and records.searchable(contract, visitor()),
        columns=_columns(lake, name),
        not_taken=columns.not_taken(lake, name),
        now=shown.now,
        feed=shown.feed,
        contract=contract,
        duties=duties([shown.feed]),
        words=in_words(contract) if contract else None,
        most_files=FILES,
        old_after=freshness.limit_of(contract) if contract else None,
        chart=feed_chart(shown.history),
        unknown=[sentence(each) for each in kept(site.lake) if each.feed == name],
    )


def _one(site: Site, record: Record, name: str) -> OneFeed | None:
    now = look(site, record)
    found = next((feed for feed in now.feeds if feed.name == name), None)
    if found is None:
        return None
    history = outcome_queries.history_of_feed(record.connection, name, HISTORY)
    return OneFeed(now, found, history, outcome_queries.files_of_feed(record.connection, name, 2 * HISTORY))


@dataclass(frozen=True)
class Columns:
    """When a feed's columns changed, newest first; problem: why that cannot be told."""

    rows: Sequence[ColumnChange] = ()
    problem: str = ""


def _columns(lake: Lake, feed: str) -> Columns:
    try:
        return Columns(columns.changes_of(lake, feed)[:COLUMN_CHANGES])
    except OSError as error:
        return Columns(problem=f"The events of the lake cannot be read ({error}).")
