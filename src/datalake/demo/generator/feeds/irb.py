"""The irb feed: studies, sites and studies under another board (huron-feeds.md 6.1; states of 1.1)."""

import numpy as np

from datalake.demo.generator.cells import (
    Column,
    Pool,
    blank_where,
    counted,
    days,
    moments,
    numbered,
    picked,
    pooled,
    yes_no,
)
from datalake.demo.generator.draws import Flags, Ints
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.identifiers import IRB_TYPES, irb_type, is_legacy, others, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import award_of_study, proposal_of_study
from datalake.demo.generator.people import person
from datalake.demo.generator.shared import short_title, status, summary, title
from datalake.demo.generator.words import SPONSORS
from datalake.demo.generator.world import Rows

_BEGIN = (Step("Pre-Submission", 12), Step("Pre-Review", 6, "submitted"))
_OFFICE = (*_BEGIN, Step("Non-Committee Review", 9, "reviewed"), Step("Post-Review", 3))
_BOARD = (*_BEGIN, Step("Clarification Requested", 8), Step("Committee Review", 16, "reviewed"))
_CHANGES = (Step("Modifications Required", 10), Step("Modifications Submitted", 4))
PATHS = Paths(
    [
        Path(6, (*_OFFICE, Step("Approved", 1100, "approved"), Step("Closed", 0, "closed"))),
        Path(5, (*_BOARD, *_CHANGES, Step("Approved", 900, "approved"), Step("Closed", 0, "closed"))),
        Path(2, (*_BEGIN, Step("Pending sIRB", 14), Step("External IRB", 0, "approved"))),
        Path(1, (*_BOARD, Step("Deferred", 0))),
        Path(1, (*_BOARD, Step("Disapproved", 0))),
        Path(1, (*_BEGIN, Step("Withdrawn", 0))),
        Path(1, (Step("Pre-Submission", 60), Step("Discarded", 0))),
    ]
)
REVIEWS = ("Exempt", "Expedited", "Expedited", "Full Board", "NHSR", "External")
CATEGORIES: list[list[str]] = [["2"], ["6", "7"], ["1", "6"], ["7"], ["4", "5", "7"]]


def _current_approval(rows: Rows) -> Ints:
    approved = rows.day_of("approved")
    return np.where(approved > 0, approved + _renewals(rows, approved) * 365, 0)


def _expires(rows: Rows) -> Ints:
    """The day a year after the last approval; none for exempt studies and for those never approved."""
    approved = rows.day_of("approved")
    exempt = rows.below("review", len(REVIEWS)) == 0
    return np.where((approved > 0) & ~exempt, approved + (_renewals(rows, approved) + 1) * 365, 0)


def _renewals(rows: Rows, approved: Ints) -> Ints:
    closed = rows.day_of("closed")
    return np.maximum(0, np.where(closed > 0, closed, rows.today) - approved) // 365


def _places(rows: Rows) -> Ints:
    return 10 + rows.below("places", 400)


def _enrolled(rows: Rows) -> Ints:
    return np.where(rows.day_of("approved") > 0, np.minimum(rows.edits * 3, _places(rows)), -1)


def _once_submitted(word: str, most: int) -> Column:
    def number(rows: Rows) -> Ints:
        return blank_where(rows.day_of("submitted") == 0, rows.below(word, most))

    return Column(word, "integer", counted(number))


def _trial(rows: Rows) -> Flags:
    return rows.chance("clinical trial", 0.2)


_PLACES = ("Figment", "Lantern", "Riverfog", "Thimble", "Quillmoor", "Vanterhart", "Ostervale")
BOARDS = ("NA", *(f"{place} {kind}" for place in _PLACES for kind in ("IRB", "Review Board")))


def _other_board(rows: Rows) -> Ints:
    """The board that reviews an external study; some offices type NA where none is known yet."""
    known = 1 + rows.below("board", len(BOARDS) - 1)
    board = np.where(rows.chance("board not known", 0.05), 0, known)
    return blank_where(irb_type(rows.world, rows.k) != IRB_TYPES.index("External IRB"), board)


def _old_number(rows: Rows) -> Ints:
    return blank_where(~is_legacy(rows.world, "irb", rows.k), 1000 + rows.k)


COLUMNS = (
    Column("protocol_id", "string", own, required=True),
    Column("record_type", "string", picked(Pool(IRB_TYPES), lambda rows: irb_type(rows.world, rows.k))),
    Column("study_title", "string", title("study"), required=True),
    Column("short_title", "string", short_title),
    Column("pi_name", "string", person("name"), required=True),
    Column("pi_person_id", "string", person("person_id")),
    Column("pi_email", "string", person("email")),
    Column("pi_department_code", "string", person("department_code"), width=7),
    Column("pi_department", "string", person("department")),
    Column("school", "string", person("school")),
    Column("status", "string", status, required=True),
    Column("review_type", "string", pooled("review", Pool(REVIEWS), blank=0.05)),
    Column("review_categories", "list", pooled("categories", Pool(CATEGORIES), blank=0.4)),
    Column("risk_level", "string", pooled("risk", Pool(["Minimal", "Minimal", "Greater than minimal"]), blank=0.1)),
    Column("committee", "string", pooled("committee", Pool(["IRB-01", "IRB-02", "IRB-03"]), blank=0.1)),
    Column("external_irb", "string", picked(Pool(BOARDS), _other_board)),
    Column("is_clinical_trial", "boolean", yes_no(_trial)),
    Column("nct_number", "string", numbered("NCT%08d", lambda rows: blank_where(~_trial(rows), 90_000_000 + rows.k))),
    Column("funding_ids", "list", others(("grants", award_of_study), ("grants_proposal", proposal_of_study))),
    Column("sponsors", "list", pooled("sponsors", Pool([[name] for name, _, _ in SPONSORS]), blank=0.5)),
    Column("date_submitted", "date", days(lambda rows: rows.day_of("submitted"))),
    Column("date_first_review", "date", days(lambda rows: rows.day_of("reviewed"))),
    Column("date_approved", "date", days(_current_approval)),
    Column("date_originally_approved", "date", days(lambda rows: rows.day_of("approved"))),
    Column("date_expires", "date", days(_expires)),
    Column("date_closed", "date", days(lambda rows: rows.day_of("closed"))),
    _once_submitted("irb_days", 60),
    _once_submitted("pi_days", 30),
    Column("enrollment_approved", "integer", counted(_places)),
    Column("enrolled", "integer", counted(_enrolled)),
    Column("summary", "text", summary(0.1)),
    Column("legacy_protocol_number", "string", numbered("%dE", _old_number)),
    Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second), required=True),
)

IRB = Feed(
    name="irb",
    file_name="IRB_PROTOCOL_{date}.csv",
    key="protocol_id",
    paths=PATHS,
    columns=COLUMNS,
    aliases={"protocol_id": ("irb_number",), "pi_name": ("principal_investigator",), "status": ("current_state",)},
    original=("protocol_id", "study_title", "pi_name", "status", "last_updated"),
)
