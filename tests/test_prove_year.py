"""A short form of `manage.py prove year`: weeks of nights, told to real sinks and held against the plan."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from support.project import ROOT

from datalake.alerts import tell
from datalake.alerts.channels import SENT, Answer
from datalake.alerts.relay import SmtpRelay
from datalake.nights import SHORT
from datalake.prove.sinks import Arrival
from datalake.prove.year import Simulation, simulation
from datalake.prove.year_count import mistakes
from datalake.prove.year_plan import MIXTURE, Quiet, Year, planned, written
from datalake.prove.year_truth import Expected
from datalake.prove.year_weeks import rate, weeks

MONDAY = date(2027, 3, 8)  # the clocks of New York jump on Sunday 14 March
DAY = timedelta(days=1)
KINDS = """
ok disk disk disk double short miss
running held miss ok share planned killed
long disk miss ok asleep asleep hung
late
"""
CALAMITIES: dict[str, Any] = {
    "dead": (MONDAY + 8 * DAY, MONDAY + 11 * DAY),
    "backup": MONDAY + 15 * DAY,
    "restored": MONDAY + 17 * DAY,
    "quiet": (
        Quiet(MONDAY + 2 * DAY, MONDAY + 3 * DAY, "ack"),
        Quiet(MONDAY + 14 * DAY, MONDAY + 15 * DAY, "silence"),
    ),
}


def live(done: Simulation) -> Simulation:
    for day in done.year.days:
        done.night(day)
    return done


@pytest.fixture(scope="module")
def lived() -> Iterator[Simulation]:
    """Three weeks with most sorts of nights and every calamity, lived through."""
    with simulation(ROOT, written(MONDAY, KINDS.split(), **CALAMITIES)) as done:
        yield live(done)


def test_every_bad_night_is_told_and_no_good_one_is_accused(lived: Simulation) -> None:
    assert mistakes(lived) == []
    assert {each.title[0] for each in lived.sinks.arrived} >= set("✅📅🔎📵🟢🚨❌✋⏱⏰")


def test_the_proof_names_each_message_that_is_lost_doubled_or_told_to_one_channel_alone(lived: Simulation) -> None:
    told = lived.sinks.arrived
    try:
        for place in range(0, len(told), 7):
            each = told[place]
            lived.sinks.arrived = told[:place] + told[place + 1 :]
            assert any(_is(each, "never arrived", said) for said in mistakes(lived)), each
            lived.sinks.arrived = [*told, each]
            assert any(_is(each, "was not to be sent", said) for said in mistakes(lived)), each
    finally:
        lived.sinks.arrived = told


def _is(arrived: Arrival, words: str, said: str) -> bool:
    return said.startswith(arrived.channel) and arrived.day.isoformat() in said and words in said


DOCTORED: dict[str, tuple[str, str, str, str]] = {  # sign, what its text says, what it is made to say, what is named
    "the wrong night in a title": ("🚨", "Wed 17 Mar 2027", "Tue 16 Mar 2027", "its title does not name the night"),
    "a good night accused": ("🟢", "Nights it spoilt: Tue 9 Mar", "Nights it spoilt: Mon 8 Mar, Tue 9 Mar", "they are"),
    "another cause": ("❌", "a disk went away", "something went wrong", "does not say"),
    "no command": ("🚨", "bash src/cron_runner.sh", "load it again", "does not say 'bash src/cron_runner.sh'"),
    "another figure": (
        "📅",
        "3 of 7 nights (43 %)",
        "4 of 7 nights (57 %)",
        "by Slack does not say '3 of 7 nights (43 %)'",
    ),
    "another problem's number": ("⏰", "problem ", "problem 9", "is called problem"),
    "old data shown as new": ("✅", "as of Fri 12 Mar", "as of Sat 13 Mar", "does not say 'Fri 12 Mar'"),
}


@pytest.mark.parametrize("name", DOCTORED)
def test_the_proof_names_a_message_that_says(name: str, lived: Simulation) -> None:
    sign, right, wrong, named = DOCTORED[name]
    told = lived.sinks.arrived
    place = next(at for at, each in enumerate(told) if each.title[0] == sign and right in each.text)
    each = told[place]
    spoilt = replace(each, title=each.title.replace(right, wrong), text=each.text.replace(right, wrong))
    lived.sinks.arrived = [*told[:place], spoilt, *told[place + 1 :]]
    try:
        found = mistakes(lived)
    finally:
        lived.sinks.arrived = told
    assert any(named in said for said in found), found


@pytest.mark.parametrize("figure", ["loaded", "failed", "missed", "late", "average_seconds", "median_seconds"])
def test_the_proof_names_a_figure_of_a_week_that_is_wrong(figure: str, lived: Simulation) -> None:
    assert _after(lived, lambda report: report["span"].update({figure: 99})) == [f"span.{figure} is 99"]


def test_the_proof_names_what_else_in_a_week_is_wrong(lived: Simulation) -> None:
    assert _after(lived, lambda report: report["nights"][1].update(state="ok")) == ["nights[1].state is ok"]
    assert _after(lived, lambda report: report["feeds"][0].update(rejected=-1)) == ["feeds[0].rejected is -1"]
    assert _after(lived, lambda report: report["monitoring"].update(checks=0)) == ["monitoring.checks is 0"]
    assert _after(lived, lambda report: report.update(needs=["problem 900: it is over"])) == [
        "needs lacks problem [4]",
        "needs names problem 900: it is over, which was over",
    ]


def _after(lived: Simulation, spoil: Callable[[dict[str, Any]], object]) -> list[str]:
    """What is said of the first week once its figures were spoilt, up to a comma."""
    kept = lived.lake.reports / "2027-W10.json"
    right = kept.read_text()
    report = json.loads(right)
    spoil(report)
    kept.write_text(json.dumps(report))
    try:
        return [
            said.removeprefix("2027-W10: ").removesuffix(", counted were 7").split(", counted")[0]
            for said in mistakes(lived)
        ]
    finally:
        kept.write_text(right)


def taken_for_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third mail is taken for sent and was not."""
    send, count = SmtpRelay.send, iter(range(100))
    monkeypatch.setattr(
        SmtpRelay, "send", lambda self, *given: Answer(SENT, "") if next(count) == 2 else send(self, *given)
    )


