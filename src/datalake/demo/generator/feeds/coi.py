"""The coi feed: certifications of interests, by person and project (huron-feeds.md 6.4, states of 1.4)."""

import numpy as np

from datalake.demo.generator.cells import Column, Pool, blank_where, days, moments, numbered, picked, pooled, yes_no
from datalake.demo.generator.draws import Flags, Ints
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.identifiers import BASE, others, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import award_of_certification, proposal_of_certification
from datalake.demo.generator.people import person, person_number
from datalake.demo.generator.shared import status
from datalake.demo.generator.world import Rows

_BEGIN = (Step("Action Required", 12, "required"), Step("Initial Review", 8, "submitted"))
_DONE = Step("Review Complete", 0, "completed")
PATHS = Paths(
    [
        Path(7, (*_BEGIN, Step("Final Review", 4), _DONE)),
        Path(2, (*_BEGIN, Step("Clarification Requested", 9), Step("Committee Review", 20), _DONE)),
        Path(1, (*_BEGIN, Step("Committee Review", 15), Step("Awaiting Discloser Acceptance", 10), _DONE)),
        Path(1, (Step("Action Required", 0, "required"),)),
    ]
)
TYPES = ("Annual", "Research", "Research", "Pre-Approval")
INTERESTS = ("Equity", "Consulting", "Board Seat", "Royalties", "Travel")
_AWARD = ("grants", award_of_certification)
BANDS = ("$0-$4,999", "$5,000-$9,999", "$10,000-$19,999", "Over $20,000")
DETERMINATIONS = ("No Conflict", "No Conflict", "No Conflict", "Managed", "Conflict Eliminated", "Not Permitted")


def _interested(rows: Rows) -> Flags:
    return rows.chance("interest", 0.15)


def _when_interested(name: str, options: tuple[str, ...]) -> Column:
    def number(rows: Rows) -> Ints:
        return blank_where(~_interested(rows), rows.below(name, len(options)))

    return Column(name, "string", picked(Pool(options), number))


def _determined(rows: Rows) -> Ints:
    return blank_where(rows.day_of("completed") == 0, rows.below("determination", len(DETERMINATIONS)))


def _planned(rows: Rows) -> Ints:
    managed = rows.below("determination", len(DETERMINATIONS)) == DETERMINATIONS.index("Managed")
    return np.where(managed, rows.day_of("completed"), 0)


def _research(rows: Rows) -> Flags:
    return np.asarray(rows.below("type", len(TYPES)) % 3 != 0)


COI = Feed(
    name="coi",
    file_name="COI_{date}.csv",
    key="certification_id",
    paths=PATHS,
    columns=(
        Column("certification_id", "string", own, required=True),
        Column("disclosure_profile_id", "string", numbered("DP%08d", lambda rows: BASE + person_number(rows))),
        Column("record_type", "string", pooled("type", Pool(TYPES)), required=True),
        Column("discloser_name", "string", person("name"), required=True),
        Column("discloser_person_id", "string", person("person_id"), required=True),
        Column("department_code", "string", person("department_code"), width=7),
        Column("status", "string", status, required=True),
        Column("triggering_event_id", "string", numbered("TE%08d", lambda r: blank_where(~_research(r), BASE + r.k))),
        Column("related_ids", "list", others(("grants_proposal", proposal_of_certification), _AWARD)),
        Column("sponsor_is_phs", "boolean", yes_no(lambda rows: rows.chance("phs", 0.4))),
        Column("date_required", "date", days(lambda rows: rows.day_of("required"))),
        Column("date_due", "date", days(lambda rows: rows.day_of("required") + 30)),
        Column("date_submitted", "date", days(lambda rows: rows.day_of("submitted"))),
        Column("date_completed", "date", days(lambda rows: rows.day_of("completed"))),
        Column("last_profile_update", "date", days(lambda rows: rows.updated_day)),
        Column("training_expires", "date", days(lambda rows: rows.created + 365 * 4)),
        Column("has_interest", "boolean", yes_no(_interested)),
        _when_interested("entity_name", ("Acme Biologics, Inc.", "Figment Devices LLC", "Tea & Fog, a Model Company")),
        _when_interested("interest_type", INTERESTS),
        _when_interested("value_band", BANDS),
        Column("determination", "string", picked(Pool(DETERMINATIONS), _determined)),
        Column("management_plan_date", "date", days(_planned)),
        Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second), required=True),
    ),
)
