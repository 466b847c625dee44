"""PURE. What is wrong with the host or the record, as findings."""

from datalake.alerts.incidents import Finding, signature
from datalake.alerts.message import Span, line, marked, paragraph, steps
from datalake.schedule import HostZone
from datalake.watchdog.messages import Wording
from datalake.words import count

DISK, ZONE, RECORD = "disk", "zone", "record"
GB = 1_000_000_000
SILENCED = "See what is open, and acknowledge or silence again what is missing: `python3 manage.py alerts`"


def findings(wording: Wording) -> list[Finding]:
    """Return what is wrong with disk, zone and record."""
    return [each for each in (_disk(wording), _zone(wording), _record(wording)) if each]


def _finding(wording: Wording, key: str, words: str, title: str, means: str, *fixes: str) -> Finding:
    parts = (paragraph(line(Span(means, "bold"))), steps(*map(marked, fixes)))
    return Finding(key, signature(words), title, wording.message("⚠️", title, means, parts))


def _disk(wording: Wording) -> Finding | None:
    free, wanted = wording.facts.free_bytes, wording.settings.alerts.free_disk_gb
    if free is None or free >= wanted * GB:
        return None
    means = "The tables are whole, but the next load may find no room."
    detail = f"{free / GB:.1f} GB are free where data lies; {wanted} GB are wanted (alerts.free_disk_gb)."
    fixes = (
        "See what is large: `du -sh data/* logs`",
        "Keep fewer published versions: lower keep_versions in config/local/settings.yaml; the next load clears them",
    )
    return _finding(wording, DISK, "disk", "the disk is nearly full", f"{means} {detail}", *fixes)


def _zone(wording: Wording) -> Finding | None:
    """Cron goes by the host's clock: in another zone than the schedule's it starts everything at another hour."""
    schedule, now = wording.settings.schedule, wording.facts.now
    own, host = now.astimezone(wording.zone).utcoffset(), now.astimezone(HostZone()).utcoffset()
    if schedule.zone == "local" or own == host:
        return None
    means = (
        f"Loads start at other hours than you set: the schedule is meant in {schedule.zone}, and cron goes by the zone"
    )
    title, fix = "cron runs at other hours than the schedule says", "See what to do about it: `python3 manage.py cron`"
    return _finding(wording, ZONE, "zone", title, f"{means} of this host, which is another.", fix)


def _record(wording: Wording) -> Finding | None:
    facts = wording.facts
    means = " ".join((*facts.losses, *facts.problems))
    if not means:
        return None
    title = "the record cannot be read" if facts.problems else "the record was rebuilt"
    fixes = ("See what is wrong with it: `python3 manage.py doctor`", *((SILENCED,) if facts.losses else ()))
    return _finding(wording, RECORD, means, title, f"The tables are not touched by it. {means}", *fixes)


def lost_rows(wording: Wording) -> str:
    """Say how many runs the database had lost and has back; "" for none."""
    lost = len(wording.facts.only_csv)
    return f"logs/etl_stats.db lacked {count(lost, 'run')} that the CSV has: put back." if lost else ""
