"""Every message of the 6 AM check, of problems and of channels, as a lake gives rise to it. Night of Wed 5 Nov 2025."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from support import samples

from datalake.alerts import health, proofs
from datalake.alerts.findings import load_finding
from datalake.alerts.incidents import Change, Finding, Incident, Rules, update
from datalake.alerts.message import Message
from datalake.alerts.messages import Context, message
from datalake.alerts.notices import joined, news, recovery
from datalake.alerts.outbox import Entry
from datalake.contracts.model import Contract, Delivery, Freshness
from datalake.outcomes import RunOutcome
from datalake.runs.history import RecordedRun
from datalake.runs.last_success import LastSuccess
from datalake.runs.lockfile import Holder
from datalake.settings import Schedule, Settings
from datalake.watchdog import messages
from datalake.watchdog.check import report
from datalake.watchdog.facts import Facts
from datalake.watchdog.messages import Wording
from datalake.watchdog.record import BLANK
from datalake.watchdog.verdict import verdict
from datalake.zones.state import FeedState, OpenDelivery

NEW_YORK = ZoneInfo("America/New_York")
SIX = datetime(2025, 11, 5, 11, 0, tzinfo=timezone.utc)  # 06:00 EST
DAY = timedelta(days=1)
YESTERDAY = samples.NIGHT - DAY
SETTINGS = Settings(
    name="BU Research Data Lake",
    schedule=Schedule(zone="America/New_York", min_runtime_seconds=60, max_runtime_minutes=120),
)


def recorded(run: RunOutcome) -> RecordedRun:
    """A run as the record has it."""
    known = {
        name: getattr(run, name) for name in ("run_id", "night", "start", "end", "runtime_sec", "status", "trigger")
    }
    return RecordedRun(**{**BLANK, **known, "exit_code": run.exit_code, "error": run.error})


GOOD = recorded(replace(samples.SUCCESS, night=YESTERDAY, start=samples.START - DAY, end=samples.END - DAY))
MARKER = LastSuccess(samples.END - DAY, YESTERDAY)
BEFORE = Facts(
    SIX, samples.NIGHT, marker=MARKER, runs=(GOOD,), first_night=date(2025, 10, 1), looked=(SIX - DAY, YESTERDAY)
)
FINE = replace(
    BEFORE, marker=LastSuccess(samples.END, samples.NIGHT), runs=(GOOD, recorded(samples.SUCCESS)), last=samples.SUCCESS
)


def ran(run: RunOutcome, **known) -> Facts:
    """The facts after a run of last night."""
    good = run.status == "success"
    marker = LastSuccess(run.end, run.night) if good else MARKER
    return replace(BEFORE, runs=(GOOD, recorded(run)), last=run, marker=marker, **known)


def found(facts: Facts, key: str, settings: Settings = SETTINGS) -> Finding:
    """What the check finds under a key."""
    wording = Wording(facts, settings, "dl1")
    return next(each for each in report(verdict(facts, settings.schedule), wording).findings if each.key == key)


def numbered(finding: Finding) -> Message:
    """The finding as it goes out: problem 142."""
    rules = Rules(SIX, SIX + DAY)
    (change,) = update((), [finding], lambda key: False, rules)
    return news(Change(replace(change.incident, number=142), change.news, change.finding), SETTINGS, NEW_YORK)


def check(facts: Facts, key: str = "load", settings: Settings = SETTINGS) -> Message:
    return numbered(found(facts, key, settings))


SHORT = replace(samples.SUCCESS, end=samples.START + timedelta(seconds=4), runtime_sec=4.0)
LONG = replace(samples.SUCCESS, end=samples.START + timedelta(minutes=190), runtime_sec=11_400.0)
WORKING = Holder(4711, "20251105T070000Z-4711", (SIX - timedelta(minutes=50)).isoformat())
STUCK = WORKING._replace(since=(SIX - timedelta(hours=4)).isoformat())
IRB = Contract(
    feed="irb", columns=(), delivery=Delivery("IRB_PROTOCOL_{date}.csv"), freshness=Freshness(warn_after_hours=26)
)


def feed(as_of: date = samples.TUESDAY, night: date = samples.NIGHT, rows: tuple[int, ...] = (), **known) -> Facts:
    """A good night, and the feed irb in that state."""
    state = FeedState("irb", as_of=as_of, last_night=night, **known)
    return replace(FINE, contracts=(IRB,), states={"irb": state}, usual_rows={"irb": rows})


def several() -> Facts:
    """A good night, and two feeds of which no file has come."""
    known = feed(samples.MONDAY, YESTERDAY)
    coi = replace(IRB, feed="coi", delivery=Delivery("COI_{date}.csv"))
    states = {**known.states, "coi": replace(known.states["irb"], feed="coi")}
    return replace(known, contracts=(IRB, coi), states=states)


def waiting(status: str, reason: str) -> OpenDelivery:
    name = "IRB_PROTOCOL_2025-11-04.csv"
    return OpenDelivery(
        "irb", "0a1b2c3d4e5f", "0a" * 32, samples.TUESDAY, name, "irb/x", 9, samples.NIGHT, status, reason=reason
    )


def channel(name: str, answer: str, stuck: int = 3) -> Message:
    """A channel that is dead."""
    waits = [
        Entry(
            f"n{place}",
            name,
            "failure",
            numbered(found(BEFORE, "load")),
            SIX - timedelta(hours=2),
            attempts=2,
            answer=answer,
        )
        for place in range(stuck)
    ]
    (finding,) = health.findings([name], {name: {"dead_at": SIX, "answer": answer}}, waits, SIX, SETTINGS)
    return numbered(finding)


def of_failure() -> tuple[Incident, Finding]:
    """The load's problem, opened on Tuesday at 02:03 and found again on Wednesday."""
    opened = samples.END - DAY
    first = load_finding(replace(samples.FAILURE, night=YESTERDAY), SETTINGS, Context(NEW_YORK, "dl1"))
    (change,) = update((), [first], lambda key: False, Rules(opened, SIX - timedelta(hours=1)))
    again = load_finding(samples.FAILURE, SETTINGS, Context(NEW_YORK, "dl1"))
    return replace(change.incident, number=142), again


