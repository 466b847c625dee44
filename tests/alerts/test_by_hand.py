"""Files that a person takes, retries or approves are no load of the night: what is said at six and on Monday."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from support import samples

from alerts.test_heartbeat import receiver  # noqa: F401 - a fixture
from datalake.alerts.run import tell_run
from datalake.alerts.ways import Ways
from datalake.cli.etl import _never_ran
from datalake.clock import MovedClock
from datalake.outcomes import RunOutcome
from datalake.reports.gather import gather as weekly
from datalake.reports.week import last_week
from datalake.runs import crumbs, last_success
from datalake.runs.database import insert_row, writing
from datalake.runs.record import record_run
from datalake.runs.rows import row_of
from datalake.settings import Schedule, Settings
from datalake.watchdog.check import check, should_start

SCHEDULE = Schedule(zone="America/New_York")
SETTINGS = Settings(schedule=SCHEDULE)
DAY = timedelta(days=1)
TUESDAY = samples.TUESDAY
SIX = datetime(2025, 11, 5, 11, tzinfo=timezone.utc)  # Wed 5 Nov 06:00 EST
BY_HAND = ("take", "retry", "approve")


def run(hour: float, trigger: str = "cron", night: date = samples.NIGHT, of: RunOutcome = samples.SUCCESS, **more):
    """A run of that night which began at that hour UTC; two minutes long, a minute by hand."""
    start = datetime(night.year, night.month, night.day, tzinfo=timezone.utc) + timedelta(hours=hour)
    seconds = 60 if trigger in BY_HAND else 120
    known = {"night": night, "start": start, "end": start + timedelta(seconds=seconds), "runtime_sec": float(seconds)}
    return replace(of, run_id=f"{start:%Y%m%dT%H%M%SZ}-1", trigger=trigger, **known, **more)


def taken(hour: float, *feeds: str, trigger: str = "take", night: date = samples.NIGHT) -> RunOutcome:
    return run(hour, trigger, night, feeds=tuple(samples.feed(name) for name in feeds or ("grants",)))


def failing(*feeds: str) -> RunOutcome:
    """A whole load of tonight that left out these feeds, and no other."""
    left = tuple(samples.feed(name, "refused", reason="no column") for name in feeds)
    return run(7, of=samples.FAILURE, feeds=(samples.IRB, *left))


@pytest.fixture
def office(lake, slack):
    """Tuesday was loaded and checked. Runs are recorded and told as they end; six looks at an instant."""

    class Office:
        def __init__(self) -> None:
            self.environ = {"SLACK_WEBHOOK": slack.url}

        def ended(self, *runs: RunOutcome) -> None:
            for each in runs:
                crumbs.leave(lake, each)
                record_run(lake, SCHEDULE, each)
                assert tell_run(lake, self.environ, each.run_id, MovedClock(each.end)) == 0

        def six(self, at: datetime = SIX) -> int:
            return check(lake, self.environ, MovedClock(at))

        def state(self) -> str:
            """What the check's last line says of the night."""
            line = lake.watchdog_log.read_text().splitlines()[-1]
            return next(word.removeprefix("state=") for word in line.split() if word.startswith("state="))

        def heads(self) -> list[str]:
            return [call.payload["blocks"][0]["text"]["text"] for call in slack.taken]

        def week(self, now: datetime):
            return weekly(lake, SETTINGS, Ways(), MovedClock(now), last_week(SCHEDULE, now))

    local = lake.config / "local"
    local.mkdir(exist_ok=True)
    rules = "schedule: {zone: America/New_York, start_if_missed: true}\nalerts: {on_success: never}\n"
    (local / "settings.yaml").write_text(rules)
    made = Office()
    made.ended(run(7, night=TUESDAY))
    assert made.six(SIX - DAY) == 0 and slack.calls == []
    return made


@pytest.mark.parametrize("trigger", BY_HAND)
def test_a_file_taken_by_hand_does_not_hide_that_the_load_did_not_run(office, lake, slack, trigger) -> None:
    before = lake.success_marker.read_bytes()
    office.ended(taken(9, trigger=trigger))
    assert office.six() == 1 and office.state() == "missed"
    assert "last night's load did not run (Wed 5 Nov 2025)" in office.heads()[-1]
    assert "Single files were taken up by hand for this night" in slack.taken[-1].everything
    assert should_start(lake, office.environ, MovedClock(SIX)) is True
    assert lake.success_marker.read_bytes() == before
    assert _never_ran(lake, SCHEDULE, SIX) is True


def test_a_file_by_hand_that_failed_does_not_hide_it_either(office, lake) -> None:
    office.ended(run(9, "retry", of=samples.FAILURE))
    assert office.six() == 1 and office.state() == "missed"
    assert should_start(lake, office.environ, MovedClock(SIX)) is True


