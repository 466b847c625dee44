"""What becomes of a delivery: corrections, duplicates, late files, holds and the decisions about them."""

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.nights import IRB, Killed, Office, feed, file, grants_csv, irb_csv, kinds, note, office

from datalake.contracts.model import Column, Limits, SchemaContract
from datalake.errors import UsageError
from datalake.outcomes import Changes
from datalake.pipeline.decisions import Approve, Decline, Retry
from datalake.zones.events import read
from datalake.zones.paths import Lake

D3, D4, D5, D6 = (date(2025, 11, day) for day in (3, 4, 5, 6))


@pytest.fixture
def loaded(here: Office) -> Office:
    """The file of 4 November, with A, B and C, is published."""
    here.irb("2025-11-04", "A", "B", "C")
    here.night()
    return here


def test_of_several_files_in_a_night_only_the_one_that_is_shown_says_what_the_table_keeps(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B", "C", "D", "Z,Title,,2025-10-01")
    loaded.irb("2025-11-06", "A", "B", "D", "C,Title,,2025-10-01")
    texts = [each.text for each in loaded.next_night().notes if each.kind == "rejected_rows"]
    assert texts == [
        "1 of 5 rows of IRB_PROTOCOL_2025-11-05.csv was rejected.",
        "1 of 4 rows of IRB_PROTOCOL_2025-11-06.csv was rejected; 1 record keeps its last good version.",
    ]


def events(here: Office) -> list[str]:
    return [line.event["kind"] for line in read(here.lake.events) if line.event]


# the same file, other bytes, other dates


def test_the_same_bytes_for_the_same_date_are_a_duplicate(loaded: Office) -> None:
    loaded.irb("2025-11-04", "A", "B", "C")
    outcome = loaded.night()
    assert (outcome.status, file(outcome).status) == ("success", "duplicate")
    assert "the same bytes for the same date" in note(outcome, "duplicate")
    assert (loaded.state().seq, loaded.ids()) == (1, ["A", "B", "C"])


def test_other_bytes_for_the_same_date_are_a_correction(loaded: Office) -> None:
    loaded.irb("2025-11-04", "A", "B,Corrected,Approved,2025-10-01")
    outcome = loaded.night()
    assert feed(outcome).changes == Changes(changed=1, gone=1)
    assert (feed(outcome).as_of, loaded.ids(), loaded.state().seq) == (D4, ["A", "B"], 2)


def test_the_first_bytes_again_after_a_correction_correct_it_back(loaded: Office) -> None:
    loaded.irb("2025-11-04", "A")
    loaded.night()
    loaded.irb("2025-11-04", "A", "B", "C")
    assert file(loaded.night()).status == "published"
    assert loaded.ids() == ["A", "B", "C"]


def test_the_same_bytes_for_a_newer_date_confirm_it_and_move_the_as_of_date(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B", "C")
    outcome = loaded.next_night()
    assert (feed(outcome).status, feed(outcome).as_of, loaded.state().as_of) == ("confirmed", D5, D5)
    assert kinds(outcome) == ["confirmed"]
    assert loaded.state().seq == 1
    loaded.irb("2025-11-05", "A", "B", "C")
    assert file(loaded.night()).status == "duplicate"


def test_unchanged_bytes_are_looked_into_again_when_the_rules_have_changed(loaded: Office) -> None:
    loaded.with_irb(missing_values=("", "unknown"))
    loaded.irb("2025-11-05", "A", "B", "C")
    assert feed(loaded.next_night()).status == "published"


def test_rules_that_can_change_no_value_leave_unchanged_bytes_unchanged_and_are_no_news(loaded: Office) -> None:
    irb = next(each for each in loaded.contracts if each.feed == "irb")
    described = tuple(replace(each, description="What it is") for each in irb.columns)
    limits, delivery = replace(irb.limits, row_drop_percent=50), replace(irb.delivery, settle_seconds=5)
    freshness = replace(irb.freshness, warn_after_hours=99)
    loaded.with_irb(title="T", owner="you@example.edu", columns=described)
    loaded.with_irb(limits=limits, delivery=delivery, freshness=freshness)
    loaded.irb("2025-11-05", "A", "B", "C")
    assert kinds(loaded.next_night()) == ["confirmed"]


def test_a_draft_that_becomes_active_tells_of_no_changed_rules(loaded: Office) -> None:
    loaded.with_irb(status="draft")
    loaded.irb("2025-11-05", "A", "B")
    assert feed(loaded.next_night()).status == "draft"
    loaded.with_irb(status="active")
    loaded.irb("2025-11-06", "A", "B", "C")
    outcome = loaded.next_night()
    assert feed(outcome).status == "confirmed" and "rules_changed" not in kinds(outcome)


def test_changed_rules_are_told_with_where_they_changed_and_how_to_see_what_a_rebuild_would_do(loaded: Office) -> None:
    irb = next(each for each in loaded.contracts if each.feed == "irb")
    columns = tuple(replace(each, aliases=("title",)) if each.name == "study_title" else each for each in irb.columns)
    loaded.with_irb(columns=(*columns, Column("school")), limits=replace(irb.limits, row_drop_percent=50))
    assert "rules_changed" not in kinds(loaded.next_night())  # no file was read by them
    loaded.irb("2025-11-05", "A", "B")
    outcome = loaded.next_night()
    assert feed(outcome).status == "published"  # the file before had no school either
    told = note(outcome, "rules_changed")
    assert told == (
        'The rules of irb have changed since its last file: "columns.school", "columns.study_title.aliases".'
        " What that would change in earlier nights:"
        " `python3 manage.py replay irb --dry-run`."
    )
    loaded.irb("2025-11-06", "A", "B", "C")
    assert "rules_changed" not in kinds(loaded.next_night())


def test_a_late_file_goes_into_history_and_what_is_shown_never_gets_older(loaded: Office) -> None:
    loaded.irb("2025-11-03", "OLD")
    outcome = loaded.next_night()
    assert (file(outcome).status, feed(outcome).status, feed(outcome).as_of) == ("filed", "nothing", D4)
    assert (outcome.status, loaded.ids()) == ("success", ["A", "B", "C"])
    assert "older than what is published" in note(outcome, "filed")
    assert list(loaded.lake.raw("irb", D3).glob("*.csv"))


def test_a_late_file_that_came_before_is_a_duplicate(loaded: Office) -> None:
    for expected in ("filed", "duplicate"):
        loaded.irb("2025-11-03", "OLD")
        assert file(loaded.night()).status == expected


def test_a_late_file_that_is_refused_fails_its_run_but_not_the_nights_after(loaded: Office) -> None:
    loaded.irb("2025-11-03")
    assert feed(loaded.next_night()).status == "refused"
    assert loaded.next_night().status == "success"


# guards and holding


def test_past_the_limit_of_rejected_rows_the_file_waits_and_nothing_is_published(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B,,,", "C")  # one of three is 33 %; the limit is 30

    outcome = loaded.next_night()

    assert (outcome.status, outcome.exit_code, feed(outcome).status) == ("failure", 1, "held")
    assert feed(outcome).reason == (
        "IRB_PROTOCOL_2025-11-05.csv waits for OK: 1 of 3 rows was rejected (33.3 %; the limit is 30 %)."
    )
    assert "python3 manage.py approve irb" in feed(outcome).fix
    assert (feed(outcome).as_of, loaded.ids()) == (D4, ["A", "B", "C"])
    assert [each.counts["rejected"] for each in loaded.state().held] == [1]


def test_more_are_kept_than_were_rejected_where_a_rejected_row_does_not_say_which_record_it_is(loaded: Office) -> None:
    loaded.with_irb(limits=Limits(rejected_percent=50))
    loaded.irb("2025-11-05", "A", "?,?,?,?,?,?,?,?,?")
    assert note(loaded.next_night(), "rejected_rows") == (
        "1 of 2 rows of IRB_PROTOCOL_2025-11-05.csv was rejected; 2 records keep their last good version, as a"
        " rejected row does not say which record it is."
    )
    assert sorted(loaded.ids()) == ["A", "B", "C"]


def test_at_the_limit_it_is_published(loaded: Office) -> None:
    loaded.with_irb(limits=Limits(rejected_percent=50))
    loaded.irb("2025-11-05", "A", "B,,,")
    outcome = loaded.next_night()
    assert outcome.status == "success"
    assert "1 of 2 rows of IRB_PROTOCOL_2025-11-05.csv was rejected" in note(outcome, "rejected_rows")
    assert (sorted(loaded.ids()), feed(outcome).kept) == (["A", "B"], 1)


def test_without_a_limit_a_file_of_which_nothing_is_good_still_waits(loaded: Office) -> None:
    loaded.with_irb(limits=Limits())
    loaded.irb("2025-11-05", "A,,,", "B,,,")
    assert "none of its rows could be accepted" in feed(loaded.next_night()).reason


def test_a_column_that_the_last_file_had_holds_the_file(loaded: Office) -> None:
    loaded.deliver("IRB_PROTOCOL_2025-11-05.csv", "protocol_id,status,headline\nA,Open,x\nB,Open,y\n")
    outcome = loaded.next_night()
    assert feed(outcome).status == "held"
    assert 'it has no column "study_title", "last_updated", which the last file had' in feed(outcome).reason
    assert 'new in it: "headline"' in feed(outcome).reason


def test_on_a_first_file_absent_columns_are_null_and_later_ones_are_measured_against_it(here: Office) -> None:
    here.deliver("IRB_PROTOCOL_2025-11-04.csv", "protocol_id,status\nA,Open\n")
    assert here.night().status == "success"
    assert here.table()[0]["study_title"] is None
    here.deliver("IRB_PROTOCOL_2025-11-05.csv", "protocol_id,status\nA,Shut\n")
    assert here.next_night().status == "success"


@pytest.mark.parametrize(("rule", "status"), [("fill_null", "published"), ("freeze", "refused"), ("hold", "held")])
def test_the_rules_say_what_a_lost_column_means(loaded: Office, rule: str, status: str) -> None:
    loaded.with_irb(schema_contract=SchemaContract(missing_columns=rule))
    loaded.deliver("IRB_PROTOCOL_2025-11-05.csv", "protocol_id,status,last_updated\nA,Open,2025-11-01\n")
    assert feed(loaded.next_night()).status == status


def test_a_newer_file_that_passes_replaces_the_one_that_waits(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B,,,")
    loaded.next_night()
    loaded.irb("2025-11-06", "A", "B", "D")
    outcome = loaded.next_night()
    assert (outcome.status, loaded.ids(), loaded.state().held) == ("success", ["A", "B", "D"], ())
    assert events(loaded)[-2:] == ["published", "superseded"]


def test_of_two_files_that_wait_only_the_newer_one_does(loaded: Office) -> None:
    for day in ("05", "06"):
        loaded.irb(f"2025-11-{day}", "A", "B,,,")
        loaded.next_night()
    assert [each.data_date for each in loaded.state().held] == [D6]


def test_a_correction_of_what_is_shown_can_wait_too(loaded: Office) -> None:
    loaded.irb("2025-11-04", "A", "B,,,")
    assert feed(loaded.night()).status == "held"
    assert [each.data_date for each in loaded.state().held] == [D4]
    assert feed(loaded.next_night()).status == "held"


def test_an_approved_file_is_published_and_is_the_new_measure(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B,,,", "C,,,")
    loaded.next_night()

    outcome = loaded.next_night(work=Approve("irb", "kim", "checked with the IRB office"), trigger="approve")

    assert (outcome.status, outcome.night, outcome.trigger) == ("success", D6, "approve")
    assert (feed(outcome).status, feed(outcome).as_of, feed(outcome).kept) == ("published", D5, 2)
    assert loaded.state().last_accepted["rejected"] == 2
    assert sorted(loaded.ids()) == ["A", "B", "C"]
    told = [line.event for line in read(loaded.lake.events) if line.event and line.event["kind"] == "approved"]
    assert [(each["who"], each["why"]) for each in told] == [("kim", "checked with the IRB office")]
    (beside,) = loaded.lake.raw("irb", D5).glob("*.decision-*.json")
    assert json.loads(beside.read_text())["who"] == "kim"
    assert loaded.next_night().status == "success"


def test_an_approval_serves_the_night_of_its_file(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B,,,")
    held = loaded.next_night()
    outcome = loaded.next_night(work=Approve("IRB_PROTOCOL_2025-11-05.csv", "kim", "fine"))
    assert (outcome.night, outcome.start.day) == (held.night, 7)


def test_a_declined_file_is_gone_and_the_table_stays(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B,,,")
    loaded.next_night()
    outcome = loaded.night(work=Decline(loaded.state().held[0].delivery, "kim", "half an export"))
    assert (outcome.status, feed(outcome).status, feed(outcome).as_of) == ("success", "nothing", D4)
    assert (loaded.ids(), loaded.state().open) == (["A", "B", "C"], ())


def test_a_file_that_was_declined_or_refused_may_come_again(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B,,,")
    loaded.next_night()
    loaded.night(work=Decline("irb", "kim", "no"))
    loaded.with_irb(limits=Limits(rejected_percent=60))
    loaded.irb("2025-11-05", "A", "B,,,")
    assert file(loaded.night()).status == "published"


def test_an_approval_of_one_feed_does_not_call_a_night_good_in_which_another_failed(loaded: Office) -> None:
    loaded.irb("2025-11-05", "A", "B,,,")
    loaded.deliver("GRANTS_2025-11-05.csv", "award_id,amount\n")
    loaded.next_night()
    outcome = loaded.night(work=Approve("irb", "kim", "fine"))
    assert feed(outcome).status == "published"
    assert (feed(outcome, "grants").status, outcome.status) == ("refused", "failure")


@pytest.mark.parametrize("work", [Approve, Decline])
def test_there_must_be_something_to_decide_about(loaded: Office, work: type) -> None:
    before = events(loaded)
    with pytest.raises(UsageError, match="Nothing of irb waits for OK"):
        loaded.night(work=work("irb", "kim", "why"))
    assert events(loaded) == before


def test_an_approval_that_was_killed_is_carried_out_by_the_next_run(
    loaded: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded.irb("2025-11-05", "A", "B,,,")
    loaded.next_night()

    def killed(*given: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        loaded.night(work=Approve("irb", "kim", "fine"), stager=killed)
    outcome = loaded.night()
    assert (outcome.status, feed(outcome).as_of) == ("success", D5)


# refused, and taken again


def test_a_refused_file_is_taken_again_after_a_fix_of_the_rules(loaded: Office) -> None:
    content = irb_csv("A", "B").replace("status", "state")
    loaded.deliver("IRB_PROTOCOL_2025-11-05.csv", content)
    outcome = loaded.next_night()
    assert feed(outcome).status == "refused"
    assert '"status"' in feed(outcome).reason
    assert feed(loaded.night()).status == "refused"

    columns = tuple(replace(each, aliases=("state",)) if each.name == "status" else each for each in IRB.columns)
    loaded.with_irb(columns=columns)
    outcome = loaded.night(work=Retry("irb", "kim"), trigger="retry")

    assert (outcome.status, outcome.night, loaded.ids(), loaded.state().as_of) == ("success", D6, ["A", "B"], D5)


def test_a_file_that_changed_in_raw_is_not_published(loaded: Office) -> None:
    loaded.deliver("IRB_PROTOCOL_2025-11-05.csv", irb_csv("A", "B").replace("status", "state"))
    loaded.next_night()
    (raw,) = loaded.lake.raw("irb", D5).glob("*.csv")
    raw.chmod(0o644)
    raw.write_text(irb_csv("A", "Z"), encoding="utf-8")
    outcome = loaded.night(work=Retry("irb", "kim"), trigger="retry")
    assert feed(outcome).status == "failed" and "no longer what was delivered" in feed(outcome).reason
    assert "manage.py verify" in feed(outcome).fix
    assert loaded.ids() == ["A", "B", "C"]


def test_a_retry_without_a_fix_is_refused_again(loaded: Office) -> None:
    loaded.irb("2025-11-05")
    loaded.next_night()
    assert feed(loaded.night(work=Retry("irb", "kim"))).status == "refused"
    assert len(loaded.state().refused) == 1


def test_a_newer_good_file_makes_a_refused_one_matter_no_more(loaded: Office) -> None:
    loaded.irb("2025-11-05")
    loaded.next_night()
    loaded.irb("2025-11-06", "A")
    assert loaded.next_night().status == "success"
    assert loaded.state().open == ()


def test_rejected_rows_of_the_published_file_are_taken_again_after_a_fix(loaded: Office) -> None:
    loaded.with_irb(limits=Limits(rejected_percent=60))
    loaded.irb("2025-11-05", "A", "B,Study B,Approved,10/2025")
    assert feed(loaded.next_night()).kept == 1

    columns = tuple(
        replace(each, type="string") if each.name == "last_updated" else each for each in loaded.contracts[1].columns
    )
    loaded.with_irb(columns=columns)
    outcome = loaded.night(work=Retry("irb", "kim"))

    assert (outcome.status, feed(outcome).kept, feed(outcome).as_of) == ("success", 0, D5)
    assert {row["protocol_id"]: row["last_updated"] for row in loaded.table()}["B"] == "10/2025"


def test_a_retry_of_a_confirmed_file_does_not_send_it_into_history(loaded: Office) -> None:
    loaded.with_irb(limits=Limits(rejected_percent=60))
    for day in ("05", "06"):
        loaded.irb(f"2025-11-{day}", "A", "B,,,")
        loaded.next_night()
    assert loaded.state().as_of == D6
    outcome = loaded.night(work=Retry("irb", "kim"))
    assert (feed(outcome).status, feed(outcome).as_of) == ("published", D6)


def test_there_must_be_something_to_retry(loaded: Office) -> None:
    with pytest.raises(UsageError, match="no row of its last one was rejected"):
        loaded.night(work=Retry("irb", "kim"))
    with pytest.raises(UsageError, match="Nothing of grants was refused or waits"):
        loaded.night(work=Retry("grants", "kim"))


def test_every_refused_file_is_told_and_can_be_retried_though_a_newer_one_is_shown(here: Office) -> None:
    for day in ("01", "02", "03"):
        here.irb(f"2025-11-{day}")  # a header, and no rows
    here.irb("2025-11-05", "A", "B")
    outcome = here.night()

    assert (outcome.status, feed(outcome).status, feed(outcome).as_of) == ("failure", "refused", D5)
    assert all(f"IRB_PROTOCOL_2025-11-{day}.csv" in feed(outcome).reason for day in ("01", "02", "03"))
    assert [each.name[-6:-4] for each in here.state().refused] == ["01", "02", "03"]
    again = here.night(work=Retry("irb", "kim"))
    assert [(each.name[-6:-4], each.status) for each in feed(again).files] == [
        ("01", "refused"), ("02", "refused"), ("03", "refused"),
    ]  # fmt: skip

    here.irb("2025-11-06", "A", "C")
    assert here.next_night().status == "success"
    assert here.state().refused == ()


def test_a_data_date_in_the_future_waits_for_ok(loaded: Office) -> None:
    loaded.irb("2062-11-30", "A", "B")
    outcome = loaded.night()
    assert feed(outcome).status == "held"
    assert "days after the night" in feed(outcome).reason
    loaded.irb("2025-11-05", "A")
    loaded.next_night()
    assert loaded.ids() == ["A"]


# drafts


def test_each_file_of_a_draft_waits_as_a_note_and_no_failure(here: Office) -> None:
    here.with_irb(status="draft")
    for day in ("04", "05"):
        here.irb(f"2025-11-{day}", "A", "B,,,")
        outcome = here.next_night()
        assert (outcome.status, feed(outcome).status) == ("success", "draft")
        assert "the feed is a draft; 1 of 2 rows was rejected" in note(outcome, "draft")
    assert [each.data_date for each in here.state().held] == [D5]
    assert not (here.lake.curated("irb") / "current").exists()

    outcome = here.night(work=Approve("irb", "kim", "looks right"))
    assert (feed(outcome).status, here.ids()) == ("published", ["A"])


def test_a_refused_file_of_a_draft_is_no_failure_either(here: Office) -> None:
    here.with_irb(status="draft")
    here.irb("2025-11-04")
    outcome = here.night()
    assert (outcome.status, feed(outcome).status) == ("success", "draft")
    assert "no rows" in note(outcome, "draft")


# storage


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "permission is denied"),
        (errno.EIO, "the disk reports an error"),
    ],
)
def test_storage_trouble_is_said_in_words_and_the_next_run_goes_on(
    loaded: Office, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(*given: object) -> None:
        raise OSError(code, os.strerror(code), "data/curated/irb")

    monkeypatch.setattr("datalake.zones.curated.begin", trouble)
    loaded.irb("2025-11-05", "A")
    outcome = loaded.next_night()
    monkeypatch.undo()
    assert feed(outcome).reason == f"data/curated/irb could not be read or written: {words}."
    assert feed(outcome).fix
    assert loaded.ids() == ["A", "B", "C"]
    assert (loaded.night().status, loaded.ids()) == ("success", ["A"])


# the sweep: killed, or failing, at every call that changes the disk

STEP = 5  # every fifth call a sweep, each sweep others: together they take seconds, not minutes
CHANGING = ("rename", "replace", "link", "unlink", "mkdir", "rmdir", "symlink", "truncate", "fsync")


@pytest.fixture
def interfere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """interfere(at, problem, after) lets the at-th disk-changing call from now on fail, before or after its effect."""
    real = {name: getattr(os, name) for name in CHANGING}

    def arm(at: int, problem: BaseException, after: bool = False) -> list[str]:
        calls: list[str] = []

        def wrapped(name: str) -> Callable[..., object]:
            def call(*given: object, **named: object) -> object:
                calls.append(name)
                mine = len(calls) - 1 == at
                if not mine:
                    return real[name](*given, **named)
                if after:
                    with contextlib.suppress(OSError):
                        real[name](*given, **named)
                raise problem

            return call

        for name in CHANGING:
            monkeypatch.setattr(os, name, wrapped(name))
        return calls

    yield arm
    monkeypatch.undo()


def disarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a night behind it and the file of the next one in incoming; one version is kept."""
    here = office(tmp_path_factory.mktemp("first"))
    here.irb("2025-11-04", "A", "B", "C")
    here.deliver("GRANTS_2025-11-04.csv", grants_csv("AWD1,1"))
    here.night()
    here.irb("2025-11-05", "A", "B,,,", "D", "E")
    return here.lake.root


def second_night(first_night: Path, root: Path) -> Office:
    """A copy of that lake, on the evening after."""
    shutil.copytree(first_night, root, symlinks=True)
    here = Office(Lake(root))
    here.settings = replace(here.settings, keep_versions=1)
    here.clock.advance(86400)
    return here


CALM = ["A", "D", "E", "B"]


def check_calm(here: Office) -> None:
    """What must hold once the next run has ended."""
    assert here.ids() == CALM
    assert (here.state().as_of, here.state().kept, here.state().open) == (D5, 1, ())
    assert here.incoming() == []
    assert list(here.lake.claimed.iterdir()) == []
    assert sorted(os.listdir(here.lake.curated("irb") / "versions")) == [here.state().version]
    assert [name for name in os.listdir(here.lake.curated("irb")) if name.startswith(".")] == []
    assert list((here.lake.raw_zone / ".drafts").iterdir()) == []
    assert all(line.intact for line in read(here.lake.events))
    ends = [line.event for line in read(here.lake.events) if line.event and line.event["kind"] == "published"]
    assert [each["feed"] for each in ends] == ["grants", "irb", "irb"]
    assert len(list(here.lake.raw("irb", D5).glob("*.csv"))) == 1


@pytest.fixture
def total(
    first_night: Path, tmp_path: Path, interfere: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> int:
    """How many calls of a calm night change the disk."""
    here = second_night(first_night, tmp_path / "count")
    calls = interfere(-1, Killed())
    here.night()
    disarm(monkeypatch)
    check_calm(here)
    assert len(calls) > 50
    return len(calls)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_call_that_changes_the_disk_the_next_run_loads_the_night(
    first_night: Path,
    total: int,
    tmp_path: Path,
    interfere: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    after: bool,
) -> None:
    for at in range(after, total, STEP):
        here = second_night(first_night, tmp_path / f"{at}")
        interfere(at, Killed(), after)
        with pytest.raises(Killed):
            here.night()
        disarm(monkeypatch)
        assert here.ids() in (["A", "B", "C"], CALM), f"call {at}: a reader saw half a night"
        outcome = here.night()
        assert outcome.status == "success", (at, outcome)
        check_calm(here)


def test_killed_again_while_recovering_it_still_comes_right(
    first_night: Path,
    total: int,
    tmp_path: Path,
    interfere: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for at in range(0, total, 7):
        here = second_night(first_night, tmp_path / f"{at}")
        for again in (at, at // 2):
            interfere(again, Killed())
            with contextlib.suppress(Killed):
                here.night()
            disarm(monkeypatch)
        assert here.night().status == "success"
        check_calm(here)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_an_error_of_the_disk_at_any_call_is_a_failure_or_harmless_and_the_next_run_is_calm(
    first_night: Path,
    total: int,
    tmp_path: Path,
    interfere: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
) -> None:
    for at in range(code % STEP, total, STEP):
        here = second_night(first_night, tmp_path / f"{at}")
        interfere(at, OSError(code, os.strerror(code)))
        outcome = here.night()
        disarm(monkeypatch)
        if outcome.status == "success":
            assert here.ids() == CALM, f"call {at}: success, and the table is another"
        else:
            assert outcome.exit_code == 1
            assert outcome.error or any(each.reason for each in outcome.feeds), at
        assert here.night().status == "success", at
        check_calm(here)
