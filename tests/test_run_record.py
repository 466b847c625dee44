"""Every run is one row in both records, whatever its end, however often it is recorded and by whom."""

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from datalake.outcomes import FAILURE, FeedOutcome, RunOutcome, StageTime, feed_to_json
from datalake.runs import crumbs, database, record
from datalake.runs.crumbs import EXIT, OUTCOME, PROGRESS, STARTED
from datalake.runs.ended import outcome_of
from datalake.settings import Schedule
from datalake.zones.paths import Lake

NIGHT = date(2025, 11, 5)
START = datetime(2025, 11, 5, 7, 0, tzinfo=timezone.utc)  # 02:00 in New York
SCHEDULE = Schedule(zone="America/New_York")
RUN = RunOutcome("20251105T070000Z-41", NIGHT, "cron", START, START + timedelta(seconds=135), 135, "success", 0)
FAILED = replace(RUN, run_id="20251106T070000Z-7", status=FAILURE, exit_code=1, start=START + timedelta(days=1))


def rows(lake: Lake, columns: str = "run_id, status") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(lake.database)) as connection:
        return connection.execute(f"SELECT {columns} FROM etl_runtime ORDER BY id").fetchall()


def lines(lake: Lake) -> list[str]:
    return [line.rpartition(",")[2] for line in lake.runtime_csv.read_text().splitlines()[1:]]


def marker(lake: Lake) -> list[str]:
    return lake.success_marker.read_text().splitlines() if lake.success_marker.exists() else []


def left(lake: Lake) -> list[str]:
    return sorted(path.name for path in lake.outcomes.iterdir()) if lake.outcomes.exists() else []


def put(lake: Lake, run_id: str, ending: str, text: str) -> None:
    lake.outcomes.mkdir(parents=True, exist_ok=True)
    (lake.outcomes / f"{run_id}{ending}").write_text(text, encoding="utf-8")


# Recording


def test_a_success_is_in_both_records_and_then_in_the_marker_and_leaves_nothing(lake: Lake) -> None:
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    crumbs.leave(lake, RUN)
    record.record_run(lake, SCHEDULE, RUN)
    assert rows(lake) == [(RUN.run_id, "success")]
    assert lines(lake) == ["success"]
    assert marker(lake)[0] == "2025-11-05 02:02:15"
    assert set(marker(lake)[1:]) == {
        "end_utc=2025-11-05T07:02:15+00:00",
        f"run_id={RUN.run_id}",
        "night=2025-11-05",
        "zone=America/New_York",
    }
    assert left(lake) == []


def test_a_failure_does_not_touch_the_marker(lake: Lake) -> None:
    record.record_run(lake, SCHEDULE, RUN)
    before = marker(lake)
    record.record_run(lake, SCHEDULE, FAILED)
    assert rows(lake, "status") == [("success",), ("failure",)]
    assert marker(lake) == before


def test_recording_it_again_changes_nothing(lake: Lake) -> None:
    for _ in range(3):
        record.record_run(lake, SCHEDULE, RUN)
    assert rows(lake) == [(RUN.run_id, "success")]
    assert lines(lake) == ["success"]


def test_two_runs_alike_to_the_second_are_two_lines(lake: Lake) -> None:
    """The CSV has no run id, so nothing in it tells them apart; the table does."""
    for run_id in ("one", "other", "one", "other"):
        record.record_run(lake, SCHEDULE, replace(RUN, run_id=run_id))
    assert rows(lake, "run_id") == [("one",), ("other",)]
    assert lines(lake) == ["success"] * 2


def test_a_csv_that_was_lost_is_written_again_from_the_table(lake: Lake) -> None:
    record.record_run(lake, SCHEDULE, RUN)
    before = lake.runtime_csv.read_text()
    lake.runtime_csv.unlink()
    record.record_run(lake, SCHEDULE, FAILED)
    assert lake.runtime_csv.read_text().startswith(before)
    assert lines(lake) == ["success", "failure"]


def test_a_line_that_was_torn_off_comes_back(lake: Lake) -> None:
    record.record_run(lake, SCHEDULE, RUN)
    lake.runtime_csv.write_text(lake.runtime_csv.read_text()[:-20])
    record.record_run(lake, SCHEDULE, FAILED)
    assert lines(lake) == ["success", "failure"]


