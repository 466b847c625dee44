"""python dying_sender.py FOLDER SLACK_URL SMTP_PORT: a sender, over and over, for strace to kill at each call in turn.

strace kills a process at the LIMITth call of each kind and counts for each process anew. So a child that is to die at
its own k-th call first makes LIMIT - k calls of that kind that change nothing. One line a round: the kind, k, killed or
whole, and how many messages a second sender leaves unsent.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import requests  # noqa: F401 - before the forks, so that no child has to

from datalake.alerts import book
from datalake.alerts.message import Message, line, paragraph
from datalake.alerts.outbox import Entry
from datalake.alerts.post import Post
from datalake.alerts.relay import SmtpRelay
from datalake.alerts.slack import SlackWebhook
from datalake.clock import MovedClock
from datalake.runs.database import writing
from datalake.settings import Relay
from datalake.zones.paths import Lake

LIMIT = 80  # more calls of one kind than one sender makes
NOW = datetime(2025, 11, 5, 7, 3, tzinfo=timezone.utc)
EMPTY: dict[str, Callable[[int], object]] = {
    "pwrite64": lambda nowhere: os.pwrite(nowhere, b"", 0),
    "fdatasync": lambda nowhere: os.fdatasync(nowhere),
    "unlink": lambda nowhere: os.unlink("/nowhere/at/all"),
}


def in_child(work: Callable[[], object]) -> bool:
    """Do it in a process of its own; return whether that was killed. Raise RuntimeError where it failed otherwise."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status != 0:
        raise RuntimeError(f"a child ended with {status}")
    return False


def put(lake: Lake, title: str, names: Iterable[str] = ("Slack", "mail")) -> None:
    """Put one message for each of these channels into the outbox."""
    told = Message("failure", title, f"FAILED: {title}", (paragraph(line("grants was not updated")),))
    with writing(lake.database) as connection:
        for name in names:
            book.enqueue(connection, Entry(title, name, "failure", told, NOW))


def send(lake: Lake, url: str, port: int, later: timedelta, kind: str = "", calls: int = 0) -> None:
    """Empty the outbox, at NOW plus later; before it, use up that many calls of a kind."""
    if kind:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for _ in range(calls):
            with contextlib.suppress(OSError):  # it was made, which is all that counts
                EMPTY[kind](nowhere)
    mail = SmtpRelay(Relay(host="127.0.0.1", port=port, security="none"), ("a@example.edu",), "lake@example.edu")
    Post(lake, {"Slack": SlackWebhook(url), "mail": mail}, MovedClock(NOW + later)).drain(10)


def finish(lake: Lake, url: str, port: int, words: str) -> None:
    """Send what is left when the lease is over; print the words and how many messages are unsent even then."""
    send(lake, url, port, timedelta(minutes=2))
    with writing(lake.database) as connection:
        print(words, len(book.unsent(connection)), flush=True)


def main(folder: Path, url: str, port: int) -> None:
    lake = Lake(folder)
    in_child(partial(put, lake, "none"))  # makes the tables
    in_child(partial(send, lake, url, port, timedelta(0)))
    shutil.copy(lake.database, folder / "template.db")
    for kind in EMPTY:
        names = ("Slack",) if kind == "pwrite64" else ("Slack", "mail")  # of many calls one message shows as much
        for place in range(1, LIMIT):
            for each in lake.logs.iterdir():
                each.unlink()
            shutil.copy(folder / "template.db", lake.database)
            in_child(partial(put, lake, f"{kind} {place}", names))
            died = in_child(partial(send, lake, url, port, timedelta(0), kind, LIMIT - place))
            in_child(partial(finish, lake, url, port, f"{kind} {place} {'killed' if died else 'whole'}"))
            if not died:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
