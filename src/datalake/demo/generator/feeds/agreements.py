"""The agreements feed: contracts with other parties; most belong to no award (huron-feeds.md 6.3, states of 1.3)."""

import numpy as np

from datalake.demo.generator.cells import Column, Pool, blank_where, days, moments, picked, pooled, yes_no
from datalake.demo.generator.draws import Ints
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.identifiers import other, others, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import award_of_agreement, parent_agreement, study_of_agreement
from datalake.demo.generator.people import person
from datalake.demo.generator.shared import money, status, title
from datalake.demo.generator.world import Rows

_BEGIN = (Step("Pre-Submission", 4), Step("Unassigned", 5, "submitted"), Step("Internal Review", 12, "assigned"))
_SIGNING = (Step("Internal Signature", 5), Step("External Signature", 9))
PATHS = Paths(
    [
        Path(6, (*_BEGIN, Step("External Review", 20), *_SIGNING, Step("Active", 700, "signed"), Step("Expired", 0))),
        Path(2, (*_BEGIN, *_SIGNING, Step("Active", 500, "signed"), Step("Terminated", 0))),
        Path(1, (*_BEGIN, Step("Clarification Requested", 14), Step("Withdrawn", 0))),
    ]
)
KINDS = ("NDA", "MTA", "DUA", "MOU", "SRA", "CTA", "Subaward", "Teaming", "Other")
PARTIES = (
    ("Acme Biologics, Inc.", "contracts@acme.example.edu"),
    ("Figment Devices LLC", "legal@figment.example.edu"),
    ("Université d'Ailleurs", "bureau@ailleurs.example.edu"),
    ('The "Lantern" Foundation', "grants@lantern.example.edu"),
    ("Examplia State Hospital; Trust Office", "office@hospital.example.edu"),
)
WAITING_ON = {
    "Unassigned": "Us",
    "Internal Review": "Us",
    "Internal Signature": "Us",
    "Clarification Requested": "PI",
    "External Review": "Other party",
    "External Signature": "Other party",
}


def _party(field: int) -> Pool:
    return Pool([each[field] for each in PARTIES])


def _party_number(rows: Rows) -> Ints:
    return rows.below("party", len(PARTIES))


_WHOSE_COURT = Pool([WAITING_ON.get(state) for state in PATHS.states], [WAITING_ON.get(s, "") for s in PATHS.states])


def _expires(rows: Rows) -> Ints:
    signed = rows.day_of("signed")
    return np.where((signed > 0) & ~rows.chance("evergreen", 0.1), signed + 730, 0)


def _signature(rows: Rows) -> Ints:
    return blank_where(rows.day_of("signed") == 0, rows.below("signature", 2))


AGREEMENTS = Feed(
    name="agreements",
    file_name="AGREEMENTS_{date}.csv",
    key="agreement_id",
    paths=PATHS,
    columns=(
        Column("agreement_id", "string", own, required=True),
        Column("parent_agreement_id", "string", other("agreements", parent_agreement)),
        Column("title", "string", title("agreement"), required=True),
        Column("agreement_type", "string", pooled("kind", Pool(KINDS)), required=True),
        Column("direction", "string", pooled("direction", Pool(["Incoming", "Outgoing", "Mutual"]), blank=0.1)),
        Column("status", "string", status, required=True),
        Column("waiting_on", "string", picked(_WHOSE_COURT, lambda rows: rows.state)),
        Column("other_party", "string", picked(_party(0), _party_number)),
        Column("other_party_contact", "string", picked(_party(1), _party_number)),
        Column("pi_name", "string", person("name")),
        Column("pi_person_id", "string", person("person_id")),
        Column("pi_department_code", "string", person("department_code"), width=7),
        Column("owner", "string", pooled("owner", Pool(["Desk A", "Desk B", "Desk C"]), blank=0.1)),
        Column("related_ids", "list", others(("grants", award_of_agreement), ("irb", study_of_agreement))),
        Column("amount", "number", money("amount", 0.6)),
        Column("date_submitted", "date", days(lambda rows: rows.day_of("submitted"))),
        Column("date_assigned", "date", days(lambda rows: rows.day_of("assigned"))),
        Column("date_signed", "date", days(lambda rows: rows.day_of("signed"))),
        Column("effective_date", "date", days(lambda rows: rows.day_of("signed"))),
        Column("expiration_date", "date", days(_expires)),
        Column("evergreen", "boolean", yes_no(lambda rows: rows.chance("evergreen", 0.1))),
        Column("signature_type", "string", picked(Pool(["Wet Ink", "E-Sign"]), _signature)),
        Column("export_control", "boolean", yes_no(lambda rows: rows.chance("export", 0.04))),
        Column("contains_phi", "boolean", yes_no(lambda rows: rows.chance("phi", 0.1))),
        Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second), required=True),
    ),
)
