"""manage.py status: the first line is the truth about today's data, the rest is why."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from datalake.cli import overview
from datalake.contracts.model import Contract, Delivery, Freshness
from datalake.outcomes import Note
from datalake.pipeline.plan import Waiting
from datalake.runs.history import RecordedRun
from datalake.runs.lockfile import Holder
from datalake.settings import Schedule
from datalake.standing import Known, verdict
from datalake.views.unknown import Unknown
from datalake.zones.state import FeedState, OpenDelivery

NIGHT = date(2025, 11, 5)
MORNING = datetime(2025, 11, 5, 13, 0, tzinfo=timezone.utc)  # 08:00 in New York
TUESDAY, MONDAY = date(2025, 11, 4), date(2025, 11, 3)
RULES = tuple(Contract(feed, Delivery(f"{feed}_*.csv"), ()) for feed in ("grants", "irb"))
RUN = RecordedRun(
    id=7,
    date="2025-11-05",
    hostname="dl1",
    start_time="2025-11-05 02:00:00",
    end_time="2025-11-05 02:02:15",
    runtime_sec=135,
    runtime_min=2.25,
    status="success",
    run_id="20251105T070000Z-42",
    night=NIGHT,
    start=datetime(2025, 11, 5, 7, 0, tzinfo=timezone.utc),
    end=datetime(2025, 11, 5, 7, 2, 15, tzinfo=timezone.utc),
    utc_offset="-05:00",
    zone="local",
    trigger="cron",
    exit_code=0,
    demo=False,
    error="",
    fix="",
    notes=(),
    rows_read=48_222,
    accepted=48_210,
    rejected=12,
)


def shows(feed: str, as_of: date = TUESDAY, last_night: date = NIGHT, **more) -> FeedState:
    return FeedState(feed, as_of=as_of, version=f"000007-{as_of}", rows=48_210, last_night=last_night, **more)


def waits(feed: str, status: str = "held") -> OpenDelivery:
    return OpenDelivery(
        feed=feed,
        delivery="0123456789ab",
        sha256="0123456789ab" + "0" * 52,
        data_date=TUESDAY,
        name="GRANTS_2025-11-04.csv",
        raw="",
        size=10,
        night=NIGHT,
        status=status,
        since="2025-11-05T07:02:00+00:00",
        reason="GRANTS_2025-11-04.csv waits for OK: 9 of 100 rows were rejected (9.0 %; the limit is 5 %).",
        fix="`python3 manage.py approve grants --why '...'`",
    )


def lake_with(*states: FeedState, **more) -> Known:
    known = {"runs": (RUN,), "contracts": RULES, **more}
    return Known(now=MORNING, schedule=Schedule(), states={each.feed: each for each in states}, **known)


GOOD = lake_with(shows("grants"), shows("irb"))


def test_a_good_night_says_as_of_when_and_when_it_was_loaded() -> None:
    said = verdict(GOOD)
    assert said == "Both feeds are current: they show Huron as of Tue 4 Nov. Loaded Wed 5 Nov 02:02 EST."


def test_a_feed_whose_file_waits_for_ok_is_not_called_current() -> None:
    known = lake_with(shows("grants", MONDAY, TUESDAY, open=(waits("grants"),)), shows("irb"))
    said = verdict(known)
    assert said == "1 of 2 feeds is current as of Tue 4 Nov. grants shows Mon 3 Nov: waiting for OK."
    lines = "\n".join(overview.lines(known))
    assert "9.0 %; the limit is 5 %" in lines and "approve grants" in lines


def test_a_feed_without_a_file_last_night_is_not_called_current() -> None:
    known = lake_with(shows("grants", MONDAY, TUESDAY), shows("irb"))
    assert verdict(known).endswith("grants shows Mon 3 Nov: no file that night.")


def test_a_feed_that_comes_on_working_days_is_current_on_sunday() -> None:
    weekly = tuple(replace(each, freshness=Freshness(days="mon-fri")) for each in RULES)
    friday, sunday = date(2025, 11, 7), datetime(2025, 11, 9, 13, 0, tzinfo=timezone.utc)
    run = replace(RUN, night=date(2025, 11, 9))
    states = [shows(each.feed, friday - timedelta(1), friday) for each in weekly]
    known = replace(lake_with(*states, contracts=weekly, runs=(run,)), now=sunday)
    assert verdict(known).startswith("Both feeds are current: they show Huron as of Thu 6 Nov.")


def test_a_night_that_did_not_run_is_said_first_with_the_command() -> None:
    known = replace(GOOD, now=MORNING + timedelta(days=1))
    said = verdict(known)
    assert said.startswith("The load of Thu 6 Nov did not run. The published tables are whole and show Huron")
    assert "bash src/cron_runner.sh" in said


def test_a_night_that_failed_as_a_whole_says_why_until_another_run_of_it_succeeds() -> None:
    failed = replace(RUN, status="failure", exit_code=1, error="the disk is full.", fix="make room")
    known = lake_with(shows("grants", MONDAY, TUESDAY), shows("irb", MONDAY, TUESDAY), runs=(failed,))
    said = verdict(known)
    assert said.startswith("The load of Wed 5 Nov failed: the disk is full. The published tables are whole")
    assert "Mon 3 Nov" in said and said.endswith("Do: make room")
    assert verdict(replace(GOOD, runs=(RUN, failed))) == verdict(GOOD)


def test_before_the_first_run_there_is_no_data_and_no_alarm() -> None:
    assert verdict(lake_with(runs=())).startswith("No data yet: nothing has been loaded.")


def test_a_run_at_work_is_named() -> None:
    known = replace(GOOD, holder=Holder(1, "20251105T125900Z-1", "2025-11-05T12:59:00+00:00"))
    assert verdict(known).startswith("A run is at work: 20251105T125900Z-1 (pid 1)")


def test_a_demo_lake_says_so_and_is_judged_at_its_last_night() -> None:
    known = replace(GOOD, demo=True, now=MORNING + timedelta(days=300))
    assert verdict(known).startswith("DEMO · Both feeds are current: they show Huron as of Tue 4 Nov.")


def test_drafts_do_not_count() -> None:
    rules = (RULES[0], replace(RULES[1], status="draft"))
    known = lake_with(shows("grants"), contracts=rules)
    assert verdict(known).startswith("The feed grants is current: it shows Huron as of Tue 4 Nov.")


def test_feeds_files_and_runs_are_listed_with_their_figures() -> None:
    noted = replace(RUN, notes=(Note("unmatched", "Left in incoming: notes.txt."),))
    failed = replace(RUN, status="failure", exit_code=1, error="the disk is full")
    left = Waiting("notes.txt", "unmatched", "matches no feed")
    text = "\n".join(overview.lines(replace(GOOD, runs=(noted, failed), waiting=(left,))))
    assert "grants  Tue 4 Nov  48,210" in text
    assert "notes.txt: matches no feed" in text
    assert text.endswith("Notes of the last run\n  Left in incoming: notes.txt.")
    assert "success, 1 note" in text and "failure (1)" in text and "the disk is full" in text


def test_unknown_values_are_counted_by_feed_below_all_that_needs_a_person() -> None:
    found = [
        Unknown("grants", "status", ("award_states",), 1, 1),
        Unknown("irb", "funding_ids", ("grants.award_id",), 1_021, 2_000),
        Unknown("irb", "status", ("irb_states",), 3, 4),
    ]
    said = overview.lines(lake_with(shows("grants"), shows("irb"), unknown=found))
    assert said[-2:] == ["  grants: 1 of status", "  irb: 1,021 of funding_ids, 3 of status"]
    assert said.index("Last runs") < len(said) - 3


@pytest.mark.parametrize("status", ["held", "refused"])
def test_what_waits_shows_no_terminal_codes_from_a_file_name(status: str) -> None:
    evil = replace(waits("grants", status), name="GRANTS_\x1b[31m\n2025.csv")
    known = lake_with(shows("grants", open=(evil,)), shows("irb"))
    text = "\n".join(overview.lines(known))
    assert "\x1b" not in text and "GRANTS_\\x1b[31m\\n2025.csv" in text


def test_looking_leaves_a_claim_alone_that_a_run_may_just_be_making(lake, manage) -> None:
    claim = lake.claimed / "2025-11-05.0123456789abcdef"
    claim.mkdir(parents=True)
    assert manage("status").code == 0
    assert claim.is_dir()


@pytest.mark.parametrize("trigger", ["take", "retry", "approve"])
def test_files_taken_by_hand_do_not_hide_that_the_load_did_not_run(trigger) -> None:
    tomorrow = NIGHT + timedelta(days=1)
    by_hand = [replace(RUN, id=8 + place, night=tomorrow, trigger=trigger) for place in range(7)]
    known = replace(GOOD, now=MORNING + timedelta(days=1), runs=(*by_hand, RUN))
    assert verdict(known).startswith("The load of Thu 6 Nov did not run.")
    assert verdict(replace(known, runs=tuple(by_hand), last_load=NIGHT)) == verdict(known)


def test_a_file_taken_by_hand_after_a_load_that_stopped_does_not_make_it_good() -> None:
    failed = replace(RUN, status="failure", exit_code=137, error="the run was killed.", fix="load again")
    taken = replace(RUN, id=8, trigger="take", settled=("irb",))
    assert verdict(replace(GOOD, runs=(taken, failed))).startswith("The load of Wed 5 Nov failed: the run was killed.")
