"""python -m datalake.bench [--mb 10 100 1000]: the table of `bench clean`, or with --json the runs behind it."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from datalake.bench.clean import Result, as_json, measure, table


def main(arguments: list[str]) -> int:
    """Measure, print, and return the exit code."""
    options = _options(arguments)
    results: list[Result] = []
    for megabytes in options.mb:
        results += measure(megabytes, options.folder, options.threads, options.runs, _tell)
    print(json.dumps(as_json(results), indent=1) if options.json else "\n".join(table(results)))
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m datalake.bench", description="Cleaning, side by side with other tools.")
    parser.add_argument("--mb", type=int, nargs="+", default=[10, 100], help="sizes of the files (default: 10 100)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each tool; medians are shown (default: 3)")
    parser.add_argument("--threads", type=int, default=2, help="threads for tools that can use them (default: 2)")
    parser.add_argument("--json", action="store_true", help="every run, as JSON")
    folder = Path(tempfile.gettempdir()) / "datalake-bench"
    parser.add_argument("--folder", type=Path, default=folder, help="where the files are made and kept")
    return parser.parse_args(arguments)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
