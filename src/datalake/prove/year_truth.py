"""PURE. What must arrive in a made-up year: worked out from its plan, as a careful person would, by no code it judges.

The rules are those of the operator's pages: a problem is told when it begins, told again when it is wrong in another
way, reminded of once a day at the check while it lasts (unless somebody acknowledged or silenced it), and ended by one
message. Where an old copy of the record is put back, what the copy does not know was never told.
"""

from copy import deepcopy
from datetime import date

from datalake.prove.year_desk import Desk, Mind, Problem
from datalake.prove.year_letters import in_full, said
from datalake.prove.year_plan import CHECK, DAY, FAILURES, HELD_WHY, KILLED, UNFED, Load, Moment, Night, Year

LOAD_NOW, LOG = "bash src/cron_runner.sh", "tail -n 40 logs/cron_etl.log"
HELD, UNKNOWN, PLANNED, OK = "held", "unknown", "planned", "ok"
BEHIND = "behind"  # nothing is planned for this night, but what should have been there before it is not
CAUSES = {  # what is said at six of a load that is not there, and a command that helps
    "miss": ("did not run", LOAD_NOW),
    KILLED: ("stopped half-way", LOAD_NOW),
    "running": ("is still running", LOG),
    "hung": ("has been running for too long", LOG),
    UNKNOWN: ("failed", LOAD_NOW),
    HELD: (HELD_WHY, "python3 manage.py held"),
    **{how: (why, LOAD_NOW) for how, why in FAILURES.items()},
}
TOLD_BY_THE_LOAD = (UNKNOWN, HELD, *FAILURES)
LENGTHS = {"short": "too short", "long": "took too long"}


