"""Raw is the legal record: every byte that arrived for a feed, with a checksum, read-only, never rewritten."""

import hashlib
import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest
from support.nights import Office, feed, file, irb_csv

from datalake.zones.files import (
    make_folder,
    put_if_absent,
    remove_leftovers,
    temporary,
    write_atomically,
)
from datalake.zones.raw import note_path, raw_name

DAY = date(2025, 11, 4)


def raw_files(here: Office) -> list[Path]:
    return sorted(path for path in here.lake.raw_zone.rglob("*") if path.is_file() and path.suffix != ".json")


def test_raw_holds_the_bytes_under_their_hash_read_only_with_a_note_beside(here: Office) -> None:
    content = b"\xef\xbb\xbf" + irb_csv("A").replace("\n", "\r\n").encode() + b"\n\n"
    here.deliver("IRB_PROTOCOL_2025-11-04.csv", content)
    here.night()

    (path,) = raw_files(here)
    sha256 = hashlib.sha256(content).hexdigest()
    assert path.read_bytes() == content
    assert path == here.lake.raw("irb", DAY) / f"IRB_PROTOCOL_2025-11-04.{sha256[:12]}.csv"
    assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    facts = json.loads((path.parent / f"IRB_PROTOCOL_2025-11-04.{sha256[:12]}.delivery.json").read_text())
    assert (
        facts
        | {
            "feed": "irb",
            "data_date": "2025-11-04",
            "name": "IRB_PROTOCOL_2025-11-04.csv",
            "sha256": sha256,
            "bytes": len(content),
            "night": "2025-11-05",
            "modified": "2025-11-05T06:00:00+00:00",
        }
        == facts
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"<html>login</html>", irb_csv().encode(), b"a,b\n1,2\n"],
    ids=["empty", "picture", "login page", "header only", "other columns"],
)
def test_what_is_refused_is_in_raw_too_and_why_is_in_quarantine(here: Office, content: bytes) -> None:
    here.deliver("IRB_PROTOCOL_2025-11-04.csv", content)
    outcome = here.night()

    (path,) = raw_files(here)
    assert path.read_bytes() == content
    delivery = file(outcome).delivery
    why = here.lake.quarantine("irb", DAY, delivery) / "refused.json"
    assert json.loads(why.read_text())["message"] in feed(outcome).reason
    assert stat.S_IMODE(why.stat().st_mode) == 0o600
    assert here.incoming() == []


def test_two_files_of_one_name_on_one_day_are_both_kept(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    here.irb("2025-11-04", "A", "B")
    here.night()
    assert len(raw_files(here)) == 2


def test_the_same_bytes_again_leave_one_file(here: Office) -> None:
    for _ in range(2):
        here.irb("2025-11-04", "A")
        here.night()
    assert len(raw_files(here)) == 1


def test_a_raw_file_that_rotted_is_mended_when_its_bytes_come_again(here: Office) -> None:
    here.irb("2025-11-04")  # refused, so that the same bytes are looked into again
    here.night()
    (path,) = raw_files(here)
    os.chmod(path, 0o644)
    path.write_bytes(b"rotten")
    here.irb("2025-11-04")
    here.night()
    assert path.read_text() == irb_csv()
    assert (path.parent / f"{path.name}.damaged").read_bytes() == b"rotten"


def test_drafts_of_a_killed_copy_go_with_the_next_run(here: Office) -> None:
    drafts = here.lake.raw_zone / ".drafts"
    drafts.mkdir(parents=True)
    (drafts / ".tmp-0123").write_bytes(b"half a file")
    here.night()
    assert list(drafts.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a.csv", "no extension", ".csv", "x" * 255, "é" * 120 + ".csv", "a.b.c.csv", "-x", "."]
)
def test_raw_names_and_their_notes_fit_every_file_system(name: str, tmp_path: Path) -> None:
    path = tmp_path / raw_name(name, "0123456789abcdef" * 4)
    for each in (path, note_path(path, "delivery"), note_path(path, "decision-000001")):
        assert len(each.name.encode()) <= 255
        each.write_text("x")
    assert "0123456789ab" in path.name
    assert note_path(path, "delivery") != path


def test_an_atomic_write_leaves_the_old_content_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "head.json"
    write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("datalake.zones.files.sync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["head.json"]
    assert path.read_bytes() == b"old"


def test_nothing_is_renamed_into_place_before_it_is_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    flush, rename = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        done.append("fsync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fsync file")
        flush(descriptor)

    def replace(*given: object) -> None:
        done.append("rename")
        rename(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    write_atomically(tmp_path / "x", b"x")
    assert done == ["fsync file", "rename", "fsync folder"]


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_name_that_is_taken_is_never_overwritten(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:

        def unable(*given: object, **named: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", unable)
    for number, free in enumerate((True, False)):
        draft = temporary(tmp_path)
        draft.write_text(f"{number}")
        assert put_if_absent(draft, tmp_path / "final") is free
    assert (tmp_path / "final").read_text() == "0"
    assert len(list(tmp_path.iterdir())) == 1


def test_leftovers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    (tmp_path / ".tmp-1").mkdir()
    (tmp_path / ".tmp-1" / "x").write_text("x")
    (tmp_path / ".tmp-2").symlink_to(tmp_path / "a")
    (tmp_path / "kept.tmp-3").write_text("x")
    remove_leftovers(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "kept.tmp-3"]
