"""The grants feed: awards (huron-feeds.md 6.2; states of 1.2)."""

from dataclasses import replace

import numpy as np

from datalake.demo.generator.cells import (
    Cells,
    Column,
    Pool,
    blank_where,
    days,
    moments,
    numbered,
    picked,
    pooled,
    yes_no,
)
from datalake.demo.generator.draws import Flags, Ints
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.identifiers import is_legacy, other, others, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import animals_of_award, parent_award, proposal_of_award, study_of_award
from datalake.demo.generator.people import department_of_its_own, person
from datalake.demo.generator.shared import money, sponsor, status, title
from datalake.demo.generator.world import Rows

_BEGIN = (Step("Draft", 6), Step("Designated Review", 8))
_SLOW = (*_BEGIN, Step("Designated Review - Response Pending", 7), Step("Final Review", 6))
PATHS = Paths(
    [
        Path(8, (*_BEGIN, Step("Final Review", 5), Step("Active", 1000, "activated"), Step("Closed", 0))),
        Path(3, (*_SLOW, Step("Active", 700, "activated"), Step("Closed", 0))),
        Path(1, (*_BEGIN, Step("Final Review", 5), Step("Active", 300, "activated"), Step("Terminated", 0))),
        Path(1, (*_BEGIN, Step("Withdrawn", 0))),
    ]
)
LISTINGS = ("93.855", "93.859", "47.070", "47.050", "81.049", "84.305", "12.420")  # text: the last zero counts
TYPES = ("Grant", "Grant", "Contract", "Cooperative Agreement", "Fellowship", "Clinical Trial", "Other")
ACTIVITIES = ("Research", "Research", "Training", "Instruction", "Public Service", "Other Sponsored")
PRIMES = ("Dept. of Energy", "National Science Foundation", "Figment Devices LLC")


def _starts(rows: Rows) -> Ints:
    return rows.created + 30 + rows.below("start", 120)


def _ends(rows: Rows) -> Ints:
    return _starts(rows) + 365 * (1 + rows.below("years", 5)) - 1


def _account(rows: Rows) -> Ints:
    return blank_where(rows.day_of("activated") == 0, 9_500_000_000 + rows.k)


def _itself_if_old(rows: Rows) -> Ints:
    return blank_where(~is_legacy(rows.world, "grants", rows.k), rows.k)


def _yes_at(word: str, rate: float) -> Column:
    return Column(word, "boolean", yes_no(lambda rows: rows.chance(word, rate)))


COLUMNS = (
    Column("award_id", "string", own, required=True),
    Column("parent_award_id", "string", other("grants", parent_award)),
    Column("award_title", "string", title("award")),
    Column("status", "string", status, required=True),
    Column("sponsor", "string", sponsor("name"), required=True),
    Column("sponsor_id", "string", sponsor("id"), width=6),
    Column("sponsor_type", "string", sponsor("type")),
    Column("prime_sponsor", "string", pooled("prime", Pool(PRIMES), blank=0.8)),
    Column("sponsor_award_number", "string", numbered("5X01ZZ%06d-02", lambda rows: rows.k % 1_000_000)),
    Column("pi_name", "string", person("name"), required=True),
    Column("pi_person_id", "string", person("person_id")),
    Column("pi_department_code", "string", person("department_code"), width=7),
    Column("award_department_code", "string", department_of_its_own(), width=7),
    Column("school", "string", person("school")),
    Column("award_type", "string", pooled("type", Pool(TYPES))),
    Column("activity_type", "string", pooled("activity", Pool(ACTIVITIES))),
    Column("amount", "number", money("amount"), required=True),
    Column("direct_amount", "number", money("direct", 0.02)),
    Column("indirect_amount", "number", money("indirect", 0.02)),
    Column("obligated_amount", "number", money("obligated", 0.1)),
    Column("anticipated_amount", "number", money("anticipated", 0.1)),
    Column("cost_share_amount", "number", money("cost_share", 0.3)),
    Column("fa_rate", "number", money("rate", 0.05)),
    Column("fa_base", "string", pooled("base", Pool(["MTDC", "TDC", "S&W"]))),
    Column("start_date", "date", days(_starts)),
    Column("end_date", "date", days(_ends)),
    Column("funds_activated_date", "date", days(lambda rows: rows.day_of("activated"))),
    Column("assistance_listing", "string", pooled("listing", Pool(LISTINGS), blank=0.2)),
    Column("funding_proposal_ids", "list", others(("grants_proposal", proposal_of_award))),
    Column("irb_protocol_ids", "list", others(("irb", study_of_award))),
    Column("iacuc_protocol_ids", "list", others(("iacuc", animals_of_award))),
    Column("human_subjects", "boolean", yes_no(lambda rows: np.asarray(study_of_award(rows) >= 0))),
    Column("animals", "boolean", yes_no(lambda rows: np.asarray(animals_of_award(rows) >= 0))),
    _yes_at("cui_flag", 0.02),
    _yes_at("export_control", 0.05),
    Column("account_number", "string", numbered("%d", _account)),
    _yes_at("university_reportable", 0.95),
    Column("legacy_award_number", "string", other("grants", _itself_if_old)),
    Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second)),
)

# --- one row per allocation ---------------------------------------------------------------------------------------

_EACH_ITS_OWN = ("amount", "direct_amount", "indirect_amount", "account_number")


def _is_second(rows: Rows) -> Flags:
    """Every tenth record is a further allocation of the award before it."""
    return np.asarray(rows.k % 10 == 9)


def _of_the_award(column: Column) -> Column:
    def make(rows: Rows) -> Cells:
        award = np.where(_is_second(rows), rows.k - 1, rows.k)
        return column.make(Rows(rows.world, rows.feed, rows.paths, rows.night, award))

    return replace(column, make=make)


_ALLOCATION = Column("allocation_id", "string", picked(Pool(["A0001", "A0002"]), lambda r: _is_second(r).astype(int)))
ALLOCATED = tuple(each if each.name in _EACH_ITS_OWN else _of_the_award(each) for each in COLUMNS)

GRANTS = Feed(
    name="grants",
    file_name="GRANTS_{date}.csv",
    key="award_id",
    paths=PATHS,
    columns=COLUMNS,
    aliases={"award_id": ("award_number",), "amount": ("total_amount",), "status": ("current_state",)},
    layouts={"allocations": (ALLOCATED[0], _ALLOCATION, *ALLOCATED[1:])},
    original=("award_id", "sponsor", "pi_name", "amount", "status"),
)
