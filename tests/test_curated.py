"""Published tables: whole versions, one link whose swap is the commit, the same bytes for the same rows."""

import json
import os
import shutil
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.nights import Killed, Office, feed, irb_csv, office

from datalake.contracts.model import Column
from datalake.zones import curated
from datalake.zones.tables import ROW_GROUP, ParquetRows, TableWriter
from datalake.zones.twin import Twin, cell_texts


def versions(here: Office) -> list[str]:
    return sorted(path.name for path in (here.lake.curated("irb") / "versions").iterdir())


def test_a_version_holds_one_parquet_file_its_twin_and_what_it_is(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    folder = here.lake.curated("irb") / "versions" / "000001-2025-11-04"
    assert sorted(path.name for path in folder.iterdir()) == ["irb.csv", "irb.parquet", "version.json"]
    facts = json.loads((folder / "version.json").read_text())
    assert (facts["rows"], facts["data_date"], facts["name"]) == (1, "2025-11-04", "IRB_PROTOCOL_2025-11-04.csv")


def test_current_is_a_relative_link_so_a_copied_lake_stands(here: Office, tmp_path: Path) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    assert os.readlink(here.lake.curated("irb") / "current") == "versions/000001-2025-11-04"
    copied = tmp_path / "copy"
    shutil.copytree(here.lake.data / "curated", copied, symlinks=True)
    shutil.rmtree(here.lake.data / "curated")
    assert pq.read_table(copied / "irb" / "current" / "irb.parquet").num_rows == 1


def test_a_reader_that_resolved_current_keeps_its_version_while_the_next_is_published(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    seen = (here.lake.curated("irb") / "current").resolve()
    here.irb("2025-11-05", "B")
    here.next_night()
    assert pq.read_table(seen / "irb.parquet").column("protocol_id").to_pylist() == ["A"]


def test_old_versions_go_but_for_as_many_as_the_settings_keep(here: Office) -> None:
    here.settings = replace(here.settings, keep_versions=3)
    for day in range(1, 8):
        here.irb(f"2025-11-{day:02d}", "A", f"B{day}")
        here.next_night()
    assert versions(here) == ["000005-2025-11-05", "000006-2025-11-06", "000007-2025-11-07"]
    here.settings = replace(here.settings, keep_versions=0)
    here.irb("2025-11-08", "A")
    here.next_night()
    assert versions(here) == ["000008-2025-11-08"]


def test_the_twin_can_be_switched_off(here: Office) -> None:
    here.settings = replace(here.settings, csv_twin=False)
    here.irb("2025-11-04", "A")
    assert here.night().status == "success"
    assert not (here.lake.curated("irb") / "current" / "irb.csv").exists()


def test_the_same_files_give_the_same_bytes_whenever_and_wherever_they_are_loaded(tmp_path: Path) -> None:
    made = []
    for number, year in enumerate((2025, 2031)):
        here = office(tmp_path / str(number))
        here.clock.set(datetime(year, 11, 5, 7, tzinfo=timezone.utc))
        here.irb("2025-11-04", "A", "B")
        here.night(run_id=f"20251105T070000Z-{number}", night=date(2025, 11, 5))
        here.irb("2025-11-05", "A", "B,,,", "C", "D")
        here.next_night(run_id=f"20251106T070000Z-{number}", night=date(2025, 11, 6))
        folder = here.lake.data / "curated"
        made.append({p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()})
    assert made[0] == made[1]
    assert len(made[0]) == 7


def test_a_version_left_by_a_run_killed_before_the_swap_goes(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    folder = here.lake.curated("irb") / "versions"
    shutil.copytree(folder / "000001-2025-11-04", folder / "000002-2025-11-05")
    (folder / ".tmp-half").mkdir()
    here.night()
    assert versions(here) == ["000001-2025-11-04"]


def test_a_run_killed_between_the_swap_and_its_event_has_published(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    here.irb("2025-11-05", "A", "B")

    swap = curated.swap

    def swapped_and_killed(*given: object) -> None:
        swap(*given)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(curated, "swap", swapped_and_killed)
    with pytest.raises(Killed):
        here.next_night()
    monkeypatch.undo()

    outcome = here.night()
    assert outcome.status == "success"
    assert "published by a run that was killed just then" in "".join(each.text for each in outcome.notes)
    assert (here.state().version, here.state().as_of) == ("000002-2025-11-05", date(2025, 11, 5))
    assert here.state().resumed == ()
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", irb_csv("A", "B"))
    assert feed(here.night()).files[0].status == "duplicate"


@pytest.mark.parametrize("lost", ["current", "versions/000001-2025-11-04/irb.parquet", "versions"])
def test_a_lost_table_fails_its_feed_with_words_and_stops_no_other(here: Office, lost: str) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    path = here.lake.curated("irb") / lost
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    here.deliver("GRANTS_2025-11-05.csv", "award_id,amount\nAWD1,5\n")

    outcome = here.next_night()

    assert feed(outcome).status == "failed"
    assert "python3 manage.py replay irb" in feed(outcome).fix
    assert feed(outcome, "grants").status == "published"


def test_row_groups_are_cut_by_row_number_not_by_how_the_rows_came(tmp_path: Path) -> None:
    schema = pa.schema([("n", pa.int64()), ("t", pa.string())])
    table = pa.table({"n": range(250_000), "t": [f"text {n % 7}" for n in range(250_000)]}, schema)
    made = []
    for size in (1_000, 64_000, 250_000):
        path = tmp_path / f"{size}.parquet"
        writer = TableWriter(path, schema)
        for batch in table.to_batches(max_chunksize=size):
            writer.write(batch)
        writer.close()
        made.append(path.read_bytes())
        groups = pq.ParquetFile(path).metadata
        cut = [groups.row_group(each).num_rows for each in range(groups.num_row_groups)]
        assert cut == [ROW_GROUP] * 3 + [250_000 - 3 * ROW_GROUP]
    assert made[0] == made[1] == made[2]
    assert pa.Table.from_batches(ParquetRows([tmp_path / "1000.parquet"]).batches()).equals(table)


def test_a_piece_of_a_published_table_is_read_without_the_others(tmp_path: Path) -> None:
    table = pa.table({"n": range(150_000)})
    for name, rows in (("a", table.slice(0, 100_000)), ("b", table.slice(100_000))):
        writer = TableWriter(tmp_path / name, table.schema)
        writer.write(rows.combine_chunks().to_batches()[0])
        writer.close()
    pieced = ParquetRows([tmp_path / "a", tmp_path / "b"])
    assert list(pieced.sizes) == [ROW_GROUP, 100_000 - ROW_GROUP, 50_000]
    assert pieced.piece(2).column("n").to_pylist() == list(range(100_000, 150_000))


def test_what_goes_wrong_while_a_row_group_is_written_is_raised(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "x", pa.schema([("n", pa.int64())]))
    with pytest.raises(ValueError, match="does not match"):
        for text in ("one", "two"):
            writer.write(pa.RecordBatch.from_pydict({"n": [text] * ROW_GROUP}))


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    schema = pa.schema([("n", pa.int64())])
    TableWriter(tmp_path / "x.parquet", schema).close()
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 0


FORMULAS = ["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@SUM", "\t=1", "\r=1", "＝1+1", "+1 617 555 0100", "-"]
HARMLESS = ["a=b", " =1", "2025-11-04", "x", "", "-5", "+5", "-12.50", "0012345", "6-7", "'=1"]


def test_text_that_a_spreadsheet_would_run_is_made_inert_and_numbers_are_not_touched() -> None:
    texts = pa.array([*FORMULAS, *HARMLESS, None])
    assert cell_texts(texts, ";").to_pylist() == [*(f"'{each}" for each in FORMULAS), *HARMLESS, None]


def test_the_twin_shows_every_type_as_a_person_reads_it(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("amount", pa.decimal128(14, 2)),
            ("open", pa.bool_()),
            ("day", pa.date32()),
            ("at", pa.timestamp("us", tz="UTC")),
            ("people", pa.list_(pa.string())),
            ("_source_line", pa.int64()),
        ]
    )
    at = datetime(2025, 11, 4, 2, 0, 5, tzinfo=timezone.utc)
    rows = [
        {"id": '=a"b,\r\nc', "amount": Decimal("-1234.50"), "open": True, "day": date(2025, 11, 4), "at": at},
        {"id": "é", "people": ["=x", "y"], "at": at.replace(microsecond=250_000)},
        {"id": None},
    ]
    twin = Twin(tmp_path / "t.csv", schema, {"people": "|"})
    for batch in pa.Table.from_pylist(rows, schema).to_batches(max_chunksize=1):
        twin.write(batch)
    twin.close()

    raw = (tmp_path / "t.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    import csv
    import io

    read = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert read == [
        ["id", "amount", "open", "day", "at", "people"],
        ["'=a\"b,\r\nc", "-1234.50", "true", "2025-11-04", "2025-11-04T02:00:05Z", ""],
        ["é", "", "", "", "2025-11-04T02:00:05.250000Z", "'=x|y"],
        ["", "", "", "", "", ""],
    ]
    assert raw.endswith(b"\r\n")


def test_a_change_of_the_rules_changes_the_columns_of_the_next_version(here: Office) -> None:
    here.irb("2025-11-04", "A", "B")
    here.night()
    columns = (*(each for each in here.contracts[1].columns if each.name != "study_title"), Column("pi_name"))
    here.with_irb(columns=columns)
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", "protocol_id,status,last_updated,pi_name\nA,Open,2025-11-01,Kim\n")
    outcome = here.next_night()
    assert feed(outcome).changes.changed == 1
    assert here.twin() == [["protocol_id", "status", "last_updated", "pi_name"], ["A", "Open", "2025-11-01", "Kim"]]
    assert len(list((here.lake.rules / "irb").iterdir())) == 2
