"""One record: what each file changed in it, night by night, with source file and line; and a box to find it."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.web import asking, records
from datalake.web.blueprint import blueprint
from datalake.web.rules import read_rules
from datalake.web.security import log_read, visitor
from datalake.web.site import this_site


@blueprint.get("/record")
def record() -> BaseResponse | str:
    """Find a record, or show one: ?q=what was typed, or ?feed=irb&key=STUDY00001234."""
    rules = read_rules(this_site().lake)
    known = [each for each in rules.contracts if records.searchable(each, visitor())]
    given = request.args.to_dict()
    feed, key, typed = (asking.text(given, name).strip() for name in ("feed", "key", "q"))
    if key:
        return _one(known, feed, key)
    wanted = [each for each in known if not feed or each.feed == feed]
    found = _found(wanted, typed) if typed else []
    if len(found) == 1 or (found and found[0][1].lower() == typed.lower() and found[1][1].lower() != typed.lower()):
        return redirect(url_for("pages.record", feed=found[0][0], key=found[0][1]))
    return render_template("record.html", known=known, found=found, typed=typed, feed=feed, problem=rules.problem)


def _found(contracts: list[Contract], typed: str) -> list[tuple[str, str]]:
    """Published records first; where there is none, one of just that key that is no longer published."""
    lake = this_site().lake
    try:
        return records.find(lake, contracts, typed) or [(each.feed, typed) for each in contracts if _known(each, typed)]
    except (DatalakeError, OSError) as error:
        abort(503, str(error))


def _known(contract: Contract, key: str) -> bool:
    told = records.history_of(this_site().lake, contract, key, visitor())
    return bool(told.changes or told.rejections)


def _one(known: list[Contract], feed: str, key: str) -> str:
    contract = next((each for each in known if each.feed == feed), None)
    if contract is None:
        abort(404, "There is no such feed, or its key is masked for you.")
    try:
        told = records.history_of(this_site().lake, contract, key, visitor())
    except (DatalakeError, OSError) as error:
        abort(503, str(error))
    if not (told.changes or told.rejections or told.now):
        abort(404, f"No file of {feed} has ever held the record {key}.")
    if visitor().reads:
        log_read(f"record {key} of {feed}")
    return render_template("one_record.html", contract=contract, told=told, known=known)
