"""Rebuilding from raw gives the same bytes, and verify names whatever is not as it was recorded."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.nights import IRB, Office, feed, office

from datalake.clock import MovedClock
from datalake.contracts.model import Constraints, Contract, Limits
from datalake.errors import DatalakeError
from datalake.outcomes import Changes
from datalake.pipeline.context import Context
from datalake.pipeline.decisions import Approve, Retry
from datalake.pipeline.replay import Replayed, replay
from datalake.pipeline.verify import verify
from datalake.settings import Retention
from datalake.zones.events import EventLog, Position, read
from datalake.zones.manifest import Ledger
from datalake.zones.paths import Lake

HISTORY = replace(IRB, history="scd2", limits=Limits(rejected_percent=45))


PAST: list[tuple[str, tuple[str, ...]]] = [
    ("2024-12-29", ("A", "B", "C")),
    ("2024-12-30", ("A", "B,,,", "C", "D")),
    ("2024-12-30", ("A", "B", "D")),
    ("2024-12-28", ("A", "OLD")),
    ("2025-01-01", ("A", "B,,,", "D,,,")),
    ("2025-01-02", ("A", "D", "E")),
    ("2025-01-03", ("A", "D", "E")),
    ("2025-01-04", ()),
    ("2025-01-05", ("A,changed,Open,2025-01-05", "E")),
]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A lake with a past: corrections, a late file, an approval, a confirmation, a refusal, a turn of the year."""
    made = office(tmp_path_factory.mktemp("past"))
    made.contracts = (HISTORY,)
    made.settings = replace(made.settings, keep_versions=4, retention=Retention(staging_days=10_000))
    for day, rows in PAST:
        made.irb(day, *rows)
        if feed(made.next_night()).status == "held":
            made.night(work=Approve("irb", "kim", "known"))
    return made


@pytest.fixture
def here(past: Office, tmp_path: Path) -> Office:
    """That lake, to be harmed."""
    shutil.copytree(past.lake.root, tmp_path / "lake", symlinks=True)
    return replace(past, lake=Lake(tmp_path / "lake"), clock=MovedClock(past.clock.now()))


def contents(here: Office, *zones: str) -> dict[str, bytes]:
    found = {}
    for zone in zones:
        for path in sorted((here.lake.data / zone / "irb").rglob("*")):
            name = str(path.relative_to(here.lake.data))
            if path.is_symlink():
                found[name] = os.readlink(path).encode()
            elif path.is_file() and path.name != "refused.json":
                found[name] = path.read_bytes()
    return found


def rebuilt(here: Office, contract: Contract = HISTORY, dry: bool = False) -> Replayed:
    ledger = Ledger(here.lake, here.clock.now)
    night = here.clock.now().date()
    return replay(Context(here.lake, here.settings, here.clock, ledger, night), contract, dry)


def problems(here: Office, **tips: str) -> list[str]:
    return [f"{each.place}: {each.what}" for each in verify(here.lake, here.contracts, tips)[0]]


def test_an_untouched_lake_verifies_and_a_rebuild_of_it_changes_nothing(here: Office) -> None:
    before = contents(here, "curated", "staging", "quarantine")
    assert problems(here) == []
    done = rebuilt(here)
    assert (done.same, done.refused, done.rules_changed) == (True, (), ())
    assert contents(here, "curated", "staging", "quarantine") == before
    assert problems(here) == []
    assert not (here.lake.data / ".replay").exists()


def test_what_was_deleted_comes_back_byte_for_byte_a_year_on_and_with_other_threads(here: Office) -> None:
    before = contents(here, "curated", "staging", "quarantine")
    assert any("/history/000001-to-" in name for name in before)
    for zone in ("curated", "staging", "quarantine"):
        shutil.rmtree(here.lake.data / zone)
    here.clock.advance(timedelta(days=365).total_seconds())
    here.settings = replace(here.settings, threads=3)

    done = rebuilt(here)

    assert done.differs
    after = contents(here, "curated", "staging", "quarantine")
    assert after.keys() == before.keys()
    assert after == before
    assert problems(here) == []
    here.irb("2026-01-06", "A")
    assert here.next_night().status == "success"
    assert problems(here) == []


