#!/usr/bin/env python3
"""The human's door to the lake: python3 manage.py --help

Any Python from 3.6 on may open it: the work is done by the Python in venv, which is set up first where it is missing.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SOURCE = str(ROOT / "src")


def main(arguments: "list[str]") -> int:
    """Set up what is missing, then become the Python in venv, which runs the command; return 1 if there can be none."""
    sys.path.insert(0, SOURCE)
    from datalake import environment

    try:
        first = arguments[:1]
        python = environment.ensure(str(ROOT), developer=first == ["test"], thorough=first == ["setup"])
    except environment.SetupFailed as problem:
        sys.stderr.write(f"error: {problem}\n")
        return problem.exit_code
    except KeyboardInterrupt:
        return 130
    surroundings = dict(os.environ, PYTHONPATH=SOURCE, PYTHONSAFEPATH="1")
    os.execve(python, [python, "-m", "datalake.cli", *arguments], surroundings)  # noqa: S606 - no shell is the point
    return 0  # never reached; for the reader and the type checker


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
