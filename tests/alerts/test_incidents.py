"""What is news and what is not: opened once, changed when it changes, reminded daily, over once."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from datalake.alerts.incidents import (
    CHANGED,
    OPENED,
    RECOVERED,
    REMINDER,
    Finding,
    Incident,
    Rules,
    Silence,
    signature,
    update,
)
from datalake.alerts.message import Message

START = datetime(2025, 11, 5, 7, 2, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def finding(key: str = "load", words: str = "failed", **values) -> Finding:
    return Finding(key, words, f"{key} is bad", Message("x", key, words), **values)


class Ledger:
    """What the tables keep between two looks."""

    def __init__(self) -> None:
        self.kept: list[Incident] = []
        self.silences: tuple[Silence, ...] = ()

    def look(self, now: datetime, *findings: Finding, judged=lambda key: True) -> list[tuple[str, str]]:
        rules = Rules(now, now + DAY, self.silences)
        changes = update([each for each in self.kept if each.open], findings, judged, rules)
        for change in changes:
            self.kept = [each for each in self.kept if not (each.open and each.key == change.incident.key)]
            self.kept.append(change.incident)
        return [(change.incident.key, change.news) for change in changes]

    def ack(self, until: datetime) -> None:
        self.kept = [replace(each, acked_until=until) for each in self.kept]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_a_problem_is_told_once_and_the_same_again_is_only_counted(ledger) -> None:
    assert ledger.look(START, finding()) == [("load", OPENED)]
    assert ledger.look(START + 4 * HOUR, finding()) == [("load", "")]
    assert ledger.kept[0].occurrences == 2 and ledger.kept[0].opened_at == START


def test_a_problem_that_changes_is_news(ledger) -> None:
    ledger.look(START, finding(words="failed"))
    assert ledger.look(START + HOUR, finding(words="missed")) == [("load", CHANGED)]
    assert ledger.look(START + 2 * HOUR, finding(words="missed")) == [("load", "")]


def test_a_problem_is_reminded_daily_and_over_once(ledger) -> None:
    news = [ledger.look(START, finding())]
    news += [ledger.look(START + each * 12 * HOUR, finding()) for each in range(1, 7)]
    news += [ledger.look(START + 4 * DAY), ledger.look(START + 5 * DAY)]
    told = [each[0][1] for each in news if each and each[0][1]]
    assert told == [OPENED, REMINDER, REMINDER, REMINDER, RECOVERED]


def test_what_was_not_looked_at_is_not_over(ledger) -> None:
    ledger.look(START, finding("disk"))
    assert ledger.look(START + HOUR, judged=lambda key: key == "load") == []
    assert ledger.kept[0].open


def test_the_nights_it_spoilt_are_kept(ledger) -> None:
    ledger.look(START, finding(nights=(date(2025, 11, 5),)))
    ledger.look(START + DAY, finding(nights=(date(2025, 11, 5), date(2025, 11, 6))))
    assert ledger.kept[0].nights == (date(2025, 11, 5), date(2025, 11, 6))


def test_what_an_open_problem_explains_is_kept_and_not_told_until_it_is_over(ledger) -> None:
    child = finding("feed:grants", parent="load")
    assert ledger.look(START, child, finding()) == [("load", OPENED), ("feed:grants", "")]
    assert ledger.look(START + HOUR, child) == [("load", RECOVERED), ("feed:grants", OPENED)]


def test_what_was_never_told_is_over_without_a_word(ledger) -> None:
    ledger.look(START, finding(), finding("feed:grants", parent="load"))
    assert ledger.look(START + HOUR) == [("load", RECOVERED), ("feed:grants", "")]


def test_an_acknowledged_problem_is_not_reminded_until_that_ends_and_told_when_it_changes(ledger) -> None:
    ledger.look(START, finding())
    ledger.ack(START + 3 * DAY)
    assert ledger.look(START + 2 * DAY, finding()) == [("load", "")]
    assert ledger.look(START + 2 * DAY + HOUR, finding(words="other")) == [("load", CHANGED)]
    assert ledger.look(START + 4 * DAY, finding(words="other")) == [("load", REMINDER)]


def test_a_silence_keeps_quiet_and_at_its_end_what_is_still_wrong_is_told(ledger) -> None:
    ledger.silences = (Silence("feed:grants", START + DAY),)
    assert ledger.look(START, finding("feed:grants:old")) == [("feed:grants:old", "")]
    assert ledger.look(START + HOUR, finding("feed:irb:old"), judged=lambda key: "irb" in key) == [
        ("feed:irb:old", OPENED)
    ]
    assert ledger.look(START + 2 * DAY, finding("feed:grants:old"), judged=lambda key: "grants" in key) == [
        ("feed:grants:old", OPENED)
    ]


def test_a_signature_is_blind_to_dates_numbers_and_paths() -> None:
    tuesday = signature("failed", "GRANTS_2025-11-04.csv has no column, line 17, see /srv/lake/logs")
    assert tuesday == signature("failed", "GRANTS_2025-11-05.csv has no column, line 4, see /data/lake/logs")
    assert tuesday != signature("failed", "GRANTS_2025-11-04.csv has a column twice, line 17, see /srv/lake/logs")


def test_what_was_told_only_as_part_of_a_problem_is_over_with_it_until_it_is_seen_again(ledger) -> None:
    old = finding("feed:irb:old", parent="load")
    assert ledger.look(START, finding(), old) == [("load", OPENED), ("feed:irb:old", "")]
    assert ledger.look(START + HOUR, judged=lambda key: key == "load") == [("load", RECOVERED), ("feed:irb:old", "")]
    assert not any(each.open for each in ledger.kept)
    assert ledger.look(START + DAY, old) == [("feed:irb:old", OPENED)]
