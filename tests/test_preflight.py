"""Room on the disk before a night: asked before a file is touched, told with both figures."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from support.nights import Office, office

from datalake.zones.raw import file_sha256


@pytest.fixture
def here(tmp_path: Path) -> Office:
    return office(tmp_path)


def free(monkeypatch: pytest.MonkeyPatch, amount: int) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=amount))


def test_a_night_without_room_takes_nothing_and_names_both_figures(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = here.irb("2025-11-04", "STUDY1")
    before, size = file_sha256(path), path.stat().st_size
    free(monkeypatch, 3 * size - 1)

    outcome = here.night()

    assert (outcome.status, outcome.exit_code) == ("failure", 1)
    assert f"need {3 * size:,} bytes, and {3 * size - 1:,} bytes are free" in outcome.error
    assert "Nothing was taken from incoming" in outcome.fix
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
        raise AssertionError("asked")

    monkeypatch.setattr(shutil, "disk_usage", asked)
    assert here.night().exit_code == 0
