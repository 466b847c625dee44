"""The short form of `manage.py prove kills`: each way of killing once, on the real ETL with both feeds."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.installation import BASH
from support.project import ROOT, copy_project, leave_views

from datalake.prove.kills import KINDS, Kill, Proof, proof, seeded_kills
from datalake.prove.verdict import Night, judge


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    installation = copy_project(tmp_path_factory.mktemp("installation") / "project")
    leave_views(installation, "irb_pipeline")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("kills")))
        with proof(installation, seed=7, bash=BASH, rows=300) as made:
            yield made


@pytest.fixture(autouse=True)
def scratch_copies_lie_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_a_night_that_is_killed_in_any_way_is_whole_after_the_next_run(prepared: Proof) -> None:
    at = prepared.boundaries.index
    kills = [
        Kill("tree", boundary=at("before publish irb")),
        Kill("bash alone", boundary=at("before clean grants")),
        Kill("python alone", boundary=at("after publish grants")),
        Kill("SIGTERM", boundary=at("after claim irb")),
        Kill("SIGINT", share=0.5),
    ]
    assert {kill.kind for kill in kills} == set(KINDS)
    assert [(trial.where, trial.problems) for trial in prepared.trials(kills) if trial.problems] == []


def test_the_kills_are_the_same_for_a_seed_and_are_every_way_at_every_boundary() -> None:
    kills = seeded_kills(3, 50, 4)
    assert kills == seeded_kills(3, 50, 4) != seeded_kills(4, 50, 4)
    assert len({kill.share for kill in kills[:50]}) == 50
    assert {(kill.kind, kill.boundary) for kill in kills[50:]} == {(kind, n) for kind in KINDS for n in range(4)}


# A proof that could not fail would prove nothing: first broken code, then every broken outcome.

BROKEN = {  # file of the package: what it says, what it is made to say, where the night is killed, what must be named
    "what a killed run had begun with is not taken up": (
        "zones/state.py",
        "for each in self.open if each.status in statuses)",
        "for each in () if each.status in statuses)",
        "before clean irb",
        "published rows differ",
    ),
    "a killed run is taken for a success": (
        "runs/ended.py",
        "FAILURE, code or EXIT_FAILED, error, fix)",
        "SUCCESS, EXIT_OK, error, fix)",
        "before publish irb",
        "recorded as a success although it had not published everything",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_proof_fails_where(name: str, prepared: Proof) -> None:
    file, right, wrong, where, words = BROKEN[name]
    source = prepared.scratch.root / "src" / "datalake" / file
    text = source.read_text()
    assert right in text
    source.write_text(text.replace(right, wrong))
    try:
        (trial,) = prepared.trials([Kill("tree", boundary=prepared.boundaries.index(where))])
    finally:
        source.write_text(text)
        shutil.rmtree(prepared.scratch.root / "failed", ignore_errors=True)
    assert any(words in problem for problem in trial.problems), trial.problems


CALM = Night(
    published={"irb": ("000002-2025-11-05", "a"), "grants": ("000002-2025-11-05", "b")},
    raw=frozenset({"1", "2"}),
    waiting=frozenset(),
    rows=(("one", "success", 0), ("calm", "success", 0)),
    csv=("success", "success"),
    begun={},
)
BEFORE = replace(CALM, published={"irb": ("000001-2025-11-04", "old")}, rows=CALM.rows[:1], csv=("success",))
KILLED = replace(BEFORE, begun={"killed": False})
AFTER = replace(
    CALM,
    rows=(("one", "success", 0), ("killed", "failure", 137), ("next", "success", 0)),
    csv=("success", "failure", "success"),
)


def with_killed(status: str, code: int) -> Night:
    rows = (AFTER.rows[0], ("killed", status, code), AFTER.rows[2])
    return replace(AFTER, rows=rows, csv=tuple(row[1] for row in rows))


def test_a_night_that_is_whole_has_no_problem() -> None:
    assert judge(BEFORE, KILLED, AFTER, CALM, 0, 137) == []


def test_one_that_had_said_it_was_a_success_is_one() -> None:
    spoken = replace(KILLED, begun={"killed": True}, published=CALM.published)
    assert judge(BEFORE, spoken, with_killed("success", 0), CALM, 0, 137) == []


def test_one_that_had_not_begun_leaves_no_row() -> None:
    after = replace(AFTER, rows=(AFTER.rows[0], AFTER.rows[2]), csv=("success", "success"))
    assert judge(BEFORE, BEFORE, after, CALM, 0, 137) == []


@pytest.mark.parametrize(
    ("killed", "after", "code", "words"),
    [
        (KILLED, AFTER, 1, "exit code 1"),
        (KILLED, replace(AFTER, published={**CALM.published, "irb": ("000003", "other")}), 0, "published rows differ"),
        (KILLED, replace(AFTER, published={"irb": CALM.published["irb"]}), 0, "published rows differ"),
        (KILLED, replace(AFTER, raw=frozenset({"1"})), 0, "raw"),
        (KILLED, replace(AFTER, waiting=frozenset({"IRB.csv"})), 0, "still in incoming"),
        (KILLED, replace(AFTER, begun={"killed": False}), 0, "not recorded"),
        (KILLED, replace(AFTER, csv=("success", "success")), 0, "the CSV says"),
        (KILLED, replace(AFTER, rows=AFTER.rows[:2]), 0, "the record had"),
        (KILLED, replace(AFTER, rows=(*AFTER.rows[:2], ("next", "failure", 1))), 0, "the next run"),
        (KILLED, with_killed("success", 0), 0, "had not published everything"),
        (replace(KILLED, begun={"killed": True}), with_killed("failure", 137), 0, "had said that it was a success"),
        (KILLED, with_killed("failure", 143), 0, "exit code 143, not 137"),
    ],
)
def test_whatever_is_not_as_it_must_be_is_said(killed: Night, after: Night, code: int, words: str) -> None:
    assert words in "\n".join(judge(BEFORE, killed, after, CALM, code, 137))


def test_a_failed_proof_stays_to_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datalake.prove.kills.prepare", lambda scratch, installation, seed: scratch)
    with pytest.raises(RuntimeError), proof(ROOT, 1) as scratch:
        raise RuntimeError
    assert scratch.root.parent.exists()
    with proof(ROOT, 1) as scratch:
        pass
    assert not scratch.root.parent.exists()
