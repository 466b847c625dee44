"""Room on the disk before a night: asked before a file is touched, told with both figures."""

import gzip
import io
import shutil
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.nights import GRANTS, Office, grants_csv, note

from datalake.contracts.model import Delivery, Limits
from datalake.pipeline import preflight
from datalake.pipeline.by_hand import Handed, HandOver
from datalake.pipeline.decisions import Approve, Decline
from datalake.zones.claims import look
from datalake.zones.raw import file_sha256


def free(monkeypatch: pytest.MonkeyPatch, amount: int, logs: int = 10**9) -> None:
    """So many bytes are free on the disk of data/, and on that of logs/."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: usage._replace(free=logs if Path(path).name == "logs" else amount)
    )


def test_a_night_without_room_takes_nothing_and_names_both_figures(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = here.irb("2025-11-04", "STUDY1")
    before, size = file_sha256(path), path.stat().st_size
    free(monkeypatch, 3 * size - 1)

    outcome = here.night()

    assert (outcome.status, outcome.exit_code) == ("failure", 1)
    assert f"need {3 * size:,} bytes, and {3 * size - 1:,} bytes are free" in outcome.error
    assert "Nothing was taken or decided" in outcome.fix
    assert file_sha256(path) == before
    assert not list(here.lake.raw_zone.glob("*/*/*"))


def test_with_just_enough_room_the_night_goes_on(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = here.irb("2025-11-04", "STUDY1")
    free(monkeypatch, 3 * path.stat().st_size)
    assert here.night().status == "success"
    assert here.ids() == ["STUDY1"]


def test_once_there_is_room_the_same_file_is_loaded(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here.irb("2025-11-04", "STUDY1")
    with monkeypatch.context() as full:
        free(full, 0)
        assert here.night().exit_code == 1
    assert here.night().status == "success"
    assert here.ids() == ["STUDY1"]


def test_an_empty_night_needs_no_room_and_does_not_ask(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(path: Any) -> None:
        assert Path(path).name != "data"

    monkeypatch.setattr(shutil, "disk_usage", asked)
    assert here.night().exit_code == 0


GRANTS_ROWS = "award_id,amount\n" + "".join(f"AWD{number:08},1000.00\n" for number in range(3000))


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_packed_file_needs_room_for_what_is_in_it(here: Office, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here.contracts = (replace(GRANTS, delivery=Delivery(f"GRANTS_{{date:%Y-%m-%d}}.csv.{kind}")),)
    packed = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("grants.csv", GRANTS_ROWS)
    else:
        packed.write(gzip.compress(GRANTS_ROWS.encode()))
    size, text = len(packed.getvalue()), len(GRANTS_ROWS)
    assert text > 4 * size, "three times the packed file would be far too little"
    here.deliver(f"GRANTS_2025-11-04.csv.{kind}", packed.getvalue())
    with monkeypatch.context() as full:
        free(full, size + 3 * text - 1)
        assert f"they need {size + 3 * text:,} bytes" in here.night().error
    free(monkeypatch, size + 3 * text)
    assert here.night().status == "success"


def test_what_is_no_archive_is_guessed_at_and_refused_as_before(here: Office) -> None:
    here.contracts = (replace(GRANTS, delivery=Delivery("GRANTS_{date:%Y-%m-%d}.csv.gz")),)
    here.deliver("GRANTS_2025-11-04.csv.gz", "no")
    assert "cannot be unpacked" in here.night().feeds[0].reason


def test_a_small_file_for_a_large_table_needs_room_for_the_whole_next_version(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.contracts = (replace(GRANTS, write_disposition="merge"),)
    here.deliver("GRANTS_2025-11-04.csv", GRANTS_ROWS)
    assert here.night().status == "success"
    table = sum(path.stat().st_size for path in (here.lake.curated("grants") / "current").iterdir())
    small = here.deliver("GRANTS_2025-11-05.csv", grants_csv("AWD1,1.00")).stat().st_size
    free(monkeypatch, table)
    assert f"need {3 * small + table:,} bytes" in here.next_night().error


def test_many_old_files_need_room_for_the_versions_that_stay_not_for_one_each(here: Office) -> None:
    files = [preflight.Weight(1000, 1000)] * 100
    assert preflight.needed(files, 0, keep_versions=14) == 100 * 2000 + 15 * 1000


def test_an_approval_without_room_decides_nothing_and_a_decline_needs_none(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.with_irb(limits=Limits(row_drop_percent=20))
    here.irb("2025-11-04", "A", "B")
    here.night()
    here.irb("2025-11-05", "A")
    here.next_night()
    with monkeypatch.context() as full:
        free(full, 0)
        outcome = here.night(work=Approve("irb", "kim", "known"))
        assert (outcome.exit_code, "not enough room" in outcome.error) == (1, True)
        assert [each.status for each in here.state().open] == ["held"]
        assert not list(here.lake.raw_zone.rglob("*decision*"))
    assert here.night(work=Approve("irb", "kim", "known")).status == "success"
    assert here.ids() == ["A"]
    here.irb("2025-11-06")
    here.irb("2025-11-07", "B,,,", "C")
    free(monkeypatch, 10**9)
    here.next_night()
    free(monkeypatch, 0)
    here.night(work=Decline("irb", "kim", "a test"))
    assert not here.state().held


def test_files_handed_over_without_room_are_not_taken(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = here.irb("2025-11-04", "A")
    entry = look(path)
    assert entry is not None
    free(monkeypatch, 3 * entry.size - 1)
    outcome = here.night(work=HandOver((Handed(entry, "irb", date(2025, 11, 4)),), "kim"))
    assert (outcome.exit_code, "not enough room" in outcome.error) == (1, True)
    assert path.exists() and not list(here.lake.raw_zone.glob("*/*/*"))


def test_a_night_whose_raw_disk_is_not_mounted_fails_and_writes_nothing_there(here: Office) -> None:
    here.irb("2025-11-04", "A")
    assert here.night().status == "success"
    away = here.lake.raw_zone.rename(here.lake.data / "unmounted")
    here.lake.raw_zone.mkdir()
    path = here.irb("2025-11-05", "A", "B")
    outcome = here.next_night()
    assert (outcome.exit_code, outcome.error.startswith("data/raw is empty, but ")) == (1, True)
    assert path.exists() and not list(here.lake.raw_zone.iterdir())
    here.lake.raw_zone.rmdir()
    away.rename(here.lake.raw_zone)
    assert here.next_night().status == "success"
    assert here.ids() == ["A", "B"]


def test_a_tight_disk_of_logs_is_a_note_and_the_night_is_loaded(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here.lake.logs.mkdir()
    here.irb("2025-11-04", "A")
    free(monkeypatch, 10**9, logs=3_000_000)
    outcome = here.night()
    assert outcome.status == "success"
    assert note(outcome, "disk") == "The disk of logs/ has 3.0 MB left: soon no run can be recorded. Make room there."
