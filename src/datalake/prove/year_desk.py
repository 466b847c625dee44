"""PURE. What a made-up year's record remembers, and what reaches its two channels: by no code that they judge."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count

from datalake.prove.year_letters import Letter
from datalake.prove.year_plan import CHECK, DAY, PERSON, Load, Year

SLACK, MAIL = "Slack", "mail"
LIFE = {"✅": 1, "⚠": 1, "📅": 3}  # days after which a message that could not be sent is no news any more
SENT, WAITING, SUPERSEDED = "sent", "waiting", "superseded"


@dataclass
class Problem:
    """One thing that is wrong. sort: how; told: the sort that was last told, "" for never; on: when that was."""

    number: int
    sort: str
    nights: list[date]
    told: str = ""
    on: date = date.min


@dataclass
class Waiting:
    """A message that Slack has not got; row: its place in the book of what was sent."""

    letter: Letter
    row: int


@dataclass
class Mind:
    """All that the record remembers, and with an old copy of it forgets."""

    load: Problem | None = None
    length: Problem | None = None
    file: Problem | None = None  # the feed irb sent nothing
    files: Problem | None = None  # no feed sent anything
    slack: Problem | None = None
    waiting: list[Waiting] = field(default_factory=list)
    sent: list[tuple[date, str]] = field(default_factory=list)  # when each message was made, and what became of it
    looks: set[date] = field(default_factory=set)
    looked: date = date.min
    told: set[date] = field(default_factory=set)  # bad nights of which somebody was told
    acked: date = date.min
    lost: set[tuple[date, Load]] = field(default_factory=set)  # loads of which only the CSV still knows

    @property
    def open(self) -> list[Problem]:
        """The problems that are open and were told."""
        known = (self.load, self.length, self.file, self.files, self.slack)
        return [each for each in known if each and each.told]


class Desk:
    """Where messages are made and sent. letters: what must arrive, by channel; now: the day and its moment."""

    def __init__(self, year: Year) -> None:
        self.year, self.mind, self.kept = year, Mind(), Mind()
        self.letters: dict[str, list[Letter]] = {SLACK: [], MAIL: []}
        self.now = (year.first, "")
        self._numbers = count(1)

    def back_up(self) -> None:
        """Copy the record."""
        self.kept = deepcopy(self.mind)

    def put_back(self, lost: Iterable[tuple[date, Load]]) -> None:
        """Put the copy in the place of the record; lost are the loads that it does not know."""
        self.mind = deepcopy(self.kept)
        self.mind.lost |= set(lost)

    def grown(self, problem: Problem | None, sort: str, nights: Iterable[date]) -> Problem:
        """Return the problem, a new one where there was none, as it is now."""
        problem = problem or Problem(next(self._numbers), sort, [])
        problem.sort = sort
        problem.nights += [each for each in nights if each not in problem.nights]
        return problem

    def news(self, problem: Problem, sign: str) -> str:
        """The sign of what is to be told of a problem now; "" for nothing."""
        day, at = self.now
        if problem is self.mind.load and self._is_silent():
            return ""
        if problem.told != problem.sort:
            return sign
        due = problem.on + DAY
        acked = problem is self.mind.load and day <= self.mind.acked
        return "⏰" if (day > due or (day == due and at >= CHECK)) and not acked else ""

    def _is_silent(self) -> bool:
        spans = [each for each in self.year.quiet if each.word == "silence"]
        return any((each.day, PERSON) <= self.now and self.now[0] <= each.until for each in spans)

    def about(
        self,
        problem: Problem,
        sign: str,
        night: date | None,
        says: tuple[str, ...],
        before: tuple[date, ...] = (),
    ) -> None:
        """Tell of a problem: that it is there, is another now, or is still so."""
        if not sign:
            return
        again = problem.told == problem.sort
        problem.told, problem.on = problem.sort, self.now[0]
        self.mind.told |= set(problem.nights)
        acknowledge = ("python3 manage.py alerts ack",) if again else ()
        spoilt = tuple(problem.nights) if again else ()
        letter = self.letter(sign, problem.number, None if again else night, spoilt, before, (*says, *acknowledge))
        if problem is self.mind.slack:
            self._mail(letter)
        else:
            self.tell(letter)

    def over(self, problem: Problem, says: tuple[str, ...] = ()) -> None:
        """Tell that a problem is over, if somebody heard of it."""
        if problem.told:
            spoilt = tuple(problem.nights)
            self.tell(self.letter("🟢", problem.number, spoilt=spoilt, says=("Recovered", *says)))

    def letter(
        self,
        sign: str,
        problem: int = 0,
        night: date | None = None,
        spoilt: tuple[date, ...] = (),
        before: tuple[date, ...] = (),
        says: tuple[str, ...] = (),
    ) -> Letter:
        """Return a letter of now."""
        return Letter(*self.now, sign, problem, night, spoilt, before, says)

    def tell(self, letter: Letter) -> None:
        """By mail at once; for Slack it waits, and a later word on the same problem takes its place."""
        self._mail(letter)
        for each in [each for each in self.mind.waiting if letter.problem and each.letter.problem == letter.problem]:
            self.mind.waiting.remove(each)
            self.mind.sent[each.row] = (each.letter.day, SUPERSEDED)
        self.mind.sent.append((letter.day, WAITING))
        self.mind.waiting.append(Waiting(letter, len(self.mind.sent) - 1))

    def _mail(self, letter: Letter) -> None:
        self.letters[MAIL].append(letter)
        self.mind.sent.append((letter.day, SENT))

    def post(self) -> None:
        """Send what waits for Slack; where its webhook is dead, or works again, mail says so."""
        day, at = self.now
        alive = not self.year.is_dead(day)
        tried = [each for each in self.mind.waiting if not _has_expired(each.letter, day, at)]
        if alive:
            for each in tried:
                self.letters[SLACK].append(replace(each.letter, day=day, at=at))
                self.mind.sent[each.row] = (each.letter.day, SENT)
            self.mind.waiting = [each for each in self.mind.waiting if each not in tried]
        self._say_of_slack(alive, bool(tried))

    def _say_of_slack(self, alive: bool, tried: bool) -> None:
        problem, what = self.mind.slack, "Slack does not take our messages"
        if alive:
            if tried and problem:
                self._mail(self.letter("🟢", problem.number, says=("Recovered", what)))
                self.mind.slack = None
        elif tried or problem:
            self.mind.slack = self.grown(problem, "dead", [])
            sign = self.news(self.mind.slack, "📵")
            self.about(self.mind.slack, sign, None, (what, "404 no_service", "python3 manage.py alerts test"))


def _has_expired(letter: Letter, day: date, at: str) -> bool:
    """A success is no news after twelve hours, a summary after three days."""
    age, life = (day - letter.day).days, LIFE.get(letter.sign, 9_999)
    return age > life or (age == life and (life == 1 or at >= letter.at))
