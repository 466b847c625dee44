"""A published table in partitions: the same rows as in one file, for every reader, whatever happens to it."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.nights import Office, feed, irb_csv, office

from datalake.contracts.model import Contract
from datalake.errors import DatalakeError
from datalake.merge.partitions import partitions_of
from datalake.pipeline.context import Context
from datalake.pipeline.past import rows_known
from datalake.pipeline.replay import replay
from datalake.pipeline.trace import trace
from datalake.pipeline.verify import verify
from datalake.views.query import Question, Readable
from datalake.web.shelves import published_table
from datalake.zones import curated
from datalake.zones.manifest import Ledger

NAMES = [f"P{number}" for number in range(40)]
DAYS = ("2025-11-04", "2025-11-05", "2025-11-06")


def files_of(here: Office) -> list[str]:
    return sorted(path.name for path in (here.lake.curated("irb") / "current").iterdir())


def rows(here: Office) -> list[dict[str, Any]]:
    """Every published row, whatever file it lies in."""
    paths = curated.table_paths(here.lake.curated("irb") / "current", "irb")
    found = [row for path in paths for row in pq.read_table(path).to_pylist()]
    return sorted(found, key=lambda row: row["protocol_id"])


def three_nights(here: Office) -> None:
    """New, changed, gone, rejected and repeated records, and one that comes back."""
    here.deliver(f"IRB_PROTOCOL_{DAYS[0]}.csv", irb_csv(*NAMES, NAMES[0]))
    here.night()
    changed = [f"{name},New title,Closed,2025-11-01" for name in NAMES[5:15]]
    here.deliver(
        f"IRB_PROTOCOL_{DAYS[1]}.csv", irb_csv(*NAMES[15:30], *changed, *(f"{name},,," for name in NAMES[2:4]))
    )
    here.next_night()
    here.deliver(f"IRB_PROTOCOL_{DAYS[2]}.csv", irb_csv(*reversed(NAMES[1:25]), "Q1", "Q2"))
    here.next_night()


def two_offices(tmp_path: Path, count: int = 4, **rules: Any) -> tuple[Office, Office]:
    """The same rules over one file and over partitions, after the same three nights."""
    whole = office(tmp_path / "whole").with_irb(**rules)
    parted = office(tmp_path / "parted").with_irb(partitions=count, **rules)
    for each in (whole, parted):
        three_nights(each)
    return whole, parted


def irb(here: Office) -> Contract:
    return here.contracts[1]


def test_a_key_belongs_to_the_same_partition_on_every_host_and_for_ever() -> None:
    """Published tables lie in files by it: another function would leave a record in two of them."""
    batch = pa.record_batch(
        {"id": ["STUDY00000001", "STUDY00000002", "é", "x" * 300, ""], "part": ["1", None, "|", "", "9"]}
    )
    assert partitions_of(batch, ["id"], 1000).tolist() == [905, 801, 160, 227, 367]
    assert partitions_of(batch, ["id", "part"], 1000).tolist() == [45, 6, 24, 468, 916]


@pytest.mark.parametrize("disposition", ["replace", "merge", "append"])
def test_the_rows_are_those_of_the_table_in_one_file(tmp_path: Path, disposition: str) -> None:
    whole, parted = two_offices(tmp_path, write_disposition=disposition, history="scd2")
    assert files_of(parted) == [
        "irb-000.parquet",
        "irb-001.parquet",
        "irb-002.parquet",
        "irb-003.parquet",
        "irb.csv",
        "version.json",
    ]
    assert rows(parted) == rows(whole)
    assert sorted(parted.twin()[1:]) == sorted(whole.twin()[1:])
    assert parted.twin()[0] == whole.twin()[0]
    names = ("rows", "kept", "new", "changed", "gone", "seq", "last_accepted")
    facts = [
        {name: getattr(each.state(), name, each.state().published.get(name)) for name in names}
        for each in (whole, parted)
    ]
    assert facts[0] == facts[1]
    assert lines(whole) == lines(parted)


def lines(here: Office) -> list[str]:
    """Every line of every change list, those of one list in no order."""
    folder = here.lake.curated("irb") / "history"
    return [repr(row) for path in sorted(folder.iterdir()) for row in sorted(pq.read_table(path).to_pylist(), key=repr)]


def test_each_record_lies_in_the_file_of_its_key_and_no_file_is_the_whole_table(tmp_path: Path) -> None:
    _, parted = two_offices(tmp_path)
    for number, path in enumerate(curated.table_paths(parted.lake.curated("irb") / "current", "irb")):
        table = pq.read_table(path)
        (batch,) = table.combine_chunks().to_batches()
        assert set(partitions_of(batch, ["protocol_id"], 4).tolist()) == {number}
        assert 0 < table.num_rows < 24


def test_the_number_of_partitions_may_change_from_night_to_night(tmp_path: Path) -> None:
    whole, turning = office(tmp_path / "whole"), office(tmp_path / "turning")
    for night, count in enumerate((1, 3, 5, 2, 1)):
        for here in (whole, turning):
            here.with_irb(history="scd2", partitions=count if here is turning else 1)
            here.deliver(f"IRB_PROTOCOL_2025-11-{4 + night:02d}.csv", irb_csv(*NAMES[night * 3 : 25 + night]))
            assert feed(here.next_night() if night else here.night()).status == "published"
        assert len(curated.table_paths(turning.lake.curated("irb") / "current", "irb")) == count
        assert rows(turning) == rows(whole)
        assert turning.state().published["gone"] == whole.state().published["gone"]


def test_every_reader_sees_the_whole_table(tmp_path: Path) -> None:
    whole, parted = two_offices(tmp_path, history="scd2")
    answers = []
    for here in (whole, parted):
        readable = Readable(here.lake, {"irb": irb(here)}, [], {}, date(2025, 11, 6))
        sql = "SELECT protocol_id, status, _source_line FROM irb ORDER BY 1"
        with Question(readable, here.settings, sql) as question:
            found = [row for batch in question.batches() for row in batch.to_pylist()]
        known = rows_known(here.lake, irb(here), date(2025, 11, 5))
        then = sorted(repr(row) for batch in known.batches() for row in batch.to_pylist())
        traced = [trace(here.lake, irb(here), name) for name in ("P7", "P3", "P39", "Q1")]
        shown = published_table(here.lake, irb(here), reads=True)
        assert shown is not None
        browsed = sum(pq.read_metadata(path).num_rows for path in shown.paths)
        answers.append((found, then, traced, browsed, [each.name for each in shown.columns]))
    assert answers[0] == answers[1]
    assert len(answers[0][0]) == 26


def test_a_rebuild_gives_the_same_bytes_and_all_is_as_recorded(tmp_path: Path) -> None:
    _, parted = two_offices(tmp_path, history="scd2")
    ledger = Ledger(parted.lake, parted.clock.now)
    run = Context(parted.lake, parted.settings, parted.clock, ledger, parted.clock.now().date())
    assert replay(run, irb(parted)).differs == ()
    assert verify(parted.lake, parted.contracts, {})[0] == []
    path = parted.lake.curated("irb") / "current" / "irb-002.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert [each.what for each in verify(parted.lake, parted.contracts, {})[0]] == [
        "its bytes are not those that were recorded"
    ]


def test_a_table_that_lacks_a_partition_is_damaged_not_smaller(tmp_path: Path) -> None:
    _, parted = two_offices(tmp_path)
    (parted.lake.curated("irb") / "current" / "irb-001.parquet").unlink()
    with pytest.raises(DatalakeError, match="The published table of irb is damaged: a part of it is missing"):
        curated.current(parted.lake, "irb")


def test_more_partitions_than_records_are_simply_empty(tmp_path: Path) -> None:
    here = office(tmp_path).with_irb(partitions=16)
    here.irb("2025-11-04", "A", "B")
    here.night()
    here.irb("2025-11-05", "B", "C")
    outcome = feed(here.next_night())
    assert (outcome.changes.new, outcome.changes.gone) == (1, 1)
    assert [row["protocol_id"] for row in rows(here)] == ["B", "C"]


def test_large_files_keep_their_order_within_a_partition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several staged parts, put in order a few at a time: what comes first in the file stays first."""
    monkeypatch.setattr("datalake.pipeline.build.PORTION", 1)
    here = office(tmp_path).with_irb(partitions=3)
    here.contracts = tuple(replace(each, order_by=()) for each in here.contracts)
    here.irb("2025-11-04", *(f"P{number}" for number in range(70_000)))
    here.night()
    for path in curated.table_paths(here.lake.curated("irb") / "current", "irb"):
        numbers = pq.read_table(path).column("_source_line").to_pylist()
        assert numbers == sorted(numbers)
        assert len(numbers) > 20_000
