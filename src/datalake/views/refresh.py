"""Which views must be made anew, and making them: each for itself, so that one that fails never stops another.

Whether a view is due is seen from what it was made from last; Arrow and DuckDB are loaded only where one is.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from datalake.contracts.config import load_maps
from datalake.contracts.maps import MeaningMap
from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.settings import Settings
from datalake.views import shelf
from datalake.views.card import VERSIONS, View
from datalake.views.load import Loaded, load_views
from datalake.views.shelf import NotUpdated
from datalake.zones.paths import Lake
from datalake.zones.state import FeedState

if TYPE_CHECKING:
    from datalake.views.published import Published

UPDATED, UNCHANGED, NOT_UPDATED = "updated", "unchanged", "not_updated"
CORRECT = "Correct it; python3 manage.py check tells whether it is right."
log = logging.getLogger("datalake.views")


@dataclass(frozen=True)
class Refreshed:
    """What became of one view. as_of: the day of what readers see now, None where there is nothing."""

    view: str
    status: str  # updated unchanged not_updated
    as_of: date | None = None
    reason: str = ""
    fix: str = ""
    told: bool = True  # false: nothing new in it, and nothing that anybody looks at is old


@dataclass(frozen=True)
class Night:
    """What the views of a night are made from."""

    lake: Lake
    settings: Settings
    contracts: Mapping[str, Contract]
    states: Mapping[str, FeedState]
    night: date
    maps: Mapping[str, MeaningMap]


def refresh(
    lake: Lake, settings: Settings, contracts: Sequence[Contract], states: Mapping[str, FeedState], night: date
) -> list[Refreshed]:
    """Make the views whose sources, files, maps or settings have changed since; return what came of every one."""
    by_name = {each.feed: each for each in contracts if each.status != "retired"}
    tonight = Night(lake, settings, by_name, states, night, load_maps(lake.root))
    maker = _Maker(tonight)
    return [_one(tonight, maker, each) for each in load_views(lake.root)]


def _one(tonight: Night, maker: "_Maker", loaded: Loaded) -> Refreshed:
    inputs: dict[str, Any] = {}
    try:
        if loaded.view is None:
            raise DatalakeError(f"{loaded.problems[0]}", CORRECT)
        inputs = inputs_of(tonight, loaded.view)
        before = shelf.shown(tonight.lake, loaded.name)
        if before and before.facts["inputs"] == inputs:
            shelf.say_updated(tonight.lake, loaded.name)
            return Refreshed(loaded.name, UNCHANGED, date.fromisoformat(before.facts["as_of"]))
        why = (
            _failed_before(tonight, loaded.name, inputs)
            or _never_loaded(tonight, loaded.view, inputs)
            or maker.make(loaded.view, inputs)
        )
    except Exception as problem:
        log.exception("view=%s not updated", loaded.name)
        reason, fix = _worded(problem)
        why = NotUpdated(reason, fix)
    if why:
        return _not_updated(tonight, loaded, replace(why, night=why.night or tonight.night.isoformat()))
    shelf.say_updated(tonight.lake, loaded.name)
    log.info("view=%s updated as_of=%s", loaded.name, tonight.night)
    return Refreshed(loaded.name, UPDATED, tonight.night)


def _failed_before(tonight: Night, name: str, inputs: Mapping[str, Any]) -> NotUpdated | None:
    """What cannot be made of these inputs cannot be made of them tonight either."""
    why = shelf.not_updated(tonight.lake, name)
    return why if why and why.inputs == inputs else None


def _not_updated(tonight: Night, loaded: Loaded, why: NotUpdated) -> Refreshed:
    """Keep why; what never was there and is missing for the same reason as before need not be said again."""
    earlier = shelf.standing(tonight.lake, loaded.name)
    known = earlier.not_updated
    shelf.say_not_updated(tonight.lake, loaded.name, why)
    new = known is None or known.reason != why.reason
    told = earlier.as_of is not None or (new and not why.quiet)
    return Refreshed(loaded.name, NOT_UPDATED, earlier.as_of, why.reason, why.fix, told)


def _never_loaded(tonight: Night, view: View, inputs: Mapping[str, Any]) -> NotUpdated | None:
    """A view is not there because a feed of it never came: no news, nobody's fault, and no reason to load Arrow."""
    if VERSIONS in view.feeds:
        never = [] if any(shown[0] for shown in inputs["sources"].values()) else ["any feed"]
    else:
        feeds = [each.feed for each in view.sources if not each.optional and each.feed in tonight.contracts]
        never = [each for each in feeds if not _state(tonight, each).version]
    reason = f"No file of {' and '.join(never)} has been loaded yet."
    return NotUpdated(reason, inputs=inputs, quiet=True) if never else None


class _Maker:
    """Makes views, with what they share looked up once."""

    def __init__(self, tonight: Night) -> None:
        self._tonight = tonight
        self._published: Published | None = None

    def make(self, view: View, inputs: Mapping[str, Any]) -> NotUpdated | None:
        """Make a view; return why it cannot be made of these inputs, or nothing."""
        from datalake.views.database import SqlProblem
        from datalake.views.make import Order, make
        from datalake.views.published import Published, lacking

        tonight = self._tonight
        published = self._published = self._published or Published(
            tonight.lake, tonight.contracts, tonight.states, tonight.maps
        )
        for source in view.sources:
            reason, fix = ("", "") if source.feed == VERSIONS else lacking(published, source)
            if reason:
                # no news while the view was never there: a feed may well come in a layout without that column
                return NotUpdated(f"{reason}.", fix, inputs=inputs, quiet=True)
        versions = self._versions(published) if VERSIONS in view.feeds else None
        try:
            make(Order(view, published, tonight.night, tonight.settings, inputs, versions))
        except SqlProblem as problem:
            where = f"{view.file}:{problem.line}" if problem.line else view.file
            return NotUpdated(f"{where}: {problem.message}", CORRECT, inputs=inputs)
        return None

    def _versions(self, published: "Published") -> Any:
        from datalake.views.measures import feed_versions

        prints = {name: each.fingerprint for name, each in self._tonight.maps.items()}
        return feed_versions(published, prints, self._tonight.settings.threads)


def inputs_of(tonight: Night, view: View) -> dict[str, Any]:
    """Return all that a view depends on, as JSON values: what changes none of them changes no row of it."""
    all_feeds = VERSIONS in view.feeds
    feeds = sorted(tonight.contracts) if all_feeds else sorted(view.feeds)
    contracts = [tonight.contracts[each] for each in feeds if each in tonight.contracts]
    maps = {column.map for contract in contracts for column in contract.columns if column.map}
    maps |= {name for name in tonight.maps if f"{name}(" in view.code}
    return {
        "file": view.fingerprint,
        "sources": {each: _shown(_state(tonight, each)) for each in feeds},
        "maps": {name: tonight.maps[name].fingerprint for name in sorted(maps & set(tonight.maps))},
        "fiscal_year_start_month": tonight.settings.fiscal_year_start_month,
    }


def _state(tonight: Night, feed: str) -> FeedState:
    return tonight.states.get(feed) or FeedState(feed)


def _shown(state: FeedState) -> list[str]:
    version, *tables = state.table
    return [version, state.as_of.isoformat() if state.as_of else "", *tables]


def _worded(problem: Exception) -> tuple[str, str]:
    if isinstance(problem, DatalakeError):
        return problem.message, problem.fix
    return f"{type(problem).__name__}: {problem}", "logs/cron_etl.log has the traceback."
