"""`python -m datalake.demo --out DIR --feed irb --rows N`: one synthetic file, of any size, with its answer key."""

import argparse
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.feeds.feed import LAYOUTS
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.rates import CLEAN, USUAL
from datalake.demo.generator.world import SIZES, World


def main(words: list[str]) -> int:
    """Make the file that the words ask for and say what it is."""
    wanted = _parser().parse_args(words)
    first = wanted.date - timedelta(days=wanted.night)
    world = World(wanted.seed, first, max(1, round(wanted.rows / SIZES[wanted.feed])))
    rates = CLEAN if wanted.clean else USUAL
    order = Order(world, wanted.feed, wanted.date, Form(layout=wanted.layout, delimiter=wanted.delimiter), rates)
    for folder in filter(None, (wanted.out, wanted.key)):
        folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    made = generate(order, wanted.out, wanted.key)
    megabytes, seconds = made.path.stat().st_size / 1e6, time.perf_counter() - start
    totals = made.totals
    print(f"{made.path}: {totals.rows_read:,} rows ({totals.accepted:,} good, {totals.rejected:,} bad)")
    print(f"{megabytes:,.1f} MB in {seconds:.1f} s ({megabytes / seconds:.0f} MB/s); key: {made.key or 'none'}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m datalake.demo", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the file")
    parser.add_argument("--key", type=Path, help="folder for its answer key (none: no key)")
    parser.add_argument("--feed", choices=sorted(FEEDS), default="irb")
    parser.add_argument("--rows", type=int, default=1000, help="records of the first night (1000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--date", type=date.fromisoformat, default=date(2025, 11, 4), help="data date, YYYY-MM-DD")
    parser.add_argument("--night", type=int, default=0, help="how many nights the world is old by then (0)")
    parser.add_argument("--layout", choices=LAYOUTS, default="full")
    parser.add_argument("--delimiter", default=",")
    parser.add_argument("--clean", action="store_true", help="without any quirk or bad row")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
