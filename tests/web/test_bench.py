"""The dashboard's bench: a short form of ten years."""

import json

from click.testing import CliRunner

from datalake.cli.bench import bench as command
from datalake.web import bench
from datalake.web.bench_lake import LAST, fill
from datalake.zones.paths import Lake
from web.conftest import BREAKFAST, SETTINGS
from web.pages import links


def test_every_address_answers_and_fifty_at_once_get_an_answer(monkeypatch):
    monkeypatch.setattr("datalake.web.bench_lake.REJECTS", 3_000)

    said = CliRunner().invoke(command, ["--json", "dashboard", "--nights", "60", "--times", "1"], obj=None)

    result = json.loads(said.output)["dashboard"]
    assert result["errors"] == 0
    assert {each["status"] for each in result["timed"]} == {200}
    assert len(result["timed"]) == len(bench.PATHS)


def test_the_first_page_with_all_it_needs_is_small(monkeypatch, tmp_path):
    monkeypatch.setattr("datalake.web.bench_lake.REJECTS", 3_000)
    lake = Lake(tmp_path)
    fill(lake, 120, LAST.replace(month=7, day=9))
    client = bench.create_app(lake, SETTINGS, bench.MovedClock(BREAKFAST)).test_client()
    needed = ["/", *(path for path in links(client, "/") if path.startswith("/static/"))]

    sizes = [len(client.get(path, headers={"Accept-Encoding": "gzip"}).data) for path in needed]

    assert len(needed) == 6
    assert sum(sizes) < 250_000