def test_a_damaged_table_fails_the_night_and_a_rebuild_mends_it_while_readers_have_a_table(here: Office) -> None:
    path = here.lake.curated("irb") / "current" / "irb.parquet"
    good = path.read_bytes()
    path.write_bytes(good[:-10])
    assert rebuilt(here, dry=True).differs == (f"versions/{here.state().version}/irb.parquet",)
    assert path.read_bytes() == good[:-10]
    rebuilt(here)
    assert path.read_bytes() == good
    assert problems(here) == []


def test_a_dry_rebuild_says_how_many_records_would_change_and_in_which_columns(here: Office) -> None:
    columns = tuple(replace(each, mask="redact") if each.name == "study_title" else each for each in HISTORY.columns)
    said = rebuilt(here, replace(HISTORY, columns=columns), dry=True)
    assert said.rules_changed == ("columns.study_title.mask",)
    assert (said.changes, said.columns) == (Changes(0, 2, 0), (("study_title", 2),))
    assert {row["study_title"] for row in here.table()} != {"[redacted]"}


def test_changed_rules_are_said_first_and_then_make_the_table_anew(here: Office) -> None:
    columns = tuple(replace(each, type="string") if each.name == "last_updated" else each for each in HISTORY.columns)
    other = replace(HISTORY, columns=columns)
    here.contracts = (other,)
    said = rebuilt(here, other, dry=True)
    assert said.rules_changed == ("columns.last_updated.type",)
    assert said.differs
    assert said.changes == Changes()  # a day reads the same as text
    assert problems(here) == []

    rebuilt(here, other)
    assert [row["last_updated"] for row in here.table()] == ["2025-01-05", "2025-10-01"]
    assert problems(here) == []
    here.irb("2025-01-06", "A", "E")
    assert here.next_night().status == "success"
    assert problems(here) == []


def test_a_file_that_the_new_rules_refuse_is_named(here: Office) -> None:
    columns = tuple(
        replace(each, name="other", must_exist=True) if each.name == "study_title" else each for each in HISTORY.columns
    )
    done = rebuilt(here, replace(HISTORY, columns=columns), dry=True)
    assert len({name for name, _ in done.refused}) == 6
    assert '"other"' in done.refused[0][1]


def test_a_file_that_the_new_rules_refuse_keeps_what_was_found_in_it_and_all_verifies(here: Office) -> None:
    columns = tuple(
        replace(each, aliases=("title",), must_exist=True) if each.name == "study_title" else each
        for each in HISTORY.columns
    )
    here.deliver("IRB_PROTOCOL_2025-01-06.csv", "protocol_id,title,status,last_updated\nA,T,Open,2025-01-06\nE,T,,\n")
    here.contracts = (replace(HISTORY, columns=columns, limits=Limits()),)
    assert here.next_night().status == "success"
    before = contents(here, "quarantine")
    done = rebuilt(here, replace(HISTORY, columns=(columns[0], replace(columns[1], aliases=()), *columns[2:])))
    assert [name for name, _ in done.refused] == ["IRB_PROTOCOL_2025-01-06.csv"]
    assert contents(here, "quarantine") == before
    assert problems(here) == []


def test_after_a_rebuild_by_looser_rules_what_was_rejected_before_is_not_missed(here: Office) -> None:
    columns = tuple(replace(each, constraints=Constraints(), must_exist=False) for each in HISTORY.columns[1:])
    looser = replace(HISTORY, columns=(HISTORY.columns[0], *columns), limits=Limits())
    before = contents(here, "quarantine")
    rebuilt(here, looser)
    assert contents(here, "quarantine") != before
    assert problems(here) == []


def test_without_its_raw_file_nothing_is_rebuilt_and_nothing_touched(here: Office) -> None:
    before = contents(here, "curated")
    next(here.lake.raw_zone.glob("irb/2025-01-02/*.csv")).unlink()
    with pytest.raises(DatalakeError, match=r"2025-01-02.*is missing or is not what was delivered"):
        rebuilt(here)
    assert contents(here, "curated") == before


def test_a_feed_of_changes_is_rebuilt_to_the_same_bytes(tmp_path: Path) -> None:
    here = office(tmp_path)
    contract = replace(HISTORY, write_disposition="merge", limits=Limits())
    here.contracts = (contract,)
    for day, rows in (("04", ("A", "B")), ("06", ("B,newer,Open,2025-11-06",)), ("05", ("B", "C", "A,,,"))):
        here.irb(f"2025-11-{day}", *rows)
        here.next_night()
    here.night(work=Retry("irb", "kim"))
    before = contents(here, "curated", "staging", "quarantine")
    for zone in ("curated", "staging", "quarantine"):
        shutil.rmtree(here.lake.data / zone)
    rebuilt(here, contract)
    assert contents(here, "curated", "staging", "quarantine") == before


