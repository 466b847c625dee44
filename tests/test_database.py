"""logs/etl_stats.db: what it holds, and what becomes of one that is older, newer, damaged or gone."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.outcomes import Changes, FeedOutcome, FileOutcome, Note, RunOutcome, StageTime
from datalake.runs import database, history
from datalake.runs.migrations import NewerSchema
from datalake.runs.recorders import log_runtime_sqlite

START = datetime(2025, 11, 5, 7, 0, 0, 250_000, tzinfo=timezone.utc)
RUN = RunOutcome(
    run_id="20251105T070000Z-41",
    night=date(2025, 11, 5),
    trigger="cron",
    start=START,
    end=START + timedelta(seconds=135.3),
    runtime_sec=135,
    status="success",
    exit_code=0,
    feeds=(
        FeedOutcome(
            feed="irb",
            status="published",
            as_of=date(2025, 11, 4),
            rows=4210,
            kept=3,
            changes=Changes(14, 31, 2),
            files=(
                FileOutcome(
                    name="IRB_PROTOCOL_2025-11-04.csv",
                    status="published",
                    delivery="0123456789ab",
                    data_date=date(2025, 11, 4),
                    rows_read=4220,
                    accepted=4207,
                    rejected=10,
                    duplicates=2,
                    superseded=1,
                    rejected_by_rule={"required": 7, "date": 3},
                    fixes={"pi_name": {"trimmed": 5}},
                    seconds=1.5,
                ),
            ),
            seconds=2.25,
        ),
        FeedOutcome(feed="grants", status="nothing"),
    ),
    notes=(Note("rejected_rows", "10 rows of irb were rejected.", "irb"),),
    stages=(StageTime("plan", "", 0.1), StageTime("clean", "irb", 1.25)),
)


SEVEN = "date, hostname, start_time, end_time, runtime_sec, runtime_min, status"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a path" / "100% #1?" / "etl_stats.db"  # read through a URI, where these mean something


def write(path: Path, *runs: RunOutcome, runtime_csv: Path | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for run in runs:
        with database.writing(path, runtime_csv) as connection:
            database.insert_run(connection, run, "America/New_York")


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def beside(path: Path) -> set[str]:
    return {each.name for each in path.parent.iterdir()} - {path.name}


def test_the_query_of_the_readme_shows_the_run_as_a_person_expects(path: Path) -> None:
    write(path, RUN)
    query = "SELECT date, start_time, end_time, runtime_min, status FROM etl_runtime ORDER BY id DESC"
    assert ask(path, query) == [("2025-11-05", "2025-11-05 02:00:00", "2025-11-05 02:02:15", 2.25, "success")]
    assert ask(path, "SELECT runtime_sec, utc_offset, zone FROM etl_runtime") == [(135, "-05:00", "America/New_York")]


def test_the_counts_of_its_files_are_summed_in_the_row(path: Path) -> None:
    write(path, RUN)
    assert ask(path, "SELECT rows_read, accepted, rejected FROM etl_runtime") == [(4220, 4207, 10)]
    assert ask(path, "SELECT feed, rows_read, duplicates FROM etl_feed ORDER BY id") == [
        ("irb", 4220, 2),
        ("grants", 0, 0),
    ]


def test_a_run_is_read_back_as_it_was(path: Path) -> None:
    write(path, RUN)
    assert history.outcome(path, RUN.run_id) == RUN
    assert history.outcome(path, "another") is None


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
COUNT = st.integers(0, 2**40)


@given(
    st.lists(st.tuples(TEXT, TEXT, COUNT, st.none() | st.dates()), max_size=4, unique_by=lambda each: each[0]),
    st.lists(st.tuples(TEXT, TEXT), max_size=3),
    TEXT,
    st.integers(0, 10**9),
)
def test_any_run_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    feeds: list[tuple[str, str, int, date | None]],
    notes: list[tuple[str, str]],
    error: str,
    milliseconds: int,
) -> None:
    run = replace(
        RUN,
        feeds=tuple(FeedOutcome(feed=name, status=status, rows=rows, as_of=day) for name, status, rows, day in feeds),
        notes=tuple(Note(kind, text) for kind, text in notes),
        error=error,
        runtime_sec=milliseconds / 1000,
    )
    path = tmp_path_factory.mktemp("any") / "etl_stats.db"
    write(path, run)
    assert history.outcome(path, run.run_id) == run


def test_a_run_written_twice_is_there_once(path: Path) -> None:
    write(path, RUN, RUN)
    assert ask(path, "SELECT count(*) FROM etl_runtime") == [(1,)]
    assert ask(path, "SELECT count(*) FROM etl_file") == [(1,)]


def test_a_write_that_fails_half_way_leaves_nothing(path: Path) -> None:
    write(path, RUN)
    broken = replace(RUN, run_id="2", stages=(StageTime("plan", "", None),))  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        write(path, broken)
    assert ask(path, "SELECT run_id FROM etl_runtime") == [(RUN.run_id,)]
    assert ask(path, "SELECT DISTINCT run_id FROM etl_feed") == [(RUN.run_id,)]


def test_a_file_name_that_is_no_utf8_is_stored_escaped(path: Path) -> None:
    odd = FileOutcome(name="irb_\udce9\n.csv", status="refused", reason="bad \udcff")
    write(path, replace(RUN, feeds=(FeedOutcome("irb", "refused", files=(odd,), reason="no \udce9"),)))
    ((name, reason),) = ask(path, "SELECT name, reason FROM etl_file")
    assert name == r"irb_\xe9\n.csv"
    assert reason == r"bad \udcff"


def test_a_reader_who_may_not_write_can_read(path: Path) -> None:
    """WAL would need to write beside the file; its journal mode is the one that does not."""
    write(path, RUN)
    assert ask(path, "PRAGMA journal_mode") == [("delete",)]
    with closing(database.reading(path)) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM etl_runtime")
    assert beside(path) == set()


# By hand


def test_a_run_by_import_is_a_row_with_the_seven_values(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datalake.runs.rows.gethostname", lambda: "host")
    log_runtime_sqlite(str(path), 135, "success", "2025-11-04 02:00:00", "2025-11-04 02:02:15")
    assert ask(
        path, "SELECT date, hostname, start_time, end_time, runtime_sec, runtime_min, status FROM etl_runtime"
    ) == [("2025-11-04", "host", "2025-11-04 02:00:00", "2025-11-04 02:02:15", 135, 2.25, "success")]


def test_a_wrong_value_is_refused_before_a_file_is_made(path: Path) -> None:
    with pytest.raises(ValueError, match="status 'good'"):
        log_runtime_sqlite(path, 135, "good", "2025-11-04 02:00:00", "2025-11-04 02:02:15")
    assert not path.exists()


# Older, newer, damaged, gone


def older(path: Path, columns: str, *rows: tuple[object, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE etl_runtime ({columns})")
        marks = ", ".join("?" * len(rows[0])) if rows else ""
        connection.executemany(f"INSERT INTO etl_runtime VALUES ({marks})", rows)


def test_the_prototypes_table_is_taken_over_by_name_and_its_file_kept(path: Path) -> None:
    columns = "id INTEGER PRIMARY KEY, status TEXT, start_time TEXT, runtime_sec REAL, remark TEXT"
    older(
        path, columns, (1, "SUCCESS", "2025-11-03 02:00:00", 90.0, "x"), (2, "failed", "2025-11-04 02:00:00", None, "")
    )
    write(path, RUN)
    assert ask(path, "SELECT date, start_time, runtime_sec, runtime_min, status FROM etl_runtime ORDER BY id") == [
        ("2025-11-03", "2025-11-03 02:00:00", 90, 1.5, "success"),
        ("2025-11-04", "2025-11-04 02:00:00", None, None, "failure"),
        ("2025-11-05", "2025-11-05 02:00:00", 135, 2.25, "success"),
    ]
    (kept,) = beside(path)
    assert kept == "etl_stats.before-1.db"
    assert ask(path.with_name(kept), "SELECT remark FROM etl_runtime WHERE id = 1") == [("x",)]


def test_an_older_table_without_any_column_of_ours_costs_nothing_but_its_name(path: Path) -> None:
    older(path, "whatever TEXT", ("a",))
    write(path, RUN)
    assert ask(path, "SELECT count(*) FROM etl_runtime WHERE run_id IS NOT NULL") == [(1,)]


def test_another_table_in_the_file_is_left_alone(path: Path) -> None:
    older(path, "status TEXT", ("success",))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE mine (x)")
        connection.execute("INSERT INTO mine VALUES (1)")
    write(path, RUN)
    assert ask(path, "SELECT x FROM mine") == [(1,)]


def test_a_newer_schema_is_read_and_never_written(path: Path) -> None:
    write(path, RUN)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(NewerSchema, match=r"schema 99.*git pull"):
        write(path, replace(RUN, run_id="2"))
    assert path.read_bytes() == before
    assert [run.run_id for run in history.last_runs(path, 5)] == [RUN.run_id]


CSV = (
    "date,hostname,start_time,end_time,runtime_sec,runtime_min,status\n"
    "2025-11-03,host,2025-11-03 02:00:00,2025-11-03 02:01:30,90,1.5,success\n"
    "2025-11-04,host,2025-11-04 02:00:00,2025-11-04 02:00:30,30,0.5,failure\n"
)


@pytest.mark.parametrize("content", [None, b"", b"not a database, but long enough to look like one" * 100])
def test_a_database_that_is_gone_empty_or_garbage_is_made_again_from_the_csv(path: Path, content: bytes | None) -> None:
    path.parent.mkdir(parents=True)
    runtime_csv = path.with_name("etl_runtime_stats.csv")
    runtime_csv.write_text(CSV)
    if content is not None:
        path.write_bytes(content)
    write(path, RUN, runtime_csv=runtime_csv)
    assert ask(path, "SELECT start_time, runtime_sec, status FROM etl_runtime ORDER BY id") == [
        ("2025-11-03 02:00:00", 90, "success"),
        ("2025-11-04 02:00:00", 30, "failure"),
        ("2025-11-05 02:00:00", 135, "success"),
    ]
    if content:
        assert path.with_name("etl_stats.damaged-1.db").read_bytes() == content


@pytest.mark.parametrize("damage", ["head", "middle", "cut"])
def test_a_damaged_database_is_kept_with_its_journal_and_a_new_one_made(path: Path, damage: str) -> None:
    write(path, *(replace(RUN, run_id=str(number), error="x" * 500) for number in range(200)))
    whole = bytearray(path.read_bytes())
    if damage == "cut":
        del whole[len(whole) // 2 :]
    else:
        place = 0 if damage == "head" else len(whole) // 2
        whole[place : place + 4096] = b"\xff" * 4096
    path.write_bytes(whole)
    path.with_name("etl_stats.db-wal").write_bytes(b"")
    write(path, replace(RUN, run_id="next"))
    there = {run_id for (run_id,) in ask(path, "SELECT run_id FROM etl_runtime")}
    assert "next" in there
    assert len(there) > 50 if damage == "middle" else len(there) >= 1  # what can still be read of it is taken over
    assert path.with_name("etl_stats.damaged-1.db").read_bytes() == bytes(whole)
    assert not path.with_name("etl_stats.db-wal").exists()


def test_a_run_that_a_rebuilt_database_knows_from_the_csv_is_completed_and_not_doubled(path: Path) -> None:
    path.parent.mkdir(parents=True)
    runtime_csv = path.with_name("etl_runtime_stats.csv")
    write(path, RUN)
    (line,) = ask(
        path, "SELECT date, hostname, start_time, end_time, runtime_sec, runtime_min, status FROM etl_runtime"
    )
    path.unlink()
    runtime_csv.write_text(CSV.splitlines(keepends=True)[0] + ",".join(str(cell) for cell in line) + "\n")
    write(path, RUN, runtime_csv=runtime_csv)
    assert ask(path, "SELECT run_id, night FROM etl_runtime") == [(RUN.run_id, "2025-11-05")]


# Reading


def test_no_database_yet_is_an_empty_history_and_none_is_made(path: Path) -> None:
    path.parent.mkdir(parents=True)
    assert history.last_runs(path, 10) == ()
    assert history.first_night(path) is None
    assert history.outcome(path, "x") is None
    assert beside(path) == set() and not path.exists()


def test_the_newest_runs_come_first_and_page_on_by_id(path: Path) -> None:
    write(path, *(replace(RUN, run_id=str(number), night=date(2025, 11, number)) for number in range(1, 8)))
    first = history.last_runs(path, 3)
    assert [run.run_id for run in first] == ["7", "6", "5"]
    assert [run.run_id for run in history.last_runs(path, 3, before_id=first[-1].id)] == ["4", "3", "2"]
    assert first[0].start == START and first[0].notes == RUN.notes


def test_the_runs_of_a_week_are_found_by_their_night_and_older_rows_by_their_date(path: Path) -> None:
    log_runtime_sqlite(path, 90, "success", "2025-11-02 02:00:00", "2025-11-02 02:01:30")
    write(path, *(replace(RUN, run_id=str(number), night=date(2025, 11, number)) for number in range(3, 8)))
    found = history.runs_of_nights(path, date(2025, 11, 2), date(2025, 11, 4))
    assert [(run.date, run.run_id) for run in found] == [("2025-11-02", None), ("2025-11-05", "3"), ("2025-11-05", "4")]
    assert history.first_night(path) == date(2025, 11, 2)


def test_what_became_of_one_feed_lately(path: Path) -> None:
    write(path, RUN, replace(RUN, run_id="later"))
    found = history.last_feed_outcomes(path, "irb", 1)
    assert found == (("later", replace(RUN.feeds[0], files=())),)
