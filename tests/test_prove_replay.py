"""A short form of `manage.py prove replay`: spoilt, late and repeated files of every feed, against answer keys."""

import os
import time

import pytest
from support.project import copy_files, leave_views, project_files

from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.prove.exports import WAYS, export_of, traits
from datalake.prove.rebuild import named, rebuilt, tampering
from datalake.prove.replay import OFTEN, Proof, prepare

NIGHTS = 5


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> tuple[Proof, list[list[str]]]:
    os.environ["TZ"] = "America/New_York"  # as every test has it, which is set only after this fixture
    time.tzset()
    installation = tmp_path_factory.mktemp("installation")
    copy_files(project_files("config"), installation)
    leave_views(installation, "feed_health", "irb_pipeline")
    prepared = prepare(installation, tmp_path_factory.mktemp("replay"), seed=5, rows=150)
    return prepared, list(prepared.nights(NIGHTS))


def test_every_file_cell_and_line_of_some_nights_is_as_it_was_meant(proof: tuple[Proof, list[list[str]]]) -> None:
    assert proof[1] == [[]] * NIGHTS


def test_a_proof_notices_a_cell_that_is_not_as_it_was_meant(proof: tuple[Proof, list[list[str]]]) -> None:
    expected = proof[0].expected["irb"]
    key = next(iter(expected.table))
    right = expected.table[key]["study_title"]
    try:
        expected.table[key]["study_title"] = "another title"
        assert any("study_title" in each for each in proof[0]._table("irb"))
    finally:
        expected.table[key]["study_title"] = right


def test_thirty_nights_hold_every_way_and_form_often_enough() -> None:
    exports = [export_of(feed, night) for night in range(30) for feed in FEEDS]
    seen = [trait for export in exports for trait in traits(export)]
    wanted = {*WAYS, "utf-8", "cp1252", "utf-16", "byte order mark", "columns moved", "columns added", "totals row"}
    wanted |= {repr(each) for each in (",", "|", ";", "\t", "\r\n", "\n", "\r")}
    assert {each: seen.count(each) for each in wanted if seen.count(each) < OFTEN} == {}


def test_what_is_deleted_comes_back_to_the_byte_and_every_tampering_is_named(
    proof: tuple[Proof, list[list[str]]],
) -> None:
    assert named(proof[0]) == []
    assert rebuilt(proof[0]) == []
    assert tampering(proof[0]) == []
