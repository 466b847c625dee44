"""trace, diff, asof, replay and verify as a person types them, over a lake with the rules that ship."""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.nights import Office
from support.project import copy_files, project_files

from datalake.clock import MovedClock
from datalake.contracts.config import load_contracts
from datalake.runs import record
from datalake.settings import Schedule, Settings
from datalake.zones import events
from datalake.zones.paths import Lake

HEADER = "protocol_id,study_title,pi_name,status,last_updated"
A, B, C = "STUDY00000001", "STUDY00000002", "STUDY00000003"


SETTINGS = Settings(schedule=Schedule(zone="America/New_York"), threads=1)


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Three data dates: B is approved on the 5th and leaves on the 6th; a row of A is rejected on the 6th."""
    lake = Lake(tmp_path_factory.mktemp("three nights"))
    copy_files(project_files("config", "data", "logs"), lake.root)
    (lake.config / "local" / "modules").mkdir(parents=True)
    (lake.config / "local" / "settings.yaml").write_text("schedule: {zone: America/New_York}\n")
    (lake.config / "local" / "modules" / "irb.yaml").write_text(
        "limits: {rejected_percent: 60, row_drop_percent: 90}\n"
    )
    made = Office(lake, load_contracts(lake.root), SETTINGS)
    files = {
        "04": [
            f'{A},"Sleep, and ""rest""",Kim,Approved,2025-10-01 08:00:00',
            f"{B},Bees,Lee,Pre-Submission,2025-10-02 08:00:00",
        ],
        "05": [
            f'{A},"Sleep, and ""rest""",Kim,Approved,2025-10-01 08:00:00',
            f"{B},Bees,Lee,Approved,2025-11-04 08:00:00",
        ],
        "06": [f"{A},Sleep,Kim,Approved,someday", f"{C},=Cells,Ng,Approved,2025-11-05 08:00:00"],
    }
    for day, rows in files.items():
        made.deliver(f"IRB_PROTOCOL_2025-11-{day}.csv", "\r\n".join([HEADER, *rows, ""]))
        outcome = made.next_night()
        record.record_run(lake, SETTINGS.schedule, outcome)
        assert outcome.status == "success", outcome
    return made


@pytest.fixture
def here(lake: Lake, three_nights: Office) -> Office:
    """A copy of that lake, to change."""
    shutil.copytree(three_nights.lake.root, lake.root, symlinks=True, dirs_exist_ok=True)
    return Office(lake, three_nights.contracts, SETTINGS, MovedClock(three_nights.clock.now()))


def test_trace_tells_the_life_of_a_record_with_file_line_and_raw_row(here: Office, manage: Callable[..., Any]) -> None:
    said = manage("trace", "irb", B)
    assert said.code == 0
    assert said.out.splitlines() == [
        f"irb {B}: not published",
        "",
        "Tue 4 Nov 2025  first seen  (IRB_PROTOCOL_2025-11-04.csv, line 3)",
        f"    protocol_id: - -> {B}",
        "    study_title: - -> Bees",
        "    pi_name: - -> Lee",
        "    status: - -> Pre-Submission",
        "    last_updated: - -> 2025-10-02 12:00:00+00:00",
        f"    raw: {B},Bees,Lee,Pre-Submission,2025-10-02 08:00:00",
        "Wed 5 Nov 2025  changed  (IRB_PROTOCOL_2025-11-05.csv, line 3)",
        "    status: Pre-Submission -> Approved",
        "    last_updated: 2025-10-02 12:00:00+00:00 -> 2025-11-04 13:00:00+00:00",
        f"    raw: {B},Bees,Lee,Approved,2025-11-04 08:00:00",
        "Thu 6 Nov 2025  no longer in the file",
    ]


def test_trace_tells_of_rejected_rows_and_of_what_stays_published(here: Office, manage: Callable[..., Any]) -> None:
    said = manage("trace", "irb", A)
    assert f"irb {A}: published" in said.out
    assert '    raw: STUDY00000001,"Sleep, and ""rest""",Kim,Approved,2025-10-01 08:00:00' in said.out
    assert "Rows of it that were not loaded:" in said.out
    assert "Thu 6 Nov 2025  line 2  rejected (" in said.out
    assert "    raw: STUDY00000001,Sleep,Kim,Approved,someday" in said.out


def test_trace_of_a_key_that_never_came_says_so(here: Office, manage: Callable[..., Any]) -> None:
    assert manage("trace", "irb", "STUDY99999999").out == "irb has never had a record STUDY99999999.\n"


