"""The safety feed: biosafety, radiation, chemicals (huron-feeds.md 6.6, states of 1.6)."""

import numpy as np

from datalake.demo.generator.cells import Column, Pool, days, moments, pooled, yes_no
from datalake.demo.generator.draws import Ints
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.identifiers import other, others, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import animals_of_safety, award_of_safety, parent_of_renewal
from datalake.demo.generator.people import person
from datalake.demo.generator.shared import status, summary, title
from datalake.demo.generator.world import Rows

_BEGIN = (Step("Pre-Submission", 7), Step("Committee Review", 18, "submitted"))
PATHS = Paths(
    [
        Path(6, (*_BEGIN, Step("Approved", 1095, "approved"), Step("Expired", 0))),
        Path(2, (*_BEGIN, Step("Clarification Requested", 11), Step("Approved", 1095, "approved"), Step("Expired", 0))),
        Path(1, (*_BEGIN, Step("Withdrawn", 0))),
    ]
)
TYPES = ("Biosafety", "Biosafety", "Biosafety", "Radiation", "Chemical", "Laser")
SECTIONS = (  # of the NIH Guidelines
    *("III-A-1", "III-B-1", "III-B-2", "III-C-1", "III-D", "III-D-1", "III-D-2", "III-D-3", "III-D-4"),
    *("III-E", "III-E-1", "III-E-3", "III-F", "III-F-1", "III-F-8"),
)
KINDS = ("Initial", "Initial", "Amendment", "Annual Renewal", "Resubmission")
AGENTS: list[list[str]] = [
    ["Lentivirus (model)"],
    ["E. coli K-12"],
    ["Model virus", "E. coli K-12"],
    ["Tea mold"],
]
PLACES: list[list[str]] = [["1 Pretend Street 712"], ["1 Pretend Street 712", "2 Model Way B-14"], ["2 Model Way B-14"]]
LEVELS = ("BSL-1", "BSL-2", "BSL-2", "BSL-3", "ABSL-2")


def _after_approval(rows: Rows, years: int) -> Ints:
    approved = rows.day_of("approved")
    return np.where(approved > 0, approved + years * 365, 0)


def _yes_at(name: str, rate: float) -> Column:
    return Column(name, "boolean", yes_no(lambda rows: rows.chance(name, rate)))


SAFETY = Feed(
    name="safety",
    file_name="SAFETY_{date}.csv",
    key="safety_id",
    paths=PATHS,
    columns=(
        Column("safety_id", "string", own, required=True),
        Column("safety_type", "string", pooled("type", Pool(TYPES)), required=True),
        Column("submission_type", "string", pooled("kind", Pool(KINDS))),
        Column("parent_safety_id", "string", other("safety", parent_of_renewal)),
        Column("title", "string", title("lab project"), required=True),
        Column("overview", "text", summary(0.1)),
        Column("pi_name", "string", person("name"), required=True),
        Column("pi_person_id", "string", person("person_id")),
        Column("pi_department_code", "string", person("department_code"), width=7),
        Column("status", "string", status, required=True),
        Column("containment_level", "string", pooled("level", Pool(LEVELS), blank=0.1)),
        Column("agents", "list", pooled("agents", Pool(AGENTS), blank=0.2)),
        _yes_at("rdna", 0.5),
        _yes_at("select_agent", 0.01),
        _yes_at("durc", 0.01),
        Column("nih_section", "string", pooled("section", Pool(SECTIONS), blank=0.3)),
        Column("locations", "list", pooled("places", Pool(PLACES), blank=0.1)),
        Column("related_ids", "list", others(("iacuc", animals_of_safety), ("grants", award_of_safety))),
        Column("date_submitted", "date", days(lambda rows: rows.day_of("submitted"))),
        Column("date_approved", "date", days(lambda rows: rows.day_of("approved"))),
        Column("date_expires", "date", days(lambda rows: _after_approval(rows, 3))),
        Column("annual_renewal_due", "date", days(lambda rows: _after_approval(rows, 1))),
        Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second), required=True),
    ),
)
