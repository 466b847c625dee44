"""How far a file has come: a bar on a terminal after two seconds, nothing anywhere else."""

import fcntl
import io
import os
import struct
import subprocess
import termios
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from datalake.cli import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def read_a_file(observer: progress.Silent) -> None:
    observer.stage_started("clean", "irb")
    for step in range(1, 5):
        observer.progress("irb", step * 1000, step * 250_000, 1_000_000)
    observer.stage_ended("clean", "irb")


def test_a_slow_file_shows_its_feed_its_share_and_its_rows() -> None:
    screen = Terminal()
    read_a_file(progress.Bars(screen, patience=0))
    assert "irb: " in screen.getvalue() and "%|" in screen.getvalue()
    assert "0.00/1.00M" in screen.getvalue() or "250k/1.00M" in screen.getvalue()


def test_a_file_that_is_read_within_two_seconds_shows_nothing() -> None:
    screen = Terminal()
    read_a_file(progress.observer(screen))
    assert screen.getvalue().strip() == ""


@pytest.mark.parametrize(
    ("stage", "feed", "words"), [("publish", "irb", "irb: publishing ["), ("views", "", "making the views [")]
)
def test_a_stage_whose_end_cannot_be_foretold_counts_its_seconds(stage: str, feed: str, words: str) -> None:
    screen, slow = Terminal(), threading.Event()
    screen.write = lambda text: (words in text and slow.set(), io.StringIO.write(screen, text))[1]  # type: ignore[method-assign]
    bars = progress.Bars(screen, patience=0)
    bars.stage_started(stage, feed)
    assert slow.wait(30), screen.getvalue()
    bars.stage_ended(stage, feed)
    assert screen.getvalue().endswith("\r"), "the line is taken away again"


def test_a_stage_that_is_soon_over_shows_nothing() -> None:
    screen = Terminal()
    bars = progress.observer(screen)
    bars.stage_started("publish", "irb")
    bars.stage_ended("publish", "irb")
    assert screen.getvalue() == ""


def test_what_is_no_terminal_gets_no_bar() -> None:
    log = io.StringIO()
    read_a_file(progress.observer(log))
    assert log.getvalue() == ""


def test_the_bar_tells_bytes_and_rows_a_second_and_the_time_left() -> None:
    screen = Terminal()
    bars = progress.Bars(screen, patience=0)
    bars.progress("irb", 1_000, 250_000, 1_000_000)
    assert bars._bar is not None
    bars._bar.start_t -= 10  # ten seconds have passed
    bars.progress("irb", 2_000, 500_000, 1_000_000)
    bars._bar.refresh()
    last = screen.getvalue().rpartition("\r")[2]
    assert "irb:  50%" in last and "500k/1.00M" in last
    assert "2,000 rows, 200 rows/s" in last
    assert "00:10<00:" in last and "B/s" in last


# A night by src/main.py whose bar does not wait for two seconds to pass.
NIGHT = """
import sys
from pathlib import Path
from datalake.cli import etl, progress
from datalake.zones.paths import Lake
progress.Bars.__init__.__defaults__ = (0,)
sys.exit(etl.main([], Lake(Path(sys.argv[1]))))
"""
ROWS = "award_id,sponsor,pi_name,amount,status\nAWD00001,NSF,Testa Example,1000.00,Active\n"


@pytest.fixture
def night(copy_of_repo: Path) -> list[str]:
    (copy_of_repo / "data" / "incoming").mkdir(parents=True, exist_ok=True)
    path = copy_of_repo / "data" / "incoming" / "GRANTS_2025-11-04.csv"
    path.write_text(ROWS, encoding="utf-8")
    os.utime(path, (time.time() - 3600,) * 2)
    return [str(copy_of_repo / "venv" / "bin" / "python"), "-c", NIGHT, str(copy_of_repo)]


def said_on_a_terminal(words: list[str], environ: dict[str, str], size: tuple[int, int]) -> str:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    said = b""
    with subprocess.Popen(words, env=environ, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL) as child:
        os.close(theirs)
        with suppress(OSError):  # Linux says so when the other end is closed
            while data := os.read(ours, 65_536):
                said += data
        assert child.wait() == 0, said.decode()
    os.close(ours)
    return said.decode()


@pytest.mark.parametrize("size", [(40, 120), (0, 0)], ids=["sized", "a serial console"])
def test_a_night_shows_its_bar_on_a_terminal_and_cron_gets_none(
    size: tuple[int, int], night: list[str], copy_of_repo: Path
) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(copy_of_repo), "PYTHONPATH": str(copy_of_repo / "src")}
    shown = said_on_a_terminal(night, environ, size)
    assert "grants: " in shown and "rows" in shown and "%|" in shown
    (copy_of_repo / "data" / "incoming" / "GRANTS_2025-11-05.csv").write_text(ROWS.replace("1000", "1001"))
    os.utime(copy_of_repo / "data" / "incoming" / "GRANTS_2025-11-05.csv", (time.time() - 3600,) * 2)
    cron = subprocess.run(night, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
    assert "%|" not in cron.stdout + cron.stderr
    assert (copy_of_repo / "data" / "curated" / "grants" / "versions" / "000002-2025-11-05").is_dir()