def reminded_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell, "next_reminder", lambda settings, now: now)


def never_recovered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell.Teller, "_recovered", lambda *given: False)


def accused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datalake.nights._of_success", lambda *given: SHORT)


def wrong_night(monkeypatch: pytest.MonkeyPatch) -> None:
    from datalake.words import full_day

    monkeypatch.setattr("datalake.watchdog.messages.full_day", lambda day: full_day(day - DAY))


def told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check does not see that the load has told of itself."""
    monkeypatch.setattr("datalake.watchdog.check.run_signature", lambda run: "another")


BROKEN = {
    taken_for_sent: "mail: ❌ of 2027-03-10 02:00 never arrived",
    reminded_always: "Slack: 2027-03-10 06:00 was not to be sent: ⏰",
    never_recovered: "Slack: 🟢 of 2027-03-11 02:00 never arrived",
    accused: "Slack: 2027-03-08 06:00 was not to be sent: ⏱",
    wrong_night: "Slack: 🚨 of 2027-03-09 06:00 its title names Mon 8 Mar 2027",
    told_twice: "Slack: 2027-03-10 06:00 was not to be sent: 🚨",
}


@pytest.mark.parametrize("spoil", BROKEN, ids=lambda spoil: spoil.__name__)
def test_the_proof_names_a_product_that_is_broken(
    spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch)
    with simulation(ROOT, written(MONDAY, ["ok", "miss", "disk", "ok"])) as done:
        found = mistakes(live(done))
    assert any(said.startswith(BROKEN[spoil]) for said in found), found


def test_a_year_has_every_sort_of_night_and_every_calamity() -> None:
    year = planned(date(2026, 12, 28), 53, seed=1)
    assert {night.kind for night in year.nights} == {*MIXTURE, "asleep", "planned", "no files"}
    assert year.night(date(2027, 3, 14)).kind == "miss" and year.night(date(2027, 11, 7)).kind == "early"
    assert len(year.days) >= 365 and (year.dead[1] - year.dead[0]).days == 7
    assert len(year.windows) == 2 and {each.word for each in year.quiet} == {"ack", "silence"}
    assert any(not night.there for night in year.nights if year.is_dead(night.day)), "bad nights while Slack is dead"


def test_what_is_expected_of_a_few_nights_is_what_a_person_would_expect() -> None:
    year = written(date(2026, 12, 28), ["ok", "disk", "disk", "ok", "short", "miss", "ok", "ok"])
    told = Expected(year).desk.letters["mail"]
    assert [letter.sign for letter in told] == ["✅", "❌", "⏰", "🟢", "✅", "⏱", "🚨", "🟢", "🟢", "✅", "📅"]
    assert [letter.problem for letter in told] == [0, 1, 1, 1, 0, 2, 3, 3, 2, 0, 0]
    (week,) = weeks(Expected(year))
    figures = week.figures()
    assert rate(figures["span"]) == "4 of 7 nights (57 %)"
    assert (figures["span"]["failed"], figures["span"]["missed"]) == (2, 1)
    # overdue from Tuesday's 06:00 until Thursday's load, and from Saturday's until Sunday's: 44 and 20 hours and a bit
    assert figures["old_hours"] == 64.1


def test_a_plan_is_read_as_a_person_would_write_it() -> None:
    year: Year = written(MONDAY, ["ok", "planned", "planned", "ok", "hung"])
    assert year.windows == [(MONDAY + DAY, MONDAY + 2 * DAY)]
    assert [moment.what for moment in year.moments(MONDAY + 4 * DAY)] == ["begin", "check", "end"]
    assert datetime.fromisoformat(f"{MONDAY}T06:30").strftime("%H:%M") == year.night(MONDAY + 4 * DAY).loads[0].ends
