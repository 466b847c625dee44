#!/usr/bin/env python3
"""One run into logs/etl_runtime_stats.csv, by import or by hand: venv/bin/python src/log_runtime_stats.py --help"""

import sys

if sys.version_info < (3, 11):
    sys.exit("log_runtime_stats.py: Python 3.11 or newer is needed: start it with venv/bin/python")

try:
    from datalake.runs.recorders import csv_main, log_runtime_csv
except ImportError as missing:
    sys.exit(f"log_runtime_stats.py: {missing}. Start it with venv/bin/python (from: python3 manage.py setup)")

__all__ = ["log_runtime_csv"]

if __name__ == "__main__":
    sys.exit(csv_main(sys.argv[1:]))
