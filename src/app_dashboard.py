#!/usr/bin/env python3
"""Serve the dashboard: http://127.0.0.1:8080. Any Python starts it; it goes on in venv where there is one."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
VENV = os.path.join(ROOT, "venv")  # noqa: PTH118


def main():  # noqa: ANN201  (an older Python must parse this file)
    """Go on in venv if this is not it; say what is missing where nothing can serve."""
    python = os.path.join(VENV, "bin", "python")  # noqa: PTH118
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV) and os.access(python, os.X_OK):
        os.execv(python, [python, os.path.abspath(__file__)] + sys.argv[1:])  # noqa: S606, RUF005, PTH100
    try:
        from datalake.web import serve
    except (ImportError, SyntaxError) as error:
        sys.exit("dashboard: %s. Run first: python3 %s setup" % (error, os.path.join(ROOT, "manage.py")))  # noqa: UP031, PTH118
    from pathlib import Path

    return serve.main(Path(ROOT), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
