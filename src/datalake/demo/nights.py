"""The demo's nights: which data date comes next, and its files into incoming, as Huron would drop them."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from datalake.contracts.model import Contract
from datalake.demo.generator.draws import Draws
from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Generated, Order, generate
from datalake.demo.generator.rates import DEMO
from datalake.demo.generator.world import World
from datalake.demo.marker import (
    Marker,
    fingerprint,
    new_marker,
    read_marker,
    refuse_demo_in_real_lake,
    refuse_real_files,
    write_marker,
)
from datalake.demo.records import last_numbers
from datalake.errors import UsageError
from datalake.zones.paths import Lake

SEED = 20_251_104
STUDIES = 420  # records of irb on the first night; the other feeds follow from it
AHEAD = timedelta(days=29)  # how long before today the first data date is
DROPPED_BEFORE = 2 * 3600  # seconds before the run at which the files came: they have settled


@dataclass(frozen=True)
class Night:
    """One night's files, as they were put into incoming."""

    day: date
    files: tuple[Generated, ...]


def write_next(
    lake: Lake, contracts: Sequence[Contract], now: datetime, today: date, key_folder: Path | None = None
) -> Night:
    """Write the files of the next data date into incoming, those of feeds that are active; the first starts the demo.

    now: aware, the instant the files must have settled by; today: the last data date there is. Raises UsageError
    where there is, or waits, real data, and when the demo has reached today.
    """
    refuse_demo_in_real_lake(lake)
    refuse_real_files(lake, contracts, in_demo=True)
    marker = marker_of(lake, today - AHEAD)
    return write_night(lake, contracts, marker, next_day(marker, today), now, key_folder=key_folder)


def marker_of(lake: Lake, first: date) -> Marker:
    """Return the demo's marker, a new one with that first data date where no demo has begun."""
    return read_marker(lake) or new_marker(lake, SEED, first, last_numbers(lake))


def next_day(marker: Marker, today: date) -> date:
    """Return the data date that comes next; raise UsageError where that would be after today."""
    day = marker.last + timedelta(days=1) if marker.last else marker.first
    if day > today:
        fix = "The next night comes tomorrow. To start anew: python3 manage.py demo --clear"
        raise UsageError(f"The demo has reached today: its newest data date is {marker.last}.", fix)
    return day


def write_night(
    lake: Lake,
    contracts: Sequence[Contract],
    marker: Marker,
    day: date,
    now: datetime,
    forms: dict[str, Form] | None = None,
    key_folder: Path | None = None,
) -> Night:
    """Write the files of a data date into incoming; forms: feed -> its file's form, where it is not as usual.

    The marker names the files before they appear, so that a demo that is killed between the two leaves no file that
    looks real.
    """
    world = World(marker.seed, marker.first, STUDIES)
    feeds = [each.feed for each in contracts if each.feed in FEEDS and each.status == "active"]
    lake.metadata.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=lake.metadata) as drafts:
        orders = [
            Order(world, feed, day, (forms or {}).get(feed, usual_form(world, feed, day)), DEMO) for feed in feeds
        ]
        made = [generate(order, Path(drafts), key_folder) for order in orders]
        files = {each.path.name: fingerprint(each.path) for each in made}
        write_marker(lake, replace(marker, last=day, files={**marker.files, **files}))
        return Night(day, tuple(_dropped(each, lake, now) for each in made))


def usual_form(world: World, feed: str, day: date) -> Form:
    """Return the form of an ordinary night's file: now and then an export comes out a little different."""
    drawn = int(Draws(world.seed, feed).below("form", np.array([world.night_of(day)]), 20)[0])
    return {3: Form(mark=True), 11: Form(encoding="cp1252"), 17: Form(newline="\n")}.get(drawn, Form())


def _dropped(made: Generated, lake: Lake, now: datetime) -> Generated:
    lake.incoming.mkdir(parents=True, exist_ok=True)
    came = now.timestamp() - DROPPED_BEFORE
    os.utime(made.path, (came, came))
    return replace(made, path=made.path.replace(lake.incoming / made.path.name))
