"""Repeated keys: one row stays for each, whatever the file, the order and the hashes do."""

import random
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from support import staging

from datalake.contracts.model import Column, Constraints
from datalake.engine import keyhash, repeats, watch
from datalake.engine.judge import Judge, Judged, Lines
from datalake.engine.scan import Sizes

KEYED = (Column("id", must_exist=True), Column("v"), Column("at", "date"))
RULES = staging.contract(KEYED, order_by=("at",))


def lines_kept(found: staging.Outcome) -> list[int]:
    return found.column("_source_line")


@pytest.mark.parametrize(
    ("rows", "kept", "outcomes"),
    [
        (["A,x,", "A,x,", "A,x,"], [2], ["duplicate", "duplicate"]),
        (["A,x,2025-01-01", "A,y,2025-01-02"], [3], ["superseded"]),
        (["A,x,2025-01-02", "A,y,2025-01-01"], [2], ["superseded"]),
        (["A,x,", "A,y,2025-01-01"], [3], ["superseded"]),
        (["A,x,2025-01-01", "A,y,2025-01-01"], [3], ["superseded"]),
        (["A,x,", "A,y,", "A,x,"], [2], ["superseded", "duplicate"]),  # x is true again
        (["A,x,", "A,y,", "A,y,"], [3], ["superseded", "duplicate"]),
        (['A,x,2025-01-01', '"A"," x ",2025-01-01', " A ,x,2025-01-01"], [2], ["duplicate", "duplicate"]),
        (["A,x,", "a,x,", "B,x,"], [2, 3, 4], []),
    ],
)  # fmt: skip
def test_who_stays_of_rows_with_one_key(rows: list[str], kept: list[int], outcomes: list[str], tmp_path: Path) -> None:
    found = staging.stage(tmp_path, "id,v,at\n" + "\n".join(rows), RULES)
    assert lines_kept(found) == kept
    assert [each["outcome"] for each in found.findings] == outcomes


def test_a_rejected_row_never_takes_the_place_of_a_good_one(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, "id,v,at\nA,x,2025-01-01\nA,y,2025-99-99\nA,z\n", RULES)
    assert found.column("v") == ["x"]
    assert (found.staged.rejected, found.staged.superseded) == (2, 0)


@pytest.mark.parametrize("place", [0, 1, 2, 5])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_key_anywhere_in_the_row_quoted_or_bare_is_found(place: int, quoted: bool, tmp_path: Path) -> None:
    names = [f"c{each}" for each in range(6)]
    names[place] = "id"
    rules = staging.contract(tuple(Column(each) for each in names), order_by=())
    long = "x" * 300

    def row(key: str, mark: str) -> str:
        cells = [f"{long}, {mark}" if each == 3 else "y" for each in range(6)]
        cells[place] = key
        return ",".join(f'"{each}"' if quoted or "," in each else each for each in cells)

    text = "\n".join([",".join(names), *(row(f"K{each % 7}", str(each)) for each in range(21))])
    found = staging.stage(tmp_path, text, rules, sizes=Sizes(4_000, 5, 10_000))
    assert sorted(found.column("id")) == [f"K{each}" for each in range(7)]


def test_parts_of_a_key_are_not_run_together(tmp_path: Path) -> None:
    rules = staging.contract((Column("a"), Column("b"), Column("v")), primary_key=("a", "b"), order_by=())
    found = staging.stage(tmp_path, "a,b,v\nx,yz,1\nxy,z,2\nx|,z,3\nx,|z,4\n,x,5\nx,,6\n,x,5\n", rules)
    assert found.column("v") == ["1", "2", "3", "4", "5", "6"]
    assert [each["key"] for each in found.findings] == ["\\N | x"]


def test_typed_keys_are_compared_as_values(tmp_path: Path) -> None:
    rules = staging.contract(
        (Column("n", "number"), Column("d", "date", formats=("%Y-%m-%d", "%m/%d/%Y")), Column("w", width=4)),
        primary_key=("n", "d", "w"), order_by=(),
    )  # fmt: skip
    found = staging.stage(tmp_path, 'n,d,w\n1.5,2025-01-02,0012\n"$1.50",1/2/2025,12\n1.50,2025-01-03,12\n', rules)
    assert (found.staged.accepted, found.staged.duplicates) == (2, 1)


def test_a_row_without_any_key_is_rejected(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, "id,v,at\n,x,\n  ,y,\nA,z,\n", RULES)
    assert found.rejected == [(2, "id", "required"), (3, "id", "required")]
    assert not found.staged.rejected_keys_known


def test_colliding_hashes_lose_no_row(tmp_path: Path) -> None:
    text = "id,v,at\n" + "".join(f"A{each % 50},{each % 3},\n" for each in range(200))
    honest = staging.fast(staging.job(tmp_path / "a", text, RULES))

    def all_alike(data: keyhash.Bytes, begins: keyhash.Ints, ends: keyhash.Ints) -> keyhash.Hashes:
        return np.zeros(len(begins), np.uint64)

    with patch.object(watch, "hash_ranges", all_alike), patch.object(keyhash, "hash_ranges", all_alike):
        collided = staging.fast(staging.job(tmp_path / "b", text, RULES))
    assert collided.rows == honest.rows
    assert collided.staged == honest.staged


