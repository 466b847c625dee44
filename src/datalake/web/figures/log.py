"""PURE. One run's lines of the nightly log: told apart, with their level, and only those that are asked for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datalake.safe_text import printable, redacted

LEVELS = ("info", "warning", "error")  # what is asked for: this one and all above it
_FROM = {"info": 0, "debug": 0, "warning": 1, "error": 2, "critical": 2}
# As the package's loggers write it, and as the Bash entrypoints do.
_LINE = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (?P<level>[A-Z]+) (?P<source>[\w.]+): (?P<text>.*)")
_NOTE = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (?P<source>[\w.]+\.sh): (?P<text>.*)")
_ALERTS = "datalake.alerts"


@dataclass(frozen=True)
class LogLine:
    """One line: its number among the run's, from 1; at and source are empty where it goes on from the one before."""

    number: int
    at: str
    level: str  # info, warning or error
    source: str
    text: str


def lines_of(content: str, run_id: str, ended: bool) -> list[LogLine]:
    """Given the log from a run's first line on, return the run's lines: to its end and what was told of it, or, while
    it is at work, to the last."""
    lines = list(_told(content.splitlines()))
    return lines[: _end(lines, run_id)] if ended else lines


def _told(texts: Iterable[str]) -> Iterable[LogLine]:
    level = "info"
    for number, raw in enumerate(texts, 1):
        text = redacted(printable(raw))
        found = _LINE.fullmatch(text) or _NOTE.fullmatch(text)
        if not found:
            yield LogLine(number, "", level, "", text)
            continue
        level = _level(found.groupdict().get("level") or "INFO")
        yield LogLine(number, found["at"], level, found["source"], found["text"])


def _level(word: str) -> str:
    return LEVELS[_FROM.get(word.lower(), 0)]


def _end(lines: Sequence[LogLine], run_id: str) -> int:
    """Behind the last line that names the run, with what goes on from it and the messages that were sent of it."""
    mark = f"run={run_id} "
    last = max((place for place, line in enumerate(lines) if mark in f"{line.text} "), default=-1)
    for place in range(last + 1, len(lines)):
        if lines[place].source and not lines[place].source.startswith(_ALERTS):
            return place
    return len(lines)


def at_least(lines: Sequence[LogLine], level: str) -> list[LogLine]:
    """Given lines and one of LEVELS, return those of that level and above."""
    return [line for line in lines if _FROM[line.level] >= _FROM[level]]
