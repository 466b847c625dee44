"""Messages on their way: at least once, never a flood, each channel for itself, and a repeat that says so."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import pytest
from support import samples

from datalake.alerts import book
from datalake.alerts.channels import DEAD, LATER, QUEUED, REFUSED, SENT, Answer, Notice
from datalake.alerts.findings import declined, report
from datalake.alerts.incidents import Finding
from datalake.alerts.message import Message
from datalake.alerts.messages import Context
from datalake.alerts.outbox import Entry, after
from datalake.alerts.report import Report
from datalake.alerts.tell import Teller
from datalake.alerts.ways import Ways
from datalake.clock import MovedClock
from datalake.runs.database import writing
from datalake.schedule import zone_named
from datalake.settings import Schedule, Settings

START = datetime(2025, 11, 5, 7, 3, tzinfo=timezone.utc)
SETTINGS = Settings(name="BU Research Data Lake", schedule=Schedule(zone="America/New_York"))
OK = Answer(SENT, "ok")


@dataclass
class Channel:
    """A channel that answers as told, and keeps what it took."""

    name: str
    answer: Answer = OK
    spacing: float = 0.0
    seen: list[Notice] = field(default_factory=list)

    def send(self, notice: Notice, seconds: float) -> Answer:
        if self.answer.delivered:
            self.seen.append(notice)
        return self.answer

    @property
    def titles(self) -> list[str]:
        return [notice.message.title for notice in self.seen]


class Office:
    """A lake with two channels and a clock."""

    def __init__(self, lake) -> None:
        self.lake, self.clock = lake, MovedClock(START)
        self.slack, self.mail = Channel("Slack"), Channel("mail", Answer(QUEUED, "in the queue"))
        ways = Ways({"Slack": self.slack, "mail": self.mail}, ("Slack", "mail"))
        self.teller = Teller(lake, SETTINGS, ways, self.clock, 5.0)

    def run(self, run=samples.FAILURE, after: timedelta = timedelta(0), routes=None) -> bool:
        self.clock.advance(after.total_seconds())
        context = Context(zone_named("America/New_York"), host="dl1")
        return self.teller.tell(report(run, SETTINGS, context, routes or {}, True))

    def later(self, **hours: float) -> bool:
        self.clock.advance(timedelta(**hours).total_seconds())
        return self.teller.flush()

    def entries(self) -> list[Entry]:
        with writing(self.lake.database) as connection:
            return [each for number in (None, 1, 2) for each in _all(connection, number)]


def _all(connection, number) -> list[Entry]:
    if number is None:
        rows = connection.execute("SELECT * FROM outbox WHERE incident IS NULL ORDER BY id").fetchall()
        return [book._entry(row) for row in rows]
    return book.messages_about(connection, number)


@pytest.fixture
def office(lake) -> Office:
    return Office(lake)


def test_a_failure_is_problem_1_on_every_channel_and_its_recovery_ends_it(office) -> None:
    assert office.run()
    assert office.slack.titles == ["❌ BU Research Data Lake – ETL Failure · Wed 5 Nov 2025 · problem 1"]
    good = replace(samples.SUCCESS, run_id="20251105T140000Z-1")
    assert office.run(good, timedelta(hours=7, minutes=13))
    assert office.slack.titles[1:] == ["🟢 Recovered: the load failed · problem 1 · BU Research Data Lake"]
    text = "\n".join(
        "".join(span.text for span in each) for part in office.mail.seen[1].message.parts for each in part.lines
    )
    assert "It was open 7 h 13 min" in text and "Nights it spoilt: Wed 5 Nov." in text
    assert "All 8 feeds are current" in text and "ETL completed successfully in 2.25 min" in text
    assert len(office.mail.seen) == 2


def test_mails_about_one_problem_are_one_thread(office) -> None:
    office.run()
    office.run(samples.SUCCESS, timedelta(hours=1))
    assert [notice.id for notice in office.mail.seen] == ["problem-1-1", "problem-1-2"]
    assert {notice.thread for notice in office.mail.seen} == {"problem-1-1"}


def test_a_night_that_fails_alike_again_is_not_told_twice(office) -> None:
    office.run()
    office.run(replace(samples.FAILURE, run_id="20251105T083000Z-2"), timedelta(hours=1, minutes=30))
    assert len(office.slack.seen) == 1


def test_a_channel_that_is_down_gets_its_message_later_and_the_other_at_once(office) -> None:
    office.slack.answer = Answer(LATER, "500 server_error")
    assert not office.run()
    assert office.slack.seen == [] and len(office.mail.seen) == 1
    assert not office.later(seconds=10)  # too early for another try
    office.slack.answer = OK
    assert office.later(minutes=1)
    assert len(office.slack.seen) == 1 and len(office.mail.seen) == 1


def test_a_429_is_obeyed_to_the_second(office) -> None:
    office.slack.answer = Answer(LATER, "429", 600.0)
    office.run()
    office.slack.answer = OK
    office.later(seconds=599)
    assert office.slack.seen == []
    office.later(seconds=1)
    assert len(office.slack.seen) == 1


def test_a_dead_channel_is_told_by_the_others_once_and_its_return_too(office) -> None:
    office.slack.answer = Answer(DEAD, "404 no_service")
    assert not office.run()
    assert office.mail.titles[1:] == ["📵 Slack does not take our messages · BU Research Data Lake · problem 3"]
    office.later(hours=2)
    assert len(office.mail.seen) == 2  # told, and not again with every try
    office.slack.answer = OK
    assert office.later(hours=2)
    assert office.mail.titles[2:] == [
        "🟢 Recovered: Slack does not take our messages · problem 3 · BU Research Data Lake"
    ]
    assert office.slack.titles == ["❌ BU Research Data Lake – ETL Failure · Wed 5 Nov 2025 · problem 1"]


def test_what_began_and_ended_while_a_channel_was_down_reaches_it_as_one_message(office) -> None:
    office.slack.answer = Answer(LATER, "could not connect")
    office.run()
    office.run(samples.SUCCESS, timedelta(hours=7))
    office.slack.answer = OK
    office.later(hours=1)
    (only,) = office.slack.seen
    text = "".join(span.text for part in only.message.parts for each in part.lines for span in each)
    assert "Recovered: the load failed" in only.message.title
    assert "That it had begun could not be told here at the time." in text
    assert len(office.mail.seen) == 2


def test_a_success_that_could_not_be_told_is_no_news_after_twelve_hours_a_failure_always_is(office) -> None:
    office.slack.answer = Answer(LATER, "could not connect")
    office.run(samples.SUCCESS)
    office.run(samples.FAILURE, timedelta(minutes=5))
    office.slack.answer = OK
    office.later(hours=13)
    assert [title for title in office.slack.titles if "ETL" in title] == [
        "❌ BU Research Data Lake – ETL Failure · Wed 5 Nov 2025 · problem 1"
    ]


def test_with_every_channel_dead_nobody_is_told_and_that_is_said(office) -> None:
    office.slack.answer = office.mail.answer = Answer(DEAD, "gone")
    assert not office.run()


def test_a_try_whose_end_is_not_known_is_repeated_and_the_repeat_says_so(office) -> None:
    office.slack.answer = Answer(LATER, "no answer in time", unsure=True)
    office.run()
    office.slack.answer = OK
    office.later(minutes=1)
    (notice,) = office.slack.seen
    last = "".join(span.text for each in notice.message.parts[-1].lines for span in each)
    assert last == "You may have had this message before: whether the first try arrived is not known."
    assert notice.id == "problem-1-1"


def test_a_refused_message_is_kept_and_not_tried_for_ever(office) -> None:
    office.slack.answer = Answer(REFUSED, "400 invalid_payload")
    office.run()
    office.slack.answer = OK
    office.later(hours=30)
    assert [title for title in office.slack.titles if "ETL Failure" in title] == []
    assert next(entry.state for entry in office.entries() if entry.channel == "Slack") == REFUSED


def test_the_owner_of_a_feed_hears_of_that_feed_alone(office) -> None:
    owner = Channel("mail to grants-data@example.edu")
    office.teller.ways.channels["mail to grants-data@example.edu"] = owner  # type: ignore[index]
    routes = {"grants": ("mail to grants-data@example.edu",)}
    office.run(routes=routes)
    (notice,) = owner.seen
    text = "".join(span.text for part in notice.message.parts for each in part.lines for span in each)
    assert "grants was not updated" in text and "irb" not in text
    office.run(samples.SUCCESS, timedelta(hours=1), routes)
    assert "Recovered" in owner.titles[1]
    assert len(office.slack.seen) == 2


def test_a_retry_of_one_feed_ends_the_problem_only_if_no_other_feed_is_left(office) -> None:
    both = replace(samples.FAILURE, feeds=(samples.HELD.feeds[0], samples.FAILURE.feeds[1]))
    office.run(both)
    grants = replace(samples.SUCCESS, trigger="retry", feeds=(samples.GRANTS,), run_id="20251105T130000Z-1")
    office.run(grants, timedelta(hours=1))
    assert not any("Recovered" in title for title in office.slack.titles)
    irb = replace(samples.SUCCESS, trigger="approve", feeds=(samples.IRB,), run_id="20251105T140000Z-1")
    office.run(irb, timedelta(hours=1))
    assert any("Recovered: the load failed · problem 1" in title for title in office.slack.titles)


@pytest.mark.parametrize("trigger", ["take", "approve"])
def test_a_single_file_does_not_make_good_a_load_that_failed_as_a_whole(office, trigger: str) -> None:
    office.run(samples.KILLED)
    one = replace(samples.SUCCESS, trigger=trigger, feeds=(samples.IRB,), run_id="20251105T130000Z-1")
    office.run(one, timedelta(hours=1))
    assert not any("Recovered" in title for title in office.slack.titles)
    office.run(replace(samples.SUCCESS, run_id="20251105T140000Z-1"), timedelta(hours=1))
    assert any("Recovered: the load failed · problem 1" in title for title in office.slack.titles)


def test_a_run_explains_only_what_failed_in_it_and_closes_what_did_not(office) -> None:
    """grants failed on the first night; on the second it is fine, and irb waits."""
    office.run()
    office.run(replace(samples.HELD, run_id="20251106T070000Z-1"), timedelta(days=1))
    changed = _text(office.slack.seen[-1])
    assert "Problem 1 has changed" in changed and "Explained by it" not in changed
    with writing(office.lake.database) as connection:
        assert {each.key for each in book.open_incidents(connection)} == {"load", "feed:irb"}


def test_a_retry_that_fails_does_not_explain_another_feeds_older_problem(office) -> None:
    office.run()
    irb = replace(samples.HELD, trigger="retry", feeds=samples.HELD.feeds[:1], run_id="20251105T130000Z-1")
    office.run(irb, timedelta(hours=1))
    assert "grants" not in _text(office.slack.seen[-1])


def test_a_feed_that_did_not_fail_and_loaded_nothing_is_closed_and_never_said_to_have_recovered(office) -> None:
    owner = Channel("mail to grants-data@example.edu")
    office.teller.ways.channels[owner.name] = owner  # type: ignore[index]
    routes = {"grants": (owner.name,)}
    office.run(routes=routes)
    nothing = replace(samples.GRANTS, status="nothing", as_of=samples.MONDAY, files=())
    office.run(replace(samples.SUCCESS, feeds=(samples.IRB, nothing)), timedelta(hours=1), routes)
    assert owner.titles[1].startswith("☑️ Closed: grants was not updated")
    assert "nothing new of it was loaded" in _text(owner.seen[1])


def test_a_declined_file_closes_its_feeds_problem_and_names_who_declined_it(office) -> None:
    owner = Channel("mail to grants-data@example.edu")
    office.teller.ways.channels[owner.name] = owner  # type: ignore[index]
    routes = {"grants": (owner.name,)}
    office.run(routes=routes)
    office.teller.tell(declined({"grants"}, "GRANTS_2025-11-04.csv was declined by kim; nothing was loaded."))
    assert "Closed: grants was not updated" in owner.titles[1] and "Recovered" not in owner.titles[1]
    assert "GRANTS_2025-11-04.csv was declined by kim; nothing was loaded." in _text(owner.seen[1])
    office.run(samples.SUCCESS, timedelta(hours=1), routes)
    assert len(owner.seen) == 2, "it is over once"


def test_a_feed_of_which_a_file_still_waits_is_told_by_the_next_check_though_the_load_is_over(office) -> None:
    office.run()
    context = Context(zone_named("America/New_York"), host="dl1")
    office.teller.tell(report(samples.SUCCESS, SETTINGS, context, {}, True, {"grants"}))
    assert len(office.slack.seen) == 2 and not any("grants" in title for title in office.slack.titles)
    waits = Finding(
        "feed:grants", "refused", "grants was not updated", Message("check", "grants waits", "s"), parent="load"
    )
    office.teller.tell(Report((waits,)))
    assert office.slack.titles[2].startswith("grants waits · problem ")


def _text(notice: Notice) -> str:
    return "\n".join("".join(span.text for span in each) for part in notice.message.parts for each in part.lines)


def test_without_a_usable_database_it_is_told_all_the_same(office, lake, monkeypatch) -> None:
    lake.database.mkdir()
    assert office.run() is True
    assert len(office.slack.seen) == 1 and len(office.mail.seen) == 1


@pytest.mark.parametrize(("attempts", "waits"), [(0, 30), (1, 120), (2, 600), (3, 1800), (4, 3600), (40, 3600)])
def test_tries_grow_rarer_up_to_one_an_hour(attempts: int, waits: int) -> None:
    entry = Entry("n", "Slack", "failure", Message("x", "t", "s"), START, attempts=attempts)
    assert after(entry, Answer(LATER, "500"), START).not_before == START + timedelta(seconds=waits)


def test_a_problem_that_is_silenced_is_listed_and_not_told(office, lake) -> None:
    with writing(lake.database) as connection:
        book.silence(connection, "load", START + timedelta(days=1), "jd", "planned work", START)
    office.run()
    assert office.slack.seen == []
    with writing(lake.database) as connection:
        assert [each.key for each in book.open_incidents(connection)] == ["load", "feed:grants"]


def test_one_lost_channel_name_is_no_way_out(office) -> None:
    finding = Finding("feed:x@gone", "s", "x is bad", Message("x", "t", "s"), audience="gone")
    assert office.teller.tell(Report((finding,)))
    assert office.slack.seen == []
