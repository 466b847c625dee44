"""The same night on a real Dask cluster: the same bytes as on this host, whatever becomes of its processes."""

import hashlib
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support import dask_cluster, staging
from support.dask_cluster import Processes, kill
from support.nights import IRB, Office, feed, grants_csv, office
from support.project import ROOT

from datalake.cluster.clean import on_parts
from datalake.cluster.join import join
from datalake.contracts.config import load_contracts
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.rates import Rates
from datalake.demo.generator.world import World
from datalake.engine import local
from datalake.engine.first import scan_here
from datalake.engine.scan import Sizes
from datalake.pipeline.context import Context
from datalake.pipeline.replay import replay
from datalake.settings import Schedule, Settings
from datalake.zones import curated
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake

dask = pytest.importorskip("dask", reason="requirements-dask.txt is not installed")
ZONE = "America/New_York"
NAMES = [f"P{number}" for number in range(60)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """One scheduler and two workers for all tests that break nothing."""
    with dask_cluster.processes(tmp_path_factory.mktemp("cluster"), workers=2, TZ=ZONE) as found:
        yield found


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


def test_a_file_large_enough_is_scanned_in_ranges_by_workers_too(
    tmp_path: Path, cluster: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows then fall into other parts of staging; what is published and what was found is the same to the byte."""
    here = two_nights(office(tmp_path / "here").with_irb(partitions=3))
    monkeypatch.setattr("datalake.cluster.ranges.RANGE", 500)
    there = two_nights(on(cluster, office(tmp_path / "there")).with_irb(partitions=3))
    assert len(list((there.lake.data / "staging").rglob("part-*"))) > len(
        list((here.lake.data / "staging").rglob("part-*"))
    )
    assert bytes_of(there, "curated", "quarantine") == bytes_of(here, "curated", "quarantine")
    ledger = Ledger(there.lake, there.clock.now)
    run = Context(there.lake, there.settings, there.clock, ledger, there.clock.now().date())
    with closing(run.engines):
        assert replay(run, there.contracts[1]).differs == ()


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


def published(here: Office) -> list[str]:
    paths = curated.table_paths(here.lake.curated("irb") / "current", "irb")
    return sorted(key for path in paths for key in pq.read_table(path).column("protocol_id").to_pylist())


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


def test_a_worker_that_is_not_the_same_program_is_named_and_nothing_begins(tmp_path: Path) -> None:
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
    with dask_cluster.processes(tmp_path / "cluster", workers=0, TZ=ZONE) as cluster:
        here = on(cluster, office(tmp_path / "lake"))
        here.irb("2025-11-04", "A")
        for path in (f"{older.parent}:{other}", f"{elder.parent}:{ROOT / 'src'}", str(tmp_path)):
            worker = cluster.add_worker(PYTHONPATH=path)
            said.append(feed(here.night()).reason)
            worker.kill()
            worker.wait()
    arrow, toolz = version("pyarrow"), version("toolz")
    assert said[0].endswith(f" has pyarrow 1.0 where this host has {arrow}, another state of this program.")
    assert said[1].endswith(f" has toolz 0.1 where this host has {toolz}.")
    assert said[2].endswith(""" cannot load this program: ModuleNotFoundError("No module named 'datalake'").""")
    assert not here.lake.curated("irb").exists()


STARTS_ONE = """
from distributed import LocalCluster

made = []

def small():
    made.append(LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"))
    return made[0]

def broken():
    raise RuntimeError("no partition called night")
"""


def test_a_cluster_is_started_by_a_function_that_settings_name_and_ends_with_the_run(tmp_path: Path) -> None:
    here = office(tmp_path / "lake")
    (here.lake.root / "config" / "local").mkdir(parents=True)
    (here.lake.root / "config" / "local" / "our_cluster.py").write_text(STARTS_ONE)
    here.irb("2025-11-04", "A", "B")
    here.settings = replace(here.settings, engine="dask", cluster="our_cluster:broken")
    outcome = feed(here.night())
    reason = "`cluster: our_cluster:broken` could not start a cluster (RuntimeError: no partition called night)."
    assert (outcome.status, outcome.reason) == ("failed", reason)
    here.settings = replace(here.settings, engine="dask", cluster="our_cluster:small")
    assert feed(here.night()).status == "published"
    (made,) = sys.modules["our_cluster"].made
    assert made.status.name == "closed"


def test_all_traffic_can_be_encrypted(tmp_path: Path) -> None:
    """With TLS required, nothing is spoken in the clear: the settings only say tls:// and Dask's own name the keys."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    ask = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lake"]
    subprocess.run([*ask, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    names = {f"{who}.{what}": path for who in ("scheduler", "worker", "client") for what, path in
             (("cert", certificate), ("key", key))}  # fmt: skip
    wanted = {f"distributed.comm.tls.{name}": str(path) for name, path in {**names, "ca-file": certificate}.items()}
    wanted["distributed.comm.require-encryption"] = "True"
    environ = {"DASK_" + name.upper().replace(".", "__").replace("-", "_"): value for name, value in wanted.items()}
    here = office(tmp_path / "lake").with_irb(partitions=2)
    here.irb("2025-11-04", "A", "B")
    with dask_cluster.processes(tmp_path / "cluster", 1, "tls://127.0.0.1", TZ=ZONE, **environ) as cluster:
        with dask.config.set(wanted):
            assert feed(on(cluster, here).night()).status == "published"
        assert cluster.address.startswith("tls://")
    assert published(here) == ["A", "B"]


def test_a_scheduler_without_workers_fails_the_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datalake.cluster.join.WORKERS", 0.2)
    with dask_cluster.processes(tmp_path / "cluster", workers=0) as cluster:
        here = on(cluster, office(tmp_path / "lake"))
        here.irb("2025-11-04", "A")
        outcome = feed(here.night())
    assert outcome.reason == f"The Dask scheduler at {cluster.address} has no workers."
    assert outcome.fix.startswith("Start some: docs/scale.md says how.")


def test_a_feed_for_a_cluster_that_nobody_named_fails_and_the_others_are_loaded(tmp_path: Path) -> None:
    here = office(tmp_path / "lake").with_irb(engine="dask")
    here.irb("2025-11-04", "A")
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("1,5.00"))
    outcome = here.night()
    assert feed(outcome).reason == "irb is for `engine: dask`, and settings name neither scheduler nor cluster."
    assert feed(outcome, "grants").status == "published"


def test_without_the_setting_a_night_imports_nothing_of_dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dask", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)  # from now on an import fails
    assert two_nights(office(tmp_path).with_irb(partitions=3)).state().rows


def test_without_dask_installed_the_feed_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    here = office(tmp_path / "lake")
    here.settings = replace(here.settings, engine="dask", scheduler="tcp://127.0.0.1:1")
    here.irb("2025-11-04", "A")
    outcome = feed(here.night())
    assert outcome.reason.startswith("`engine: dask` needs what requirements-dask.txt names, and it is not installed")
    assert "`venv/bin/python -m pip install --require-hashes -r requirements-dask.lock`" in outcome.fix


FEEDS = ("agreements", "coi", "grants", "grants_proposal", "iacuc", "irb", "irb_submission", "safety")
FORMS = (Form(), Form(delimiter="|", newline="\n"), Form(encoding="cp1252"), Form(encoding="utf-16", header="spaced"))
MANY = Rates(**{each: 1.0 if each == "bad_rows_at_most" else 0.02 for each in Rates.__annotations__})


def test_the_feeds_that_ship_are_cleaned_alike_with_every_quirk(tmp_path: Path, cluster: Processes) -> None:
    contracts = {each.feed: each for each in load_contracts(ROOT)}
    settings = Settings(schedule=Schedule(zone=ZONE), engine="dask", scheduler=cluster.address)
    (tmp_path / "data").mkdir()
    with closing(join(Lake(tmp_path), settings)) as joined:
        for name in FEEDS:
            order = Order(World(7, staging.DAY, 120), name, staging.DAY, FORMS[len(name) % len(FORMS)], MANY)
            (tmp_path / name).mkdir()
            made = generate(order, tmp_path / name).path.read_bytes()
            here = staging.job(tmp_path / name / "here", made, contracts[name], salt=b"pepper")
            there = staging.job(tmp_path / name / "there", made, contracts[name], salt=b"pepper")
            sizes = Sizes(3_000, 50, 20_000)
            assert local.stage(there, sizes=sizes, passes=local.Passes(scan_here, on_parts(joined.map))) == local.stage(
                here, sizes=sizes
            )
            assert contents(there.staging) == contents(here.staging)
            assert contents(there.quarantine) == contents(here.quarantine)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_file_that_its_rules_refuse_is_refused_on_workers_in_the_same_words(
    tmp_path: Path, cluster: Processes
) -> None:
    columns = tuple(replace(each, on_fail="fail") if each.name == "status" else each for each in IRB.columns)
    reasons = []
    for here in (office(tmp_path / "here"), on(cluster, office(tmp_path / "there"))):
        here.with_irb(columns=columns).irb("2025-11-04", "A", "B,Study,,2025-10-01", "C")
        outcome = feed(here.night())
        reasons.append((outcome.status, outcome.reason, outcome.fix))
    assert reasons[0] == reasons[1]
    assert reasons[0][0] == "refused"
