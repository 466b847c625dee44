"""Whole nights: what a person finds in the lake and in the outcome afterwards."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.nights import GRANTS, IRB, Office, feed, file, grants_csv, irb_csv, kinds, note

from datalake.errors import Refused, UsageError
from datalake.nightly import anything_new
from datalake.outcomes import Changes, from_json
from datalake.pipeline.reasons import refused
from datalake.runs import crumbs

SOURCE = Path(__file__).resolve().parents[1] / "src"


def test_a_file_in_incoming_ends_as_a_published_table_and_its_twin(here: Office) -> None:
    here.irb("2025-11-04", "STUDY1", "STUDY2,=SUM(A1),Approved,2025-10-02")

    outcome = here.night()

    assert (outcome.status, outcome.exit_code, outcome.night) == ("success", 0, date(2025, 11, 5))
    assert [(row["protocol_id"], row["last_updated"]) for row in here.table()] == [
        ("STUDY1", date(2025, 10, 1)),
        ("STUDY2", date(2025, 10, 2)),
    ]
    assert (
        here.table()[1]
        | {
            "study_title": "=SUM(A1)",
            "_source_file": "IRB_PROTOCOL_2025-11-04.csv",
            "_source_line": 3,
            "_data_date": date(2025, 11, 4),
            "_delivery": file(outcome).delivery,
        }
        == here.table()[1]
    )
    assert here.twin() == [
        ["protocol_id", "study_title", "status", "last_updated"],
        ["STUDY1", "Study STUDY1", "Approved", "2025-10-01"],
        ["STUDY2", "'=SUM(A1)", "Approved", "2025-10-02"],
    ]
    assert here.incoming() == []


def test_the_outcome_left_in_the_lake_is_the_one_returned(here: Office) -> None:
    here.irb("2025-11-04", "STUDY1")
    outcome = here.night(run_id="20251105T070000Z-1")
    left = json.loads((here.lake.outcomes / "20251105T070000Z-1.json").read_text())
    assert from_json(left) == outcome
    assert {each.stage for each in outcome.stages} == {"plan", "claim", "admit", "clean", "guard", "publish", "views"}


def test_a_second_night_counts_what_is_new_changed_and_gone(here: Office) -> None:
    here.irb("2025-11-04", "A", "B", "C")
    here.night()
    here.irb("2025-11-05", "A", "B,Another title,Approved,2025-10-01", "D", "E")

    outcome = here.next_night()

    assert feed(outcome).changes == Changes(new=2, changed=1, gone=1)
    assert feed(outcome).as_of == date(2025, 11, 5)
    assert here.ids() == ["A", "B", "D", "E"]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Line 12 cannot be read as utf-8.", "IRB.csv: Line 12 cannot be read as utf-8."),
        ("Line 12: a check failed.", "IRB.csv: Line 12: a check failed."),
        ("A quote is never closed.", "IRB.csv, line 12: A quote is never closed."),
    ],
)
def test_a_refusal_names_its_line_once(message: str, told: str) -> None:
    assert refused("IRB.csv", Refused("not_text", message, line=12), "irb")[0] == told


def test_nothing_in_incoming_is_a_success_that_says_so(here: Office) -> None:
    outcome = here.night()
    assert (outcome.status, kinds(outcome)) == ("success", ["no_files"])
    assert outcome.with_notes


def test_the_log_names_every_file_that_stays_in_incoming_and_no_note_contradicts_that(
    here: Office, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"other_{number}.csv" for number in range(9)]
    for name in names:
        here.deliver(name, "x\n")
    caplog.set_level("INFO", "datalake")
    outcome = here.night()
    assert all(f"left_in_incoming={name} " in caplog.text for name in names)
    assert note(outcome, "no_files") == "No file in incoming is ready for a feed: nothing to load."
    assert note(outcome, "no_files") in caplog.text and "Left in incoming: other_0.csv" in caplog.text


def test_a_night_whose_file_did_not_come_names_the_feed_and_what_it_shows(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("AWD1,5"))
    here.night()
    here.deliver("GRANTS_2025-11-05.csv", grants_csv("AWD1,6"))

    outcome = here.next_night()

    assert outcome.status == "success"
    assert note(outcome, "no_file_for_feed") == "No file came for irb: it still shows Tue 4 Nov 2025."


def test_a_second_run_of_the_same_night_does_not_miss_the_file_of_the_first(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    assert kinds(here.night()) == ["no_files"]


def test_one_failing_feed_never_stops_another(here: Office) -> None:
    here.irb("2025-11-04")  # a header and nothing else
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("AWD1,5"))

    outcome = here.night()

    assert (outcome.status, outcome.exit_code) == ("failure", 1)
    assert feed(outcome, "grants").status == "published"
    assert feed(outcome).status == "refused"
    assert "has a header and no rows" in feed(outcome).reason
    again = "It loads by itself the next night, or at once: `bash src/cron_runner.sh`."
    assert feed(outcome).fix == f"Ask for the export to be sent again. {again}"


def test_a_fault_in_the_program_is_worded_and_logged_and_the_file_is_taken_up_again(
    here: Office, caplog: pytest.LogCaptureFixture
) -> None:
    here.irb("2025-11-04", "A")

    def broken(job: object, progress: object) -> None:
        raise ZeroDivisionError("surprise")

    outcome = here.night(stager=broken)
    assert feed(outcome).status == "failed"
    assert feed(outcome).reason == "The load of irb stopped on a fault in the program (ZeroDivisionError: surprise)."
    assert (file(outcome).name, file(outcome).status) == ("IRB_PROTOCOL_2025-11-04.csv", "failed")
    assert "Traceback" in caplog.text

    again = here.night()
    assert (again.status, here.ids()) == ("success", ["A"])
    assert "taken up again" in note(again, "recovered")


def test_a_missing_incoming_is_a_failure_not_an_empty_night(here: Office) -> None:
    here.lake.incoming.rmdir()
    outcome = here.night()
    assert outcome.status == "failure"
    assert "does not exist: is its disk mounted?" in outcome.error
    assert outcome.fix


def test_a_further_try_sees_whether_there_is_anything_new(here: Office) -> None:
    def new() -> bool:
        return anything_new(here.lake, here.settings, here.contracts, here.clock.now())

    assert not new()
    here.irb("2025-11-04", "A")
    assert new()
    here.night()
    assert not new()


def test_a_held_file_keeps_later_runs_from_being_a_success(here: Office) -> None:
    here.irb("2025-11-04", "A", "B,,,")
    here.night()
    outcome = here.night()
    assert (outcome.status, feed(outcome).status) == ("failure", "held")


def test_a_real_file_in_a_demo_lake_is_a_usage_error_that_touches_nothing(here: Office) -> None:
    here.lake.metadata.mkdir(parents=True)
    here.lake.demo_marker.write_text("{}")
    here.irb("2025-11-04", "A")

    with pytest.raises(UsageError, match="demo --clear"):
        here.night()

    assert here.incoming() == ["IRB_PROTOCOL_2025-11-04.csv"]
    assert crumbs.all_left(here.lake) == []
    demo = here.night(trigger="demo")
    assert (demo.demo, demo.status) == (True, "success")


def test_an_empty_night_loads_no_table_library(tmp_path: Path) -> None:
    """What it costs to find nothing decides how often one can look."""
    code = """
