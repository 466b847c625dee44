"""take and backfill: files that a person hands over, as the person at the terminal sees it."""

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from datalake.zones.paths import Lake

RULES = """
delivery: {pattern: "ROOMS_{date:%Y-%m-%d}.csv", checksum: "{name}.sha256"}
primary_key: [room_id]
history: scd2
limits: {rejected_percent: 25, row_drop_percent: 20}
columns:
  - {name: room_id, constraints: {required: true}}
  - {name: seats, type: integer}
"""
Manage = Callable[..., Any]


@pytest.fixture(autouse=True)
def rooms(lake: Lake) -> None:
    """A feed of our own beside those that ship."""
    (lake.config / "local" / "modules").mkdir(parents=True)
    (lake.config / "local" / "modules" / "rooms.yaml").write_text(RULES, encoding="utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old files"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, *rows: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n".join(["room_id,seats", *rows, ""]), encoding="utf-8")
    return path


def published(lake: Lake) -> dict[str, str]:
    """Seats by room, as readers see them in the CSV for people."""
    content = (lake.curated("rooms") / "current" / "rooms.csv").read_text(encoding="utf-8-sig")
    return {row["room_id"]: row["seats"] for row in csv.DictReader(io.StringIO(content))}


def asked(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(lake.database)) as connection:
        return connection.execute(sql).fetchall()


def row_of(said: Any, feed: str = "rooms") -> list[str]:
    (row,) = (line.split() for line in said.out.splitlines() if line.startswith(f"{feed} "))
    return row


def test_take_loads_a_copy_of_a_file_with_an_odd_name_and_keeps_who_did(lake, old, manage: Manage, monkeypatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "kim")
    file = put(old, "Rooms final (2).csv", "A1,10", "A2,20")
    said = manage("take", str(file), "--as", "rooms", "--date", "2025-11-04")
    assert said.code == 0, said
    assert published(lake) == {"A1": "10", "A2": "20"}
    assert "still lies where it was" in said.out and file.exists()
    assert asked(lake, 'SELECT "trigger", status FROM etl_runtime') == [("take", "success")]
    (raw,) = lake.raw_zone.glob("rooms/2025-11-04/*.csv")
    assert raw.read_bytes() == file.read_bytes()
    (note,) = lake.raw_zone.glob("rooms/2025-11-04/*.handed-*.json")
    told = json.loads(note.read_text(encoding="utf-8"))
    assert (told["who"], told["from"]) == ("kim", str(file))
    (admitted,) = (
        json.loads(line)
        for path in lake.events.iterdir()
        for line in path.read_text().splitlines()
        if '"admitted"' in line
    )
    assert admitted["who"] == "kim"
    assert manage("verify").code == 0
    note.chmod(0o644)
    note.write_text("{}", encoding="utf-8")
    assert note.name in manage("verify").out


def test_take_needs_a_feed_a_date_and_a_plain_file_before_it_touches_anything(lake, old, manage: Manage) -> None:
    file = put(old, "odd.csv", "A1,10")
    (old / "link.csv").symlink_to(file)
    assert "matches no feed" in manage("take", str(file)).err
    assert "--date" in manage("take", str(file), "--as", "rooms").err
    for name, why in (("link.csv", "symbolic link"), ("none.csv", "not there"), (".", "folder")):
        said = manage("take", str(old / name), "--as", "rooms", "--date", "2025-11-04")
        assert (said.code, why in said.err) == (2, True), said
    assert not lake.database.exists() and not (lake.raw_zone / "rooms").exists()


def test_take_leaves_what_lies_in_incoming_for_the_night(lake, old, manage: Manage) -> None:
    other = put(lake.incoming, "ROOMS_2025-11-05.csv", "A1,11")
    assert manage("take", str(put(old, "ROOMS_2025-11-04.csv", "A1,10"))).code == 0
    assert other.exists() and published(lake) == {"A1": "10"}


def test_take_in_a_lake_with_demo_data_is_not_done(lake, old, manage: Manage) -> None:
    lake.metadata.mkdir(exist_ok=True)
    lake.demo_marker.write_text("{}", encoding="utf-8")
    said = manage("take", str(put(old, "ROOMS_2025-11-04.csv", "A1,10")))
    assert said.code == 2 and "demo --clear" in said.err
    assert not (lake.raw_zone / "rooms").exists()


def test_backfill_takes_old_files_oldest_first_in_one_run_and_leaves_them_where_they_are(lake, old, manage) -> None:
    put(old / "2025", "ROOMS_2025-11-05.csv", "A1,11", "A2,20")
    put(old / "2024", "rooms_2024-11-04.csv", "A1,10")
    put(old, "ROOMS_2025-02-30.csv", "A1,99")
    put(old, "readme.txt")
    (old / "ROOMS_2025-11-06.csv").symlink_to(old / "2025" / "ROOMS_2025-11-05.csv")
    (old / "again").symlink_to(old / "2025")
    before = {path: path.stat().st_mtime_ns for path in old.rglob("*") if path.is_file()}
    said = manage("backfill", str(old))
    assert said.code == 0, said
    assert row_of(said) == ["rooms", "2", "2024-11-04", "2025-11-05", "3", "0", "2", "0", "0", "0"]
    assert "Not taken, a symbolic link, not a file: " in said.out
    assert "Not taken, no feed takes that name: ROOMS_2025-02-30.csv, readme.txt" in said.out
    assert published(lake) == {"A1": "11", "A2": "20"}
    assert "seats: 10 -> 11" in manage("trace", "rooms", "A1").out
    assert asked(lake, "SELECT count(*) FROM etl_runtime") == [(1,)]
    assert {path: path.stat().st_mtime_ns for path in old.rglob("*") if path.is_file()} == before
    assert manage("verify").code == 0


def test_backfill_again_says_that_all_are_duplicates_and_changes_nothing(lake, old, manage: Manage) -> None:
    for day in range(1, 8):
        put(old, f"ROOMS_2025-11-{day:02}.csv", f"A1,{day}")
    assert manage("backfill", str(old)).code == 0
    shown = (lake.curated("rooms") / "current").resolve()
    said = manage("backfill", str(old))
    assert (said.code, row_of(said)[-4:]) == (0, ["0", "0", "7", "0"]), said
    assert said.out.count("loaded before") == 2  # the legend, and one note for all seven
    assert "And 6 more like it." in said.out
    assert (lake.curated("rooms") / "current").resolve() == shown


def test_backfill_behind_a_published_table_fills_its_history_alone(lake, old, manage: Manage, tmp_path: Path) -> None:
    assert manage("take", str(put(tmp_path / "new", "ROOMS_2025-11-08.csv", "A1,80"))).code == 0
    put(old, "ROOMS_2025-11-03.csv", "A1,30")
    said = manage("backfill", str(old))
    assert (said.code, row_of(said)[-4:]) == (0, ["0", "1", "0", "0"]), said
    assert published(lake) == {"A1": "80"}
    assert "30" in manage("trace", "rooms", "A1").out


def test_backfill_names_what_its_guards_hold_and_what_needs_no_answer_any_more(lake, old, manage: Manage) -> None:
    rows = [f"A{at},1" for at in range(10)]
    put(old, "ROOMS_2025-11-03.csv", *rows)
    put(old, "ROOMS_2025-11-04.csv", "A1,1")
    put(old, "ROOMS_2025-11-05.csv", *rows, "B1,1")
    put(old, "ROOMS_2025-11-06.csv", "A1,2")
    said = manage("backfill", str(old))
    assert (said.code, row_of(said)[-4:]) == (1, ["2", "0", "0", "2"]), said
    flat = " ".join(said.out.split())
    first, last = flat.index("rooms: ROOMS_2025-11-04.csv of Tue 4 Nov"), flat.index("rooms: ROOMS_2025-11-06.csv")
    assert "A newer file took its place." in flat[first:last]
    assert "approve" in flat[last:]
    assert len(published(lake)) == 11


def test_backfill_goes_by_the_checksum_that_lies_beside_an_old_file(lake, old, manage: Manage) -> None:
    put(old, "ROOMS_2025-11-04.csv", "A1,1")
    (old / "ROOMS_2025-11-04.csv.sha256").write_text("0" * 64, encoding="utf-8")
    said = manage("backfill", str(old))
    assert (said.code, row_of(said)[-1]) == (1, "1"), said
    assert "sha256" in said.out and "Not taken" not in said.out
    assert (old / "ROOMS_2025-11-04.csv.sha256").exists()


def test_backfill_of_the_lakes_own_data_or_of_no_folder_is_not_done(lake, old, manage: Manage) -> None:
    for folder in (lake.raw_zone, lake.root, old / "none"):
        assert manage("backfill", str(folder)).code == 2
    assert "No file in it is one to load." in manage("backfill", str(old)).out


def test_a_repeated_backfill_reads_the_log_of_events_no_more_often_than_a_short_one(
    lake, old, manage, monkeypatch
) -> None:
    """Counted, not timed: once a run, however many duplicates it brings."""
    for day in range(1, 29):
        put(old, f"ROOMS_2025-10-{day:02}.csv", *(f"A{number},{day}" for number in range(20)))
    assert manage("backfill", str(old)).code == 0
    opened: list[str] = []
    usual = Path.open

    def counted(path: Path, *rest: Any, **more: Any) -> Any:
        if path.parent == lake.events:
            opened.append(path.name)
        return usual(path, *rest, **more)

    monkeypatch.setattr(Path, "open", counted)
    said = manage("backfill", str(old))
    assert row_of(said)[-2] == "28", said.out
    assert len(opened) < 20