@pytest.mark.parametrize("at_once", [1, 10, 1000])
@pytest.mark.parametrize("most", [7, 100, 10_000])
def test_repeated_hashes_come_in_whole_groups_however_little_is_held_at_once(
    at_once: int, most: int, tmp_path: Path
) -> None:
    numbers = random.Random(at_once * most)
    values = np.array([numbers.randint(0, 60) * 2**58 + numbers.randint(0, 3) for _ in range(500)], np.uint64)
    file = watch.HashFile(tmp_path / "h")
    file.append(values[:123])
    file.append(values[123:])
    file.close()
    groups = list(file.repeated(at_once, most))
    seen = [int(each) for group in groups for each in group]
    repeated = [index for index, value in enumerate(values) if (values == value).sum() > 1]
    assert sorted(seen) == repeated
    for group in groups:
        assert list(group) == sorted(group)
        inside = {int(values[each]) for each in group}
        assert all((np.isin(np.flatnonzero(values == each), group)).all() for each in inside)


def test_equal_keys_hash_alike_whatever_lies_around_them() -> None:
    keys = [b"short", b"a-key-of-thirty-or-more-characters-or-so", b"short", b"x" * 200, b"short"]
    text = np.frombuffer(b",".join(keys), np.uint8)
    ends = np.cumsum([len(each) + 1 for each in keys]) - 1
    begins = ends - [len(each) for each in keys]
    together = keyhash.hash_ranges(text, begins, ends)
    alone = [int(keyhash.hash_ranges(text, begins[at : at + 1], ends[at : at + 1])[0]) for at in range(5)]
    assert together.tolist() == alone
    assert len(set(alone)) == 3


def test_all_keys_repeated_is_only_slower(tmp_path: Path) -> None:
    text = "id,v,at\n" + "".join(f"A{each % 1500},{each},2025-01-{each % 28 + 1:02d}\n" for each in range(4500))
    found = staging.stage(tmp_path, text, RULES, sizes=Sizes(3_000, 700, 100_000), threads=2)
    assert (found.staged.accepted, found.staged.superseded) == (1500, 3000)


@pytest.mark.parametrize("constraints", [Constraints(), Constraints(unique=True)])
def test_a_file_of_one_key_is_never_judged_as_a_whole(constraints: Constraints, tmp_path: Path) -> None:
    rules = staging.contract(
        (Column("id", constraints=constraints, must_exist=True), Column("v"), Column("at", "date")),
        primary_key=() if constraints.unique else ("id",), order_by=("at",),
    )  # fmt: skip
    text = "id,v,at\n" + "".join(f"A,{each % 7},2025-01-{each % 28 + 1:02d}\n" for each in range(500))
    judged = []

    def seen(self: Judge, records: Lines, odd: bool) -> Judged:
        judged.append(len(records))
        return honest(self, records, odd)

    honest = Judge.judge
    with patch.object(repeats, "AT_ONCE", 20), patch.object(Judge, "judge", seen):
        found = staging.stage(tmp_path, text, rules, sizes=Sizes(600, 100, 100_000))
    assert max(judged) <= 100  # a part; of the repeated ones 20
    assert found.staged.accepted == 1


@pytest.mark.parametrize("quote", ["", '"'])
def test_keys_of_short_rows_are_looked_for_in_few_bytes_at_once(quote: str, tmp_path: Path) -> None:
    rules = staging.contract((Column("id", must_exist=True),), order_by=())
    text = "id\n" + "".join(f"{quote}{each}{quote}\n" for each in range(3000))
    looked = []

    def seen(data: keyhash.Bytes, begins: keyhash.Ints, width: int) -> keyhash.Bytes:
        looked.append(len(begins) * width)
        return honest(data, begins, width)

    honest = keyhash._windows
    with patch.object(watch, "WINDOWS", 4_096), patch.object(keyhash, "_windows", seen):
        found = staging.fast(staging.job(tmp_path, text, rules))
    assert max(looked) <= max(4_096, 3000 * 8)  # a key by itself is a word
    assert found.staged.accepted == 3000


@pytest.mark.parametrize(
    ("on_fail", "accepted", "values"),
    [
        ("reject", 3, ["x", "y", None]),
        ("null", 5, ["x", "y", None, None, None]),
        ("warn", 5, ["x", "y", "x", None, "x"]),
    ],
)
def test_a_value_that_may_come_once_stays_where_it_came_first(
    on_fail: str, accepted: int, values: list[str | None], tmp_path: Path
) -> None:
    rules = staging.contract(
        (Column("id"), Column("v", constraints=Constraints(unique=True), on_fail=on_fail)), order_by=()
    )
    found = staging.stage(tmp_path, "id,v\nA,x\nB,y\nC,x\nD,\nE,x\n", rules)
    assert found.staged.accepted == accepted
    assert found.column("v") == values
    assert [(each["line"], each["rule"], each["value"]) for each in found.findings] == [
        (4, "unique", "x"),
        (6, "unique", "x"),
    ]
