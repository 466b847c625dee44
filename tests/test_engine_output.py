"""What lies in the folders afterwards: the same bytes on any number of threads, private where it must be, whole."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import staging

from datalake.clean.schema import output_schema
from datalake.contracts.model import Check, Column, Constraints
from datalake.engine import local, writing
from datalake.engine.job import Staged, from_json, read_staged, to_json
from datalake.engine.scan import Sizes
from datalake.errors import DatalakeError, Refused

HEADER = "id,title,amount,start,updated"


def rows(count: int) -> str:
    return (
        HEADER
        + "\n"
        + "".join(f'A{each},"t{each % 5}\n{"x" * (each % 11)}",{each}.50,2025-01-02,\n' for each in range(count))
    )


@pytest.mark.parametrize("sizes", [Sizes(500, 40, 10_000), Sizes(70, 64, 900), None])
def test_any_number_of_threads_writes_the_same_bytes(sizes: Sizes | None, tmp_path: Path) -> None:
    text = rows(300) + "A7,again,1,,\nbad,x,1,,\nA8,x\n"
    prints = []
    for threads in (1, 2, 4):
        work = staging.job(tmp_path / str(threads), text, threads=threads)
        local.stage(work, sizes=sizes)
        files = sorted([*work.staging.iterdir(), *work.quarantine.iterdir()])
        prints.append([(each.name, hashlib.sha256(each.read_bytes()).hexdigest()) for each in files])
    assert prints[0] == prints[1] == prints[2]


@pytest.mark.parametrize("buffer", [1, 13, 100, 5000])
def test_where_buffers_end_makes_no_difference_to_a_single_byte(buffer: int, tmp_path: Path) -> None:
    first = staging.job(tmp_path / "a", rows(60))
    second = staging.job(tmp_path / "b", rows(60))
    local.stage(first, sizes=Sizes(100_000, 25, 10**9))
    local.stage(second, sizes=Sizes(buffer, 25, 10**9))
    for name in ("part-00000.parquet", "part-00001.parquet", "part-00002.parquet"):
        assert (first.staging / name).read_bytes() == (second.staging / name).read_bytes()


def test_rows_are_in_file_order_and_row_groups_are_cut_by_row_number(tmp_path: Path) -> None:
    work = staging.job(tmp_path, rows(100), threads=4)
    staged = local.stage(work, sizes=Sizes(333, 30, 10**9))
    assert staged.parts == tuple(f"part-{each:05d}.parquet" for each in range(4))
    found = [pq.read_table(work.staging / each) for each in staged.parts]
    assert [each.num_rows for each in found] == [30, 30, 30, 10]
    assert pa.concat_tables(found).column("id").to_pylist() == [f"A{each}" for each in range(100)]


def test_the_schema_is_the_contracts_and_the_lakes_in_order(tmp_path: Path) -> None:
    work = staging.job(tmp_path, rows(3))
    staged = local.stage(work)
    schema = pq.read_schema(work.staging / staged.parts[0])
    assert schema.equals(output_schema(work.contract))
    assert schema.names[-4:] == ["_source_file", "_source_line", "_data_date", "_delivery"]
    assert str(schema.field("amount").type) == "decimal128(14, 2)"
    assert str(schema.field("updated").type) == "timestamp[us, tz=UTC]"


def test_findings_are_for_their_owner_alone(tmp_path: Path) -> None:
    work = staging.job(tmp_path, rows(2) + "bad,x,1,,\n")
    local.stage(work)
    assert (work.quarantine / "findings.parquet").stat().st_mode & 0o777 == 0o600


def test_staged_json_says_what_was_returned_and_is_the_last_word(tmp_path: Path) -> None:
    work = staging.job(tmp_path, rows(5))
    staged = local.stage(work)
    assert read_staged(work.staging) == staged
    assert from_json(to_json(staged)) == staged
    assert json.loads((work.staging / "staged.json").read_text())["rows_read"] == 5
    assert staged.sha256 == hashlib.sha256(work.source.read_bytes()).hexdigest()
    assert sorted(each.name for each in work.staging.iterdir()) == ["part-00000.parquet", "staged.json"]


def test_a_second_try_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    first = staging.job(tmp_path, rows(100))
    local.stage(first, sizes=Sizes(333, 10, 10**9))
    refused = staging.job(tmp_path, HEADER + "\n")
    with pytest.raises(Refused):
        local.stage(refused)
    assert list(refused.staging.iterdir()) == []
    assert read_staged(refused.staging) is None


def test_counts_fixes_and_sums_are_of_accepted_rows(tmp_path: Path) -> None:
    text = f'{HEADER}\nA1, x ,"$1,000.10",,\nA2,,(0.20),,\nbad, y ,"$5",,\nA1,x,1000.1,,\n'
    staged = staging.stage(tmp_path, text).staged
    assert staged.sums == {"amount": "999.90"}
    assert staged.filled == {"id": 2, "title": 1, "amount": 2, "start": 0, "updated": 0}
    assert staged.fixes == {
        "title": {"trimmed": 1}, "amount": {"currency_sign": 1, "thousands_separator": 1, "parentheses": 1},
    }  # fmt: skip
    assert (staged.rejected_by_rule, staged.duplicates) == ({"pattern": 1}, 1)


def test_a_row_with_two_faults_is_counted_once_and_both_are_told(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, f"{HEADER}\nbad,x,y,,\n")
    assert found.staged.rejected_by_rule == {"pattern": 1}
    assert found.rejected == [(2, "id", "pattern"), (2, "amount", "type")]


def test_progress_ends_with_all_rows_and_all_bytes(tmp_path: Path) -> None:
    work = staging.job(tmp_path, rows(200), threads=2)
    told: list[tuple[int, int]] = []
    local.stage(work, lambda rows, size: told.append((rows, size)), Sizes(500, 30, 10**9))
    assert told == sorted(told)
    assert told[-1] == (200, work.source.stat().st_size)
    assert len(told) > 5


def test_masked_values_leave_only_their_mask_and_keys_still_join(tmp_path: Path) -> None:
    columns = (
        Column("id", mask="hash", constraints=Constraints(pattern=r"\d+")), Column("mail", mask="redact"),
        Column("born", "date", mask="hash"), Column("tags", "list", mask="redact"), Column("name", mask="drop"),
    )  # fmt: skip
    rules = staging.contract(columns)
    text = (
        "id,mail,born,tags,name\n1,a@b.c,2000-01-02,x;y,Ann\n2,,,,Bob\n1,d@e.f,2000-01-02,,Cy\nx,,,,Di\n4,,soon,,Ed\n"
    )
    found = staging.stage(tmp_path / "a", text, rules, salt=b"pepper")
    assert [list(each)[:4] for each in found.rows] == [["id", "mail", "born", "tags"]] * 2
    assert found.column("mail") == [None, "[redacted]"]
    assert found.column("tags") == [None, None]
    assert found.column("id")[1] == staging.stage(tmp_path / "b", text, rules, salt=b"pepper").column("id")[1]
    assert found.column("id") != staging.stage(tmp_path / "c", text, rules, salt=b"salt").column("id")
    assert all(len(each) == 64 for each in found.column("id"))
    superseded, _, late = found.findings
    assert superseded["key"] == found.column("id")[1]  # the key under which the table has it
    assert "a@b.c" in superseded["record"]  # the rejects are whole
    assert len(late["key"]) == 64
    with pytest.raises(DatalakeError, match="MASK_SALT"):
        staging.fast(staging.job(tmp_path / "d", text, rules))


CHECKS = (
    Check("closes_after", "closed >= start", "reject"),
    Check("adds_up", "abs(direct + indirect - amount) <= 0.01", "warn"),
    Check("small_share", "indirect / direct < 0.5 or direct is null", "reject"),
    Check("not_too_new", "start <= _data_date", "reject"),
    Check("known_when_done", "not (status in ('Closed', 'Done') and closed is null)", "reject"),
    Check("stamped", "stamp > '2025-01-01 00:00:00'", "warn"),
    Check("soon", "closed - start < 400 and start + 10 > '2020-01-01'", "warn"),
)


def test_checks_across_columns_reject_and_warn_by_name(tmp_path: Path) -> None:
    names = {
        "amount": "number",
        "direct": "number",
        "indirect": "number",
        "start": "date",
        "closed": "date",
        "stamp": "datetime",
    }
    columns = (Column("id"), Column("status"), *(Column(name, kind) for name, kind in names.items()))
    rules = staging.contract(columns, checks=CHECKS, order_by=())
    lines = [
        "id,status,amount,direct,indirect,start,closed,stamp",
        "A1,Open,10.00,8.00,2.00,2025-01-02,2025-02-02,2025-01-01 05:00:00",
        "A2,Open,10.00,8.00,2.02,2025-01-02,2025-01-01,",
        "A3,Closed,,0,2.00,2025-01-02,,2025-01-01 00:00:00",
        "A4,Open,9,4,4.00,2026-01-02,,2024-12-31 23:59:59",
        "A5,Open,9,4.5,4.5,1999-01-02,2025-01-01,",
    ]
    found = staging.stage(tmp_path, "\n".join(lines), rules)
    assert found.column("id") == ["A1"]
    told = [(each["line"], each["rule"], each["outcome"]) for each in found.findings]
    assert told == [
        (3, "closes_after", "rejected"), (3, "adds_up", "warned"),
        (4, "known_when_done", "rejected"), (4, "stamped", "warned"),
        (5, "adds_up", "warned"), (5, "small_share", "rejected"), (5, "not_too_new", "rejected"),
        (5, "stamped", "warned"),
        (6, "small_share", "rejected"), (6, "soon", "warned"),
    ]  # fmt: skip


def test_numbers_too_large_for_64_bits_are_still_compared_exactly(tmp_path: Path) -> None:
    columns = (Column("a", "number", precision=(18, 0)), Column("b", "number", precision=(18, 6)))
    rules = staging.contract(
        columns, primary_key=(), checks=(Check("product", "a * a > b * a", "reject"), Check("sum", "a + b > 0"))
    )
    found = staging.stage(
        tmp_path, "a,b\n999999999999999999,1.5\n-999999999999999999,999999999999.999999\n2,2.000001\n", rules
    )
    assert [each["line"] for each in found.findings] == [3, 4]


def test_a_stage_can_be_asked_to_wait_for_the_disk(tmp_path: Path) -> None:
    assert isinstance(local.stage(replace(staging.job(tmp_path, rows(3)), sync=True)), Staged)


def test_bad_values_do_not_hold_on_to_the_batches_they_came_in(tmp_path: Path) -> None:
    text = HEADER + "\n" + "".join(f"A{each},{'x' * 500},bad{each},,\n" for each in range(4_000))
    work = staging.job(tmp_path, text)
    before = pa.total_allocated_bytes()
    local.stage(work, sizes=Sizes(100_000, 200, 10**9))
    assert pa.total_allocated_bytes() - before < len(text) / 10


def test_a_record_with_hundreds_of_wrong_cells_is_held_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"c{each}" for each in range(400)]
    rules = staging.contract(tuple(Column(each, "integer") for each in names), primary_key=())
    text = ",".join(names) + "\n" + (",".join(["wrong" * 10] * 400) + "\n") * 5
    held = []
    add = writing.FindingsFile.add

    def weighed(self: writing.FindingsFile, table: pa.Table) -> None:
        held.append(table.nbytes)
        add(self, table)

    monkeypatch.setattr(writing.FindingsFile, "add", weighed)
    found = staging.stage(tmp_path, text, rules)
    assert sum(held) < 10 * len(text)  # not 400 times
    assert [len(found.findings), *{each["record"] for each in found.findings}] == [2000, ",".join(["wrong" * 10] * 400)]


def test_a_part_of_a_wide_file_has_fewer_rows(tmp_path: Path) -> None:
    sizes = Sizes(10**6, 100, 10**9, part_cells=100)
    narrow = local.stage(staging.job(tmp_path / "narrow", rows(100)), sizes=replace(sizes, part_cells=500))
    wide = local.stage(staging.job(tmp_path / "wide", rows(100)), sizes=sizes)
    assert (len(narrow.parts), len(wide.parts)) == (1, 5)
