"""What goes wrong with a cluster: survived, or said in words with what is published untouched."""

import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from support import dask_cluster
from support.dask_cluster import ZONE, Processes, kill
from support.nights import Office, feed, grants_csv, office
from support.on_cluster import bytes_of, on, published, two_nights
from support.project import ROOT

import datalake.cluster.join

pytest.importorskip("dask", reason="requirements-dask.txt is not installed")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler that has no workers but those that a test adds and ends."""
    with dask_cluster.processes(tmp_path_factory.mktemp("empty"), workers=0, TZ=ZONE) as found:
        yield found


def test_a_scheduler_without_workers_fails_each_feed_and_is_waited_for_once(
    tmp_path: Path, empty: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[object] = []
    join = datalake.cluster.join.join
    monkeypatch.setattr("datalake.cluster.join.WORKERS", 0.2)
    monkeypatch.setattr("datalake.cluster.join.join", lambda *given: waits.append(given) or join(*given))
    here = on(empty, office(tmp_path / "lake"))
    here.irb("2025-11-04", "A")
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("1,5.00"))
    outcomes = here.night().feeds
    assert len(outcomes) == 2
    assert {each.reason for each in outcomes} == {f"The Dask scheduler at {empty.address} has no workers."}
    assert all(each.fix.startswith("Start some: docs/scale.md says how.") for each in outcomes)
    assert len(waits) == 1


def test_a_feed_for_a_cluster_that_nobody_named_fails_and_the_others_are_loaded(tmp_path: Path) -> None:
    here = office(tmp_path / "lake").with_irb(engine="dask")
    here.irb("2025-11-04", "A")
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("1,5.00"))
    outcome = here.night()
    assert feed(outcome).reason == "irb is for `engine: dask`, and settings name neither scheduler nor cluster."
    assert feed(outcome, "grants").status == "published"


def test_workers_killed_in_the_middle_of_cleaning_and_of_merging_are_survived(tmp_path: Path) -> None:
    here = two_nights(office(tmp_path / "here").with_irb(partitions=3, history="scd2"))
    with dask_cluster.processes(tmp_path / "cluster", workers=3, TZ=ZONE) as cluster:
        there = on(cluster, office(tmp_path / "there")).with_irb(partitions=3, history="scd2")
        killers = [cluster.when_held(place, kill) for place in ("clean", "merge")]
        two_nights(there)
        for each in killers:
            each.join()
        assert [each.poll() for each in cluster.workers].count(None) == 1
        assert bytes_of(there) == bytes_of(here)


def after_one_night(tmp_path: Path, cluster: Processes) -> Office:
    """A lake with one night published by the cluster, and the next file waiting."""
    here = on(cluster, office(tmp_path / "lake")).with_irb(partitions=2)
    here.irb("2025-11-04", "A", "B")
    assert feed(here.night()).status == "published"
    here.irb("2025-11-05", "A", "C")
    return here


def test_a_lost_scheduler_fails_the_feed_and_the_next_night_repairs_it(
    tmp_path: Path, cluster: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dask_cluster.processes(tmp_path / "cluster", workers=1, TZ=ZONE) as doomed:
        here = after_one_night(tmp_path, doomed)
        aside = doomed.when_held("clean", lambda worker: kill(doomed.scheduler.pid))
        outcome = here.next_night()
        aside.join()
    lost = f"The Dask scheduler at {doomed.address} was lost while it was at work."
    again = "Start it again. Nothing was published; the next run takes the file up again."
    assert (outcome.status, feed(outcome).status, feed(outcome).reason) == ("failure", "failed", lost)
    assert feed(outcome).fix == again
    assert published(here) == ["A", "B"]
    with monkeypatch.context() as hurried:
        hurried.setattr("datalake.cluster.join.ANSWER", 0.5)
        gone = here.next_night()
    assert feed(gone).reason.startswith(f"The Dask scheduler at {doomed.address} does not answer")
    assert published(here) == ["A", "B"]
    assert feed(on(cluster, here).next_night()).status == "published"
    assert published(here) == ["A", "C"]


def test_a_shared_folder_that_goes_away_fails_the_feed_and_the_next_night_repairs_it(
    tmp_path: Path, cluster: Processes
) -> None:
    here = after_one_night(tmp_path, cluster)
    zone, away = here.lake.data / "staging", tmp_path / "away"
    aside = cluster.when_held("clean", lambda worker: zone.rename(away))
    outcome = here.next_night()
    aside.join()
    assert feed(outcome).reason.startswith(f"The Dask worker on {socket.gethostname()} could not use {zone}/irb/")
    assert feed(outcome).reason.endswith(": No such file or directory.")
    assert published(here) == ["A", "B"]
    away.rename(zone)
    assert feed(here.next_night()).status == "published"
    assert published(here) == ["A", "C"]


def test_a_worker_that_is_not_the_same_program_is_named_and_nothing_begins(tmp_path: Path, empty: Processes) -> None:
    other = tmp_path / "other" / "src"
    shutil.copytree(ROOT / "src", other)
    (other / "datalake" / "new.py").write_text("# not in this checkout\n")
    older = tmp_path / "older" / "pyarrow-1.0.dist-info"
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: pyarrow\nVersion: 1.0\n")
    elder = tmp_path / "elder" / "toolz-0.1.dist-info"
    elder.mkdir(parents=True)
    (elder / "METADATA").write_text("Metadata-Version: 2.1\nName: toolz\nVersion: 0.1\n")
    said = []
    here = on(empty, office(tmp_path / "lake"))
    here.irb("2025-11-04", "A")
    for path in (f"{older.parent}:{other}", f"{elder.parent}:{ROOT / 'src'}", str(tmp_path)):
        worker = empty.add_worker(PYTHONPATH=path)
        said.append(feed(here.night()).reason)
        worker.kill()
        worker.wait()
    arrow, toolz = version("pyarrow"), version("toolz")
    assert said[0].endswith(f" has pyarrow 1.0 where this host has {arrow}, another state of this program.")
    assert said[1].endswith(f" has toolz 0.1 where this host has {toolz}.")
    assert said[2].endswith(""" cannot load this program: ModuleNotFoundError("No module named 'datalake'").""")
    assert not here.lake.curated("irb").exists()


def test_without_dask_installed_the_feed_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    here = office(tmp_path / "lake")
    here.settings = replace(here.settings, engine="dask", scheduler="tcp://127.0.0.1:1")
    here.irb("2025-11-04", "A")
    outcome = feed(here.night())
    assert outcome.reason.startswith("`engine: dask` needs what requirements-dask.txt names, and it is not installed")
    assert "`venv/bin/python -m pip install --require-hashes -r requirements-dask.lock`" in outcome.fix
