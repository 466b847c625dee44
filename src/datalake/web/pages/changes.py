"""What changed in a feed's records: filtered, in pages; the list behind the counts of the other pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import abort, render_template, request, url_for

from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.web import asking, changelists, paging, records
from datalake.web.blueprint import blueprint
from datalake.web.changelists import ChangeFilter
from datalake.web.rows import FileRow
from datalake.web.rules import read_rules
from datalake.web.security import log_read, visitor
from datalake.web.site import this_site
from datalake.zones.paths import Lake

PAGE = 100
RECENT = 10  # on the feed's own page

Links = Mapping[tuple[str, str], str]  # (run id, feed) -> where the list of its changes is


@dataclass(frozen=True)
class Recent:
    """The newest changes of a feed; problem: why they cannot be read."""

    rows: Sequence[changelists.Changed] = ()
    problem: str = ""


@blueprint.get("/feeds/<name>/changes")
def changes(name: str) -> str:
    """What each published file changed."""
    lake = this_site().lake
    contract = read_rules(lake).of(name) or abort(404, "There is no such feed.")
    given = request.args.to_dict()
    wanted = _wanted(given)
    _, behind = paging.decode_change(given.get("after", ""))
    try:
        page = changelists.read(lake, contract, wanted, PAGE, behind, visitor())
        total = changelists.counted(lake, contract, wanted)
    except (DatalakeError, OSError) as error:
        abort(503, str(error))
    if records.closed_key(contract) and visitor().reads:
        log_read(f"changes of {name}")
    here = url_for("pages.changes", name=name)
    more = paging.encode([name, *page.next]) if page.next else ""
    csv = asking.with_changes(given, after="", feed=name, limit=asking.MOST)
    return render_template(
        "changes.html",
        contract=contract,
        page=page,
        total=total,
        given=given,
        linked=records.searchable(contract, visitor()),
        more=f"{here}?{asking.with_changes(given, after=more)}" if more else "",
        first=f"{here}?{asking.with_changes(given, after='')}" if behind else "",
        csv=f"{url_for('api.changes_csv')}?{csv}",
    )


def _wanted(given: Mapping[str, str]) -> ChangeFilter:
    days = asking.run_filter({name: given.get(name, "") for name in ("from", "to")})
    return ChangeFilter(days.first, days.last, asking.one_of(given, "kind", changelists.KINDS))


def recent(lake: Lake, contract: Contract) -> Recent:
    """Return a feed's newest changes."""
    try:
        return Recent(changelists.read(lake, contract, ChangeFilter(), RECENT, None, visitor()).rows)
    except (DatalakeError, OSError) as error:
        return Recent(problem=str(error))


def links(lake: Lake, files: Iterable[FileRow]) -> Links:
    """Given files that runs took, return by run and feed where the list of just its changes is."""
    days: dict[tuple[str, str], list[date]] = {}
    for each in files:
        if each.status == "published" and each.data_date:
            days.setdefault((each.run_id, each.feed), []).append(each.data_date)
    found = {key: changelists.days_of(lake, key[1], of_run) for key, of_run in days.items()}
    return {key: _link(key[1], *span) for key, span in found.items() if span}


def _link(feed: str, first: date, last: date) -> str:
    query = asking.with_changes({"from": first.isoformat(), "to": last.isoformat()})
    return f"{url_for('pages.changes', name=feed)}?{query}"
