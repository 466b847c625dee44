#!/usr/bin/env python3
"""One run into logs/etl_stats.db, by import or by hand: venv/bin/python src/log_runtime_sqlite.py --help"""

import sys

if sys.version_info < (3, 11):
    sys.exit("log_runtime_sqlite.py: Python 3.11 or newer is needed: start it with venv/bin/python")

try:
    from datalake.runs.recorders import log_runtime_sqlite, sqlite_main
except ImportError as missing:
    sys.exit(f"log_runtime_sqlite.py: {missing}. Start it with venv/bin/python (from: python3 manage.py setup)")

__all__ = ["log_runtime_sqlite"]

if __name__ == "__main__":
    sys.exit(sqlite_main(sys.argv[1:]))
