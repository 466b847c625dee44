"""Tables that come in the order of the night before are compared piece by piece: the same result, for one reading."""

import random
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from support.rows import SCHEMA, Held, Pieces

from datalake.merge import base, former, replace, upsert
from datalake.merge.base import Incoming, Rejected
from datalake.merge.changes import changes
from datalake.merge.replace import Replacement
from datalake.merge.upsert import Upsert

DAY, BEFORE, LATER = date(2025, 11, 5), date(2025, 11, 4), date(2025, 11, 6)
Row = dict[str, Any]


def table(day: date, titles: dict[str, str | None]) -> list[Row]:
    return [{"id": key, "title": title, "_data_date": day} for key, title in titles.items()]


def replaced(current: Held, accepted: Held, rejected: list[str]) -> tuple[list[Row], list[Row], Replacement]:
    """The next table's rows and the lines of its change list."""
    incoming = Incoming(accepted, Rejected([pa.array(rejected, pa.string())]), DAY)
    merge = Replacement(current, incoming, ("id",), seed=random.getrandbits(64))
    rows = [row for batch in merge.batches() for row in batch.to_pylist()]
    return rows, [row for batch in changes(merge, 7) for row in batch.to_pylist()], merge


def next_day(rng: random.Random, titles: dict[str, str | None]) -> dict[str, str | None]:
    """The same records in the same order: some changed, some gone, some new, here and there one at another place."""
    keys = [key for key in titles if rng.random() > 0.1]
    for _ in range(rng.randrange(3)):
        keys.append(keys.pop(rng.randrange(len(keys))))
    for number in range(rng.randrange(6)):
        keys.insert(rng.randrange(len(keys) + 1), f"N{number}")
    return {key: rng.choice(["a", "b", None, ""]) if rng.random() < 0.3 else titles.get(key, "new") for key in keys}


@pytest.mark.parametrize("run", [0, 4, 1_000], ids=["run by run", "either", "one by one"])
@pytest.mark.parametrize("seed", range(40))
def test_the_order_of_the_table_before_makes_no_difference_to_what_is_found(
    seed: int, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(former, "RUN", run)
    rng = random.Random(seed)
    before: dict[str, str | None] = {f"K{number:03}": rng.choice(["a", "b", None]) for number in range(60)}
    after = next_day(rng, before)
    rejected = [key for key in before if key not in after and rng.random() < 0.5]
    size = rng.randrange(1, 20)
    ordered = Pieces(table(BEFORE, before), size=size)
    rows, lines, merge = replaced(ordered, Held(table(DAY, after), size=rng.randrange(1, 20)), rejected)
    plain, plain_lines, by_hash = replaced(Held(table(BEFORE, before)), Held(table(DAY, after)), rejected)
    assert (rows, lines, merge.kept) == (plain, plain_lines, by_hash.kept)
    assert merge.differences.changes == by_hash.differences.changes
    assert {line["id"] for line in lines if line["_change"] == "changed"} == {
        key for key in after if key in before and after[key] != before[key]
    }


def large(count: int = 3_000) -> dict[str, str | None]:
    return {f"K{number:05}": "a" for number in range(count)}


def test_a_file_in_the_order_of_the_night_before_has_its_table_read_once() -> None:
    before = Pieces(table(BEFORE, large()), size=100)
    after = large() | {"K00007": "b", "K02999": "c"}
    accepted = Pieces(table(DAY, after), size=64)
    _, lines, merge = replaced(before, accepted, [])
    assert merge.differences.changes.changed == len(lines) == 2
    assert before.readings == 30
    assert (before.whole_readings, accepted.whole_readings) == (0, 1)


def test_a_file_in_another_order_is_compared_by_hashes() -> None:
    before = Pieces(table(BEFORE, large()), size=100)
    shuffled = list(large().items())
    random.Random(1).shuffle(shuffled)
    _, lines, _ = replaced(before, Held(table(DAY, dict(shuffled) | {"K00007": "b"}), size=64), [])
    assert [line["id"] for line in lines] == ["K00007"]
    assert before.readings == 0


def test_more_changes_than_can_be_held_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (base, replace):
        monkeypatch.setattr(module, "SLICE", 50)
    after = {key: "b" for key in large() if key < "K02000"}
    before, accepted = Pieces(table(BEFORE, large()), size=100), Pieces(table(DAY, after), size=64)
    _, lines, merge = replaced(before, accepted, ["K02500"])
    assert merge.differences.changes.changed == 2_000
    assert [line["_change"] for line in lines] == ["changed"] * 2_000 + ["gone"] * 999
    assert accepted.whole_readings > 1


def upserted(current: Held, accepted: Held) -> tuple[list[Row], list[Row], Upsert]:
    merge = Upsert(current, Incoming(accepted, Rejected([]), DAY), ("id",), seed=random.getrandbits(64))
    rows = [row for batch in merge.batches() for row in batch.to_pylist()]
    return rows, [row for batch in changes(merge, 7) for row in batch.to_pylist()], merge


@pytest.mark.parametrize("seed", range(30))
def test_changed_rows_are_told_the_same_whether_they_are_held_or_hashed(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    before = [
        {"id": f"K{number:02}", "title": rng.choice(["a", None]), "_data_date": rng.choice([BEFORE, BEFORE, LATER])}
        for number in range(40)
    ]
    keys = rng.sample([f"K{number:02}" for number in range(50)], 20)
    after = table(DAY, {key: rng.choice(["a", "b", None]) for key in keys})
    size = rng.randrange(1, 15)
    rows, lines, merge = upserted(Held(before, size=size), Held(after, size=rng.randrange(1, 15)))
    monkeypatch.setattr(upsert, "SLICE", -1)
    hashed, hashed_lines, by_hash = upserted(Held(before), Held(after))
    assert (rows, lines) == (hashed, hashed_lines)
    assert merge.differences.changes == by_hash.differences.changes
    there = {row["id"]: row for row in before}
    assert {line["id"] for line in lines if line["_change"] == "changed"} == {
        row["id"]
        for row in after
        if row["id"] in there and there[row["id"]]["title"] != row["title"] and there[row["id"]]["_data_date"] <= DAY
    }


LISTS = [None, [], [""], ["a"], ["a", "b"], ["b", "a"], ["ab"]]


@pytest.mark.parametrize("then", LISTS, ids=str)
@pytest.mark.parametrize("now", LISTS, ids=str)
def test_lists_are_the_same_only_item_for_item(then: list[str] | None, now: list[str] | None) -> None:
    schema = pa.schema([("id", pa.string()), ("tags", pa.list_(pa.string()))])
    one, other = (pa.Table.from_pylist([{"id": "A", "tags": each}], schema) for each in (now, then))
    assert former.differing(one, other, ["tags"]).tolist() == [[then != now]]


def test_a_table_of_older_rules_is_brought_over_before_it_is_compared() -> None:
    old = pa.schema([("id", pa.string()), ("_data_date", pa.date32())])
    before = Pieces([{"id": "A", "_data_date": BEFORE}, {"id": "B", "_data_date": BEFORE}], old)
    _, lines, _ = replaced(before, Held(table(DAY, {"A": None, "B": "now"}), SCHEMA), [])
    assert [(line["id"], line["_changed"]) for line in lines] == [("B", ["title"])]