@pytest.mark.parametrize("broken", ["database", "runtime_csv"])
def test_where_one_record_cannot_be_written_the_other_is_and_the_outcome_stays(lake: Lake, broken: str) -> None:
    crumbs.leave(lake, RUN)
    path = getattr(lake, broken)
    path.mkdir(parents=True)
    with pytest.raises(record.NotRecorded, match=RUN.run_id):
        record.record_run(lake, SCHEDULE, RUN)
    assert (lines(lake) if broken == "database" else rows(lake, "status")) == (
        ["success"] if broken == "database" else [("success",)]
    )
    assert left(lake) == [f"{RUN.run_id}{OUTCOME}"]
    assert marker(lake) == [], "the marker comes after everything was recorded"

    path.rmdir()
    assert [run.run_id for run in record.recover_unrecorded(lake, SCHEDULE, "the next run")] == [RUN.run_id]
    assert (rows(lake, "status"), lines(lake), left(lake)) == ([("success",)], ["success"], [])
    assert marker(lake)[0] == "2025-11-05 02:02:15"


def test_an_older_success_that_is_recorded_late_does_not_turn_the_marker_back(lake: Lake) -> None:
    newer = replace(RUN, run_id="newer", end=RUN.end + timedelta(days=1))
    record.record_run(lake, SCHEDULE, newer)
    record.record_run(lake, SCHEDULE, RUN)
    assert marker(lake)[0] == "2025-11-06 02:02:15"


@pytest.mark.parametrize(
    "text",
    ["", "never\n", "2099-01-01 02:00:00\nend_utc=2099-01-01T07:00:00+00:00\n", "\0\0\0", "2025-11-09 02:00:00\n"],
)
def test_a_marker_that_makes_no_sense_or_lies_ahead_is_replaced(lake: Lake, text: str) -> None:
    lake.success_marker.write_text(text)
    record.record_run(lake, SCHEDULE, RUN)
    assert marker(lake)[0] == "2025-11-05 02:02:15"


def test_a_demo_says_so_in_the_marker_and_in_the_row(lake: Lake) -> None:
    record.record_run(lake, SCHEDULE, replace(RUN, demo=True, trigger="demo"))
    assert "demo=1" in marker(lake)
    assert rows(lake, 'demo, "trigger"') == [(1, "demo")]


# What dead runs left


def test_a_run_of_which_only_the_start_is_known_was_killed_when_it_began(lake: Lake) -> None:
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    (run,) = record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert (run.status, run.exit_code, run.night, run.trigger) == ("failure", 137, NIGHT, "cron")
    assert (run.start, run.end, run.runtime_sec) == (START, START, 0)
    assert "signal 9" in run.error and "bash src/cron_runner.sh" in run.fix
    assert rows(lake) == [(RUN.run_id, "failure")]


def test_a_killed_run_ends_at_its_last_sign_of_life_and_keeps_what_it_had_done(lake: Lake) -> None:
    irb = FeedOutcome("irb", "published", as_of=date(2025, 11, 4), rows=7)
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    say = [("stage", {"stage": "clean", "feed": "irb"}), ("feed", {"outcome": feed_to_json(irb)})]
    say += [("stage", {"stage": "publish", "feed": "grants"}), ("alive", {})]
    for seconds, (event, values) in enumerate(say):
        crumbs.add_progress(lake, RUN.run_id, START + timedelta(seconds=seconds * 10), event, **values)
    with (lake.outcomes / f"{RUN.run_id}{PROGRESS}").open("a") as file:
        file.write('{"at": "2025-11-05T09:00:00+00:00", "ev')  # torn: it was being written

    (run,) = record.recover_unrecorded(lake, SCHEDULE, "the next run")

    assert run.runtime_sec == 30
    assert run.feeds == (irb,)
    assert run.stages == (StageTime("clean", "irb", 20), StageTime("publish", "grants", 10))
    assert "while at publish of grants" in run.error


def test_a_run_that_had_published_everything_was_a_success_although_it_could_not_say_so(lake: Lake) -> None:
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    for event, values in (("feed", {"outcome": feed_to_json(FeedOutcome("irb", "published"))}), ("done", {})):
        crumbs.add_progress(lake, RUN.run_id, START + timedelta(seconds=5), event, **values)
    (run,) = record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert (run.status, run.exit_code, run.error) == ("success", 0, "")
    assert marker(lake)[0] == "2025-11-05 02:00:05"


def test_one_that_was_through_with_a_failed_feed_was_none(lake: Lake) -> None:
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    held = feed_to_json(FeedOutcome("irb", "held"))
    crumbs.add_progress(lake, RUN.run_id, START, "feed", outcome=held)
    crumbs.add_progress(lake, RUN.run_id, START, "done")
    (run,) = record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert run.status == "failure"


def test_an_outcome_that_was_left_is_recorded_as_it_is(lake: Lake) -> None:
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    crumbs.leave(lake, RUN)
    assert record.recover_unrecorded(lake, SCHEDULE, "the next run") == (RUN,)


