"""python -m datalake.alerts run RUN_ID"""

import logging
import os
import sys
from pathlib import Path

from datalake.alerts.run import tell_run
from datalake.clock import SystemClock
from datalake.errors import EXIT_USAGE, DatalakeError
from datalake.runs.logs import FORMAT
from datalake.zones.paths import Lake

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str]) -> int:
    """Given the words after the module's name, do it and return the exit code."""
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    if len(arguments) != 2 or arguments[0] != "run":
        print("usage: python -m datalake.alerts run RUN_ID", file=sys.stderr)
        return EXIT_USAGE
    try:
        return tell_run(Lake(ROOT), os.environ, arguments[1], SystemClock())
    except DatalakeError as problem:
        print(f"alerts: {problem}", file=sys.stderr)
        return problem.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
