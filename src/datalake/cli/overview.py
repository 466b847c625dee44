"""What `manage.py status` says, from what is known of the lake. Pure: lines of text out of records."""

from collections.abc import Sequence

from datalake.cli import text
from datalake.contracts.model import Contract
from datalake.freshness import HELD, REFUSED
from datalake.runs.history import RecordedRun
from datalake.safe_text import written_out
from datalake.standing import Known, verdict
from datalake.words import count, day, number
from datalake.zones.state import FeedState, OpenDelivery

UNKNOWN = "Unknown values; their rows were loaded (each is named on the feed's page of the dashboard)"


def lines(known: Known) -> list[str]:
    """Return all that status says; the first line is the verdict."""
    return [
        verdict(known),
        *_section("Feeds", feed_lines(known)),
        *_section("Needs a person", person_lines(known)),
        *_section("In incoming", incoming_lines(known)),
        *_section("Last runs", run_lines(known.runs)),
        *_section("Notes of the last run", note_lines(known.runs)),
        *_section(UNKNOWN, unknown_lines(known)),
    ]


def _section(title: str, content: list[str]) -> list[str]:
    return ["", title, *(f"  {each}" for each in content)] if content else []


def feed_lines(known: Known) -> list[str]:
    """Return the table of feeds: what each shows and how it stands."""
    rows = [_feed_row(each, known.state(each), known.standing[each.feed]) for each in known.contracts]
    return text.table(("feed", "shows", "rows", "kept", "version", "is"), rows, right=("rows", "kept"))


def _feed_row(contract: Contract, state: FeedState, how: str) -> list[str]:
    kept = number(state.kept) if state.kept else "-"
    as_of = day(state.as_of) if state.as_of else "-"
    return [contract.feed, as_of, number(state.rows), kept, state.version or "-", how]


def person_lines(known: Known) -> list[str]:
    """Return what waits for a person's decision or fix, each with what to do."""
    states = (known.state(each) for each in known.contracts)
    return [line for state in states for each in (*state.held, *state.refused) for line in open_lines(each)]


def open_lines(delivery: OpenDelivery) -> list[str]:
    """Return a file that waits for OK or was refused: why, and what to do."""
    kind = REFUSED if delivery.status == "refused" else HELD
    return [
        f"{delivery.feed}: {kind} since {delivery.since[:10]} ({written_out(delivery.name)})",
        f"  why: {written_out(delivery.reason)}",
        f"  do:  {written_out(delivery.fix)}",
    ]


def unknown_lines(known: Known) -> list[str]:
    """Return how many published values lead nowhere, a line for each feed that has any."""
    found: dict[str, list[str]] = {}
    for each in known.unknown:
        found.setdefault(each.feed, []).append(f"{number(each.values)} of {each.column}")
    return [f"{feed}: {', '.join(counts)}" for feed, counts in found.items()]


def incoming_lines(known: Known) -> list[str]:
    """Return what the next run will load, and each file that stays with its reason."""
    next_run = [f"{each.contract.feed}: {count(len(each.steps), 'file')} for the next run" for each in known.next_run]
    return next_run + [f"{each.name}: {each.reason}" for each in known.waiting]


RUN_HEADINGS = ("night", "started", "minutes", "by", "read", "rejected", "ended", "because")


def run_lines(runs: Sequence[RecordedRun]) -> list[str]:
    """Return the table of the last runs, newest first."""
    return text.table(RUN_HEADINGS, [_run_row(each) for each in runs], right=("minutes", "read", "rejected"))


def _run_row(run: RecordedRun) -> list[str]:
    return [
        day(run.night) if run.night else run.date or "-",
        run.start_time or "-",
        "-" if run.runtime_min is None else f"{run.runtime_min:g}",
        run.trigger or "-",
        "-" if run.rows_read is None else number(run.rows_read),
        "-" if run.rejected is None else number(run.rejected),
        _ended(run),
        text.clipped(run.error or ", ".join(run.failed), 60),
    ]


def _ended(run: RecordedRun) -> str:
    if run.status == "success" and run.notes:
        return f"success, {count(len(run.notes), 'note')}"
    return f"{run.status} ({run.exit_code})" if run.exit_code else run.status or "-"


def note_lines(runs: Sequence[RecordedRun]) -> list[str]:
    """Return what the newest run noted: no failure, but worth a look."""
    return [written_out(note.text) for note in runs[0].notes] if runs else []
