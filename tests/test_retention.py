"""What is kept no longer, and what always is: nothing that a table, history, a rebuild or a person still needs."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.nights import IRB, Office, office

from datalake.clock import MovedClock
from datalake.contracts.model import Limits
from datalake.pipeline.context import Context
from datalake.pipeline.decisions import Approve, Decline
from datalake.pipeline.replay import replay
from datalake.pipeline.rules import fingerprint
from datalake.pipeline.verify import verify
from datalake.runs import logs
from datalake.settings import Retention
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake

SHORT = Retention(staging_days=3, raw_days=4, quarantine_days=4)
RULES = replace(IRB, history="scd2", limits=Limits(rejected_percent=45, row_drop_percent=30))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Nights in which a file was declined, one approved, one overtaken, rows rejected, and many good ones since."""
    made = office(tmp_path_factory.mktemp("past"))
    made.contracts = (RULES,)
    made.settings = replace(made.settings, keep_versions=3)
    files = [("A", "B", "C", "D,,,"), ("A",), ("A", "B"), ("A",), ("A", "B"), ("A", "B,,,", "C")]
    for number, rows in enumerate(files):
        made.irb(f"2025-11-{5 + number:02}", *rows)
        made.next_night()
        if number == 1:
            made.night(work=Decline("irb", "kim", "test export"))
        if number == 2:
            made.night(work=Approve("irb", "kim", "known"))
    for day in range(11, 20):
        made.irb(f"2025-11-{day}", "A", "B", f"C{day}")
        made.next_night()
    return made


@pytest.fixture
def here(past: Office, tmp_path: Path) -> Office:
    """That lake, for one test."""
    shutil.copytree(past.lake.root, tmp_path / "lake", symlinks=True)
    return replace(past, lake=Lake(tmp_path / "lake"), clock=MovedClock(past.clock.now()))


def tidied(here: Office, rules: Retention = SHORT) -> None:
    here.settings = replace(here.settings, retention=rules)
    here.next_night()


def zone(here: Office, name: str) -> set[str]:
    folder = here.lake.data / name
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def raw_files(here: Office) -> set[str]:
    return {name for name in zone(here, "raw") if name.endswith(".csv")}


def problems(here: Office) -> list[str]:
    return [f"{each.place}: {each.what}" for each in verify(here.lake, here.contracts, {})[0]]


def rebuilt(here: Office) -> Any:
    ledger = Ledger(here.lake, here.clock.now)
    return replay(Context(here.lake, here.settings, here.clock, ledger, here.clock.now().date()), here.contracts[0])


def test_raw_and_rejected_rows_are_kept_for_good_unless_the_settings_say_otherwise(here: Office) -> None:
    raw, rejected = zone(here, "raw"), zone(here, "quarantine")
    tidied(here, Retention(staging_days=3))
    assert (zone(here, "raw"), zone(here, "quarantine")) == (raw, rejected)
    assert {name.split("/")[1] for name in zone(here, "staging")} <= {"2025-11-18", "2025-11-19"}


def test_the_cleaned_rows_of_the_file_that_is_shown_stay_however_old_it_is(tmp_path: Path) -> None:
    """As in a demo, or after years of old files: nobody is to find an empty folder where the last file went through."""
    here = office(tmp_path)
    for day in ("2020-01-04", "2020-01-05"):
        here.irb(day, "A", day)
        here.next_night()
    assert {name.split("/")[1] for name in zone(here, "staging")} == {"2020-01-05"}


def test_only_files_that_no_table_history_or_rebuild_needs_leave_raw_and_their_notes_stay(here: Office) -> None:
    before, published = zone(here, "raw"), here.table()
    tidied(here)
    gone = before - zone(here, "raw")
    assert {name.split("/")[1] for name in gone} == {"2025-11-06", "2025-11-08"}, "declined, and overtaken"
    assert all(name.endswith(".csv") for name in gone)
    assert problems(here) == []
    assert here.table() == published


def test_after_it_a_rebuild_gives_the_same_bytes_a_year_on_with_other_threads_and_all_verifies(here: Office) -> None:
    tidied(here)
    curated = {name: (here.lake.data / "curated" / name).read_bytes() for name in zone(here, "curated")}
    shutil.rmtree(here.lake.data / "curated")
    here.clock.advance(timedelta(days=365).total_seconds())
    here.settings = replace(here.settings, threads=3)
    assert rebuilt(here).refused == ()
    assert {name: (here.lake.data / "curated" / name).read_bytes() for name in zone(here, "curated")} == curated
    assert problems(here) == []


def test_verify_tells_a_removal_by_rule_from_a_loss(here: Office) -> None:
    tidied(here)
    lost = next(name for name in sorted(raw_files(here)) if "2025-11-05" in name)
    (here.lake.raw_zone / lost).unlink()
    assert problems(here) == [f"raw/{lost}: is missing"]


def test_a_file_let_go_that_stands_there_again_must_have_its_own_bytes(here: Office) -> None:
    before = raw_files(here)
    tidied(here)
    gone = min(before - raw_files(here))
    (here.lake.raw_zone / gone).write_text("another one", encoding="utf-8")
    assert problems(here) == [f"raw/{gone}: its bytes are not those that were recorded"]


