"""PURE. What the 6 AM check tells, its first line by cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, timedelta, tzinfo

from datalake.alerts import currency
from datalake.alerts.message import Line, Message, Part, Span, line, made_safe, marked, paragraph, small, steps
from datalake.alerts.messages import fixes
from datalake.nights import FAILED, MISSED, OVERRUN, RUNNING, SHORT, UNKNOWN, WORDS, Night
from datalake.outcomes import RunOutcome
from datalake.schedule import next_due, zone_named
from datalake.settings import Settings
from datalake.watchdog.facts import Facts
from datalake.watchdog.verdict import CLOCK, NEVER, STOPPED, UNMARKED, WAITING, Verdict
from datalake.words import clock, count, day, full_day, listed, span

HEADLINES = {
    MISSED: "last night's load did not run",
    NEVER: "no load has run here yet",
    FAILED: "last night's load failed",
    STOPPED: "last night's load stopped half-way",
    RUNNING: "last night's load is still running",
    OVERRUN: "last night's load has been running for too long",
    WAITING: "last night's load waits for your OK",
    UNKNOWN: "cannot tell whether last night's load was good",
    UNMARKED: "last night's load was good, but its success marker is not there",
    CLOCK: "cannot tell whether last night's load was good: the clock is wrong",
}
LENGTHS = {SHORT: "last night's load was too short", OVERRUN: "last night's load took too long"}
RUN = "Load it now: `bash src/cron_runner.sh`"
RUN_AGAIN = "load again: `bash src/cron_runner.sh`"
LONG = "long"  # a load that took too long and is over
LOOK = "See what is there: `python3 manage.py status`"
DOCTOR = "See why it may not have started: `python3 manage.py doctor`"
LOG = "See its log: `tail -n 40 logs/cron_etl.log`"
LOST = "logs/last_success.txt or the lake knows of a good load that the record does not: was an old copy restored?"
BY_HAND = "Single files were taken up by hand for this night: that is no load of all that there is to do."
CHECK = "`bash src/check_etl_watchdog.sh`"
STEPS = {
    MISSED: (RUN, DOCTOR),
    NEVER: (RUN, DOCTOR),
    RUNNING: ("Wait: it ends by itself, or is told again once it has taken too long", LOG),
    UNKNOWN: (LOOK, "In doubt load once more, which does no harm: `bash src/cron_runner.sh`"),
    UNMARKED: ("Load once more, which writes it: `bash src/cron_runner.sh`", LOOK),
    CLOCK: (
        "Compare this host's clock with the true time: `date`",
        f"Put the clock right, then look again: {CHECK}",
        "Is it right already? Then load again, which writes the last success anew: `bash src/cron_runner.sh`",
    ),
    SHORT: (LOOK, LOG, "In doubt load once more, which does no harm: `bash src/cron_runner.sh`"),
    LONG: (LOG, "Is that usual now? Raise schedule.max_runtime_minutes, then `python3 manage.py check`"),
}


@dataclass(frozen=True)
class Wording:
    """What the words need beside the verdict."""

    facts: Facts
    settings: Settings
    host: str

    @property
    def zone(self) -> tzinfo:
        return zone_named(self.settings.schedule.zone)

    @property
    def stamp(self) -> str:
        return "DEMO · " if self.facts.demo else ""

    def message(self, sign: str, headline: str, means: str, parts: Sequence[Part]) -> Message:
        """Put a check's message together: headline, what it means, the rest, the small print."""
        told = Message(
            "check",
            f"{sign} {self.stamp}{check_name(self.settings)}: {headline} · {self.settings.name}",
            f"CHECK: {self.stamp}{headline}. {means}",
            (*parts, small(self._foot())),
        )
        return made_safe(told, self.settings)

    def _foot(self) -> Line:
        schedule, marker = self.settings.schedule, self.facts.marker
        soon = next_due(schedule, self.facts.now, (schedule.nightly, *schedule.again))
        last = clock(marker.end, self.zone, self.facts.now) if marker else "none known"
        return line(f"Next automatic try: {clock(soon, self.zone)} · Last success: {last} · host {self.host}")


def of_load(found: Verdict, wording: Wording) -> Message:
    """Given a verdict on a night that is not good, return what to tell about it."""
    means = _data(found, wording.facts)
    said = [*_asleep(found, wording), *_earlier(found), *_why(found, wording.facts)]
    first = paragraph(line(Span(means, "bold")), *(marked(each) for each in said))
    headline = f"{HEADLINES[found.cause]} ({full_day(found.night)})"
    return wording.message("🚨", headline, means, (first, steps(*_steps(found, wording.facts))))


def of_length(found: Verdict, wording: Wording) -> Message:
    """Given a verdict on a load that was too short or too long, return what to tell about it."""
    run = next((night.best for night in found.nights if night.day == found.night), None)
    took = f"It took {span(timedelta(seconds=run.runtime_sec))}" if run and run.runtime_sec is not None else "It ended"
    first, *rest = (_of_short if found.cause == SHORT else _of_long)(found, took, wording)
    told = paragraph(line(Span(first, "bold")), *map(line, rest))
    headline = f"{LENGTHS[found.cause]} ({full_day(found.night)})"
    todo = STEPS[SHORT if found.cause == SHORT else LONG]
    return wording.message("⏱️", headline, first, (told, steps(*map(marked, todo))))


