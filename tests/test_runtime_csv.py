"""logs/etl_runtime_stats.csv: its exact form, and what becomes of a file that is older, torn or spoilt."""

import csv
import multiprocessing
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.project import ROOT

from datalake.runs import csv_log
from datalake.runs.recorders import log_runtime_csv
from datalake.runs.rows import number

HEADER = "date,hostname,start_time,end_time,runtime_sec,runtime_min,status\n"
START, END = "2025-11-04 02:00:00", "2025-11-04 02:02:15"
SEED_LINE = "2025-11-04,host,2025-11-04 02:00:00,2025-11-04 02:02:15,135,2.25,success\n"


@pytest.fixture(autouse=True)
def this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datalake.runs.rows.gethostname", lambda: "host")


@pytest.fixture
def stats(tmp_path: Path) -> Path:
    return tmp_path / "etl_runtime_stats.csv"


def kept(stats: Path) -> list[str]:
    """What lies beside the file, by content."""
    return [path.read_text() for path in sorted(stats.parent.glob("etl_runtime_stats.before-*.csv"))]


def test_a_run_by_import_is_the_line_that_was_asked_for(stats: Path) -> None:
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_text() == HEADER + SEED_LINE


def test_the_next_run_is_the_next_line(stats: Path) -> None:
    log_runtime_csv(str(stats.parent), "135", "success", START, END)
    log_runtime_csv(str(stats.parent), 0.5, "failure", "2025-11-05 02:00:00", "2025-11-05 02:00:01")
    assert stats.read_text() == (
        HEADER + SEED_LINE + "2025-11-05,host,2025-11-05 02:00:00,2025-11-05 02:00:01,0.5,0.01,failure\n"
    )


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    log_runtime_csv(tmp_path / "new" / "logs", 135, "success", START, END)
    assert (tmp_path / "new" / "logs" / "etl_runtime_stats.csv").read_text() == HEADER + SEED_LINE


@pytest.mark.parametrize(
    ("seconds", "places", "written"),
    [
        ("135", 3, "135"),
        ("135.000", 3, "135"),
        ("0.1234567", 3, "0.123"),
        ("0.9996", 3, "1"),
        ("2.25", 2, "2.25"),
        ("2.205", 2, "2.21"),
        ("100", 2, "100"),
        ("0", 2, "0"),
        ("1E+2", 3, "100"),
    ],
)
def test_a_number_has_no_more_decimals_than_it_needs(seconds: str, places: int, written: str) -> None:
    assert number(Decimal(seconds), places) == written


@given(st.decimals(min_value=0, max_value=10**7, places=6))
def test_a_number_is_never_off_by_more_than_half_of_its_last_place(value: Decimal) -> None:
    text = number(value, 3)
    assert abs(Decimal(text) - value) <= Decimal("0.0005")
    assert "." not in text or text[-1] not in "0."


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ((135, "done", START, END), "status 'done'"),
        (("long", "success", START, END), "runtime_sec 'long'"),
        ((-1, "success", START, END), "runtime_sec -1"),
        ((float("nan"), "success", START, END), "runtime_sec nan"),
        ((135, "success", "2 AM", END), "start_time '2 AM'"),
        ((135, "success", START, "never"), "end_time 'never'"),
    ],
)
def test_a_value_that_is_none_is_refused_by_name_and_nothing_is_written(
    stats: Path, values: tuple[float, str, str, str], wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        log_runtime_csv(stats.parent, *values)
    assert not stats.exists()


def test_an_older_header_is_mapped_by_name_and_the_original_stays_beside(stats: Path) -> None:
    old = "start_time,runtime_sec,status,note\n2025-11-03 02:00:00,90,SUCCESS,first\n2025-11-02 02:00:00,30,failed,\n"
    stats.write_text(old)
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_text() == (
        HEADER
        + "2025-11-03,,2025-11-03 02:00:00,,90,1.5,success\n"
        + "2025-11-02,,2025-11-02 02:00:00,,30,0.5,failure\n"
        + SEED_LINE
    )
    assert kept(stats) == [old]


def test_lines_of_the_new_form_under_an_old_header_are_taken_as_what_they_are(stats: Path) -> None:
    """This is what broke the prototype's dashboard with a ParserError."""
    stats.write_text("date,hostname,runtime_sec,status\n2025-11-03,host,90,success\n" + SEED_LINE)
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_text() == HEADER + "2025-11-03,host,,,90,1.5,success\n" + SEED_LINE * 2


@pytest.mark.parametrize("half", ["2025-11-05,host,2025-11-05 02:0", "2025-11-05,host,a,b,1,0.02,succ", "2025"])
def test_a_half_last_line_is_cut_off_and_the_next_never_glued_to_it(stats: Path, half: str) -> None:
    stats.write_text(HEADER + SEED_LINE + half)
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_text() == HEADER + SEED_LINE * 2
    assert kept(stats) == [HEADER + SEED_LINE + half]


def test_a_whole_last_line_without_its_newline_stays(stats: Path) -> None:
    stats.write_text(HEADER + SEED_LINE.rstrip("\n"))
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_text() == HEADER + SEED_LINE * 2


def test_a_tail_of_nuls_from_a_power_cut_goes(stats: Path) -> None:
    stats.write_bytes((HEADER + SEED_LINE).encode() + b"\0" * 4096)
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_text() == HEADER + SEED_LINE * 2


def test_lines_of_excel_are_brought_back_to_the_form(stats: Path) -> None:
    stats.write_bytes(b"\xef\xbb\xbf" + (HEADER + SEED_LINE).replace("\n", "\r\n").encode())
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_bytes() == (HEADER + SEED_LINE * 2).encode()


def test_a_file_without_a_header_keeps_its_runs(stats: Path) -> None:
    stats.write_text(SEED_LINE)
    log_runtime_csv(stats.parent, 135, "success", START, END)
    assert stats.read_text() == HEADER + SEED_LINE * 2


def test_a_second_original_does_not_take_the_place_of_the_first(stats: Path) -> None:
    for _ in range(2):
        stats.write_text("status\nsuccess\n")
        log_runtime_csv(stats.parent, 135, "success", START, END)
    assert kept(stats) == ["status\nsuccess\n"] * 2


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), min_size=1, max_size=9), max_size=6))
def test_whatever_was_there_before_the_file_can_be_read_afterwards(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]]
) -> None:
    stats = tmp_path_factory.mktemp("any") / "etl_runtime_stats.csv"
    stats.write_text("\n".join(",".join(cells) for cells in lines), encoding="utf-8")
    log_runtime_csv(stats.parent, 135, "success", START, END)
    with stats.open(encoding="utf-8", newline="") as file:
        read = list(csv.reader(file))
    assert read[0] == HEADER.strip().split(",")
    assert all(len(line) == 7 for line in read)
    assert read[-1][2:] == [START, END, "135", "2.25", "success"]