def flipped(path: Path) -> None:
    os.chmod(path, 0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


FILES = [
    "raw/irb/2025-01-02/*.csv",
    "raw/irb/2025-01-04/*.csv",
    "raw/irb/2025-01-02/*.delivery.json",
    "raw/irb/2025-01-01/*.decision-*.json",
    "curated/irb/versions/*-2025-01-05/irb.parquet",
    "curated/irb/versions/*-2025-01-05/irb.csv",
    "curated/irb/versions/*-2025-01-05/version.json",
    "curated/irb/versions/*-2025-01-02/irb.parquet",
    "curated/irb/history/000001-to-*.parquet",
    "curated/irb/history/*-2025-01-05.parquet",
    "quarantine/irb/2025-01-01/*/findings.parquet",
]


@pytest.mark.parametrize("harm", [flipped, Path.unlink], ids=["a flipped bit", "deleted"])
@pytest.mark.parametrize("pattern", FILES)
def test_every_harmed_file_is_named(here: Office, pattern: str, harm: Callable[[Path], None]) -> None:
    (path,) = here.lake.data.glob(pattern)
    harm(path)
    assert [each.split(":")[0] for each in problems(here)] == [str(path.relative_to(here.lake.data))]


@pytest.mark.parametrize("pattern", ["raw/irb/2025-01-02", "curated/irb/versions/*-2025-01-05"])
def test_a_file_that_no_event_tells_of_is_named(here: Office, pattern: str) -> None:
    (folder,) = here.lake.data.glob(pattern)
    (folder / "smuggled.parquet").write_bytes(b"x")
    place = folder.relative_to(here.lake.data)
    assert problems(here) == [f"{place}/smuggled.parquet: no event tells of it"]


def test_a_current_that_leads_elsewhere_is_named(here: Office) -> None:
    link = here.lake.curated("irb") / "current"
    older = sorted(os.listdir(here.lake.curated("irb") / "versions"))[0]
    link.unlink()
    link.symlink_to(f"versions/{older}")
    assert problems(here) == [f"curated/irb/current: does not lead to {here.state().version}, which was published last"]


def test_a_changed_event_is_named_with_its_line(here: Office) -> None:
    path = next(here.lake.events.iterdir())
    path.write_bytes(path.read_bytes().replace(b'"why": "known"', b'"why": "other"', 1))
    assert any("or one before it was changed or removed" in each for each in problems(here))


def test_a_log_written_anew_with_a_whole_chain_is_found_by_a_tip_that_was_noted(here: Office) -> None:
    tip = Ledger(here.lake, here.clock.now).tip
    told = [line.event for line in read(here.lake.events) if line.event]
    shutil.rmtree(here.lake.events)
    log = EventLog(here.lake.events, Position())
    for event in told:
        facts = {name: value for name, value in event.items() if name not in ("seq", "at", "kind", "previous")}
        if facts.get("why"):
            facts["why"] = "nobody asked"
        log.append(event["kind"], here.clock.now(), facts)

    assert problems(here) == []
    (found,) = problems(here, **{"the message of 5 January": tip})
    assert "the log was written anew: it lacks the line that the message of 5 January names" in found


def test_the_events_of_a_rebuild_tell_of_all_that_it_made(here: Office) -> None:
    shutil.rmtree(here.lake.data / "curated")
    rebuilt(here)
    last = [line.event for line in read(here.lake.events) if line.event][-1]
    assert last["kind"] == "replayed"
    assert sorted(last["rebuilt"]["versions"]) == sorted(os.listdir(here.lake.curated("irb") / "versions"))
    json.dumps(last)


def test_after_the_loss_of_all_metadata_the_lake_verifies_by_what_is_there(here: Office) -> None:
    shutil.rmtree(here.lake.metadata)
    assert here.next_night().status == "success"
    assert problems(here) == []
    here.irb("2025-01-06", "A")
    assert here.next_night().status == "success"
    assert problems(here) == []
