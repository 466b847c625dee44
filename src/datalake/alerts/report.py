"""What one look at the lake, or one run, came to: what is wrong, what was seen to be right, what is told."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from datalake.alerts.incidents import Finding
from datalake.alerts.message import Message


def nothing(key: str, open_keys: Collection[str]) -> bool:
    """Judge no key: nothing was looked at."""
    return False


def recovered(key: str) -> str:
    """Of nothing is it known that it ended otherwise than by being right again."""
    return ""


@dataclass(frozen=True)
class Report:
    """What one look came to: what is wrong, which keys were looked at, and what is told although nothing is wrong."""

    findings: Sequence[Finding] = ()
    judged: Callable[[str, Collection[str]], bool] = nothing  # given a key and all open ones
    message: Message | None = None
    notice: str = ""  # the id of that message: the same for the same news
    ends: tuple[str, ...] = ()  # keys: the first of them that is over is told together with that message
    how: Callable[[str], str] = recovered  # given a key that is over: how, where not by a recovery
    explains: bool = True  # whether its message names what it holds back; a run's names its feeds in its own words
    look: Callable[[sqlite3.Connection], None] | None = None  # what else is kept with it
