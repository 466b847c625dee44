"""The iacuc feed: animal protocols and their amendments (huron-feeds.md 6.5, states of 1.5)."""

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
from datalake.demo.generator.identifiers import is_amendment, is_legacy, other, others, own
from datalake.demo.generator.life import Path, Paths, Step
from datalake.demo.generator.links import award_of_animals, parent_of_amendment, safety_of_animals
from datalake.demo.generator.people import person
from datalake.demo.generator.shared import status, title
from datalake.demo.generator.world import Rows

_BEGIN = (Step("Pre-Submission", 8), Step("Pre-Review", 7, "submitted"), Step("Veterinary Review", 5))
_APPROVED = (Step("Approved", 1095, "approved"), Step("Expired", 0))
PATHS = Paths(
    [
        Path(6, (*_BEGIN, Step("Grace Period", 10), Step("Designated Member Review", 9), *_APPROVED)),
        Path(3, (*_BEGIN, Step("Clarification Requested", 8), Step("Full Committee Review", 21), *_APPROVED)),
        Path(1, (*_BEGIN, Step("Modifications Required", 20), Step("Discarded", 0))),
        Path(1, (*_BEGIN, Step("Approved", 300, "approved"), Step("Terminated", 0))),
    ]
)
KINDS = ("New", "Amendment", "Annual", "Triennial")
SPECIES: list[list[str]] = [
    ["Mouse"],
    ["Rat"],
    ["Mouse", "Rat"],
    ["Zebrafish"],
    ["Rabbit"],
    ["Ferret", "Frog"],
    ["Hamster"],
    ["Guinea Pig", "Rabbit"],
    ["Chicken", "Quail"],
    ["Sheep", "Pig"],
    ["Songbird"],
    ["Bat", "Vole"],
]
PAIN: list[list[str]] = [["B"], ["C"], ["C", "D"], ["D"], ["D", "E"]]


def _kind(rows: Rows) -> Ints:
    first = np.where(rows.below("kind", 4) == 3, 3, np.where(rows.below("kind", 4) == 2, 2, 0))
    return np.where(is_amendment(rows.k), 1, first)


def _shell(rows: Rows) -> Flags:
    """Records that were migrated as shells, and stay so until something is submitted."""
    return is_legacy(rows.world, "iacuc", rows.k)


def _old_number(rows: Rows) -> Ints:
    return blank_where(~_shell(rows), rows.k % 100_000)


def _animals(rows: Rows) -> Ints:
    return blank_where(_shell(rows), 20 + rows.below("animals", 3000))


def _used(rows: Rows) -> Ints:
    return np.where(rows.day_of("approved") > 0, np.minimum(_animals(rows), rows.edits * 11), -1)


def _after_approval(rows: Rows, years: int) -> Ints:
    approved = rows.day_of("approved")
    return np.where(approved > 0, approved + years * 365, 0)


def _list(name: str, options: list[list[str]]) -> Column:
    pool = Pool(options)
    return Column(name, "list", picked(pool, lambda rows: blank_where(_shell(rows), rows.below(name, pool.size))))


IACUC = Feed(
    name="iacuc",
    file_name="IACUC_{date}.csv",
    key="protocol_id",
    paths=PATHS,
    columns=(
        Column("protocol_id", "string", own, required=True),
        Column("submission_type", "string", picked(Pool(KINDS), _kind)),
        Column("parent_protocol_id", "string", other("iacuc", parent_of_amendment)),
        Column("title", "string", title("animal study"), required=True),
        Column("pi_name", "string", person("name"), required=True),
        Column("pi_person_id", "string", person("person_id")),
        Column("pi_department_code", "string", person("department_code"), width=7),
        Column("status", "string", status, required=True),
        Column("review_path", "string", pooled("review path", Pool(["DMR", "FCR", "Administrative"]), blank=0.1)),
        _list("species", SPECIES),
        Column("animals_approved", "integer", counted(_animals)),
        Column("animals_used", "integer", counted(_used)),
        _list("pain_category", PAIN),
        Column("funding_ids", "list", others(("grants", award_of_animals))),
        Column("biosafety_ids", "list", others(("safety", safety_of_animals))),
        Column("date_submitted", "date", days(lambda rows: rows.day_of("submitted"))),
        Column("date_approved", "date", days(lambda rows: rows.day_of("approved"))),
        Column("date_expires", "date", days(lambda rows: _after_approval(rows, 3))),
        Column("annual_review_due", "date", days(lambda rows: _after_approval(rows, 1))),
        Column("triennial_due", "date", days(lambda rows: _after_approval(rows, 3))),
        Column("shell_record", "boolean", yes_no(_shell)),
        Column("legacy_protocol_number", "string", numbered("AN-%05d", _old_number)),
        Column("last_updated", "datetime", moments(lambda r: r.updated_day, lambda r: r.updated_second), required=True),
    ),
)
