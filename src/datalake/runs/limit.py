"""python -m datalake.runs.limit SECONDS COMMAND...: run it, and kill it with all that it started when time is up.

timeout(1) does this on Linux alone. Exit code: the command's, or 124 as timeout(1) gives.
"""

import os
import signal
import subprocess
import sys

EXIT_TIME_IS_UP = 124


def run_limited(seconds: float, command: list[str]) -> int:
    """Return the command's exit code, 128+n where signal n ended it, 124 where it was killed for taking too long."""
    with subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL) as child:
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            print(f"killed after {seconds:g} seconds: {' '.join(command)}", file=sys.stderr)
            return EXIT_TIME_IS_UP
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(run_limited(float(sys.argv[1]), sys.argv[2:]))