def test_trace_masks_raw_rows_of_a_feed_with_masked_columns_unless_told(
    here: Office, manage: Callable[..., Any]
) -> None:
    overlay = here.lake.config / "local" / "modules" / "irb.yaml"
    overlay.write_text(overlay.read_text() + "columns: [{name: pi_name, mask: redact}]\n")
    assert "Lee,Approved" not in manage("trace", "irb", B).out
    assert "raw: (masked)" in manage("trace", "irb", B).out
    assert "Lee,Approved" in manage("trace", "irb", B, "--unmasked").out
    assert f"feed=irb key={B} traced unmasked by" in here.lake.etl_log.read_text()


def test_trace_tells_of_the_files_through_which_a_record_stayed_as_it_was(
    here: Office, manage: Callable[..., Any]
) -> None:
    assert "    stayed so through 2 data dates more, to Thu 6 Nov 2025" in manage("trace", "irb", A).out.splitlines()
    assert "stayed so" not in manage("trace", "irb", B).out, "it changed on the 5th and left on the 6th"


def test_trace_shows_the_raw_row_in_its_encoding_also_when_the_cleaned_rows_are_gone(
    here: Office, manage: Callable[..., Any]
) -> None:
    row = f"{A},Größe,Kim,Approved,2025-10-01 08:00:00"
    lines = "\r\n".join([HEADER, row, f"{C},Cells,Ng,Approved,2025-11-05 08:00:00", ""])
    for day, encoding in (("07", "cp1252"), ("08", "utf-16")):
        here.deliver(f"IRB_PROTOCOL_2025-11-{day}.csv", lines.replace("Kim", f"Kim{day}").encode(encoding))
        assert here.next_night().status == "success"
    shutil.rmtree(here.lake.data / "staging")
    raws = [line.strip() for line in manage("trace", "irb", A).out.splitlines() if line.startswith("    raw: ")]
    assert raws[1:3] == [f"raw: {row.replace('Kim', f'Kim{day}')}" for day in ("07", "08")]


def test_diff_shows_what_changed_between_two_dates(here: Office, manage: Callable[..., Any]) -> None:
    said = manage("diff", "irb", "2025-11-04", "2025-11-06")
    assert said.out.splitlines()[0] == "irb, Tue 4 Nov 2025 to Thu 6 Nov 2025: 1 new, 0 changed, 1 gone"
    assert said.out.splitlines()[1:] == [f"  new     {C}", f"  gone    {B}"]
    assert "status: Pre-Submission -> Approved" in manage("diff", "irb", "2025-11-04", "2025-11-05").out


def test_diff_as_json_has_both_rows(here: Office, manage: Callable[..., Any]) -> None:
    (line,) = manage("diff", "irb", "2025-11-04", "2025-11-05", "--json").out.splitlines()
    told = json.loads(line)
    assert (told["change"], told["columns"]) == ("changed", ["status", "last_updated"])
    assert (told["before"]["status"], told["after"]["status"]) == ("Pre-Submission", "Approved")


def states(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["protocol_id"]: row["status"] for row in csv.DictReader(file)}


def test_asof_tells_what_was_shown_then_from_what_is_known_now(
    here: Office, manage: Callable[..., Any], tmp_path: Path
) -> None:
    # the file of the 5th was loaded in the night to the 7th; a correction of the past comes later still
    out = tmp_path / "then"
    said = manage("asof", "2025-11-06", "--out", str(out), "--feed", "irb")
    assert said.code == 0
    assert "irb: 2 rows shown on Thu 6 Nov 2025, as of Tue 4 Nov 2025" in said.out
    assert states(out / "irb.shown.csv") == {A: "Approved", B: "Pre-Submission"}
    assert states(out / "irb.known.csv") == {A: "Approved", C: "Approved"}


def test_asof_is_the_same_when_the_version_of_then_is_no_longer_kept(
    here: Office, manage: Callable[..., Any], tmp_path: Path
) -> None:
    manage("asof", "2025-11-06", "--out", str(tmp_path / "one"), "--feed", "irb")
    for name in ("000001-2025-11-04", "000002-2025-11-05"):
        for path in (here.lake.curated("irb") / "versions" / name).iterdir():
            path.unlink()
    manage("asof", "2025-11-06", "--out", str(tmp_path / "two"), "--feed", "irb")
    assert states(tmp_path / "one" / "irb.shown.csv") == states(tmp_path / "two" / "irb.shown.csv")


def test_asof_before_anything_was_published_says_so_and_writes_into_no_full_folder(
    here: Office, manage: Callable[..., Any], tmp_path: Path
) -> None:
    said = manage("asof", "2025-11-01", "--out", str(tmp_path / "out"), "--feed", "irb")
    assert said.out == "irb: nothing was published by Sat 1 Nov 2025\n"
    (tmp_path / "out" / "mine.txt").write_text("x")
    said = manage("asof", "2025-11-01", "--out", str(tmp_path / "out"))
    assert (said.code, "is not empty" in said.err) == (2, True)


