"""The same night on a real Dask cluster: the same bytes as on this host, whatever becomes of its processes."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import dask_cluster
from support.dask_cluster import Processes, kill
from support.nights import Office, feed, office

pytest.importorskip("distributed", reason="requirements-dask.txt is not installed")
NAMES = [f"P{number}" for number in range(60)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """One scheduler and two workers for all tests that break nothing."""
    with dask_cluster.processes(tmp_path_factory.mktemp("cluster"), workers=2, TZ="America/New_York") as found:
        yield found


def on(cluster: Processes, here: Office, **words: Any) -> Office:
    here.settings = replace(here.settings, engine="dask", scheduler=cluster.address, **words)
    return here


def bytes_of(here: Office) -> dict[str, str]:
    """Every file that a night leaves of its data, by what is in it."""
    found = {}
    for zone in ("staging", "quarantine", "curated"):
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


@pytest.mark.parametrize("partitions", [1, 3])
@pytest.mark.parametrize("disposition", ["replace", "merge", "append"])
def test_a_night_on_workers_leaves_the_same_bytes_as_one_on_this_host(
    tmp_path: Path, cluster: Processes, disposition: str, partitions: int
) -> None:
    rules = {"write_disposition": disposition, "partitions": partitions, "history": "scd2"}
    here = two_nights(office(tmp_path / "here").with_irb(**rules))
    there = two_nights(on(cluster, office(tmp_path / "there")).with_irb(**rules))
    assert bytes_of(there) == bytes_of(here)
    assert [each for each in bytes_of(here) if each.endswith("findings.parquet")]
    assert (there.state().rows, there.state().published["files"]) == (
        here.state().rows,
        here.state().published["files"],
    )


def test_a_worker_killed_while_it_cleans_is_survived(tmp_path: Path) -> None:
    here = two_nights(office(tmp_path / "here").with_irb(partitions=3))
    with dask_cluster.processes(tmp_path / "cluster", workers=2, TZ="America/New_York") as cluster:
        there = on(cluster, office(tmp_path / "there")).with_irb(partitions=3)
        aside = cluster.when_held("clean", kill)
        two_nights(there)
        aside.join()
        cluster.add_worker()
        assert bytes_of(there) == bytes_of(here)
