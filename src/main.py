#!/usr/bin/env python3
"""Runs the ETL: loads what lies in data/incoming. Called by cron_runner.sh, which holds the lock on fd 9.

Exit codes: 0 done, also with notes; 1 failed; 2 usage; 75 another run holds the lock; 78 the configuration is wrong;
128+n ended by signal n.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("main.py: Python 3.11 or newer is needed: start it with venv/bin/python")

from pathlib import Path

try:
    from datalake.cli.etl import main
    from datalake.zones.paths import Lake
except ImportError as missing:
    sys.exit(f"main.py: {missing}. Start it with venv/bin/python (from: python3 manage.py setup)")

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Lake(Path(__file__).resolve().parents[1])))