def test_a_feed_on_hold_keeps_everything_and_is_not_published_anew_for_it(here: Office) -> None:
    here.with_irb(legal_hold=True)
    assert fingerprint(here.contracts[0]) == fingerprint(RULES)
    before, version = {name: zone(here, name) for name in ("raw", "staging", "quarantine")}, here.state().version
    tidied(here)
    assert {name: zone(here, name) for name in before} == before
    assert here.state().version == version
    for day in ("2025-11-20", "2025-11-21", "2025-11-22"):
        here.irb(day, "A", "B", f"C{day}")
        here.next_night()
    assert len(list((here.lake.curated("irb") / "versions").iterdir())) == 6, "3 of before, 3 of the hold"
    assert rebuilt(here).same and problems(here) == []


def test_nothing_of_a_file_that_waits_is_removed_and_it_can_still_be_approved(here: Office) -> None:
    here.irb("2025-11-20", "A")
    here.next_night()
    for _ in range(9):
        here.next_night()
    tidied(here, replace(SHORT, staging_days=1, raw_days=1, quarantine_days=1))
    assert any("2025-11-20" in name for name in zone(here, "staging"))
    assert here.night(work=Approve("irb", "kim", "known")).status == "success"
    assert here.ids() == ["A"]


def test_a_clock_that_jumps_ahead_lets_nothing_go_from_raw_or_quarantine(here: Office) -> None:
    """What is old is counted in days on which something was recorded: a jump is one day, however far."""
    raw, rejected = zone(here, "raw"), zone(here, "quarantine")
    here.clock.advance(timedelta(days=30_000).total_seconds())
    tidied(here, Retention(raw_days=400, quarantine_days=400))
    tidied(here, Retention(raw_days=400, quarantine_days=400))
    assert (zone(here, "raw"), zone(here, "quarantine")) == (raw, rejected)


def test_the_record_lost_after_it_is_made_again_with_what_was_let_go(here: Office) -> None:
    tidied(here)
    shutil.rmtree(here.lake.metadata)
    here.irb("2025-11-21", "A", "B", "C")
    assert here.next_night().status == "success"
    assert problems(here) == []
    curated = here.table()
    shutil.rmtree(here.lake.curated("irb"))
    rebuilt(here)
    assert here.table() == curated


def test_the_same_bytes_sent_again_after_they_were_let_go_are_a_delivery_as_any(here: Office) -> None:
    before = raw_files(here)
    tidied(here)
    gone = min(before - raw_files(here))
    here.irb("2025-11-06", "A")
    outcome = here.next_night()
    assert gone in raw_files(here)
    assert outcome.feeds[0].files[0].status == "filed"
    assert problems(here) == []


@pytest.fixture
def lake(here: Office) -> Lake:
    """That lake, as the command sees it: with settings and rules in files."""
    modules = here.lake.config / "modules"
    modules.mkdir(parents=True)
    (here.lake.config / "settings.yaml").write_text(
        "schedule: {zone: America/New_York}\nretention: {staging_days: 3, raw_days: 4, quarantine_days: 4}\n"
    )
    (modules / "irb.yaml").write_text(
        'delivery: {pattern: "IRB_PROTOCOL_{date:%Y-%m-%d}.csv"}\nprimary_key: protocol_id\nhistory: scd2\n'
        "columns: [{name: protocol_id}, {name: study_title}, {name: status}, {name: last_updated, type: date}]\n"
    )
    return here.lake


def test_the_command_says_what_would_go_and_then_does_it(here: Office, lake: Lake, manage: Callable[..., Any]) -> None:
    clock = MovedClock(here.clock.now() + timedelta(days=1))
    before = {name: zone(here, name) for name in ("raw", "staging", "quarantine", "metadata")}
    shown = manage("retention", "--dry-run", clock=clock)
    assert {name: zone(here, name) for name in before} == before
    assert "raw        irb: 2 files, " in shown.out and "of 2 deliveries (raw_days: 4) would go" in shown.out
    done = manage("retention", clock=clock)
    assert (done.code, done.out) == (0, shown.out.replace("would go", "removed"))
    assert len(raw_files(here)) == len({name for name in before["raw"] if name.endswith(".csv")}) - 2
    assert manage("retention", clock=clock).out == "Nothing is due: all that is there is kept.\n"
    assert "All is as it was recorded" in manage("verify").out
    log = "".join(path.read_text() for path in sorted(lake.events.iterdir()))
    told = [json.loads(line) for line in log.splitlines() if '"removed"' in line]
    assert {(each["zone"], each["rule"]) for each in told} == {
        ("raw", "raw_days: 4"),
        ("quarantine", "quarantine_days: 4"),
    }


def test_a_log_that_outgrew_its_bound_is_put_aside_whole_and_only_so_many_stay(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.logs.mkdir()
    rules = Retention(log_mb=1, log_files=2)
    small = lake.summary_log
    small.write_text("short\n", encoding="utf-8")
    with lake.etl_log.open("a", encoding="utf-8") as writer:  # as Bash holds it for a whole run
        for name in ("first", "second", "third"):
            writer.write(f"{name}\n" + "x" * 1_000_000 + "\n")
            writer.flush()
            assert logs.rotate(lake, rules) == [lake.etl_log]
            writer.write(f"after the {name}\n")
            writer.flush()
    assert lake.etl_log.read_text(encoding="utf-8") == "after the third\n"
    assert sorted(path.name for path in lake.logs.iterdir()) == [
        "cron_etl.log", "cron_etl.log.1", "cron_etl.log.2", "summary_status.log"
    ]  # fmt: skip
    assert (lake.logs / "cron_etl.log.1").read_text(encoding="utf-8").startswith("after the second\nthird\n")
    assert (lake.logs / "cron_etl.log.2").read_text(encoding="utf-8").startswith("after the first\nsecond\n")
    assert small.read_text(encoding="utf-8") == "short\n"
    assert logs.rotate(lake, rules) == []
