"""The benchmark is honest: the tools do the same job, and where they do not agree there is no ratio."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Said

from datalake.bench import clean, engines, load, scale, task
from datalake.bench.agree import facts
from datalake.bench.engines import ours
from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import PLAIN
from datalake.demo.generator.generate import laid_out
from datalake.settings import Settings


def test_all_installed_tools_come_to_the_same_rows(tmp_path: Path, manage: Callable[..., Said]) -> None:
    said = manage("bench", "--json", "--folder", str(tmp_path), "clean", "--mb", "1", "--runs", "1")
    assert said.code == 0
    told = json.loads(said.out)["clean"]
    assert {each["engine"] for each in told} >= {"ours", "duckdb", "pandas"}
    assert [each["engine"] for each in told if not each["agrees"]] == []
    assert min(each["rows"] for each in told) > 1_000


def test_the_columns_of_the_job_are_those_of_the_generated_file() -> None:
    made = {each.name: (each.kind, each.required) for each in laid_out(FEEDS["irb"], PLAIN)}
    plain = {"list": "string", "text": "string"}
    assert {each.name: (each.type, each.required) for each in task.fields()} == {
        name: (plain.get(kind, kind), required) for name, (kind, required) in made.items()
    }
    assert [each.name for each in task.fields()] == list(made)


def result(engine: str, agrees: bool | None, seconds: float) -> clean.Result:
    return clean.Result(engine, 10.0, (clean.Cost(seconds, seconds, 100.0),) * 3, 5, agrees)


def test_ratios_are_shown_only_beside_the_same_rows() -> None:
    lines = list(clean.table([result("ours", True, 1.0), result("duckdb", True, 2.0), result("other", False, 1.0)]))
    assert "0.50   0.50   1.00" in lines[2]
    assert "other rows" in lines[4]
    assert "no duckdb here" in list(clean.table([result("ours", None, 1.0)]))[2]


@pytest.mark.parametrize("change", ["none", "order", "cell", "row"])
def test_tables_are_told_apart_by_every_cell_and_not_by_their_order(change: str, tmp_path: Path) -> None:
    source = task.make_file(1, tmp_path)
    ours(source, tmp_path, 1)
    table = pa.concat_tables(pq.read_table(each) for each in sorted(tmp_path.glob("staging/part-*.parquet")))
    whole = facts(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    pq.write_table(changed(table, change), other / "out.parquet")
    assert (facts(other) == whole) == (change in ("none", "order"))


def changed(table: pa.Table, change: str) -> pa.Table:
    if change == "order":
        return pa.concat_tables([table.slice(10), table.slice(0, 10)])
    if change == "row":
        return table.slice(1)
    if change == "cell":
        titles = table.column("study_title").to_pylist()
        titles[5] += "."
        return table.set_column(table.schema.get_field_index("study_title"), "study_title", pa.array(titles))
    return table


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """measured(agrees) has every file measured at once, ours with those rows."""

    def put(agrees: bool) -> None:
        found = (result("ours", agrees, 1.0), result("duckdb", True, 2.0))
        monkeypatch.setattr(
            clean, "measure", lambda size, *rest: tuple(replace(each, megabytes=size) for each in found)
        )

    return put


def test_one_tool_can_be_measured_alone(manage, tmp_path: Path) -> None:
    said = manage("bench", "--json", "--folder", str(tmp_path), "clean", "--mb", "1", "--runs", "1", "--tool", "ours")
    (told,) = json.loads(said.out)["clean"]
    assert (said.code, told["engine"], told["agrees"]) == (0, "ours", None)


def test_several_names_in_one_call_are_measured_one_after_the_other(manage, measured, tmp_path: Path) -> None:
    measured(agrees=True)
    said = manage("bench", "--folder", str(tmp_path / "new"), "clean", "--mb", "7", "clean", "--mb", "8")
    assert said.code == 0
    assert said.out.index("7 MB  ours") < said.out.index("8 MB  ours")
    assert said.out.count("bench clean\n") == 2


def test_rows_of_ours_that_are_not_the_peers_are_a_failure(manage, measured, tmp_path: Path) -> None:
    measured(agrees=False)
    said = manage("bench", "--folder", str(tmp_path), "clean")
    assert said.code == 1 and "other rows" in said.out


def test_a_tool_that_is_not_installed_is_named_with_how_to_get_it(manage, measured, monkeypatch, tmp_path) -> None:
    measured(agrees=True)
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == "polars" else object())
    said = manage("bench", "--folder", str(tmp_path), "clean")
    assert said.code == 0
    assert said.err.startswith("polars is not measured") and "-r requirements-bench.txt" in said.err
    assert "duckdb is not" not in said.err


def test_a_name_that_is_none_is_a_usage_error(manage, tmp_path: Path) -> None:
    said = manage("bench", "--folder", str(tmp_path), "cleen")
    assert said.code == 2 and "cleen" in said.err


def scaled(case: str, published: str, *workers: float) -> scale.Scaled:
    costs = tuple(scale.Cost(0.0, 3.0, peak) for peak in workers)
    return scale.Scaled(case, 100.0, scale.Cost(10.0, 5.0, 300.0), costs, {"rows": 5, "files": published})


def test_the_scale_table_tells_time_and_memory_of_driver_and_workers_and_whose_bytes_differ() -> None:
    lines = list(scale.table([scaled("here", "a"), scaled("one", "a", 200.0), scaled("two", "b", 200.0, 250.0)]))
    assert lines[2].split() == ["here", "10.0", "20", "5.0", "300", "the", "same", "bytes"]
    assert lines[3].split() == ["one", "10.0", "20", "5.0", "300", "3.0", "200", "the", "same", "bytes"]
    assert lines[4].split() == ["two", "10.0", "20", "5.0", "300", "6.0", "250", "OTHER", "BYTES"]


def test_the_model_shares_the_workers_seconds_and_keeps_the_drivers() -> None:
    told = list(scale.model([scaled("here", "a"), scaled("one", "a", 200.0)]))
    assert told[0] == "on paper: 5.0 s of the driver + 3.0 s of workers / their number"
    assert told[1].split()[1:3] == ["1", "2"]
    assert told[2].split()[2:4] == ["8.0", "6.5"]
    assert list(scale.model([scaled("here", "a")])) == []


def test_both_nights_of_the_scale_bench_publish_and_only_one_record_leaves(tmp_path: Path) -> None:
    source = task.make_file(1, tmp_path)
    whole, parted = (load.load(source, tmp_path / str(parts), parts, Settings()) for parts in (1, 3))
    assert (parted["new"], parted["changed"], parted["gone"]) == (0, 0, 1)
    assert {name: whole[name] for name in ("rows", "new", "gone", "findings")} == {
        name: parted[name] for name in ("rows", "new", "gone", "findings")
    }
    assert sorted(parted["files"]) == ["irb-000.parquet", "irb-001.parquet", "irb-002.parquet", "irb.csv"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, manage: Callable[..., Said]) -> None:
    (tmp_path / "file").touch()
    said = manage("bench", "--folder", str(tmp_path / "file" / "x"), "clean", "--mb", "1")
    assert (said.code, "file/x cannot be made" in said.err) == (2, True)


def test_a_step_that_fails_says_what_to_do(tmp_path: Path, manage: Callable[..., Said]) -> None:
    (tmp_path / "irb-1mb.csv.part").mkdir()  # in the way of the file that is to be made, as a full disk would be
    said = manage("bench", "--folder", str(tmp_path), "clean", "--mb", "1", "--runs", "1")
    assert (said.code, "name another --folder" in said.err) == (1, True)
    assert "fault in the program" not in said.err
