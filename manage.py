#!/usr/bin/env python3
"""The human's door to the lake: python3 manage.py --help

Any Python may open it, an old one too (so nothing newer than Python 2's grammar stands here): the work is done by
the Python in venv, which is set up first where it is missing.
"""

import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(ROOT, "src")


def main(arguments):
    """Set up what is missing, then become the Python in venv that runs the command."""
    sys.path.insert(0, SOURCE)
    from datalake import environment

    developer = arguments[:1] == ["test"]
    try:
        python = environment.ensure(ROOT, developer)
    except environment.SetupFailed as problem:
        sys.stderr.write("error: %s\n" % problem)
        return problem.exit_code
    surroundings = dict(os.environ, PYTHONPATH=SOURCE, PYTHONSAFEPATH="1")
    os.execve(python, [python, "-m", "datalake.cli"] + arguments, surroundings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
