"""The merge of replace against a plain dictionary, over tables that a person can check and over random ones."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from support.rows import Held

from datalake.clean.keys import key_text
from datalake.errors import DatalakeError
from datalake.merge.base import Incoming, Rejected
from datalake.merge.hashes import column_hashes, key_texts, row_hashes
from datalake.merge.replace import Replacement
from datalake.merge.rows import Collision, Fingerprints, Index, check_unique
from datalake.outcomes import Changes

DAY, BEFORE = date(2025, 11, 5), date(2025, 11, 4)


def rows(day: date, **titles: str) -> list[dict[str, Any]]:
    return [{"id": name, "title": title, "_data_date": day} for name, title in titles.items()]


def merged(
    current: Any, accepted: Any, rejected: Sequence[str] = (), known: bool = True, key: tuple[str, ...] = ("id",)
) -> tuple[list[dict[str, Any]], Replacement]:
    bad = Rejected([pa.array(list(rejected), pa.string())], known)
    merge = Replacement(current, Incoming(accepted, bad, DAY), key, seed=random.getrandbits(64))
    out = [row for batch in merge.batches() for row in batch.to_pylist()]
    assert merge.rows == len(out)
    return out, merge


def test_a_first_file_is_all_new() -> None:
    out, merge = merged(None, Held(rows(DAY, A="a", B="b")))
    assert [row["id"] for row in out] == ["A", "B"]
    assert (merge.differences.changes, merge.kept) == (Changes(new=2), 0)


def test_new_changed_and_gone_are_told_apart_and_the_lake_columns_make_no_change() -> None:
    current = Held(rows(BEFORE, A="a", B="b", C="c", D="d"))
    out, merge = merged(current, Held(rows(DAY, E="e", A="a", B="other", D="d")))
    assert [row["id"] for row in out] == ["E", "A", "B", "D"]
    assert merge.differences.changes == Changes(new=1, changed=1, gone=1)


def test_a_rejected_row_keeps_its_last_good_version_with_the_date_of_that() -> None:
    current = Held(rows(BEFORE, A="a", B="b", C="c"))
    out, merge = merged(current, Held(rows(DAY, A="a")), rejected=["B", "NEVER-SEEN"])
    assert out == [*rows(DAY, A="a"), *rows(BEFORE, B="b")]
    assert (merge.differences.changes, merge.kept) == (Changes(gone=1), 1)


def test_a_key_with_one_good_and_one_rejected_row_takes_the_good_one() -> None:
    out, merge = merged(Held(rows(BEFORE, A="a")), Held(rows(DAY, A="new")), rejected=["A"])
    assert out == rows(DAY, A="new")
    assert (merge.differences.changes, merge.kept) == (Changes(changed=1), 0)


def test_a_file_with_unreadable_keys_deletes_nothing() -> None:
    out, merge = merged(Held(rows(BEFORE, A="a", B="b")), Held(rows(DAY, C="c")), known=False)
    assert [row["id"] for row in out] == ["C", "A", "B"]
    assert (merge.differences.changes, merge.kept) == (Changes(new=1), 2)


def test_a_kept_row_stays_kept_until_it_comes_right_or_is_gone() -> None:
    first, _ = merged(Held(rows(BEFORE, A="a", B="b")), Held(rows(DAY, A="a")), rejected=["B"])
    second, merge = merged(Held(first), Held(rows(DAY, A="a")), rejected=["B"])
    assert second == first
    third, merge = merged(Held(second), Held(rows(DAY, A="a")))
    assert [row["id"] for row in third] == ["A"]
    assert merge.differences.changes == Changes(gone=1)


def test_null_is_a_value_of_its_own() -> None:
    def one(title: str | None) -> Held:
        return Held([{"id": "A", "title": title, "_data_date": DAY}])

    assert merged(one(None), one(None))[1].differences.changes == Changes()
    assert merged(one(None), one(""))[1].differences.changes == Changes(changed=1)
    assert merged(one(""), one(None))[1].differences.changes == Changes(changed=1)


def test_without_a_key_rows_are_compared_copy_for_copy() -> None:
    def bag(*titles: str) -> Held:
        return Held([{"id": "x", "title": title, "_data_date": DAY} for title in titles])

    _, merge = merged(bag("a", "a", "b", "c"), bag("a", "b", "b", "d"), key=())
    assert merge.differences.changes == Changes(new=2, gone=2)
    assert merged(bag("b", "a", "a"), bag("a", "b", "a"), key=())[1].differences.changes == Changes()


def test_a_composite_key_with_a_null_part_is_the_same_key_again() -> None:
    def one(part: str | None, title: str) -> Held:
        return Held([{"id": "A", "part": part, "title": title}], schema)

    schema = pa.schema([("id", pa.string()), ("part", pa.string()), ("title", pa.string())])
    key = ("id", "part")
    assert merged(one(None, "t"), one(None, "u"), key=key)[1].differences.changes == Changes(changed=1)
    assert merged(one(None, "t"), one("\\N", "t"), key=key)[1].differences.changes == Changes(new=1, gone=1)
    assert merged(one("1", "t"), one(None, "t"), key=key)[1].differences.changes == Changes(new=1, gone=1)
    out, merge = merged(one("1|2", "t"), Held([], schema), rejected=["A | 1\\|2"], key=key)
    assert (len(out), merge.kept) == (1, 1)


def test_a_new_column_is_null_in_rows_that_stay_and_a_dropped_one_leaves() -> None:
    old = pa.schema([("id", pa.string()), ("dropped", pa.string())])
    new = pa.schema([("id", pa.string()), ("added", pa.int64())])
    current = Held([{"id": "A", "dropped": "x"}, {"id": "B", "dropped": "y"}], old)
    out, merge = merged(current, Held([{"id": "A", "added": None}], new), rejected=["B"])
    assert out == [{"id": "A", "added": None}, {"id": "B", "added": None}]
    assert merge.differences.changes == Changes()


def test_a_column_whose_type_changed_is_brought_over_or_the_merge_stops_with_words() -> None:
    old, new = pa.schema([("id", pa.string()), ("n", pa.string())]), pa.schema([("id", pa.string()), ("n", pa.int64())])
    accepted = Held([{"id": "A", "n": 7}], new)
    assert merged(Held([{"id": "A", "n": "7"}], old), accepted)[1].differences.changes == Changes()
    with pytest.raises(DatalakeError, match=r"Column n is now int64.*python3 manage.py replay"):
        merged(Held([{"id": "A", "n": "seven"}], old), accepted)


def test_a_key_that_stands_twice_in_the_cleaned_file_is_a_fault_that_publishes_nothing() -> None:
    with pytest.raises(DatalakeError, match="holds a key twice"):
        merged(None, Held(rows(DAY, A="a") + rows(DAY, A="b")))


def expected(current: dict[str, str], accepted: dict[str, str], rejected: set[str]) -> tuple[Changes, dict[str, str]]:
    """What a plain dictionary says."""
    kept = {key: value for key, value in current.items() if key in rejected and key not in accepted}
    new = sum(key not in current for key in accepted)
    changed = sum(key in current and current[key] != value for key, value in accepted.items())
    gone = sum(key not in accepted and key not in kept for key in current)
    return Changes(new, changed, gone), {**accepted, **kept}


@pytest.mark.parametrize("seed", range(25))
def test_random_tables_merge_as_a_dictionary_does(seed: int) -> None:
    rng = random.Random(seed)

    def table() -> dict[str, str]:
        keys = rng.sample(range(60), rng.randrange(1, 50))
        return {f"K{key:0{rng.choice((2, 9, 30))}d}": "t" * rng.randrange(300) + rng.choice("abc") for key in keys}

    current, accepted = table(), table()
    rejected = set(rng.sample(sorted(current), rng.randrange(len(current))))
    out, merge = merged(
        Held(rows(BEFORE, **current), size=rng.randrange(1, 9)),
        Held(rows(DAY, **accepted), size=rng.randrange(1, 9)),
        sorted(rejected),
    )
    changes, table_after = expected(current, accepted, rejected)
    assert merge.differences.changes == changes
    assert {row["id"]: row["title"] for row in out} == table_after


VALUES: list[tuple[pa.DataType, list[Any]]] = [
    (pa.string(), ["", "a", "b", "A", "a ", "12345678", "12345679", "123456780", "é", "x" * 255, "x" * 256, "x" * 257]),
    (pa.string(), ["\0", "\0\0", "a\0", "ab" * 40, "ab" * 41]),
    (pa.int64(), [0, 1, -1, 2**62, -(2**62)]),
    (pa.bool_(), [True, False]),
    (pa.date32(), [date(2025, 1, 1), date(2025, 1, 2), date(1900, 1, 1)]),
    (pa.decimal128(14, 2), [Decimal("0.00"), Decimal("0.01"), Decimal("-0.01"), Decimal("999999999999.99")]),
    (
        pa.timestamp("us", tz="UTC"),
        [datetime(2025, 1, 1, tzinfo=timezone.utc), datetime(2025, 1, 2, tzinfo=timezone.utc)],
    ),
    (pa.list_(pa.string()), [[], [""], ["a"], ["a", "b"], ["ab"], ["a", ""]]),
]


@pytest.mark.parametrize(
    ("kind", "values"), VALUES, ids=lambda each: str(each) if isinstance(each, pa.DataType) else ""
)
def test_different_values_hash_differently_and_equal_ones_alike(kind: pa.DataType, values: list[Any]) -> None:
    hashes = column_hashes(pa.array([*values, None], kind), seed=7).tolist()
    assert len(set(hashes)) == len(values) + 1
    shuffled = pa.array([None, *reversed(values)], kind)
    assert column_hashes(shuffled, seed=7).tolist() == hashes[::-1]
    sliced = pa.array([values[-1], *values, None], kind).slice(1)
    assert column_hashes(sliced, seed=7).tolist() == hashes


def test_values_that_change_places_between_columns_change_the_row() -> None:
    batch = pa.RecordBatch.from_pylist([{"a": "x", "b": "y"}, {"a": "y", "b": "x"}, {"a": None, "b": "xy"}])
    assert len(set(row_hashes(batch, ["a", "b"], 3).tolist())) == 3


@pytest.mark.parametrize("kind_and_values", VALUES, ids=lambda each: str(each[0]))
def test_keys_are_named_as_findings_name_them(kind_and_values: tuple[pa.DataType, list[Any]]) -> None:
    kind, values = kind_and_values
    plain = [each.replace(tzinfo=None) if isinstance(each, datetime) else each for each in values]
    batch = pa.RecordBatch.from_pydict({"k": pa.array(values, kind), "part": pa.array(["p|\\"] * len(values))})
    assert key_texts(batch, ["k"]).to_pylist() == [key_text([each]) for each in plain]
    assert key_texts(batch, ["k", "part"]).to_pylist() == [key_text([each, "p|\\"]) for each in plain]


def test_two_keys_with_one_hash_are_noticed_not_taken_for_one() -> None:
    def lane(*values: int) -> Any:
        return np.array(values, np.uint64)

    index = Index(Fingerprints(lane(1, 2), lane(10, 20), lane(0, 0)))
    assert index.find(lane(2, 3), lane(20, 30)).tolist() == [1, -1]
    with pytest.raises(Collision):
        index.find(lane(2), lane(21))
    check_unique(Fingerprints(lane(3, 1, 2), lane(5, 5, 5), lane(0, 0, 0)))
    with pytest.raises(Collision):
        check_unique(Fingerprints(lane(3, 1, 3), lane(5, 6, 7), lane(0, 0, 0)))
    with pytest.raises(DatalakeError, match="holds a key twice"):
        check_unique(Fingerprints(lane(3, 1, 3), lane(5, 6, 5), lane(0, 0, 0)))
