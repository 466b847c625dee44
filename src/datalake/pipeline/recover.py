"""What an earlier run left undone, put right before anything new begins. Doing it twice does nothing more."""

from collections.abc import Sequence

from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.pipeline.context import Context
from datalake.pipeline.filing import compact
from datalake.pipeline.publish import prune, supersede
from datalake.pipeline.replay import APART
from datalake.zones import curated, history
from datalake.zones.claims import clear_empty_claims
from datalake.zones.files import remove_leftovers, remove_tree
from datalake.zones.rebuild import rebuild
from datalake.zones.state import QUEUED


def recover(run: Context, contracts: Sequence[Contract]) -> None:
    """Clear away torn work, and bring events and published tables together again; notes say what was found."""
    remove_leftovers(run.lake.raw_zone / ".drafts")
    remove_leftovers(run.lake.metadata)
    remove_tree(run.lake.data / APART)
    remove_leftovers(run.lake.data)
    clear_empty_claims(run.lake)
    _restore(run)
    for contract in contracts:
        _heal(run, contract)
        supersede(run, contract)


def _restore(run: Context) -> None:
    for remark in run.ledger.remarks:
        run.note("recovered", f"{remark}.")
    if run.ledger.empty:
        feeds = rebuild(run.lake, run.ledger)
        if feeds:
            run.note(
                "recovered", f"The record of deliveries was lost; made again from the files of {', '.join(feeds)}."
            )


def _heal(run: Context, contract: Contract) -> None:
    """A run killed between the swap and its event has published: the event is made up for from version.json."""
    feed = contract.feed
    try:
        shown = curated.current(run.lake, feed)
    except DatalakeError:
        return  # the feed's own part of the run says so
    state = run.ledger.feed(feed)
    if run.lake.curated(feed).is_dir():
        curated.tidy(run.lake, feed, shown)
        history.tidy(run.lake, feed, shown.seq if shown else 0, state.lists)
    if shown and shown.seq > state.seq:
        run.ledger.record("published", feed, shown.facts)
        run.note("recovered", f"{feed} had been published by a run that was killed just then.", feed)
    if shown:
        prune(run, contract)
        compact(run, contract)
    unfinished = [each.name for each in run.ledger.feed(feed).resumed if each.status != QUEUED]
    if unfinished:
        names = ", ".join(unfinished)
        run.note("recovered", f"An earlier run did not finish with {names}; it is taken up again.", feed)