def reminder() -> Message:
    known, again = of_failure()
    (change,) = update([known], [again], lambda key: False, Rules(SIX, SIX + DAY))
    return news(change, SETTINGS, NEW_YORK)


def changed() -> Message:
    known, _ = of_failure()
    killed = load_finding(samples.KILLED, SETTINGS, Context(NEW_YORK, "dl1"))
    (change,) = update([known], [killed], lambda key: False, Rules(SIX, SIX + DAY))
    return news(change, SETTINGS, NEW_YORK, ["grants was not updated (shows Mon 3 Nov)"])


def over(word: Callable[..., Message] = recovery, rest: RunOutcome | None = samples.SUCCESS, how: str = "") -> Message:
    known, _ = of_failure()
    (change,) = update([known], [], lambda key: True, Rules(SIX, SIX + DAY))
    with_it = message(rest, SETTINGS, Context(NEW_YORK, "dl1")) if rest else None
    return word(change.incident, SETTINGS, NEW_YORK, with_it, how)


def gap() -> Message:
    """Three nights slept through, and the latest good."""
    old = replace(GOOD, night=date(2025, 11, 1))
    facts = replace(FINE, runs=(old, recorded(samples.SUCCESS)), looked=(SIX - 4 * DAY, date(2025, 11, 1)))
    return messages.of_gap(verdict(facts, SETTINGS.schedule), Wording(facts, SETTINGS, "dl1"))


LATE = replace(
    samples.SUCCESS, trigger="again", start=SIX + timedelta(hours=1), end=SIX + timedelta(hours=1, minutes=2.25)
)
GROWN = (2_100, 8_000, 8_010, 8_020, 8_005, 7_990)
EVERY: dict[str, Callable[[], Message]] = {
    "check-missed": lambda: check(BEFORE),
    "check-never": lambda: check(Facts(SIX, samples.NIGHT)),
    "check-failed": lambda: check(ran(samples.FAILURE)),
    "check-waiting": lambda: check(ran(samples.HELD)),
    "check-stopped": lambda: check(ran(samples.KILLED)),
    "check-running": lambda: check(replace(BEFORE, holder=WORKING)),
    "check-overrun": lambda: check(replace(BEFORE, holder=STUCK)),
    "check-took-too-long": lambda: check(ran(LONG), "length"),
    "check-too-short": lambda: check(ran(SHORT), "length"),
    "check-unknown": lambda: check(replace(BEFORE, marker=LastSuccess(samples.END, samples.NIGHT))),
    "check-unmarked": lambda: check(replace(FINE, marker=MARKER), "marker"),
    "check-clock": lambda: check(
        replace(FINE, marker=LastSuccess(datetime(2031, 1, 1, tzinfo=timezone.utc), date(2031, 1, 1)))
    ),
    "check-asleep": lambda: check(replace(BEFORE, looked=(SIX - 3 * DAY, samples.NIGHT - 3 * DAY))),
    "check-gap": gap,
    "feed-no-file": lambda: check(feed(samples.MONDAY, YESTERDAY), "feed:irb:old"),
    "feeds-old": lambda: check(several(), "feeds"),
    "feed-old": lambda: check(feed(samples.MONDAY), "feed:irb:old"),
    "feed-waiting": lambda: check(
        feed(samples.MONDAY, open=(waiting("held", "20 % fewer rows than the last accepted file"),)), "feed:irb"
    ),
    "feed-refused": lambda: check(feed(samples.MONDAY, open=(waiting("refused", 'no column "status"'),)), "feed:irb"),
    "feed-rows": lambda: check(feed(rows=GROWN), "feed:irb:rows"),
    "disk": lambda: check(replace(FINE, free_bytes=2_100_000_000), "disk"),
    "zone": lambda: check(FINE, "zone", replace(SETTINGS, schedule=replace(SETTINGS.schedule, zone="Europe/Berlin"))),
    "record": lambda: check(
        replace(FINE, problems=("logs/etl_stats.db cannot be read (database disk image is malformed).",)), "record"
    ),
    "channel-slack": lambda: channel("Slack", "404 no_service"),
    "channel-mail": lambda: channel("mail", "exit code 75: the queue's disk is full", 1),
    "reminder": reminder,
    "changed": changed,
    "recovery": over,
    "recovery-alone": lambda: over(rest=None),
    "recovery-late": lambda: over(rest=LATE),
    "joined": lambda: over(joined),
    "closed": lambda: over(rest=None, how="GRANTS_2025-11-04.csv was declined by kim; nothing was loaded."),
    "late": lambda: message(LATE, SETTINGS, Context(NEW_YORK, "dl1")),
    "test": lambda: proofs.message("4821", SETTINGS),
}
