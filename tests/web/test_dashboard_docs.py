"""What docs/dashboard.md tells: its addresses answer, its program runs, its metrics and fields are there."""

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from support.project import ROOT

from datalake.clock import MovedClock
from datalake.settings import Dashboard
from datalake.web.app import create_app
from datalake.web.routes import NAVIGATION
from web.conftest import BREAKFAST, SETTINGS, WEDNESDAY, new_lake, night, publish, published, refused, write_record

TEXT = (ROOT / "docs" / "dashboard.md").read_text(encoding="utf-8")
ADDRESSES = sorted({each.rstrip(".,;") for each in re.findall(r"http://localhost:8080(/[^\s\"`]*)", TEXT)})
TOKEN = "t" * 32


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    lake = new_lake(tmp_path_factory.mktemp("docs") / "lake")
    rules = lake.config / "modules" / "irb.yaml"
    rules.write_text(rules.read_text() + "history: scd2\n")
    before = WEDNESDAY - timedelta(days=1)
    write_record(lake, night(before, published("irb", before), refused("grants", before)), night(WEDNESDAY))
    publish(lake)
    return lake


@pytest.fixture
def client(lake):
    settings = replace(SETTINGS, secrets={"DASHBOARD_TOKEN": TOKEN})
    return create_app(lake, settings, MovedClock(BREAKFAST)).test_client()


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_address_in_it_answers(client, path):
    grafanas = path.replace("${__from}", "1762232400000").replace("${__to}", "1762405200000")

    answer = client.get(grafanas, headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.data


def test_its_program_reads_every_page(client):
    program = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1].replace("feed=irb", "feed=irb&limit=1")
    asked = []

    def get(url, timeout):
        asked.append(url)
        return SimpleNamespace(json=client.get(url.removeprefix("http://localhost:8080")).get_json)

    namespace = {"requests": SimpleNamespace(get=get)}
    exec(program.replace("import requests\n", ""), namespace)

    assert namespace["changed"] == [row["key"] for row in client.get("/api/v1/changes?feed=irb").get_json()["data"]]
    assert len(asked) == len(namespace["changed"]) == 4


def test_it_tells_of_every_metric_and_of_no_other(client, lake):
    lake.watchdog_log.write_text("2025-11-05 ok\n")
    told = set(re.findall(r"`(datalake_\w+)`", TEXT))

    found = set(re.findall(r"^# HELP (\w+) ", client.get("/metrics").get_data(as_text=True), re.MULTILINE))

    assert told == found


def test_grafanas_columns_are_fields_of_the_answers(client):
    runs, stats = (client.get(f"/api/v1/{name}").get_json()["data"][0] for name in ("runs", "stats"))

    assert {"start_epoch_ms", "runtime_sec", "status"} <= set(runs)
    assert {"from", "p50_sec", "p90_sec"} <= set(stats)


def test_it_tells_of_every_page():
    words = {word for _, word in NAVIGATION}

    assert {word for word in words if re.search(rf"\| [^|]*\b{word} `/", TEXT)} == words


def test_its_settings_can_be_read(tmp_path):
    from datalake.settings import load

    block = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[1]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.yaml").write_text(block)

    dashboard = load(tmp_path, {}).dashboard

    people = {"readers": ("rita",), "stewards": ("stan",)}
    reached = {"host": "0.0.0.0", "names": ("lake.example.edu",), "proxies": ("10.0.0.7",)}
    assert dashboard == Dashboard(**reached, **people)
