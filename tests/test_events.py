"""The event log and the head over it: nothing acknowledged is lost, nothing torn counts, tampering shows."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support.nights import Office, irb_csv, kinds, note, office

from datalake.zones.events import NO_LINE, EventLog, Position, read, segments, stands
from datalake.zones.manifest import Ledger, read_state

NOVEMBER = datetime(2025, 11, 30, 23, 59, tzinfo=timezone.utc)
DECEMBER = datetime(2025, 12, 1, 0, 1, tzinfo=timezone.utc)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "events"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    """An office after two nights."""
    made = office(tmp_path)
    made.irb("2025-11-04", "A", "B")
    made.night()
    made.irb("2025-11-05", "A", "C")
    made.next_night()
    yield made


def lines(folder: Path) -> list[bytes]:
    return [line for path in sorted(folder.iterdir()) for line in path.read_bytes().splitlines()]


def test_each_line_names_the_hash_of_the_line_before_it_across_months(folder: Path) -> None:
    log = EventLog(folder, Position())
    for at in (NOVEMBER, DECEMBER, DECEMBER):
        log.append("tried", at, {"feed": "irb"})

    assert segments(folder) == ["2025-11", "2025-12"]
    written = lines(folder)
    before = [NO_LINE, *(hashlib.sha256(line).hexdigest() for line in written)]
    assert [json.loads(line)["previous"] for line in written] == before[:-1]
    assert log.position.tip == before[-1]
    assert all(line.intact for line in read(folder))


def test_a_clock_that_goes_back_never_puts_a_line_before_an_older_one(folder: Path) -> None:
    log = EventLog(folder, Position())
    log.append("tried", DECEMBER, {})
    log.append("tried", NOVEMBER, {})
    assert segments(folder) == ["2025-12"]
    assert [line.event["seq"] for line in read(folder) if line.event] == [1, 2]


def test_a_line_cut_by_a_crash_does_not_count_and_the_next_one_takes_its_place(folder: Path) -> None:
    log = EventLog(folder, Position())
    log.append("tried", NOVEMBER, {"n": 1})
    position = log.position
    with (folder / "2025-11.jsonl").open("ab") as file:
        file.write(b'{"seq": 2, "kind": "tr')

    assert [line.event["n"] for line in read(folder) if line.event] == [1]
    EventLog(folder, position).append("tried", NOVEMBER, {"n": 2})
    assert [line.event["n"] for line in read(folder) if line.event] == [1, 2]
    assert all(line.intact for line in read(folder))


def test_a_segment_of_nothing_but_a_torn_line_is_started_again(folder: Path) -> None:
    log = EventLog(folder, Position())
    log.append("tried", NOVEMBER, {"n": 1})
    (folder / "2025-12.jsonl").write_bytes(b'{"seq": 2')
    log = EventLog(folder, log.position)
    log.append("tried", DECEMBER, {"n": 2})
    assert [line.event["n"] for line in read(folder) if line.event] == [1, 2]


@pytest.mark.parametrize("change", [b"X", b""])
def test_a_changed_or_missing_byte_in_an_old_line_breaks_the_chain(folder: Path, change: bytes) -> None:
    log = EventLog(folder, Position())
    for number in range(4):
        log.append("tried", NOVEMBER, {"note": f"value{number}"})
    path = folder / "2025-11.jsonl"
    path.write_bytes(path.read_bytes().replace(b"value1", b"value" + change, 1))
    assert [line.intact for line in read(folder)] == [True, True, False, True]
    assert not stands(folder, log.position) or change


def test_a_position_stands_only_while_its_line_does(folder: Path) -> None:
    log = EventLog(folder, Position())
    log.append("tried", NOVEMBER, {"n": 1})
    assert stands(folder, log.position)
    assert stands(folder, Position())
    (folder / "2025-11.jsonl").write_bytes(b"other\n")
    assert not stands(folder, log.position)
    (folder / "2025-11.jsonl").unlink()
    assert not stands(folder, log.position)


def test_every_file_of_the_metadata_is_valid_json_in_ascii(here: Office) -> None:
    for line in lines(here.lake.events):
        json.loads(line.decode("ascii"))
    json.loads(here.lake.manifest.read_bytes().decode("ascii"))


DAMAGES = {
    "missing": None,
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "half": b'{"format": 1, "feeds": {"irb"',
    "binary": b"\x00\xff" * 100,
    "missing keys": b'{"format": 1}',
    "wrong types": b'{"format": 1, "log": {"segment": 3}, "feeds": []}',
    "from the future": b'{"format": 99}',
    "git conflict": b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_manifest_is_made_again_from_the_events_never_empty(here: Office, damage: bytes | None) -> None:
    before = read_state(here.lake)
    if damage is None:
        here.lake.manifest.unlink()
    else:
        here.lake.manifest.write_bytes(damage)

    assert read_state(here.lake) == before
    outcome = here.night()
    assert outcome.status == "success"
    assert "made again from the events" in note(outcome, "recovered")
    assert read_state(here.lake) == before
    assert kinds(here.night()) == ["no_files"]


def test_an_older_manifest_is_brought_up_to_date_by_the_events_after_it(here: Office) -> None:
    older = here.lake.manifest.read_bytes()
    here.irb("2025-11-06", "A", "D")
    here.next_night()
    after = read_state(here.lake)
    here.lake.manifest.write_bytes(older)
    assert read_state(here.lake) == after


@pytest.mark.parametrize("lost", ["events and manifest", "all metadata"])
def test_lost_events_are_made_again_from_raw_and_curated(here: Office, lost: str) -> None:
    here.irb("2025-11-06", "A", "B,,,", "C,,,")  # held: two of three rows rejected
    here.next_night()
    before = here.state()
    for path in sorted(here.lake.metadata.rglob("*"), reverse=True):
        if path.is_file() and (lost == "all metadata" or "outcomes" not in str(path)):
            path.unlink()

    outcome = here.night()

    assert "made again from the files of irb" in note(outcome, "recovered")
    state = here.state()
    assert (state.as_of, state.version, state.rows) == (before.as_of, before.version, before.rows)
    assert [each.name for each in state.held] == ["IRB_PROTOCOL_2025-11-06.csv"]
    assert here.ids() == ["A", "C"]
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", irb_csv("A", "C"))
    again = here.night()
    assert [each.status for each in again.feeds[-1].files] == ["duplicate"]


def test_a_decision_survives_the_loss_of_the_metadata(here: Office) -> None:
    from datalake.pipeline.decisions import Decline

    here.irb("2025-11-06", "A", "B,,,", "C,,,")
    here.next_night()
    here.night(work=Decline("irb", "kim", "half an export"))
    for path in here.lake.metadata.rglob("*.json*"):
        path.unlink()
    here.night()
    assert here.state().held == ()


def test_an_unreadable_line_is_told_and_what_it_said_is_found_in_curated(here: Office) -> None:
    path = next(here.lake.events.iterdir())
    written = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*written[:-1], b"#" * 40 + b"\n"]))

    outcome = here.night()

    texts = [each.text for each in outcome.notes if each.kind == "recovered"]
    assert any("line 4 of the event log (2025-11) cannot be read" in text for text in texts)
    assert (here.state().version, here.ids()) == ("000002-2025-11-05", ["A", "C"])


def test_reading_the_state_writes_nothing(here: Office) -> None:
    here.lake.manifest.unlink()
    before = {path: path.stat().st_mtime_ns for path in here.lake.data.rglob("*")}
    read_state(here.lake)
    assert {path: path.stat().st_mtime_ns for path in here.lake.data.rglob("*")} == before


def test_a_ledger_that_could_not_write_keeps_the_state_it_had(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(here.lake, here.clock.now)
    state = ledger.state

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("datalake.zones.events.sync", full)
    with pytest.raises(OSError, match="No space"):
        ledger.record("duplicate", "irb", {"data_date": "2025-11-05", "sha256": "0" * 64})
    monkeypatch.undo()
    assert ledger.state == state
    ledger.record("tried", "irb", {})
    assert all(line.intact for line in read(here.lake.events))
