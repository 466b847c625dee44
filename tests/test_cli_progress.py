"""How far a file has come: a bar on a terminal after two seconds, nothing anywhere else."""

import io

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


def test_what_is_no_terminal_gets_no_bar() -> None:
    log = io.StringIO()
    read_a_file(progress.observer(log))
    assert log.getvalue() == ""