def _append_many(folder: Path) -> None:
    for _ in range(20):
        log_runtime_csv(folder, 135, "success", START, END)


def test_several_writers_at_once_lose_no_line_and_tear_none(stats: Path) -> None:
    stats.write_text("status\nsuccess\n")  # one of them mends the file while the others wait for it
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(stats.parent,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = stats.read_text().splitlines()
    assert lines[0] == HEADER.strip()
    assert len(lines) == 1 + 1 + 60
    assert all(line.endswith(",135,2.25,success") for line in lines[2:])


def test_reading_a_file_that_is_not_there_is_no_runs(stats: Path) -> None:
    assert csv_log.read(stats) == []


@pytest.mark.parametrize("script", ["log_runtime_stats.py", "log_runtime_sqlite.py"])
class TestByHand:
    def call(self, script: str, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(ROOT / "src" / script), *words]
        return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)

    def test_it_writes_where_it_is_told(self, script: str, tmp_path: Path) -> None:
        where = {
            "log_runtime_stats.py": ("--log-dir", tmp_path),
            "log_runtime_sqlite.py": ("--db-path", tmp_path / "d.db"),
        }
        option, path = where[script]
        done = self.call(script, "135", "success", START, END, option, str(path))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert START.encode() in content

    def test_help_has_an_example(self, script: str) -> None:
        done = self.call(script, "--help")
        assert done.returncode == 0
        assert "135 success '2025-11-04 02:00:00' '2025-11-04 02:02:15'" in done.stdout

    @pytest.mark.parametrize("words", [(), ("135",), ("135", "done", START, END), ("x", "success", START, END)])
    def test_wrong_words_are_a_usage_error(self, script: str, words: tuple[str, ...]) -> None:
        done = self.call(script, *words)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr

    def test_what_cannot_be_written_is_one_line(self, script: str) -> None:
        option = {"log_runtime_stats.py": "--log-dir", "log_runtime_sqlite.py": "--db-path"}[script]
        done = self.call(script, "135", "success", START, END, option, "/dev/null/x")
        assert done.returncode == 1
        assert done.stderr.startswith(script)
        assert len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize("place", ["/nosuch", "/dev/null", "{tmp}/a/b/c/d.json"])
    def test_an_outcome_that_lies_in_no_lake_is_one_line(self, script: str, place: str, tmp_path: Path) -> None:
        done = self.call(script, "--outcome", place.format(tmp=tmp_path))
        assert done.returncode == 1
        assert done.stderr.startswith(script) and done.stderr.count("\n") == 1
        assert "data/metadata/outcomes" in done.stderr


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "src" / "log_runtime_sqlite.py"), "135", "success", START, END]
    done = subprocess.run([*command, "--db-path", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and str(tmp_path) in done.stderr
