"""The synthetic feeds: the same every time, alive from night to night, and true to their answer keys."""

import csv
import gzip
import hashlib
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.project import ROOT

from datalake.demo.generator.answer_key import AnswerKey, read_key
from datalake.demo.generator.feeds.catalog import FEEDS
from datalake.demo.generator.forms import PLAIN, Form
from datalake.demo.generator.generate import Generated, Order, generate
from datalake.demo.generator.rates import BAD, CLEAN, DEMO, USUAL, Rates
from datalake.demo.generator.world import World

FIRST = date(2025, 11, 4)
WORLD = World(seed=7, first=FIRST, rows=300)
EVERYTHING = Rates(**{name: 0.02 for name in Rates.__annotations__ if name != "bad_rows_at_most"})


def make(
    folder: Path, feed: str, night: int = 0, form: Form = PLAIN, rates: Rates = USUAL, world: World = WORLD
) -> Generated:
    return generate(Order(world, feed, world.first + timedelta(days=night), form, rates), folder, folder)


def read_csv(path: Path, delimiter: str = ",", encoding: str = "utf-8-sig") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def key_of(made: Generated) -> AnswerKey:
    assert made.key is not None
    return read_key(made.key)


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("feed", FEEDS)
def test_the_same_seed_and_date_give_the_same_bytes_and_another_seed_does_not(feed: str, tmp_path: Path) -> None:
    folders = [tmp_path / each for each in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    worlds = (WORLD, WORLD, replace(WORLD, seed=8))
    prints = [
        fingerprint(make(folder, feed, 3, world=world).path) for folder, world in zip(folders, worlds, strict=True)
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("layout", ["full", "original"])
@pytest.mark.parametrize("feed", FEEDS)
def test_a_clean_file_read_by_the_csv_module_says_what_its_key_says(feed: str, layout: str, tmp_path: Path) -> None:
    made = make(tmp_path, feed, rates=CLEAN, form=Form(layout=layout))
    header, *rows = read_csv(made.path)
    key = key_of(made)

    assert tuple(header) == key.header.columns
    assert len(rows) == made.totals.accepted == made.totals.rows_read == WORLD.size(feed)
    for row, entry in zip(rows, key.rows, strict=True):
        assert [plainly(cell) for cell in row] == [plainly(meant) for meant in entry.cells or ()]


def plainly(value: object) -> str:
    """A clean cell, and what it means, brought to one spelling by other code than the generator's."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "Yes", False: "No"}[value]
    if isinstance(value, list):
        return "; ".join(value)
    text = str(value)
    if text[2:3] == "/" and text[5:6] == "/":
        month, day, rest = text[:2], text[3:5], text[6:]
        text = f"{rest[:4]}-{month}-{day}"
        if len(rest) > 4:
            hour = int(rest[5:7]) % 12 + (12 if rest.endswith("PM") else 0)
            text += f"T{hour:02d}{rest[7:13]}"
    return text


@pytest.mark.parametrize("feed", FEEDS)
def test_keys_of_records_are_unique_and_have_the_documented_form(feed: str, tmp_path: Path) -> None:
    made = make(tmp_path, feed, rates=CLEAN, world=replace(WORLD, rows=3000))
    keys = [entry.key for entry in key_of(made).rows]
    assert len(set(keys)) == len(keys)
    assert all(key and key.isascii() and len(key) >= 8 for key in keys)


@pytest.mark.parametrize("feed", FEEDS)
def test_nights_bring_new_changed_and_vanished_records_and_leave_most_alone(feed: str, tmp_path: Path) -> None:
    world = replace(WORLD, rows=2000)
    first, second = (
        {entry.key: entry.cells for entry in key_of(make(tmp_path, feed, night, rates=CLEAN, world=world)).rows}
        for night in (10, 13)
    )
    both = first.keys() & second.keys()
    changed = [key for key in both if first[key] != second[key]]
    assert second.keys() - first.keys()
    assert first.keys() - second.keys()
    assert 0 < len(changed) < len(both) * 0.25


def test_states_move_on_through_their_life(tmp_path: Path) -> None:
    moved: Counter[tuple[str, str]] = Counter()
    before: dict[str | None, str] = {}
    for night in range(0, 30, 3):
        key = key_of(make(tmp_path, "irb", night, rates=CLEAN))
        now = {entry.key: key.record(entry)["status"] for entry in key.rows}
        moved.update((before[each], now[each]) for each in now.keys() & before.keys() if before[each] != now[each])
        before = now
    assert ("Pre-Submission", "Pre-Review") in moved
    assert any(to == "Approved" for _, to in moved)
    assert not any(since == "Closed" for since, _ in moved)


# feed and column, and the feed and column that lead back
LINKS = [
    ("grants", "irb_protocol_ids", "irb", "funding_ids"),
    ("grants", "funding_proposal_ids", "grants_proposal", "award_ids"),
    ("grants", "iacuc_protocol_ids", "iacuc", "funding_ids"),
    ("iacuc", "biosafety_ids", "safety", "related_ids"),
]


@pytest.mark.parametrize(("feed", "column", "other", "back"), LINKS)
def test_a_link_between_feeds_can_be_followed_back(
    feed: str, column: str, other: str, back: str, tmp_path: Path
) -> None:
    world = replace(WORLD, rows=1000)
    ours, theirs = (records(make(tmp_path, each, 20, rates=CLEAN, world=world)) for each in (feed, other))
    followed = [
        (own_id, linked) for own_id, record in ours.items() for linked in record[column] or () if linked in theirs
    ]
    assert len(followed) > 40
    assert all(own_id in theirs[linked][back] for own_id, linked in followed)


def test_a_proposal_is_awarded_before_its_award_appears(tmp_path: Path) -> None:
    world = replace(WORLD, rows=1000)
    awards, proposals = (
        records(make(tmp_path, each, 20, rates=CLEAN, world=world)) for each in ("grants", "grants_proposal")
    )
    named = [each for record in awards.values() for each in record["funding_proposal_ids"] or ()]
    led = [proposals[each] for each in named if each in proposals]
    assert len(led) > 500
    assert {each["status"] for each in led} == {"Awarded"}
    assert any(each["status"] == "Pending Sponsor Review" for each in proposals.values())


def records(made: Generated) -> dict[str, dict[str, Any]]:
    key = key_of(made)
    return {str(entry.key): key.record(entry) for entry in key.rows}


@pytest.mark.parametrize("delimiter", [",", "|", ";", "\t"])
@pytest.mark.parametrize("feed", FEEDS)
def test_every_row_of_a_file_full_of_quirks_stands_in_its_key_in_order_and_line(
    feed: str, delimiter: str, tmp_path: Path
) -> None:
    form = Form(delimiter=delimiter, mark=True, newline="\n", totals_row=True)
    made = make(tmp_path, feed, 2, form, EVERYTHING)
    key = key_of(made)
    text = made.path.read_bytes().decode("utf-8-sig")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for entry in key.rows:
        if entry.key and entry.rule not in ("pattern", "lossy"):
            assert lines[entry.line - 1].strip(' "').startswith((entry.key, entry.key.lstrip("0")))
    rows = read_csv(made.path, delimiter)
    assert len(rows) - 1 == len(key.rows) == made.totals.rows_read
    width = len(rows[0])
    misbuilt = [index for index, row in enumerate(rows[1:]) if len(row) != width]
    assert misbuilt == [index for index, entry in enumerate(key.rows) if entry.rule == "cell_count"]


@pytest.mark.parametrize("feed", FEEDS)
def test_the_totals_add_up_and_count_what_the_lines_say(feed: str, tmp_path: Path) -> None:
    made = make(tmp_path, feed, 5, rates=EVERYTHING)
    totals, outcomes = made.totals, Counter(entry.outcome for entry in key_of(made).rows)
    parts = (totals.accepted, totals.rejected, totals.duplicates, totals.superseded, totals.excluded)
    assert totals.rows_read == sum(parts) == sum(outcomes.values())
    names = ("accepted", "rejected", "duplicate", "superseded", "excluded")
    assert parts == tuple(outcomes[name] for name in names)
    assert sum(totals.rejected_by_rule.values()) == totals.rejected > 0


def test_rates_are_honoured(tmp_path: Path) -> None:
    world = replace(WORLD, rows=20_000)
    rates = replace(CLEAN, identical_repeat=0.01, wrong_id=0.005, smart_quotes=0.04)
    totals = make(tmp_path, "irb", rates=rates, world=world).totals
    assert 150 < totals.duplicates < 250
    assert 70 < totals.rejected < 130
    assert 700 < totals.quirks["smart_quotes"] < 900


def test_every_quirk_of_records_and_rows_appears_within_three_nights(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for feed in FEEDS:
        for night in range(3):
            seen.update(make(tmp_path, feed, night, rates=EVERYTHING).totals.quirks)
    assert set(seen) == set(Rates.__annotations__) - {"bad_rows_at_most"}


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_packed_file_holds_the_bytes_of_the_plain_one_and_is_the_same_every_time(kind: str, tmp_path: Path) -> None:
    plain = make(tmp_path, "safety").path.read_bytes()
    packed = make(tmp_path, "safety", form=Form(packed=kind)).path
    assert packed.name == f"SAFETY_2025-11-04.csv.{kind}"
    first = packed.read_bytes()
    if kind == "gz":
        assert gzip.decompress(first) == plain
    else:
        with zipfile.ZipFile(packed) as archive:
            assert [archive.read(each) for each in archive.namelist()] == [plain]
    assert make(tmp_path, "safety", form=Form(packed=kind)).path.read_bytes() == first


def test_a_demo_night_never_has_so_many_bad_rows_that_it_would_wait_for_an_ok(tmp_path: Path) -> None:
    shares = []
    for night in range(30):
        totals = make(tmp_path, "irb", night, rates=DEMO).totals
        shares.append(totals.rejected / totals.rows_read)
    assert 0 < max(shares) < 0.01


def test_a_bad_row_is_mended_after_two_nights(tmp_path: Path) -> None:
    rates = replace(CLEAN, wrong_id=0.0, bad_moment=0.05)
    bad = [
        {entry.key for entry in key_of(make(tmp_path, "irb", night, rates=rates)).rows if entry.rule}
        for night in range(4)
    ]
    assert len(bad[0] & bad[1]) > 0.9 * len(bad[0])
    assert not bad[1] & bad[2] or len(bad[1] & bad[2]) < 0.2 * len(bad[1])
    assert len(bad[2] & bad[3]) > 0.9 * len(bad[2])


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        (Form(empty="nothing"), "empty_file"),
        (Form(empty="header"), "header_only"),
        (Form(cut="quotes"), "unclosed_quote"),
        (Form(renamed=(("status", "current_stage"),)), "missing_column"),
        (Form(dropped=("pi_name",)), "missing_column"),
        (Form(cut="row"), ""),
        (Form(added=("reviewer_note",), moved=True), ""),
    ],
)
def test_a_file_spoilt_as_a_whole_says_in_its_key_by_which_rule(form: Form, rule: str, tmp_path: Path) -> None:
    made = make(tmp_path, "irb", form=form)
    assert made.refused == key_of(made).header.refused == rule


def test_no_real_looking_address_leaves_the_generator(tmp_path: Path) -> None:
    key = key_of(make(tmp_path, "irb"))
    emails = {key.record(entry)["pi_email"] for entry in key.rows if entry.cells}
    assert all(email.endswith("@example.edu") for email in emails)


def test_the_bad_kinds_are_all_of_those_that_have_a_rule_word() -> None:
    from datalake.demo.generator.faults import RULE_WORDS

    assert set(BAD) == set(RULE_WORDS)


def test_a_file_of_allocations_names_some_awards_more_than_once_and_no_allocation_twice(tmp_path: Path) -> None:
    made = make(tmp_path, "grants", rates=CLEAN, form=Form(layout="allocations"))
    header, *rows = read_csv(made.path)
    records = [dict(zip(header, row, strict=True)) for row in rows]
    awards = Counter(each["award_id"] for each in records)
    assert set(awards.values()) == {1, 2} and header[:2] == ["award_id", "allocation_id"]
    assert len({(each["award_id"], each["allocation_id"]) for each in records}) == len(records)
    for award in (award for award, times in awards.items() if times == 2):
        one, other = (each for each in records if each["award_id"] == award)
        assert one["award_title"] == other["award_title"] and one["amount"] != other["amount"]


def test_the_sponsors_of_the_demo_are_in_the_shipped_map_but_for_a_few(tmp_path: Path) -> None:
    known = {row[0] for row in read_csv(ROOT / "config" / "maps" / "sponsors.csv") if row}
    for feed in ("grants", "grants_proposal"):
        header, *rows = read_csv(make(tmp_path, feed, world=replace(WORLD, rows=2000)).path)
        at = header.index("sponsor")
        unknown = [row[at] for row in rows if len(row) == len(header) and row[at].strip() and row[at] not in known]
        assert 0 < len(unknown) < 0.02 * len(rows)