def _of_short(found: Verdict, took: str, wording: Wording) -> list[str]:
    least = wording.settings.schedule.min_runtime_seconds
    return [
        "Look before you rely on today's data: the load may have loaded too little.",
        f"{took}; a whole one takes at least {least} s (schedule.min_runtime_seconds).",
        f"By its own account: {_current(found, wording.facts, 'the data is that of last night.')}",
    ]


def _of_long(found: Verdict, took: str, wording: Wording) -> list[str]:
    schedule = wording.settings.schedule
    limit = f"{took}; the limit is {schedule.max_runtime_minutes} min (schedule.max_runtime_minutes)."
    return [_current(found, wording.facts, "The data is last night's."), limit]


def of_gap(found: Verdict, wording: Wording) -> Message:
    """Given nights that were not good, of which nobody was told and that are over, return what to tell about them."""
    nights = listed([f"{day(night.day)} ({WORDS[night.state]})" for night in found.earlier], 14)
    how_many = count(len(found.earlier), "earlier night was", "earlier nights were")
    good = f"The load of {day(found.night)} is good again."
    means = _current(found, wording.facts, good) if found.loaded else _data(found, wording.facts)
    said = [line(Span(means, "bold")), line(f"Not good, and told only now: {nights}.")]
    first = paragraph(*said, *map(line, _asleep(found, wording)))
    return wording.message("🔎", f"{how_many} not good, and nobody was told", means, (first, steps(marked(DOCTOR))))


def check_name(settings: Settings) -> str:
    """Return what people call the check, by its hour: `6 AM check`."""
    at = time.fromisoformat(settings.schedule.watchdog)
    hour = f"{(at.hour - 1) % 12 + 1}{f':{at.minute:02}' if at.minute else ''}"
    return f"{hour} {'AM' if at.hour < 12 else 'PM'} check"


def _data(found: Verdict, facts: Facts) -> str:
    """What it means for the data."""
    if found.cause == CLOCK:
        return "Tables are whole; which day they show cannot be told by this host's clock."
    if found.run and any(feed.failed for feed in found.run.feeds):
        return currency.of_failure(found.run.feeds, found.run.night, facts.stands)
    if found.loaded:
        return _current(found, facts, "The data is last night's.")
    if facts.marker is None:
        return "No good load is known, so the tables may be empty."
    return f"Tables are whole and show what the load of {day(facts.marker.night)} published."


def _current(found: Verdict, facts: Facts, otherwise: str) -> str:
    run = found.run
    return currency.of_success(run.feeds, run.night, facts.stands) if run and run.feeds else otherwise


def _asleep(found: Verdict, wording: Wording) -> list[str]:
    if found.asleep_since is None:
        return []
    since = clock(found.asleep_since, wording.zone)
    if wording.facts.only_csv:
        lost = count(len(wording.facts.only_csv), "run")
        return [
            f"The record lacked {lost} that the CSV has: was an old copy restored? What was told since {since} is lost."
        ]
    return [f"Nobody looked from {since} to now: was this host off, or cron stopped?"]


def _earlier(found: Verdict) -> list[str]:
    return [f"Before it: {_named(found.earlier)}."] if found.earlier and found.names_earlier else []


def _named(nights: Sequence[Night]) -> str:
    return listed([f"{day(night.day)} {WORDS[night.state]}" for night in nights], 7)


def _why(found: Verdict, facts: Facts) -> list[str]:
    said = list(facts.problems)
    if found.cause == UNKNOWN:
        said.append(LOST)
    if found.cause == CLOCK:
        said.append("The last check, or the last success, lies in the future by this host's clock.")
    if found.cause in (MISSED, NEVER) and any(night.day == found.night and night.runs for night in found.nights):
        said.append(BY_HAND)
    if found.cause in (RUNNING, OVERRUN) and not found.loaded:
        said.append(_at_work(facts))
    return said + (_reasons(found.run) if found.run else [])


def _at_work(facts: Facts) -> str:
    holder, since = facts.holder, facts.running_since
    if holder is None or since is None:
        return ""
    so_long = span(max(facts.now - since, timedelta(0)))
    return f"Run {holder.run_id} (pid {holder.pid}) has been at work for {so_long}."


def _reasons(run: RunOutcome) -> list[str]:
    own = [f"Why: {run.error}"] if run.error else []
    return own + [f"Why: {feed.feed}: {feed.reason}" for feed in run.feeds if feed.failed and feed.reason]


def _steps(found: Verdict, facts: Facts) -> list[Line]:
    if found.cause == OVERRUN and facts.holder:
        end = f"If it hangs, end it: `kill {facts.holder.pid}`; what is published stays whole. Then {RUN_AGAIN}"
        return [marked(LOG), marked(end)]
    if found.cause in STEPS:
        return [marked(each) for each in STEPS[found.cause]]
    if found.run is None:
        return [marked(LOG), marked(RUN)]
    return fixes(found.run, [feed for feed in found.run.feeds if feed.failed])
