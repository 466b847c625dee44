"""A run's log on its page: the last lines of the level that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from datalake.web import asking
from datalake.web.figures.log import LEVELS, LogLine, at_least
from datalake.web.log import read_log
from datalake.zones.paths import Lake

SHOWN = 200  # lines


@dataclass(frozen=True)
class Log:
    """The last lines of a level: total counts all lines of the run, matching those of the level."""

    level: str
    problem: str = ""
    lines: list[LogLine] = field(default_factory=list)
    total: int = 0
    matching: int = 0

    @property
    def first_error(self) -> int:
        """The number of the first error that is shown, 0 where there is none."""
        return next((line.number for line in self.lines if line.level == "error"), 0)


def log_of(lake: Lake, run_id: str, given: Mapping[str, str], ended: bool = True) -> Log:
    """Given a run and the query, return its log; what cannot be read is told, and hides nothing else of the page."""
    level = asking.one_of(given, "level", LEVELS) or LEVELS[0]
    try:
        lines = read_log(lake, run_id, ended)
    except OSError as error:
        return Log(level, f"logs/cron_etl.log cannot be read ({error.strerror or error}).")
    matching = at_least(lines, level)
    return Log(level, "", matching[-SHOWN:], len(lines), len(matching))
