"""The edge that gathers how the lake stands now: rules, state, record, the run at work. It takes no lock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datalake.standing import BAD, Known, Verdict, judged
from datalake.web import outcome_queries, queries
from datalake.web.figures.feeds import Feed, all_feeds, completed
from datalake.web.record import Record
from datalake.web.rules import read_rules
from datalake.web.site import Site, holder_at_work
from datalake.zones.manifest import read_with_remarks
from datalake.zones.state import FeedState

NAMED = 3  # of what is damaged
RUNS = 7  # newest, that the verdict looks at


@dataclass(frozen=True)
class Now:
    """The verdict and the feeds; problems: what could not be read, a sentence each."""

    verdict: Verdict
    feeds: list[Feed]
    problems: list[str]


def look(site: Site, record: Record) -> Now:
    """Given a site and its record, return how the lake stands now."""
    rules = read_rules(site.lake)
    rows = outcome_queries.latest_feeds(record.connection)
    states, lost = _states(site)
    nights = queries.first_and_last_night(record.connection)
    known = Known(
        now=site.clock.now(),
        schedule=site.settings.schedule,
        contracts=rules.contracts,
        states=completed(states, rows),
        runs=queries.newest_runs(record.connection, RUNS),
        holder=holder_at_work(site.lake),
        demo=site.demo,
        last_load=nights[1] if nights else None,
    )
    problems = [problem for problem in (record.problem, rules.problem, lost) if problem]
    verdict = Verdict(BAD, "It cannot be told whether today's data is good.") if rules.problem else judged(known)
    return Now(verdict, all_feeds(known, rows), problems)


def _states(site: Site) -> tuple[Mapping[str, FeedState], str]:
    try:
        states, remarks = read_with_remarks(site.lake)
        return states, _told(remarks)
    except (OSError, ValueError) as error:
        return {}, f"The lake's own state cannot be read ({error}): what is shown of feeds is their last outcome."


def _told(remarks: Sequence[str]) -> str:
    """What is damaged in the lake's own state, and what tells more."""
    if not remarks:
        return ""
    more = f"; and {len(remarks) - NAMED:,} more" if len(remarks) > NAMED else ""
    look = "`python3 manage.py verify` says whether all that is published is whole."
    return f"data/metadata: {'; '.join(remarks[:NAMED])}{more}. {look}"