def test_asof_gives_what_is_known_of_a_day_whose_files_were_loaded_years_later(
    here: Office, manage: Callable[..., Any], tmp_path: Path
) -> None:
    """As after `backfill`: nothing was shown then, and yet it is known what was true."""
    said = manage("asof", "2025-11-05", "--out", str(tmp_path / "then"), "--feed", "irb")
    assert said.out.splitlines() == [
        "irb: nothing was published by Wed 5 Nov 2025",
        "irb: 2 rows known now to have been true on Wed 5 Nov 2025",
    ]
    assert [path.name for path in sorted((tmp_path / "then").iterdir())] == ["irb.known.csv", "irb.known.parquet"]
    assert states(tmp_path / "then" / "irb.known.csv") == {A: "Approved", B: "Approved"}


def test_asof_of_a_day_to_come_is_refused_and_writes_nothing(
    here: Office, manage: Callable[..., Any], tmp_path: Path
) -> None:
    said = manage("asof", "2095-01-01", "--out", str(tmp_path / "then"))
    assert (said.code, said.err.startswith("error: Sat 1 Jan 2095 is yet to come. Give a day")) == (2, True)
    assert not (tmp_path / "then").exists()


def test_verify_says_that_all_is_as_recorded_and_gives_the_tip(here: Office, manage: Callable[..., Any]) -> None:
    before = {path: path.stat().st_mtime_ns for path in here.lake.data.rglob("*")}
    said = manage("verify")
    assert said.code == 0, said
    assert said.out.startswith("All is as it was recorded: 9 events, ")
    tip = said.out.split()[-1]
    assert len(tip) == 64
    assert manage("verify", "--tip", tip).code == 0
    assert {path: path.stat().st_mtime_ns for path in here.lake.data.rglob("*")} == before


def test_verify_names_a_flipped_byte_and_exits_1(here: Office, manage: Callable[..., Any]) -> None:
    (path,) = here.lake.raw_zone.glob("irb/2025-11-05/*.csv")
    os.chmod(path, 0o644)
    path.write_bytes(path.read_bytes().replace(b"Bees", b"Beez"))
    said = manage("verify")
    assert said.code == 1
    assert said.out.splitlines()[0] == (f"raw/irb/2025-11-05/{path.name}: its bytes are not those that were recorded")


def test_verify_finds_a_log_that_was_written_anew_by_the_tips_in_the_record(
    here: Office, manage: Callable[..., Any]
) -> None:
    path = next(here.lake.events.iterdir())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    said = manage("verify")
    assert said.code == 1
    assert "the log was written anew: it lacks the line that run " in said.out
    said = manage("verify", "--tip", "1" * 64)
    assert "lacks the line that --tip names (111111111111...), and those that " in said.out
    assert said.out.count("written anew") == 1, "one problem, however many runs noted a tip"


def test_verify_names_a_deleted_file(here: Office, manage: Callable[..., Any]) -> None:
    (path,) = here.lake.raw_zone.glob("irb/2025-11-05/*.csv")
    path.unlink()
    said = manage("verify")
    assert (said.code, said.out.splitlines()[0]) == (1, f"raw/irb/2025-11-05/{path.name}: is missing")


def test_verify_finds_a_log_chained_anew_by_the_record_by_the_marker_and_by_a_tip_from_a_mail(
    here: Office, manage: Callable[..., Any]
) -> None:
    tip = manage("verify").out.split()[-1]
    told = [line.event for line in events.read(here.lake.events) if line.event]
    shutil.rmtree(here.lake.events)
    log = events.EventLog(here.lake.events, events.Position())
    for event in told:
        facts = {name: value for name, value in event.items() if name not in ("seq", "at", "kind", "previous")}
        added = {"who": "somebody else"} if event["kind"] == "admitted" else {}
        log.append(event["kind"], datetime.fromisoformat(event["at"]), {**facts, **added})
    said = manage("verify")
    assert (said.code, "it lacks the line that run " in said.out) == (1, True)
    here.lake.database.unlink()
    said = manage("verify")
    assert (said.code, "it lacks the line that last_success.txt names" in said.out) == (1, True)
    here.lake.success_marker.unlink()
    assert manage("verify").code == 0, "nobody has noted anything"
    said = manage("verify", "--tip", tip[:12])
    assert (said.code, f"it lacks the line that --tip names ({tip[:12]}" in said.out) == (1, True)


def test_verify_takes_a_tip_as_short_as_a_message_has_it_and_nothing_that_is_none(
    here: Office, manage: Callable[..., Any]
) -> None:
    tip = manage("verify").out.split()[-1]
    said = manage("verify", "--tip", tip[:12].upper())
    assert (said.code, "still has the line that --tip names" in said.out) == (0, True)
    assert (manage("verify", "--tip", "Tip: abc").code, manage("verify", "--tip", tip[:7]).code) == (2, 2)