import sys
from pathlib import Path
from datetime import datetime, timezone
from datalake.clock import SystemClock
from datalake.nightly import run_night
from datalake.contracts.model import Column, Contract, Delivery
from datalake.settings import Settings
from datalake.zones.paths import Lake
lake = Lake(Path(sys.argv[1]))
lake.incoming.mkdir(parents=True)
run_night(lake, Settings(), (Contract("irb", Delivery("IRB_*.csv"), (Column("id"),)),), SystemClock(), "cron")
heavy = ("pandas", "pyarrow", "duckdb", "numpy", "requests", "flask", "sqlite3")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "lake")],
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr


KILLED_RUN = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from support.nights import Office, Lake
here = Office(Lake(Path(sys.argv[1])))
class Stop:
    def stage_started(self, stage, feed):
        if stage == sys.argv[3]:
            os.kill(os.getpid(), int(sys.argv[4]))
    def stage_ended(self, stage, feed): pass
    def progress(self, *values): pass
here.night(observer=Stop(), run_id="20251105T070000Z-7")
"""


def killed(here: Office, stage: str, number: int) -> int:
    """A night in a process of its own that gets a signal when a stage begins."""
    tests = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(here.lake.root), tests, stage, str(int(number))],
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    return done.returncode


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_at_once_with_its_outcome_left(here: Office, number: int, code: int) -> None:
    here.irb("2025-11-04", "A")
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("AWD1,5"))

    assert killed(here, "clean", number) == code

    left = crumbs.left_by(here.lake, "20251105T070000Z-7")
    assert left is not None and left.outcome is not None
    assert (left.outcome.status, left.outcome.exit_code) == ("failure", code)
    assert "while at clean of grants" in left.outcome.error
    again = here.night()
    assert (again.status, here.ids(), here.ids("grants", "award_id")) == ("success", ["A"], ["AWD1"])


@pytest.mark.parametrize("stage", ["plan", "claim", "admit", "clean", "guard", "publish"])
def test_what_is_killed_at_a_stage_is_loaded_by_the_next_run(here: Office, stage: str) -> None:
    here.irb("2025-11-04", "A", "B")
    assert killed(here, stage, signal.SIGKILL) == -signal.SIGKILL
    again = here.night()
    assert (again.status, here.ids()) == ("success", ["A", "B"])
    assert here.incoming() == []


def test_the_order_of_feeds_lets_no_deadly_file_starve_the_others(here: Office) -> None:
    here.contracts = (replace(IRB, feed="aaa"), GRANTS)
    here.irb("2025-11-04", "A")

    def broken(job: object, progress: object) -> None:
        raise MemoryError

    assert feed(here.night(stager=broken), "aaa").reason == "There was not enough memory."
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("AWD1,5"))
    order = []

    class Watch:
        def stage_started(self, stage: str, name: str) -> None:
            order.append(name)

        def stage_ended(self, stage: str, name: str) -> None: ...

        def progress(self, *values: object) -> None: ...

    here.night(observer=Watch())
    assert order.index("grants") < order.index("aaa")


def test_a_night_may_bring_several_dates_and_they_are_loaded_in_order(here: Office) -> None:
    here.irb("2025-11-04", "A", "C")
    here.irb("2025-11-03", "A", "B")
    here.irb("2025-11-02", "A")

    outcome = here.night()

    assert [each.data_date.day for each in feed(outcome).files if each.data_date] == [2, 3, 4]
    assert [each.status for each in feed(outcome).files] == ["published"] * 3
    assert here.ids() == ["A", "C"]


def test_names_are_matched_in_any_case(here: Office) -> None:
    here.deliver("irb_protocol_2025-11-04.CSV", irb_csv("A"))
    assert here.night().status == "success"
    assert here.ids() == ["A"]
