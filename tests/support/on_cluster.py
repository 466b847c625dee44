"""Nights of a small lake that a cluster does, and what they leave."""

import hashlib
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
from support.dask_cluster import Processes
from support.nights import Office, feed

from datalake.zones import curated

NAMES = [f"P{number}" for number in range(60)]


def on(cluster: Processes, here: Office, **words: Any) -> Office:
    here.settings = replace(here.settings, engine="dask", scheduler=cluster.address, **words)
    return here


def bytes_of(here: Office, *zones: str) -> dict[str, str]:
    """Every file that a night leaves of its data, by what is in it."""
    found = {}
    for zone in zones or ("staging", "quarantine", "curated"):
        for path in sorted((here.lake.data / zone).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(here.lake.data))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def two_nights(here: Office) -> Office:
    """New, changed, gone, rejected and repeated records."""
    here.irb("2025-11-04", *NAMES, NAMES[0])
    assert feed(here.night()).reason == ""
    changed = [f"{name},New title,Closed,2025-11-01" for name in NAMES[5:15]]
    here.irb(
        "2025-11-05", *NAMES[15:50], *changed, *(f"{name},,," for name in NAMES[2:4]), f"{NAMES[20]},Later,,2025-12-01"
    )
    assert feed(here.next_night()).reason == ""
    return here


def published(here: Office) -> list[str]:
    paths = curated.table_paths(here.lake.curated("irb") / "current", "irb")
    return sorted(key for path in paths for key in pq.read_table(path).column("protocol_id").to_pylist())
