"""python -m datalake.watchdog: exit code 0 where last night was good, 1 where it was not, 2 for usage."""

import logging
import os
import sys
from pathlib import Path

from datalake.alerts.direct import leave_answers_to_the_line
from datalake.clock import SystemClock
from datalake.errors import EXIT_OK, EXIT_USAGE
from datalake.runs.logs import FORMAT
from datalake.watchdog.check import check, should_start
from datalake.zones.paths import Lake

MAY_START = "--may-start"  # says check_etl_watchdog.sh the first time: it will start a load that never ran
EXIT_START_FIRST = 3  # nothing was judged or told: start the load, then check
ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str]) -> int:
    """Given the words after the module's name, check and return the exit code."""
    logging.basicConfig(level=logging.INFO, format=FORMAT, datefmt="%Y-%m-%d %H:%M:%S%z")  # as the check's own line
    leave_answers_to_the_line()
    if arguments == [MAY_START]:
        if should_start(Lake(ROOT), os.environ, SystemClock()):
            return EXIT_START_FIRST
    elif arguments:
        return _usage(arguments)
    return check(Lake(ROOT), os.environ, SystemClock())


def _usage(arguments: list[str]) -> int:
    is_asked = arguments in (["-h"], ["--help"])
    said = "usage: bash src/check_etl_watchdog.sh\n\nTells whether last night's load was good; takes no words."
    print(said, file=sys.stdout if is_asked else sys.stderr)
    return EXIT_OK if is_asked else EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
