"""One file from `try` to published, held, approved, declined and retried, as the person at the terminal sees it."""

import csv
import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from datalake.zones.paths import Lake

RULES = """
delivery: {pattern: "ROOMS_{date:%Y-%m-%d}.csv"}
primary_key: [room_id]
limits: {rejected_percent: 25}
columns:
  - {name: room_id, constraints: {required: true}}
  - {name: building}
  - {name: seats, type: integer, mask: redact}
"""
GOOD = "room_id,building,seats\nA1,Main,10\nA2,Main,20\nB1,East,30\nB2,East,40\n"
HALF_BAD = "room_id,building,seats\nA1,Annex,11\nA2,Main,many\nB1,East,lots\nC1,West,50\n"
HEADLESS = "building,seats\nMain,10\n"


@pytest.fixture(autouse=True)
def rooms(lake: Lake) -> None:
    """A feed of our own beside those that ship, and files that need not settle."""
    local = lake.config / "local"
    (local / "modules").mkdir(parents=True)
    (local / "modules" / "rooms.yaml").write_text(RULES, encoding="utf-8")
    (local / "settings.yaml").write_text("settle_seconds: 0\n", encoding="utf-8")


def drop(lake: Lake, day: str, content: str) -> Path:
    path = lake.incoming / f"ROOMS_{day}.csv"
    path.write_text(content, encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def published(lake: Lake) -> list[dict[str, str]]:
    """The rooms that readers see, by the CSV for people."""
    text = (lake.curated("rooms") / "current" / "rooms.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def everything(lake: Lake) -> dict[str, int]:
    """Every file under data with its size."""
    return {str(path): path.stat().st_size for path in sorted(lake.data.rglob("*")) if path.is_file()}


def test_run_loads_what_lies_in_incoming_and_records_it(lake, manage) -> None:
    drop(lake, "2025-11-04", GOOD)
    said = manage("run")
    assert said.code == 0
    (row,) = (line.split() for line in said.out.splitlines() if line.startswith("rooms "))
    assert (row[:5], row[-1]) == (["rooms", "ROOMS_2025-11-04.csv", "4", "4", "0"], "published")
    assert [row["room_id"] for row in published(lake)] == ["A1", "A2", "B1", "B2"]
    assert lake.runtime_csv.read_text(encoding="utf-8").splitlines()[1].endswith(",success")
    assert lake.success_marker.exists()


def test_try_tells_all_and_writes_nothing(lake, manage) -> None:
    drop(lake, "2025-11-04", GOOD)
    manage("run")
    file = drop(lake, "2025-11-05", HALF_BAD)
    before = everything(lake)
    said = manage("try", str(file))
    assert said.code == 1
    assert "It would wait for OK" in said.out and "2 of 4 rows were rejected (50.0 %; the limit is 25 %)" in said.out
    assert "1 new, 1 changed, 1 gone, 2 kept because their row was rejected" in said.out
    assert everything(lake) == before


def test_try_shows_the_rejected_rows_but_not_what_the_rules_mask(lake, manage) -> None:
    said = manage("try", str(drop(lake, "2025-11-05", HALF_BAD)))
    lines = [line.split() for line in said.out.splitlines()]
    assert ["3", "seats", "type"] in [words[:3] for words in lines]
    assert ["4", "seats", "type"] in [words[:3] for words in lines]
    assert "many" not in said.out and "lots" not in said.out


def test_try_of_a_good_file_says_it_would_be_published(lake, manage) -> None:
    said = manage("try", str(drop(lake, "2025-11-04", GOOD)))
    assert said.code == 0 and "It would be published." in said.out
    assert "4 new, 0 changed, 0 gone: rooms would have 4 rows" in said.out


def test_the_original_layouts_load_with_plain_dates_too(lake, manage) -> None:
    irb = lake.incoming / "IRB_PROTOCOL_2025-11-04.csv"
    irb.write_text(
        "protocol_id,study_title,pi_name,status,last_updated\n"
        'STUDY00901234,Sleep,"Lastname, G.",Approved,2025-10-30\nSTUDY00901235,Gait,"Lastname, G.",Closed,10/30/2025\n',
        encoding="utf-8",
    )
    grants = lake.incoming / "GRANTS_2025-11-04.csv"
    grants.write_text(
        'award_id,sponsor,pi_name,amount,status\nAWD00901234,NIH,"Lastname, G.","$1,234.50",Active\n', encoding="utf-8"
    )
    for file, rows in ((irb, 2), (grants, 1)):
        said = manage("try", str(file))
        assert said.code == 0 and f"rows      {rows} read: {rows} accepted, 0 rejected" in said.out


def test_try_of_a_file_that_cannot_be_read_as_its_feed_says_why(lake, manage) -> None:
    said = manage("try", str(drop(lake, "2025-11-04", HEADLESS)))
    assert said.code == 1 and "It would be refused." in said.out and "room_id" in said.out


def test_try_takes_any_name_once_it_is_told_the_feed(lake, manage, tmp_path) -> None:
    file = tmp_path / "export (3).csv"
    file.write_text(GOOD, encoding="utf-8")
    said = manage("try", str(file))
    assert said.code == 2 and "matches no feed" in said.err and "--as" in said.err
    named = manage("try", str(file), "--as", "rooms", "--date", "2025-11-04")
    assert named.code == 0 and "as rooms, data of Tue 4 Nov 2025" in named.out
    wrong = manage("try", str(file), "--as", "room")
    assert wrong.code == 2 and 'Did you mean "rooms"?' in wrong.err


def test_try_of_a_pipe_is_refused_and_never_opened(manage, tmp_path) -> None:
    os.mkfifo(tmp_path / "ROOMS_2025-11-04.csv")
    assert manage("try", str(tmp_path / "ROOMS_2025-11-04.csv")).code == 2


@pytest.fixture
def waiting(lake: Lake, manage) -> None:
    """A good night, then one whose file passed the limit."""
    drop(lake, "2025-11-04", GOOD)
    manage("run")
    drop(lake, "2025-11-05", HALF_BAD)
    assert manage("run").code == 1


def test_a_file_past_its_limit_waits_and_the_table_stays(lake, manage, waiting) -> None:
    assert [row["room_id"] for row in published(lake)] == ["A1", "A2", "B1", "B2"]
    said = manage("held")
    assert "rooms: waiting for OK" in said.out and "the limit is 25 %" in said.out and "approve rooms" in said.out


def test_an_approval_publishes_it_and_keeps_who_and_why(lake, manage, waiting) -> None:
    said = manage("approve", "rooms", "--why", "the registrar's office confirmed it")
    assert said.code == 0
    assert {row["room_id"] for row in published(lake)} == {"A1", "A2", "B1", "C1"}  # A2 and B1 were rejected: kept
    kept = [path.read_text(encoding="utf-8") for path in lake.raw_zone.rglob("*decision*")]
    assert len(kept) == 1 and "the registrar's office confirmed it" in kept[0]
    assert manage("held").out == "Nothing waits for OK, and nothing was refused.\n"


def test_an_approval_without_a_reason_is_not_taken(lake, manage, waiting) -> None:
    said = manage("approve", "rooms")
    assert said.code == 2 and "--why" in said.err
    assert "rooms" in manage("held").out


def test_declining_leaves_the_table_and_is_no_run(lake, manage, waiting) -> None:
    runs = lake.runtime_csv.read_text(encoding="utf-8")
    said = manage("decline", "rooms", "--why", "a test export")
    assert said.code == 0 and "Declined: ROOMS_2025-11-05.csv." in said.out
    assert [row["room_id"] for row in published(lake)] == ["A1", "A2", "B1", "B2"]
    assert manage("held").out == "Nothing waits for OK, and nothing was refused.\n"
    assert lake.runtime_csv.read_text(encoding="utf-8") == runs


def test_declining_closes_the_feeds_problem_at_once(lake, manage, waiting) -> None:
    open_feeds = "SELECT key FROM incident WHERE closed_at IS NULL AND feed = 'rooms'"
    with closing(sqlite3.connect(lake.database)) as connection:
        assert connection.execute(open_feeds).fetchall() == [("feed:rooms",)]
        assert manage("decline", "rooms", "--why", "a test export").err == ""
        assert connection.execute(open_feeds).fetchall() == []


def test_a_refused_file_is_taken_again_after_the_rules_were_mended(lake, manage) -> None:
    drop(lake, "2025-11-04", GOOD.replace("room_id", "room_number"))
    assert manage("run").code == 1
    assert "file refused" in manage("held").out
    rules = lake.config / "local" / "modules" / "rooms.yaml"
    mended = RULES.replace("{name: room_id,", "{name: room_id, aliases: [room_number],")
    rules.write_text(mended, encoding="utf-8")
    assert manage("retry", "rooms").code == 0
    assert [row["room_id"] for row in published(lake)] == ["A1", "A2", "B1", "B2"]


@pytest.mark.parametrize("command", [("approve", "--why", "x"), ("decline", "--why", "x"), ("retry",)])
def test_a_decision_about_nothing_says_where_to_look(manage, command: tuple[str, ...]) -> None:
    said = manage(command[0], "rooms", *command[1:])
    assert said.code == 2 and "manage.py held" in said.err


def test_rejects_shows_the_rows_with_their_reasons(lake, manage, waiting) -> None:
    said = manage("rejects", "rooms")
    assert said.code == 0 and "2025-11-05: 2 findings." in said.out
    assert "many" not in said.out and "(masked)" in said.out


def test_rejects_as_csv_masks_what_the_rules_mask_unless_asked_and_that_is_logged(lake, manage, waiting) -> None:
    masked = list(csv.reader(io.StringIO(manage("rejects", "rooms", "--csv").out)))
    assert masked[0] == ["_line", "_reasons", "room_id", "building", "seats"]
    assert [row[0] for row in masked[1:]] == ["3", "4"]
    assert [row[2:] for row in masked[1:]] == [["A2", "Main", "(masked)"], ["B1", "East", "(masked)"]]
    assert "many" not in str(masked) and "lots" not in str(masked)
    plain = list(csv.reader(io.StringIO(manage("rejects", "rooms", "--csv", "--unmasked").out)))
    assert [row[2:] for row in plain[1:]] == [["A2", "Main", "many"], ["B1", "East", "lots"]]
    assert 'seats "many": is not a whole number' in plain[1][1]
    assert "feed=rooms rejects shown unmasked to" in lake.etl_log.read_text(encoding="utf-8")


def test_rejects_of_a_feed_without_any_says_so(manage) -> None:
    assert manage("rejects", "rooms").out == "rooms: no row was ever rejected.\n"
    assert manage("rejects", "nosuch").code == 2


def test_a_second_run_beside_the_first_exits_75_and_names_it(lake, manage) -> None:
    from datalake.runs import lock

    with lock.held(lake) as run_id:
        said = manage("run")
    assert said.code == 75 and run_id in said.err
    assert not lake.runtime_csv.exists()


def test_run_with_a_wrong_configuration_touches_nothing(lake, manage) -> None:
    file = drop(lake, "2025-11-04", GOOD)
    (lake.config / "local" / "settings.yaml").write_text("settle: 0\n", encoding="utf-8")
    said = manage("run")
    assert said.code == 78 and "settings.yaml:1" in said.err
    assert file.exists()


def test_status_names_what_lies_in_incoming_and_why(lake, manage) -> None:
    drop(lake, "2025-11-04", GOOD)
    (lake.incoming / "notes.txt").write_text("x", encoding="utf-8")
    (lake.incoming / "ROOMS_2025-11-05.csv").mkdir()
    said = manage("status")
    assert said.code == 0
    assert "rooms: 1 file for the next run" in said.out
    assert "notes.txt: matches no feed" in said.out
    assert "ROOMS_2025-11-05.csv: a folder, not a file" in said.out


def test_status_says_for_which_feed_a_run_failed(lake: Lake, manage) -> None:
    drop(lake, "2025-11-04", HEADLESS)
    assert manage("run").code == 1
    (row,) = (line for line in manage("status").out.splitlines() if "failure (1)" in line)
    assert row.endswith("rooms: file refused")
