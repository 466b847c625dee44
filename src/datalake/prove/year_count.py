"""What arrived in a simulated year, held against what must arrive: a sentence for each thing that differs."""

from collections.abc import Iterator, Sequence
from datetime import date

from datalake.prove.sinks import Arrival
from datalake.prove.year import Simulation
from datalake.prove.year_desk import MAIL, SLACK
from datalake.prove.year_letters import Letter, faults, number_in
from datalake.prove.year_reports import week_mistakes
from datalake.prove.year_truth import PLANNED, Expected

Pair = tuple[Letter, Arrival]


def mistakes(done: Simulation) -> list[str]:
    """Count what arrived, what the check said and the weekly figures against the plan; return what differs."""
    expected = Expected(done.year)
    found, pairs = list[str](), dict[str, list[Pair]]()
    for channel in (SLACK, MAIL):
        arrived = [each for each in done.sinks.arrived if each.channel == channel]
        pairs[channel], wrong = _matched(channel, expected.desk.letters[channel], arrived)
        found += wrong
        found += [f"{channel}: {letter.name} {each}" for letter, got in pairs[channel] for each in _faults(letter, got)]
        found += _number_mistakes(channel, pairs[channel])
    found += _alike(done, pairs[SLACK], pairs[MAIL])
    found += _mails([got for _, got in pairs[MAIL]])
    found += _checks(done, expected)
    found += week_mistakes(done, expected, _numbers(pairs[MAIL]))
    return found


def _numbers(pairs: Sequence[Pair]) -> dict[int, int]:
    """What each problem of the plan is called."""
    return {letter.problem: number_in(got.title) for letter, got in pairs if letter.problem}


def _faults(letter: Letter, got: Arrival) -> list[str]:
    return faults(letter, got.title, got.text)


def _matched(channel: str, letters: Sequence[Letter], arrived: Sequence[Arrival]) -> tuple[list[Pair], list[str]]:
    """Give each letter the arrival of its day, moment and sign that fits it best."""
    left, pairs, missing = list(arrived), list[Pair](), list[str]()
    for letter in letters:
        fitting = [each for each in left if (each.day, each.at, each.title[0]) == (letter.day, letter.at, letter.sign)]
        if not fitting:
            missing.append(f"{channel}: {letter.name} never arrived")
            continue
        best = min(fitting, key=lambda each: len(_faults(letter, each)))
        left.remove(best)
        pairs.append((letter, best))
    extra = [f"{channel}: {each.day} {each.at} was not to be sent: {each.title}" for each in left]
    return pairs, missing + extra


def _number_mistakes(channel: str, pairs: Sequence[Pair]) -> Iterator[str]:
    """Each problem has one number, and no two problems the same."""
    by_problem, by_number = dict[int, int](), dict[int, Letter]()
    for letter, got in pairs:
        number = number_in(got.title)
        if not letter.problem or not number:
            continue
        if by_problem.setdefault(letter.problem, number) != number:
            yield f"{channel}: {letter.name} is called problem {number}, it was problem {by_problem[letter.problem]}"
        elif by_number.setdefault(number, letter).problem != letter.problem:
            yield f"{channel}: {letter.name} is called problem {number}, as {by_number[number].name} was"


def _alike(done: Simulation, slack: Sequence[Pair], mail: Sequence[Pair]) -> Iterator[str]:
    """What both channels tell they tell in the same words, but for what Slack could not be told in time."""
    by_mail = dict(mail)
    for letter, got in slack:
        other = None if done.year.dead[0] <= letter.day <= done.year.dead[1] else by_mail.get(letter)
        if other and other.text != got.text:
            yield f"{letter.name}: Slack and mail do not say the same: {_first_difference(got.text, other.text)}"


def _first_difference(one: str, other: str) -> str:
    place = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(0, place - 20) : place + 40]!r} and {other[max(0, place - 20) : place + 40]!r}"


def _mails(arrived: Sequence[Arrival]) -> Iterator[str]:
    """A mail program hides a second mail of the same Message-ID; an answer belongs to a mail that came before."""
    seen = set[str]()
    for each in arrived:
        if each.id in seen:
            yield f"mail: {each.day} {each.at} {each.title}: its Message-ID {each.id} was there before"
        if each.thread and each.thread not in seen:
            yield f"mail: {each.day} {each.at} {each.title}: it answers {each.thread}, which never came"
        seen.add(each.id)


def _checks(done: Simulation, expected: Expected) -> Iterator[str]:
    """The check's exit code and its line, each morning: good nights pass without a word."""
    lines = done.lake.watchdog_log.read_text(encoding="utf-8").splitlines()
    said = {line[:10]: line for line in lines}
    if len(lines) != len(expected.states):
        yield f"watchdog_status.log has {len(lines)} lines, the check looked {len(expected.states)} times"
    told = {letter.day for letter in expected.desk.letters[MAIL] if letter.at == "06:00" and letter.sign != "🟢"}
    for day, state in expected.states.items():
        line = said.get(day.isoformat(), "")
        fine = day not in told and state in ("ok", PLANNED) and not _waits(done, day)
        if f"night={day.isoformat()} " not in f"{line} ":
            yield f"{day}: the check's line does not name the night: {line!r}"
        if fine != (done.checks[day] == 0) or fine != (" ok " in line):
            was = "good" if fine else "not good"
            yield f"{day} was {was}: the check ended with {done.checks[day]} and said {line!r}"


def _waits(done: Simulation, day: date) -> bool:
    """While Slack is dead somebody is left untold, which the check must say."""
    return done.year.is_dead(day)