class Expected:
    """Works a plan through."""

    def __init__(self, year: Year) -> None:
        self.year, self.desk = year, Desk(year)
        self.states: dict[date, str] = {}  # what the check must find of each night that it looked at
        self.minds: dict[date, Mind] = {}  # what was known when a week's summary was made, by the day of that
        self.done: list[tuple[Night, Load]] = []  # loads that have ended
        for day in year.days:
            for moment in year.moments(day):
                self.desk.now = (day, label(moment))
                self._happen(year.night(day), moment)

    @property
    def _mind(self) -> Mind:
        return self.desk.mind

    def _happen(self, night: Night, moment: Moment) -> None:
        if moment.what == "backup":
            self.desk.back_up()
        elif moment.what == "restore":
            self.desk.put_back((each.day, load) for each, load in self.done if each.day >= self.year.backup)
        elif moment.what == "ack":
            self._mind.acked = next(each.until for each in self.year.quiet if each.day == night.day)
        elif moment.what == "end" and moment.load:
            self._end(night, moment.load)
        elif moment.what == "check":
            self._check(night)
        elif moment.what == "week":
            self._week(night.day)

    def _week(self, day: date) -> None:
        self.minds[day] = deepcopy(self._mind)
        self.desk.tell(self.desk.letter("📅", says=(said(day - 7 * DAY), in_full(day - DAY))))
        self.desk.post()

    # a load ends

    def _end(self, night: Night, load: Load) -> None:
        self.done.append((night, load))
        if load.how == KILLED:  # nobody is left to tell anybody anything
            return
        if load.good:
            self._good_load(night, load)
        else:
            self._bad_load(night, load)
        self.desk.post()

    def _bad_load(self, night: Night, load: Load) -> None:
        problem = self._load_problem(load.how, [night.day])
        sign = self.desk.news(problem, "✋" if load.how == HELD else "❌")
        says = (
            CAUSES[load.how] if sign == "⏰" else (*CAUSES[load.how], "Exit code: 1", "Check logs: logs/cron_etl.log")
        )
        self.desk.about(problem, sign, night.day, says)

    def _good_load(self, night: Night, load: Load) -> None:
        done = (f"ETL completed successfully in {minutes(load.seconds)}", *self._shown(), *_late(night, load))
        over = [problem for problem in self._ended_by(load) if problem and problem.told]
        for place, problem in enumerate(over):
            self.desk.over(problem, () if place else done)
        if not over:
            self.desk.tell(self.desk.letter("⚠" if load.how in UNFED else "✅", night=night.day, says=done))

    def _ended_by(self, load: Load) -> list[Problem | None]:
        """What a good load makes good: its own problem, and files that had not come."""
        mind = self._mind
        over, mind.load = [mind.load], None
        if load.how == "ok" and load.whole:
            over, mind.files, mind.file = [*over, mind.files, mind.file], None, None
        return over

    def _shown(self) -> tuple[str, ...]:
        """What the data shows: each feed the day before the last night that brought a file of it."""
        shown = {shows(self.done, feed) for feed in ("irb", "grants")}
        return tuple(said(day) for day in sorted(filter(None, shown)))

    # the check

    def _check(self, night: Night) -> None:
        by_six = [load for load in night.loads if load.ends < CHECK]
        there = next((load for load in by_six if load.good), None)
        state = self.states[night.day] = self._state(night, by_six, there)
        before = self._untold(night.day)
        apart = state not in CAUSES or state in TOLD_BY_THE_LOAD  # else tonight's own message names them
        if before and apart:
            self._gap(before)
        if there:
            self._there(night, there, state)
        elif state not in (PLANNED, BEHIND):
            self._not_there(night, state, [] if apart else before)
        self._mind.looks.add(night.day)
        self._mind.looked = night.day
        self.desk.post()

    def _state(self, night: Night, by_six: list[Load], there: Load | None) -> str:
        if there:
            return night.kind if night.kind in LENGTHS else OK
        if night.kind == PLANNED:
            return BEHIND if self._mind.load else PLANNED
        if by_six and by_six[-1].how != KILLED and (night.day, by_six[-1]) in self._mind.lost:
            return UNKNOWN
        if by_six:
            return by_six[-1].how
        return night.kind if night.kind in ("running", "hung") else "miss"

    def _untold(self, today: date) -> list[date]:
        """Bad nights since the last look that no message has named."""
        if self._mind.looked == date.min:
            return []
        start = self._mind.looked + DAY
        days = [start + DAY * step for step in range((today - start).days)]
        return [day for day in days if is_bad(self.year.night(day)) and day not in self._mind.told]

    def _gap(self, before: list[date]) -> None:
        self._mind.told |= set(before)
        why = "was an old copy restored?" if self.desk.now[0] == self.year.restored else "Nobody looked from"
        self.desk.tell(self.desk.letter("🔎", before=tuple(before), says=(why,)))

    def _there(self, night: Night, load: Load, state: str) -> None:
        if self._mind.load:  # as an old copy of the record has it
            problem, self._mind.load = self._mind.load, None
            self.desk.over(problem)
        self._length(night, load, state)
        self._file(night, load)
        self._files(night, load)

    def _length(self, night: Night, load: Load, state: str) -> None:
        problem = self._mind.length
        if state in LENGTHS:
            problem = self._mind.length = self.desk.grown(problem, state, [night.day])
            says = (LENGTHS[state], *((f"It took {load.seconds} s",) if load.seconds < 60 else ()))
            self.desk.about(problem, self.desk.news(problem, "⏱"), night.day, says)
        elif problem:
            self._mind.length = None
            self.desk.over(problem)

    def _file(self, night: Night, load: Load) -> None:
        problem = self._mind.file
        if load.how == "no file":
            problem = self._mind.file = self.desk.grown(problem, "file", [night.day])
            irb = shows(self.done, "irb")
            says = ("irb: no file for", said(night.day), *((said(irb),) if irb else ()))
            self.desk.about(problem, self.desk.news(problem, "⏰"), None, says)
        elif problem:
            self._mind.file = None
            self.desk.over(problem)

    def _files(self, night: Night, load: Load) -> None:
        """Both feeds sent nothing: that has one cause, and is one problem."""
        problem = self._mind.files
        if load.how == "no files":
            problem = self._mind.files = self.desk.grown(problem, "files", [night.day])
            says = ("2 feeds are old: grants and irb", said(night.day))
            self.desk.about(problem, self.desk.news(problem, "⏰"), None, says)
        elif problem:
            self._mind.files = None
            self.desk.over(problem)

    def _not_there(self, night: Night, state: str, before: list[date]) -> None:
        problem = self._load_problem(state, [*before, night.day])
        if self._mind.file:  # there can be no file of it either
            self._mind.file = self.desk.grown(self._mind.file, "file", [night.day])
        still = self._still(night.day) if state != HELD else ()
        self.desk.about(problem, self.desk.news(problem, "🚨"), night.day, (*CAUSES[state], *still), tuple(before))

    def _still(self, day: date) -> tuple[str, ...]:
        """What the tables still show: what the last good load before that day brought."""
        good = [night.day for night, load in self.done if load.good and night.day < day]
        return (f"show what the load of {said(good[-1])} published",) if good else ()

    def _load_problem(self, sort: str, nights: list[date]) -> Problem:
        self._mind.load = self.desk.grown(self._mind.load, sort, nights)
        return self._mind.load


def label(moment: Moment) -> str:
    """The time that names a moment: of a load's end the time of its beginning, unless six lies between."""
    return moment.load.begins if moment.load and moment.load.ends < CHECK else moment.at


def is_bad(night: Night) -> bool:
    """Tell whether a night is one to tell a person of: not there by itself and whole, nor planned."""
    if night.kind == PLANNED:
        return False
    return night.there is None or night.kind in LENGTHS or night.kind == "hung"


def brings(load: Load, feed: str) -> bool:
    """Tell whether a load publishes a file of a feed: irb or grants."""
    return load.how in (("ok", "approved") if feed == "irb" else ("ok", "no file", HELD))


def shows(done: list[tuple[Night, Load]], feed: str) -> date | None:
    """Return the date of the data that a feed shows after these loads."""
    days = [night.day - DAY for night, load in done if brings(load, feed)]
    return max(days, default=None)


def minutes(seconds: float) -> str:
    """Return 135 seconds as `2.25 min`."""
    return f"{round(seconds / 60, 2):g} min"


def _late(night: Night, load: Load) -> tuple[str, ...]:
    return (f"began at {said(night.day)} {load.begins}",) if load.trigger == "boot" else ()
