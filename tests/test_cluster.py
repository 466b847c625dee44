"""The same night on a real Dask cluster: the same bytes as on this host, whatever becomes of its processes."""

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support import dask_cluster, staging
from support.dask_cluster import ZONE, Processes
from support.nights import IRB, feed, office
from support.on_cluster import bytes_of, on, published, two_nights
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
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake

dask = pytest.importorskip("dask", reason="requirements-dask.txt is not installed")


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


def test_without_the_setting_a_night_imports_nothing_of_dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dask", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)  # from now on an import fails
    assert two_nights(office(tmp_path).with_irb(partitions=3)).state().rows


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
