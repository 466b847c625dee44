"""Merge, append, change lists and history against plain dictionaries, in memory and over whole nights."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.nights import IRB, Killed, Office, feed, file, kinds, office
from support.rows import SCHEMA, Held

from datalake.contracts.model import Limits
from datalake.merge.append import Append
from datalake.merge.base import Incoming, Merge, Rejected
from datalake.merge.changes import change_schema, changes
from datalake.merge.filing import filing
from datalake.merge.replace import Replacement
from datalake.merge.timeline import Timeline, spans
from datalake.merge.upsert import Upsert
from datalake.outcomes import Changes
from datalake.pipeline.decisions import Approve
from datalake.zones import history
from datalake.zones.paths import Lake

FIRST = date(2025, 11, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def rows(number: int, **titles: str | None) -> list[dict[str, Any]]:
    return [{"id": name, "title": title, "_data_date": day(number)} for name, title in titles.items()]


def incoming(number: int, rejected: Iterable[str] = (), **titles: str | None) -> Incoming:
    bad = Rejected([pa.array(list(rejected), pa.string())])
    return Incoming(Held(rows(number, **titles)), bad, day(number))


def drained(merge: Merge) -> dict[str, Any]:
    out = [row for batch in merge.batches() for row in batch.to_pylist()]
    assert len(out) == merge.rows
    return {row["id"]: row["title"] for row in out}


def merged(way: type[Merge], current: Any, file: Incoming, key: tuple[str, ...] = ("id",)) -> Merge:
    return way(current, file, key, random.getrandbits(64))


# merge


def test_merge_takes_the_place_of_rows_by_key_and_nothing_leaves() -> None:
    merge = merged(Upsert, Held(rows(1, A="a", B="b", C="c")), incoming(2, B="b2", D="d", C="c"))
    assert drained(merge) == {"A": "a", "B": "b2", "D": "d", "C": "c"}
    assert merge.differences.changes == Changes(new=1, changed=1)


def test_merge_lets_an_older_file_add_what_is_missing_and_change_nothing_newer() -> None:
    current = Held([*rows(1, A="a"), *rows(5, B="b5")])
    merge = merged(Upsert, current, incoming(3, A="a3", B="b3", C="c3"))
    assert drained(merge) == {"A": "a3", "B": "b5", "C": "c3"}
    assert merge.differences.changes == Changes(new=1, changed=1)
    lines = [line for batch in changes(merge, 7) for line in batch.to_pylist()]
    assert {(line["id"], line["_change"]) for line in lines} == {("A", "changed"), ("B", "filed"), ("C", "new")}


def test_merge_keeps_and_counts_the_row_of_a_rejected_key() -> None:
    merge = merged(Upsert, Held(rows(1, A="a", B="b")), incoming(2, rejected=["B", "Z"], A="a2"))
    assert drained(merge) == {"A": "a2", "B": "b"}
    assert merge.kept == 1


@pytest.mark.parametrize("seed", range(10))
def test_merge_ends_in_the_same_table_whatever_the_order_of_the_files(seed: int) -> None:
    rng = random.Random(seed)
    files = [(number, {f"K{rng.randrange(20)}": f"{number}" for _ in range(12)}) for number in range(1, 7)]
    expected: dict[str, str] = {}
    for _, titles in files:
        expected |= titles
    rng.shuffle(files)
    current: Any = None
    for number, titles in files:
        merge = merged(Upsert, current, incoming(number, **titles))
        current = Held([row for batch in merge.batches() for row in batch.to_pylist()], size=rng.randrange(1, 9))
    assert {row["id"]: row["title"] for batch in current.batches() for row in batch.to_pylist()} == expected


# append


def test_append_adds_rows_and_with_a_key_none_that_is_there_already() -> None:
    merge = merged(Append, Held(rows(1, A="a", B="b")), incoming(2, B="other", C="c"))
    assert drained(merge) == {"A": "a", "B": "b", "C": "c"}
    assert merge.differences.changes == Changes(new=1)


def test_append_without_a_key_adds_every_row() -> None:
    merge = merged(Append, Held(rows(1, A="a")), incoming(2, A="a"), key=())
    assert sum(batch.num_rows for batch in merge.batches()) == 2
    assert merge.differences.changes == Changes(new=1)


@pytest.mark.parametrize("key", [("id",), ()])
def test_append_takes_a_second_file_for_a_date_as_the_correction_of_the_first(key: tuple[str, ...]) -> None:
    current = Held([*rows(1, A="a"), *rows(2, B="b", C="c")])
    merge = merged(Append, current, incoming(2, C="c", D="d"), key)
    assert drained(merge) == {"A": "a", "C": "c", "D": "d"}
    assert merge.differences.changes == Changes(new=1, gone=1)


# change lists


def listed(merge: Merge) -> list[tuple[Any, ...]]:
    lines = [line for batch in changes(merge, 7) for line in batch.to_pylist()]
    return [(line["_change"], line["id"], line["title"], line["_changed"], line["_valid_from"]) for line in lines]


def test_a_change_list_names_new_changed_with_the_columns_and_gone() -> None:
    merge = merged(Replacement, Held(rows(1, A="a", B="b", C=None, D="d")), incoming(2, D="d", C="c", E="e", B=None))
    drained(merge)
    assert listed(merge) == [
        ("new", "E", "e", None, day(2)),
        ("changed", "C", "c", ["title"], day(2)),
        ("changed", "B", None, ["title"], day(2)),
        ("gone", "A", "a", None, day(2)),
    ]


def test_a_change_list_names_every_column_that_changed_of_any_type() -> None:
    schema = pa.schema([("id", pa.string()), ("n", pa.int64()), ("l", pa.list_(pa.string())), ("d", pa.date32())])
    old = Held([{"id": "A", "n": 1, "l": ["x"], "d": day(1)}, {"id": "B", "n": None, "l": None, "d": None}], schema)
    new = Held([{"id": "B", "n": 2, "l": [], "d": None}, {"id": "A", "n": 1, "l": ["x", "y"], "d": day(2)}], schema)
    merge = merged(Replacement, old, Incoming(new, Rejected([]), day(2)))
    for _ in merge.batches():
        pass
    lines = [line for batch in changes(merge, 7) for line in batch.to_pylist()]
    assert [(line["id"], line["_changed"]) for line in lines] == [("B", ["n", "l"]), ("A", ["l", "d"])]


def test_very_many_changed_rows_are_compared_a_slice_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datalake.merge.changes.SLICE", 4)
    names = [f"K{number}" for number in range(30)]
    merge = merged(
        Replacement,
        Held(rows(1, **dict.fromkeys(reversed(names), "old"))),
        incoming(2, **{name: "new" if number % 3 else "old" for number, name in enumerate(names)}),
    )
    drained(merge)
    assert [line[1] for line in listed(merge)] == [name for number, name in enumerate(names) if number % 3]
    assert {tuple(line[3]) for line in listed(merge)} == {("title",)}


# the timeline


@dataclass
class Past:
    """Snapshots of a table as they came, kept as change lists, and, apart from them, as plain dictionaries."""

    lists: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)
    as_of: int = 0
    truth: dict[int, dict[str, Any]] = field(default_factory=dict)  # day number -> the last file for it

    def timeline(self, count: int | None = None) -> Timeline:
        held = Held(self.lists[:count], change_schema(SCHEMA), size=4)
        return Timeline.read(held, SCHEMA, ("id",), random.getrandbits(64))

    def came(self, number: int, **titles: str | None) -> None:
        snapshot = incoming(number, **titles)
        if number >= self.as_of:
            merge = merged(Replacement, Held(rows(self.as_of or 1, **self.shown)), snapshot)
            drained(merge)
            batches = list(changes(merge, 7))
            self.shown, self.as_of = dict(titles), number
        else:
            following = min(each for each in self.truth if each > number)
            batches = list(filing(self.timeline(), snapshot, day(following), 7))
        self.lists += [line for batch in batches for line in batch.to_pylist()]
        self.truth[number] = dict(titles)

    def known(self, number: int) -> dict[str, Any]:
        """What the dictionaries say was true on a day: the file for the last day not after it."""
        return self.truth[max(each for each in self.truth if each <= number)]


def as_table(timeline: Timeline, mask: Any) -> dict[str, Any]:
    return {row["id"]: row["title"] for batch in timeline.rows(mask) for row in batch.to_pylist()}


def test_history_says_from_when_to_when_each_row_was_true() -> None:
    past = Past()
    past.came(1, A="a", B="b")
    past.came(3, A="a2", C="c")
    past.came(5, A="a2", B="back")
    found = [row for batch in spans(past.timeline()) for row in batch.to_pylist()]
    told = {(row["id"], row["title"], row["_valid_from"], row["_valid_to"], row["_is_current"]) for row in found}
    assert told == {
        ("A", "a", day(1), day(3), False),
        ("A", "a2", day(3), None, True),
        ("B", "b", day(1), day(3), False),
        ("B", "back", day(5), None, True),
        ("C", "c", day(3), day(5), False),
    }


def test_a_correction_of_a_date_leaves_no_trace_of_the_first_file_in_what_is_known() -> None:
    past = Past()
    past.came(1, A="a")
    past.came(2, A="wrong", B="b")
    past.came(2, A="a")
    found = [row for batch in spans(past.timeline()) for row in batch.to_pylist()]
    assert {(row["id"], row["title"]) for row in found} == {("A", "a")}


def test_a_late_file_is_true_for_its_date_and_not_after_the_next() -> None:
    past = Past()
    past.came(1, A="a", G="g")
    past.came(5, A="a", G="g")
    past.came(3, A="late", N="n")
    timeline = past.timeline()
    assert as_table(timeline, timeline.as_of(day(2))) == {"A": "a", "G": "g"}
    assert as_table(timeline, timeline.as_of(day(3))) == {"A": "late", "N": "n"}
    assert as_table(timeline, timeline.as_of(day(4))) == {"A": "late", "N": "n"}
    assert as_table(timeline, timeline.as_of(day(5))) == {"A": "a", "G": "g"}
    assert as_table(timeline, timeline.as_shown(7)) == {"A": "a", "G": "g"}


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_full_files_and_corrections_gives_the_history_that_dictionaries_have(seed: int) -> None:
    rng = random.Random(seed)
    past = Past()
    for _ in range(12):
        names = rng.sample("ABCDEFGH", rng.randrange(1, 8))
        past.came(rng.randrange(1, 9), **{name: rng.choice("xyz") for name in names})
    timeline = past.timeline()
    for number in range(min(past.truth), 10):
        assert as_table(timeline, timeline.as_of(day(number))) == past.known(number), number
    assert as_table(timeline, timeline.as_shown(7)) == past.shown
    found = [row for batch in spans(timeline) for row in batch.to_pylist()]
    for number in range(min(past.truth), 10):
        true = {
            row["id"]: row["title"]
            for row in found
            if row["_valid_from"] <= day(number) and (row["_valid_to"] is None or row["_valid_to"] > day(number))
        }
        assert true == past.known(number)


# whole nights


@pytest.fixture
def here(tmp_path: Path) -> Office:
    return office(tmp_path).with_irb(history="scd2", limits=Limits())


def lists(here: Office) -> list[str]:
    return history.names(here.lake, "irb")


def lines(here: Office) -> list[tuple[str, str]]:
    tables = [pq.read_table(path).to_pylist() for path in history.paths(here.lake, "irb")]
    return [(line["_change"], line["protocol_id"]) for table in tables for line in table]


def test_each_publish_adds_its_change_list_and_a_publish_without_changes_none(here: Office) -> None:
    here.irb("2025-11-04", "A", "B")
    here.night()
    here.irb("2025-11-05", "B", "A")  # other bytes, same rows
    here.next_night()
    here.irb("2025-11-06", "A", "C,c,Open,2025-01-01")
    here.next_night()
    assert lists(here) == ["000001-2025-11-04", "000003-2025-11-06"]
    assert lines(here) == [("new", "A"), ("new", "B"), ("new", "C"), ("gone", "B")]


def test_a_late_file_of_a_feed_with_history_is_filed_there(here: Office) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    here.irb("2025-11-03", "A,Old title,Approved,2025-10-01", "X")
    assert file(here.next_night()).status == "filed"
    here.irb("2025-11-02", "X")
    here.next_night()
    assert lists(here) == ["000001-2025-11-04", "000001.01-2025-11-03", "000001.02-2025-11-02"]
    assert here.ids() == ["A"]
    assert ("filed", "X") in lines(here)
    assert ("filed_gone", "X") in lines(here)


def test_change_lists_of_a_feed_without_history_go_with_their_versions(here: Office) -> None:
    here.with_irb(history="none")
    here.settings = here.settings.__class__(schedule=here.settings.schedule, keep_versions=2)
    for number in range(1, 6):
        here.irb(f"2025-11-{number:02d}", f"A{number}")
        here.next_night()
    assert lists(here) == ["000004-2025-11-04", "000005-2025-11-05"]


def test_lists_of_years_gone_by_are_put_together_and_say_the_same(here: Office) -> None:
    for text in ("2024-12-30", "2024-12-31"):
        here.irb(text, "A", f"B{text[-1]}")
        here.night()
    here.irb("2024-12-29", "L")
    here.night()
    before = sorted(lines(here))
    here.irb("2025-01-01", "A")
    here.night()
    assert lists(here) == ["000001-to-000002", "000003-2025-01-01"]
    assert sorted(lines(here)) == sorted([*before, ("gone", "B1")])
    folder = history.history_folder(here.lake, "irb")
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.parquet" for name in lists(here)]
    assert here.state().lists == ("000001-to-000002",)


def test_a_feed_of_changes_shows_every_row_by_its_latest_date_also_when_files_are_late(here: Office) -> None:
    here.with_irb(write_disposition="merge")
    here.irb("2025-11-04", "A", "B")
    here.night()
    here.irb("2025-11-06", "B,B of the 6th,Open,2025-11-06", "C")
    here.next_night()
    here.irb("2025-11-05", "B,B of the 5th,Open,2025-11-05", "D")
    outcome = here.next_night()
    assert feed(outcome).as_of == date(2025, 11, 6)
    assert feed(outcome).changes == Changes(new=1)
    titles = {row["protocol_id"]: row["study_title"] for row in here.table()}
    assert titles["B"] == "B of the 6th"
    assert sorted(titles) == ["A", "B", "C", "D"]
    assert ("filed", "B") in lines(here)


def test_a_file_of_changes_that_comes_twice_is_a_duplicate_also_after_others(here: Office) -> None:
    here.with_irb(write_disposition="merge")
    for text, name in (("2025-11-04", "A"), ("2025-11-04", "B"), ("2025-11-05", "C")):
        here.irb(text, name)
        here.night()
    here.irb("2025-11-04", "A")
    assert file(here.night()).status == "duplicate"
    assert sorted(here.ids()) == ["A", "B", "C"]


def test_files_of_changes_wait_behind_one_that_is_held_and_follow_it(here: Office) -> None:
    here.with_irb(write_disposition="merge", limits=Limits(rejected_percent=30))
    here.irb("2025-11-04", "A")
    here.night()
    here.irb("2025-11-05", "B", "A,,,")
    assert feed(here.next_night()).status == "held"
    here.irb("2025-11-06", "C")
    outcome = here.next_night()
    assert (feed(outcome).status, outcome.status) == ("held", "failure")
    assert (file(outcome).status, file(outcome).reason) == (
        "waiting_for_ok",
        "waits behind IRB_PROTOCOL_2025-11-05.csv",
    )
    assert "recovered" not in kinds(here.next_night())

    outcome = here.night(work=Approve("irb", "kim", "fine"))

    assert outcome.status == "success"
    assert [each.status for each in feed(outcome).files] == ["published", "published"]
    assert here.ids() == ["A", "B", "C"]


def test_an_append_feed_grows_and_the_same_bytes_for_a_new_date_add_nothing(here: Office) -> None:
    here.with_irb(write_disposition="append", primary_key=())
    here.irb("2025-11-04", "A")
    here.night()
    here.irb("2025-11-05", "B")
    here.next_night()
    here.irb("2025-11-06", "B")
    assert feed(here.next_night()).status == "confirmed"
    assert here.ids() == ["A", "B"]


def test_what_a_run_killed_before_the_swap_wrote_into_history_goes(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.irb("2025-11-04", "A")
    here.night()
    here.irb("2025-11-05", "A", "B")

    def killed(*given: object) -> None:
        raise Killed

    monkeypatch.setattr("datalake.zones.curated.swap", killed)
    with pytest.raises(Killed):
        here.next_night()
    monkeypatch.undo()
    assert lists(here) == ["000001-2025-11-04", "000002-2025-11-05"]
    here.with_irb(limits=Limits(rejected_percent=0), primary_key=IRB.primary_key)
    assert here.night().status == "success"
    assert lines(here) == [("new", "A"), ("new", "B")]


def test_late_files_of_one_run_make_the_same_lists_as_one_a_night(tmp_path: Path) -> None:
    """The history that a run keeps in memory between them is the one on the disk."""
    late = [("2025-10-01", ("A", "B")), ("2025-10-03", ("A,x,Open,2025-10-01", "C")), ("2025-09-30", ("A", "D"))]
    made = []
    for at_once in (True, False):
        here = office(tmp_path / str(at_once)).with_irb(history="scd2", limits=Limits())
        here.irb("2025-11-04", "A", "B", "C")
        here.night()
        for day, rows in sorted(late):
            here.irb(day, *rows)
            if not at_once:
                here.next_night()
        here.next_night()
        made.append({path.name: path.read_bytes() for path in history.paths(here.lake, "irb")})
    assert made[0] == made[1]
    assert len(made[0]) == 4


def test_the_hundredth_late_file_comes_after_the_ninety_ninth(tmp_path: Path) -> None:
    """Of two lists about one record and one date the later made one holds, so their order is what is known."""
    lake, names = Lake(tmp_path), ["000001-2025-11-04"]
    names += [history.filed_name(1, number, "2025-01-01") for number in (2, 11, 99, 100, 101)]
    names += ["000002-2025-11-05"]
    history.history_folder(lake, "irb").mkdir(parents=True)
    for name in reversed(names):
        history.path_of(lake, "irb", name).touch()
    assert history.names(lake, "irb") == names
