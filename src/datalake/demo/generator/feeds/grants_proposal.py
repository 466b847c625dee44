"""The grants_proposal feed: funding proposals until the sponsor's answer (huron-feeds.md 6.2, states of 1.2)."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from datalake.demo.generator.cells import Column, Pool, blank_where, days, moments, pooled, yes_no
from datalake.demo.generator.draws import Ints
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.identifiers import is_legacy, other, others, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import award_of_proposal, coming_award
from datalake.demo.generator.people import department_of_its_own, person
from datalake.demo.generator.shared import money, sponsor, status, title
from datalake.demo.generator.world import Rows

_BEGIN = (
    Step("Draft", 20),
    Step("Department Review", 10),
    Step("Specialist Review", 8),
    Step("Final SPO Review", 4),
)
LEADS_TO_AWARD = 0  # the path of proposals that have, or will have, an award
DAYS_TO_AWARD = 190


def _pending(days: int) -> Step:
    return Step("Pending Sponsor Review", days, "submitted")


PATHS = Paths(
    [
        Path(0, (*_BEGIN, _pending(DAYS_TO_AWARD - 42), Step("Awarded", 0, "decided"))),
        Path(5, (*_BEGIN, _pending(200), Step("Not Funded", 0, "decided"))),
        Path(2, (*_BEGIN, _pending(120), Step("JIT Changes Required", 25), Step("Award Anticipated", 0))),
        Path(1, (*_BEGIN[:2], Step("Department Review: Response Pending", 9), Step("Withdrawn", 0, "decided"))),
    ]
)
KINDS = ("New", "New", "Renewal", "Resubmission", "Revision")
OPPORTUNITIES = ("PAR-99-001", "RFA-ZZ-99-002", "XYZ 99-510")


class ProposalRows(Rows):
    """Proposals: one that leads to an award was begun the right time before it."""

    @cached_property
    def _award(self) -> Ints:
        return coming_award(self)

    @cached_property
    def created(self) -> Ints:
        award = Rows(self.world, "grants", self.paths, self.night, np.maximum(self._award, 0)).created
        before = award - DAYS_TO_AWARD - self.below("hand over", 20)
        return np.where(self._award >= 0, before, super().created)

    @cached_property
    def path(self) -> Ints:
        return np.where(self._award >= 0, LEADS_TO_AWARD, super().path)

    @cached_property
    def pace(self) -> NDArray[np.float64]:
        return np.where(self._award >= 0, 1.0, super().pace)


def _after_submission(word: str, first: int, most: int) -> Column:
    def day(rows: Rows) -> Ints:
        submitted = rows.day_of("submitted")
        return np.where(submitted > 0, submitted + first + rows.below(word, most), 0)

    return Column(word, "date", days(day))


def _itself_if_old(rows: Rows) -> Ints:
    return blank_where(~is_legacy(rows.world, "grants_proposal", rows.k), rows.k)


def _requested_end(rows: Rows) -> Ints:
    submitted = rows.day_of("submitted")
    start = submitted + 120 + rows.below("requested_start", 90)
    return np.where(submitted > 0, start + 365 * (1 + rows.below("years", 5)) - 1, 0)


GRANTS_PROPOSAL = Feed(
    name="grants_proposal",
    file_name="GRANTS_PROPOSAL_{date}.csv",
    key="proposal_id",
    paths=PATHS,
    rows=ProposalRows,
    columns=(
        Column("proposal_id", "string", own, required=True, width=8),
        Column("title", "string", title("project"), required=True),
        Column("status", "string", status, required=True),
        Column("pi_name", "string", person("name"), required=True),
        Column("pi_person_id", "string", person("person_id")),
        Column("pi_department_code", "string", person("department_code"), width=7),
        Column("proposal_department_code", "string", department_of_its_own(), width=7),
        Column("sponsor", "string", sponsor("name")),
        Column("sponsor_type", "string", sponsor("type")),
        Column("prime_sponsor", "string", pooled("prime", Pool(["Dept. of Energy", "NSF"]), blank=0.85)),
        Column("proposal_type", "string", pooled("kind", Pool(KINDS))),
        Column("submitted_date", "date", days(lambda rows: rows.day_of("submitted"))),
        _after_submission("sponsor_deadline", 0, 10),
        _after_submission("requested_start", 120, 90),
        Column("requested_end", "date", days(_requested_end)),
        Column("total_direct", "number", money("direct", 0.02)),
        Column("total_indirect", "number", money("indirect", 0.02)),
        Column("total_amount", "number", money("amount")),
        Column("original_total_amount", "number", money("anticipated", 0.1)),
        Column("fa_rate", "number", money("rate", 0.05)),
        Column("cost_share_amount", "number", money("cost_share", 0.3)),
        Column("human_subjects", "boolean", yes_no(lambda rows: rows.chance("humans", 0.3))),
        Column("animals", "boolean", yes_no(lambda rows: rows.chance("animals", 0.2))),
        Column("opportunity_number", "string", pooled("opportunity", Pool(OPPORTUNITIES), blank=0.3)),
        Column("decision_date", "date", days(lambda rows: rows.day_of("decided"))),
        Column("award_ids", "list", others(("grants", award_of_proposal))),
        Column("legacy_proposal_number", "string", other("grants_proposal", _itself_if_old), width=8),
        Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second), required=True),
    ),
)
