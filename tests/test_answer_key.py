"""Demo nights through the whole pipeline: what is published and what is rejected is what the generator meant."""

import os
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.project import copy_files, leave_views, project_files

from datalake import settings
from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.contracts.model import Contract
from datalake.demo.generator.answer_key import AnswerKey, read_key
from datalake.demo.marker import fingerprint
from datalake.demo.nights import Night, write_next
from datalake.demo.verdict import Expected, bad_lines, found_lines
from datalake.nightly import run_night
from datalake.outcomes import FileOutcome, RunOutcome
from datalake.runs import history
from datalake.runs.record import record_run
from datalake.zones.files import flushed_at_the_end
from datalake.zones.paths import Lake

NIGHTS = 7
VIEWS = project_files("config/views")
TODAY = date(2025, 11, 20)
ZONE = "America/New_York"  # the tests' local time


class Week:
    """Seven demo nights, loaded one after another, with what was meant and what came of it; the last makes views."""

    def __init__(self, root: Path) -> None:
        copy_files(project_files("config", "data", "logs"), root / "lake")
        leave_views(root / "lake")
        self.lake = Lake(root / "lake")
        self.keys = root / "keys"
        self.keys.mkdir()
        self.settings = settings.load(self.lake.root, dict(os.environ))
        self.contracts = load_contracts(self.lake.root)
        self.expected = {each.feed: Expected(each, ZONE) for each in self.contracts}
        self.differences: dict[tuple[str, date], list[str]] = {}
        self.runs: list[RunOutcome] = []
        self.nights: list[Night] = []

    def load(self, number: int) -> None:
        """Write and load one night, and compare every published table with what was meant."""
        now = datetime(2025, 11, 20, 7, tzinfo=timezone.utc) + timedelta(minutes=number)
        night = write_next(self.lake, self.contracts, now, TODAY, key_folder=self.keys)
        shas = {made.feed: fingerprint(made.path)[:12] for made in night.files}
        run = run_night(self.lake, self.settings, self.contracts, MovedClock(now), "demo")
        record_run(self.lake, self.settings.schedule, run)
        self.nights.append(night)
        self.runs.append(run)
        for made in night.files:
            self.expected[made.feed].take(key_of(made.key), shas[made.feed])
            published = self.expected[made.feed].differences(table(self.lake, made.feed))
            self.differences[made.feed, night.day] = published


def key_of(path: Path | None) -> AnswerKey:
    assert path is not None
    return read_key(path)


def table(lake: Lake, feed: str) -> list[dict[str, Any]]:
    return pq.read_table(lake.curated(feed) / "current" / f"{feed}.parquet").to_pylist()


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    os.environ["TZ"] = ZONE  # the fixture that sets it for every test comes later than this one
    time.tzset()
    week = Week(tmp_path_factory.mktemp("week"))
    with flushed_at_the_end():
        for number in range(NIGHTS - 1):
            week.load(number)
        copy_files(VIEWS, week.lake.root)
        week.load(NIGHTS - 1)
    return week


def files(week: Week) -> list[tuple[AnswerKey, FileOutcome, Contract]]:
    """Every file of the week: its key, what the run says became of it, its feed's rules."""
    contracts = {each.feed: each for each in week.contracts}
    told = {file.name: file for run in week.runs for feed in run.feeds for file in feed.files}
    keys = [key_of(made.key) for night in week.nights for made in night.files]
    return [(key, told[key.header.file], contracts[key.header.feed]) for key in keys]


def test_every_night_succeeds_and_is_one_row_in_each_record(week: Week) -> None:
    assert [run.status for run in week.runs] == ["success"] * NIGHTS
    assert len(history.last_runs(week.lake.database, 100)) == NIGHTS
    assert len(week.lake.runtime_csv.read_text().splitlines()) == NIGHTS + 1


def test_every_view_that_ships_can_be_made_of_demo_nights(week: Week) -> None:
    made = {path.parent.name for path in week.lake.views.glob("*/current")}
    assert made == {path.stem for path in VIEWS if path.suffix == ".sql"}
    assert [note for note in week.runs[-1].notes if note.kind == "view"] == []


def test_every_published_cell_of_every_night_is_what_was_meant(week: Week) -> None:
    assert len(week.differences) == NIGHTS * len(week.contracts)
    assert {place: wrong for place, wrong in week.differences.items() if wrong} == {}
    assert all(len(expected.table) > 50 for expected in week.expected.values())


def test_every_bad_line_is_in_the_quarantine_under_its_rule_and_no_other_line_is(week: Week) -> None:
    compared = 0
    for key, file, contract in files(week):
        folder = week.lake.quarantine(contract.feed, date.fromisoformat(key.header.data_date), file.delivery)
        findings = pq.read_table(folder / "findings.parquet").to_pylist()
        assert found_lines(findings) == bad_lines(key), key.header.file
        compared += len(bad_lines(key))
    assert compared > 50


def test_the_counts_that_people_are_told_are_those_of_the_keys(week: Week) -> None:
    for key, file, _ in files(week):
        totals = key.totals
        assert (file.rows_read, file.accepted, file.rejected) == (totals.rows_read, totals.accepted, totals.rejected)
        assert (file.duplicates, file.superseded, file.excluded) == (
            totals.duplicates,
            totals.superseded,
            totals.excluded,
        )
        assert file.rejected_by_rule == totals.rejected_by_rule


def test_some_records_were_kept_because_their_row_was_rejected(week: Week) -> None:
    kept = sum(feed.kept for run in week.runs for feed in run.feeds)
    assert kept > 0