def test_an_outcome_that_was_torn_counts_as_not_left(lake: Lake) -> None:
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    put(lake, RUN.run_id, OUTCOME, json.dumps({"run_id": RUN.run_id})[:-4])
    (run,) = record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert (run.status, run.exit_code) == ("failure", 137)


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (78, "ended", "configuration is wrong"),
        (143, "ended", "SIGTERM"),
        (130, "ended", "Ctrl-C"),
        (129, "ended", "SIGHUP"),
        (139, "ended", "signal 11"),
        (1, "setup", "could not be set up"),
        (1, "python", "No Python"),
        (1, "ended", "without leaving its outcome"),
    ],
)
def test_what_bash_left_says_why(lake: Lake, code: int, reason: str, words: str) -> None:
    end = "2025-11-05T07:00:09Z"
    put(lake, RUN.run_id, EXIT, f"exit_code={code}\nreason={reason}\ntrigger=again\nend={end}\n")
    (run,) = record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert (run.exit_code, run.status, run.trigger, run.night) == (code, "failure", "again", NIGHT)
    assert (run.start, run.runtime_sec) == (START, 9), "where nothing else is known the run id has the start"
    assert words in run.error
    assert run.fix


def test_the_night_of_a_run_that_could_not_name_it_follows_from_the_schedule(lake: Lake) -> None:
    put(lake, "20251105T064500Z-9", STARTED, '{"run_id": "x", "trigger": "cron", "start": "2025-11-05T06:45:00+00:00"}')
    put(lake, "20251105T053000Z-9", STARTED, '{"run_id": "x", "trigger": "cron", "start": "2025-11-05T05:30:00+00:00"}')
    early, on_time = record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert (early.night, on_time.night) == (date(2025, 11, 4), NIGHT)


def test_an_interrupt_that_bash_had_to_pass_on_as_sigterm_stays_an_interrupt(lake: Lake) -> None:
    ended = replace(
        RUN, status=FAILURE, exit_code=143, error="The run was ended from outside (SIGTERM) while at clean."
    )
    crumbs.leave(lake, ended)
    put(lake, RUN.run_id, EXIT, "exit_code=130\nreason=ended\ntrigger=cron\nend=2025-11-05T07:00:09Z\n")
    (found,) = crumbs.all_left(lake)
    run = outcome_of(found, SCHEDULE)
    assert run.exit_code == 130
    assert "SIGINT" in run.error and "SIGTERM" not in run.error


def test_the_run_that_holds_the_lock_is_not_taken_for_dead(lake: Lake) -> None:
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    assert record.recover_unrecorded(lake, SCHEDULE, RUN.run_id) == ()
    assert left(lake) == [f"{RUN.run_id}{STARTED}"]


def test_several_dead_runs_are_recorded_in_the_order_they_began(lake: Lake) -> None:
    crumbs.begin(lake, "20251107T070000Z-1", START + timedelta(days=2), "cron", NIGHT)
    crumbs.leave(lake, FAILED)
    crumbs.begin(lake, RUN.run_id, START, "cron", NIGHT)
    record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert rows(lake, "run_id") == [(RUN.run_id,), (FAILED.run_id,), ("20251107T070000Z-1",)]


@pytest.mark.parametrize("name", ["notes.txt", "x.json.tmp", ".tmp-0123", "a.started.json.tmp", "a.started.json"])
def test_a_stray_file_among_them_is_no_run(lake: Lake, name: str) -> None:
    lake.outcomes.mkdir(parents=True)
    (lake.outcomes / name).write_text("x")
    assert record.recover_unrecorded(lake, SCHEDULE, "the next run") == ()


def test_a_draft_that_a_kill_left_goes_with_the_next_run(lake: Lake) -> None:
    lake.outcomes.mkdir(parents=True)
    (lake.outcomes / ".tmp-20251105T070000Z-41.started.json").write_text("{")
    record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert left(lake) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"start": 5}', '{"start": "yesterday"}'])
def test_a_spoilt_crumb_still_tells_that_there_was_a_run(lake: Lake, text: str) -> None:
    put(lake, RUN.run_id, STARTED, text)
    (run,) = record.recover_unrecorded(lake, SCHEDULE, "the next run")
    assert (run.start, run.status) == (START, "failure")


def test_a_locked_database_costs_the_next_run_a_bounded_time_however_much_was_left(lake: Lake, monkeypatch) -> None:
    monkeypatch.setattr(record, "RECOVERY_SECONDS", 0.2)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    record.record_run(lake, SCHEDULE, FAILED)
    for number in range(20):
        crumbs.leave(lake, replace(RUN, run_id=f"20251105T070000Z-{number}"))
    begun = time.monotonic()
    with closing(sqlite3.connect(lake.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert record.recover_unrecorded(lake, SCHEDULE, "the next run") == ()
    assert time.monotonic() - begun < 2
    monkeypatch.undo()
    assert len(record.recover_unrecorded(lake, SCHEDULE, "the next run")) == 20, "none of it is lost"
