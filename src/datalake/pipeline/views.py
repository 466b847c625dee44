"""The last stage of a run: the report views are made of what is published now. None of them can fail the run."""

import logging
from collections.abc import Sequence
from datetime import date

from datalake.contracts.config import load_maps
from datalake.contracts.model import Contract
from datalake.pipeline import reasons
from datalake.pipeline.context import Context
from datalake.pipeline.expected import Expected, take_in
from datalake.pipeline.reported import drop_harmed, tell
from datalake.views import unknown
from datalake.views.refresh import NOT_UPDATED, UPDATED, Refreshed, refresh
from datalake.words import full_day
from datalake.zones import events

log = logging.getLogger("datalake.pipeline")


def report(run: Context, contracts: Sequence[Contract]) -> None:
    """Make the views whose sources have changed; a note names each that could not be."""
    with run.stage("views"):
        try:
            done = refresh(run.lake, run.settings, contracts, run.ledger.state, run.night)
        except Exception as problem:
            log.exception("views not updated")
            reason, fix = reasons.worded(problem)
            run.note("view", f"No view was updated: {reason} {fix}".strip())
            return
        _tell(run)
        _note_unknown(run, contracts)
    for each in done:
        if each.status == NOT_UPDATED and each.told:
            run.note("view", not_updated(each))


def _tell(run: Context) -> None:
    """What cannot be recorded now is by the next run: the views stay good."""
    try:
        tell(run.lake, run.ledger)
    except OSError as problem:
        run.note("view", f"Which views are shown could not be recorded: {problem.strerror}.")


def again(run: Context, contracts: Sequence[Contract]) -> list[str]:
    """Make anew the views that are missing, harmed, or of tables that have changed; return their names."""
    expected = Expected()
    for line in events.read(run.lake.events):
        take_in(expected, line.event or {})
    drop_harmed(run.lake, expected.views)
    done = refresh(run.lake, run.settings, contracts, run.ledger.state, run.night)
    tell(run.lake, run.ledger)
    return [each.view for each in done if each.status == UPDATED]


def _note_unknown(run: Context, contracts: Sequence[Contract]) -> None:
    """Tell of values that lead nowhere, of each feed where they have become more."""
    try:
        maps = load_maps(run.lake.root)
        found = unknown.look(run.lake, contracts, run.ledger.state, maps, run.settings.threads)
    except Exception:
        log.exception("unknown values were not looked for")
        return
    for feed in dict.fromkeys(each.feed for each in found):
        told = " ".join(unknown.sentence(each) for each in found if each.feed == feed)
        run.note("unknown", f"{told} The rows were loaded.", feed)


def not_updated(view: Refreshed) -> str:
    """Return what a note says of a view that could not be made."""
    return f"View {view.view} was not updated: {view.reason} {_shows(view.as_of)} {view.fix}".strip()


def _shows(as_of: date | None) -> str:
    return f"It still shows {full_day(as_of)}." if as_of else "There is nothing of it yet."
