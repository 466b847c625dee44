"""The irb_submission feed: what was submitted for each study, and how long it took (huron-feeds.md 6.1, end)."""

import numpy as np

from datalake.demo.generator.cells import Column, Pool, blank_where, counted, days, moments, picked, pooled
from datalake.demo.generator.draws import Ints
from datalake.demo.generator.feeds.feed import Feed
from datalake.demo.generator.identifiers import other, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import study_of_submission
from datalake.demo.generator.shared import status
from datalake.demo.generator.world import Rows

_BEGIN = (Step("Pre-Submission", 5), Step("Pre-Review", 6, "submitted"))
_END = (Step("Post-Review", 3), Step("Review Complete", 0, "completed"))
PATHS = Paths(
    [
        Path(6, (*_BEGIN, Step("Non-Committee Review", 8), *_END)),
        Path(3, (*_BEGIN, Step("Clarification Requested", 7), Step("Committee Review", 15), *_END)),
        Path(1, (*_BEGIN, Step("Withdrawn", 0))),
    ]
)
KINDS = (  # in the order of the prefixes in identifiers.py
    "Initial Study",
    "Modification",
    "Modification",
    "Continuing Review",
    "Modification and Continuing Review",
    "Reportable New Information",
)
REVIEWS = ("Exempt", "Expedited", "Expedited", "Full Board", "NHSR", "External")
# Quotes and a comma belong to these values (huron-feeds.md 1.1).
DETERMINATIONS = (
    "Approved",
    "Approved",
    "Approved",
    'Modifications Required to Secure "Approved"',
    "Not Human Research",
    "Human Research, Not Engaged",
    "Deferred",
    "Disapproved",
)


def _determined(rows: Rows) -> Ints:
    return blank_where(rows.day_of("completed") == 0, rows.below("determination", len(DETERMINATIONS)))


def _in_office(rows: Rows) -> Ints:
    return np.where(rows.day_of("completed") > 0, 1 + rows.below("office", 40), -1)


def _with_pi(rows: Rows) -> Ints:
    return np.where(rows.day_of("completed") > 0, rows.below("with pi", 25), -1)


IRB_SUBMISSION = Feed(
    name="irb_submission",
    file_name="IRB_SUBMISSION_{date}.csv",
    key="submission_id",
    paths=PATHS,
    columns=(
        Column("submission_id", "string", own, required=True),
        Column("protocol_id", "string", other("irb", study_of_submission), required=True),
        Column("submission_type", "string", pooled("kind", Pool(KINDS))),
        Column("status", "string", status, required=True),
        Column("determination", "string", picked(Pool(DETERMINATIONS), _determined)),
        Column("review_type", "string", pooled("review", Pool(REVIEWS), blank=0.05)),
        Column("date_submitted", "date", days(lambda rows: rows.day_of("submitted"))),
        Column("date_completed", "date", days(lambda rows: rows.day_of("completed"))),
        Column("days_in_office", "integer", counted(_in_office)),
        Column("days_with_pi", "integer", counted(_with_pi)),
        Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second), required=True),
    ),
)
