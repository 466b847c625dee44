"""PURE. What the 6 AM check tells, its first line by cause."""

from datetime import datetime, time

from datalake.alerts import currency
from datalake.alerts.message import Line, Message, Span, line, made_safe, marked, paragraph, small, steps
from datalake.alerts.messages import as_step
from datalake.alerts.words import clock, day, full_day, span
from datalake.nights import FAILED, MISSED, RUNNING
from datalake.outcomes import RunOutcome
from datalake.runs.lockfile import Holder
from datalake.schedule import next_due, zone_named
from datalake.settings import Settings
from datalake.watchdog.facts import Facts
from datalake.watchdog.verdict import NEVER, STOPPED, UNKNOWN, UNMARKED, WAITING, Verdict

HEADLINES = {
    MISSED: "last night's load did not run",
    NEVER: "no load has run here yet",
    FAILED: "last night's load failed",
    STOPPED: "last night's load stopped half-way",
    RUNNING: "last night's load is still running",
    WAITING: "last night's load waits for your OK",
    UNKNOWN: "cannot tell whether last night's load was good",
    UNMARKED: "last night's load was good, but its success marker is not there",
}
RUN = "Load it now: `bash src/cron_runner.sh`"
LOOK = "See what is there: `python manage.py status`"
DOCTOR = "See why it may not have started: `python manage.py doctor`"


def message(verdict: Verdict, facts: Facts, settings: Settings, host: str) -> Message:
    """Given a verdict that is not good, return what to tell about it."""
    headline = HEADLINES[verdict.cause]
    demo = "DEMO · " if facts.demo else ""
    means = _data(verdict, facts)
    told = Message(
        "check",
        f"🚨 {demo}{check_name(settings)}: {headline} ({full_day(verdict.night)}) · {settings.name}",
        f"CHECK: {demo}{headline} ({full_day(verdict.night)}). {means}",
        (
            paragraph(line(Span(means, "bold")), *(marked(each) for each in _why(verdict, facts))),
            steps(*_steps(verdict)),
            small(_foot(facts, settings, host)),
        ),
    )
    return made_safe(told, settings.secrets.values())


def check_name(settings: Settings) -> str:
    """Return what people call the check, by its hour: `6 AM check`."""
    at = time.fromisoformat(settings.schedule.watchdog)
    hour = f"{(at.hour - 1) % 12 + 1}{f':{at.minute:02}' if at.minute else ''}"
    return f"{hour} {'AM' if at.hour < 12 else 'PM'} check"


def _data(verdict: Verdict, facts: Facts) -> str:
    """What it means for the data."""
    run = verdict.run
    if run and any(feed.failed for feed in run.feeds):
        return currency.of_failure(run.feeds)
    if verdict.cause == UNMARKED and run:
        return currency.of_success(run.feeds)
    if facts.marker is None:
        return "No good load is known, so the tables may be empty."
    return f"Tables are whole and show what the load of {day(facts.marker.night)} published."


def _why(verdict: Verdict, facts: Facts) -> list[str]:
    said = list(verdict.disagreements)
    if verdict.cause == RUNNING and facts.holder:
        said.append(_at_work(facts.holder, facts.now))
    return said + _reasons(verdict.run) if verdict.run else said


def _at_work(holder: Holder, now: datetime) -> str:
    try:
        since = now - datetime.fromisoformat(holder.since)
    except ValueError:
        return f"Run {holder.run_id} (pid {holder.pid}) is at work."
    return f"Run {holder.run_id} (pid {holder.pid}) has been at work for {span(since)}."


def _reasons(run: RunOutcome) -> list[str]:
    own = [f"Why: {run.error}"] if run.error else []
    return own + [f"Why: {feed.feed}: {feed.reason}" for feed in run.feeds if feed.failed and feed.reason]


def _steps(verdict: Verdict) -> list[Line]:
    run = verdict.run
    given = [run.fix, *(feed.fix for feed in run.feeds if feed.failed)] if run else []
    fixes = [as_step(fix) for fix in dict.fromkeys(given) if fix]
    if verdict.cause in (MISSED, NEVER):
        return [marked(RUN), marked(DOCTOR)]
    if verdict.cause == RUNNING:
        return [marked("Wait, or look at its log: `tail logs/cron_etl.log`")]
    if verdict.cause in (UNKNOWN, UNMARKED):
        return [marked(LOOK), marked(RUN)]
    return fixes or [marked("Look at logs/cron_etl.log"), marked(RUN)]


def _foot(facts: Facts, settings: Settings, host: str) -> Line:
    schedule = settings.schedule
    zone = zone_named(schedule.zone)
    soon = next_due(schedule, facts.now, (schedule.nightly, *schedule.again))
    last = clock(facts.marker.end, zone) if facts.marker else "none known"
    return line(f"Next automatic try: {clock(soon, zone)} · Last success: {last} · host {host}")