def test_verify_does_not_accuse_a_lake_whose_first_nights_brought_no_file(manage: Callable[..., Any]) -> None:
    assert manage("run").code == 0
    assert manage("verify").code == 0


def test_replay_says_that_the_bytes_are_the_same_or_what_it_made_anew(here: Office, manage: Callable[..., Any]) -> None:
    assert manage("replay").out == "irb: the same bytes, 3 versions.\n"
    path = here.lake.curated("irb") / "current" / "irb.csv"
    good = path.read_bytes()
    path.write_bytes(b"")
    name = f"versions/{here.state().version}/irb.csv"
    same = "  In the table that is shown: no record differs.\n"
    assert manage("replay", "irb", "--dry-run").out == f"irb: 1 file would be made anew:\n  {name}\n{same}"
    assert path.read_bytes() == b""
    assert manage("replay", "irb").out == f"irb: 1 file was made anew:\n  {name}\n{same}"
    assert path.read_bytes() == good
    assert manage("verify").code == 0


def test_replay_of_an_empty_lake_says_so(manage: Callable[..., Any]) -> None:
    assert manage("replay").out == "Nothing was published yet, so there is nothing to rebuild.\n"


VIEW = "irb_pipeline"


def test_verify_names_a_view_that_was_changed_taken_away_or_put_in_its_place_and_replay_mends_each(
    here: Office, manage: Callable[..., Any]
) -> None:
    """A view is what most people read: its numbers are part of the evidence."""
    assert manage("verify").code == 0
    folder = (here.lake.views / VIEW / "current").resolve()
    place = f"curated/views/{VIEW}/versions/{folder.name}"
    table, facts = folder / f"{VIEW}.csv", folder / "version.json"

    table.write_bytes(table.read_bytes().replace(b"Approved", b"Declined") + b"x")
    assert manage("verify").out.splitlines()[0] == f"{place}/{VIEW}.csv: its bytes are not those that were recorded"
    document = json.loads(facts.read_text())
    document["files"][table.name] = hashlib.sha256(table.read_bytes()).hexdigest()  # a forger mends the sums beside it
    facts.write_text(json.dumps(document))
    assert manage("verify").out.splitlines()[0] == f"{place}/version.json: its bytes are not those that were recorded"
    assert f"1 view made anew: {VIEW}." in manage("replay").out
    assert manage("verify").code == 0

    (here.lake.views / VIEW / "current" / f"{VIEW}.parquet").unlink()
    assert f"/{VIEW}.parquet: is missing" in manage("verify").out
    shutil.rmtree(here.lake.views / VIEW)
    assert f"curated/views/{VIEW}/current: does not lead to " in manage("verify").out
    assert f"1 view made anew: {VIEW}." in manage("replay", "irb").out
    assert manage("verify").code == 0


def test_verify_names_an_old_version_that_no_rule_let_go_and_rules_that_were_changed(
    here: Office, manage: Callable[..., Any]
) -> None:
    oldest = min((here.lake.curated("irb") / "versions").iterdir())
    shutil.rmtree(oldest)
    (rules,) = (here.lake.rules / "irb").iterdir()
    good = rules.read_bytes()
    rules.write_bytes(good.replace(b"reject", b"accept", 1))
    said = manage("verify")
    assert (said.code, said.out.splitlines()[:2]) == (
        1,
        [
            f"curated/irb/versions/{oldest.name}: is missing",
            f"metadata/rules/irb/{rules.name}: its bytes are not those that were recorded",
        ],
    )
    assert manage("replay").code == 0
    assert rules.read_bytes() == good
    assert manage("verify").code == 0, "both are made again"


def test_verify_does_not_miss_what_fewer_kept_versions_let_go(here: Office, manage: Callable[..., Any]) -> None:
    with (here.lake.config / "local" / "settings.yaml").open("a") as file:
        file.write("keep_versions: 1\n")
    assert manage("run").code == 0
    assert len(list((here.lake.curated("irb") / "versions").iterdir())) == 1
    assert manage("verify").code == 0


def test_a_rebuild_by_other_rules_makes_the_views_anew(here: Office, manage: Callable[..., Any]) -> None:
    path = here.lake.config / "local" / "modules" / "irb.yaml"
    path.write_text(path.read_text() + "missing_values: ['', 'Approved']\n")
    card = here.lake.views / VIEW / "current" / "card.json"
    before = card.resolve().parent.name
    said = manage("replay", "irb")
    assert f"view made anew: {VIEW}." in said.out or "views made anew: " in said.out, said
    shown = (here.lake.views / VIEW / "current").resolve().name
    assert (shown != before) or (here.lake.views / VIEW / "not_updated.json").exists()
    assert manage("verify").code == 0