def test_a_file_by_hand_does_not_end_the_problem_of_a_load_that_did_not_run(office) -> None:
    assert office.six() == 1
    office.ended(taken(13))
    assert office.six(SIX + timedelta(hours=3)) == 1 and office.state() == "missed"
    assert [head.split(" ")[0] for head in office.heads()] == ["🚨"]
    office.ended(run(15, "hand"))
    assert office.six(SIX + timedelta(hours=5)) == 0 and office.state() == "late"
    assert [head.split(" ")[0] for head in office.heads()] == ["🚨", "🟢"]


def test_a_load_that_stopped_half_way_is_still_so_after_a_file_by_hand_and_is_no_news(office) -> None:
    office.ended(run(7, of=samples.KILLED))
    told = office.heads()
    office.ended(taken(9))
    assert office.six() == 1 and office.state() == "stopped"
    assert office.heads() == told


def test_the_feed_that_failed_made_good_by_hand_makes_the_night_good(office, lake) -> None:
    office.ended(failing("grants"), taken(9, "grants", trigger="retry"))
    assert office.six() == 0 and office.state() == "ok"
    assert last_success.read(lake, SCHEDULE).night == samples.NIGHT
    assert [head.split(" ")[0] for head in office.heads()] == ["❌", "🟢"]


def test_of_two_feeds_that_failed_one_made_good_is_not_yet_a_good_night(office, lake) -> None:
    office.ended(failing("coi", "grants"), taken(9, "grants", trigger="approve"))
    assert office.six() == 1 and office.state() == "failed"
    assert last_success.read(lake, SCHEDULE).night == TUESDAY
    office.ended(taken(12, "coi"))
    assert office.six(SIX + timedelta(hours=2)) == 0 and office.state() == "late"
    assert last_success.read(lake, SCHEDULE).night == samples.NIGHT


def test_a_file_of_another_feed_does_not_make_good_the_one_that_failed(office) -> None:
    office.ended(failing("grants"), taken(9, "irb"))
    assert office.six() == 1 and office.state() == "failed"


def test_what_was_left_of_an_earlier_night_does_not_undo_the_latest(office, lake) -> None:
    """The marker tells of the latest night, also where a file of the one before is approved after it."""
    office.ended(run(9, of=failing("grants"), night=samples.NIGHT), run(7, night=samples.NIGHT + DAY))
    late = replace(taken(9, "grants", trigger="approve"), start=SIX + DAY - DAY / 24, end=SIX + DAY - DAY / 48)
    office.ended(replace(late, run_id="20251106T100000Z-1"))
    assert office.six(SIX + DAY) == 0 and office.state() == "ok"


def test_old_files_loaded_before_the_first_night_are_no_missed_nights(lake, slack) -> None:
    """Set up on Tuesday afternoon with a backfill; cron's first load is that of Wednesday."""
    for each in (taken(20, night=TUESDAY), run(7)):
        crumbs.leave(lake, each)
        record_run(lake, SCHEDULE, each)
    assert check(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(SIX)) == 0 and slack.calls == []
    report = weekly(lake, SETTINGS, Ways(), MovedClock(SIX + 5 * DAY), date(2025, 11, 3))
    assert [each.day for each in report.nights][:2] == ["2025-11-05", "2025-11-06"]


def test_on_monday_a_night_with_files_by_hand_alone_did_not_run_and_its_data_was_old(office) -> None:
    for offset in range(1, 6):
        office.ended(taken(13, night=TUESDAY + offset * DAY) if offset == 2 else run(7, night=TUESDAY + offset * DAY))
    report = office.week(datetime(2025, 11, 10, 12, tzinfo=timezone.utc))
    assert [each.state for each in report.nights] == ["ok", "ok", "missed", "ok", "ok", "ok"]
    assert (report.span.loaded, report.span.missed) == (5, 1)
    assert report.old_hours == 20.0  # from Thu 06:00 to the end of Friday's load at 02:02


def test_the_outside_switch_is_not_called_for_a_file_by_hand(office, receiver) -> None:  # noqa: F811
    office.environ["HEARTBEAT_URL"] = receiver.url
    office.ended(taken(6.9))
    assert receiver.calls == []
    office.ended(failing("grants"), taken(9, "irb"))
    assert receiver.calls == []
    office.ended(taken(10, "grants", trigger="retry"))
    assert len(receiver.calls) == 1


def test_a_file_by_hand_does_not_claim_to_have_done_what_a_killed_load_left(office, lake, slack) -> None:
    killed = run(7, of=samples.KILLED)
    crumbs.leave(lake, killed)
    record_run(lake, SCHEDULE, killed)  # killed with its runner: nobody was told
    office.ended(taken(8))
    assert office.heads() == []
    office.ended(run(9, "again"))
    (call,) = slack.taken
    assert "was cut off" in call.everything


def test_runs_of_which_only_their_row_is_known_count_as_loads(lake) -> None:
    with writing(lake.database) as connection:
        insert_row(connection, row_of(run(7, night=TUESDAY), SCHEDULE.zone))
        insert_row(connection, row_of(run(7), SCHEDULE.zone))
    check(lake, {}, MovedClock(SIX))
    assert "night=2025-11-05 state=unmarked" in lake.watchdog_log.read_text()
