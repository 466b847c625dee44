"""PURE. A run as a report: what it found wrong, what it saw to be right, and what is told of it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from datalake import freshness
from datalake.alerts import currency
from datalake.alerts.incidents import Finding, signature
from datalake.alerts.messages import Context, kind_of, message
from datalake.alerts.report import Report
from datalake.outcomes import PARTIAL, SUCCESS, FeedOutcome, RunOutcome
from datalake.settings import Settings
from datalake.words import day

LOAD, FEED, FEEDS = "load", "feed:", "feeds"
OLD = ":old"  # after a feed's own key: it is older than it should be
UPDATED = ("published", "confirmed")
OF_EARLIER_NIGHTS = ("retry", "approve")  # triggers of runs that serve the night of the file they are about
NOTHING_NEW = "No file of it waits or is refused any more; nothing new of it was loaded."
HEADLINES = {"held": "the load waits for your OK", "failure": "the load failed"}


def report(
    run: RunOutcome,
    settings: Settings,
    context: Context,
    routes: Mapping[str, tuple[str, ...]],
    told: bool,
    waiting: Collection[str] = (),
) -> Report:
    """Given a run and the channels that hear of single feeds, return what is to be kept and told of it.

    told: whether a success is told at all (alerts.on_success). waiting: feeds of which a file was refused or waits.
    """
    settled = {feed.feed for feed in run.feeds if not feed.failed} - set(waiting)
    updated = {feed.feed for feed in run.feeds if feed.status in UPDATED}

    def how(key: str) -> str:
        return NOTHING_NEW if _feed_of(key) in settled - updated else ""

    if run.status != SUCCESS:
        findings = (load_finding(run, settings, context), *_feeds(run, settings, context, routes))
        return Report(findings, lambda key, keys: _feed_of(key) in settled, how=how, explains=False)
    return Report(
        judged=lambda key, keys: (
            _feed_of(key) in settled
            or (key == LOAD and _load_is_over(run, settled, keys))
            or _is_no_more_old(key, run, context.stands)
        ),
        message=message(run, settings, context) if told else None,
        notice=f"run-{run.run_id}",
        ends=(LOAD, FEEDS, *(f"{FEED}{feed}{OLD}" for feed in context.stands)),
        how=how,
    )


def declined(feeds: Collection[str], how: str) -> Report:
    """Given feeds of which no file waits any more, for somebody declined it, return that their problems are closed."""
    return Report(judged=lambda key, keys: _feed_of(key) in feeds, how=lambda key: how)


def _feed_of(key: str) -> str:
    """The feed that an incident is about, "" for none; one about its age or size is another matter."""
    name = key.removeprefix(FEED).partition("@")[0]
    return name if key.startswith(FEED) and ":" not in name else ""


def _is_no_more_old(key: str, run: RunOutcome, stands: Mapping[str, str]) -> bool:
    """Tell whether a run of this night brought what the check had found old."""
    if run.trigger in OF_EARLIER_NIGHTS:
        return False
    if key == FEEDS:
        return bool(stands) and not any(how in (freshness.LATE, freshness.OLD) for how in stands.values())
    feed, old, _ = key.removeprefix(FEED).partition("@")[0].partition(OLD)
    return key.startswith(FEED) and bool(old) and stands.get(feed) == freshness.CURRENT


def _load_is_over(run: RunOutcome, settled: Collection[str], keys: Collection[str]) -> bool:
    """A whole run that succeeded ends the load's problem; one that took up single files, only where feeds were the
    problem and none of them is left: a load that failed as a whole, or did not run, is not made good by a file.
    """
    feeds = {_feed_of(key) for key in keys} - {""}
    return run.trigger not in PARTIAL or (bool(feeds) and feeds <= set(settled))


def load_finding(run: RunOutcome, settings: Settings, context: Context) -> Finding:
    """Given a run that failed, return the finding about it."""
    made = message(run, settings, context)
    return Finding(LOAD, run_signature(run), HEADLINES[kind_of(run)], made, nights=(run.night,))


def run_signature(run: RunOutcome) -> str:
    """Return how a run failed: the runner and the watchdog come to the same words."""
    feeds = sorted(f"{feed.feed} {feed.status} {feed.reason}" for feed in run.feeds if feed.failed)
    return signature(kind_of(run), run.error, *feeds)


def _feeds(
    run: RunOutcome, settings: Settings, context: Context, routes: Mapping[str, tuple[str, ...]]
) -> list[Finding]:
    """For each feed that failed one finding under the load's, and one for each channel that hears of that feed."""
    found = []
    for feed in (each for each in run.feeds if each.failed):
        made = message(replace(run, feeds=(feed,), notes=(), error="", fix=""), settings, _without_log(context))
        own = Finding(
            f"{FEED}{feed.feed}",
            signature(feed.status, feed.reason),
            feed_title(feed, run.night),
            made,
            nights=(run.night,),
            feed=feed.feed,
            parent=LOAD,
        )
        routed = (replace(own, key=f"{own.key}@{name}", parent="", audience=name) for name in routes.get(feed.feed, ()))
        found += [own, *routed]
    return found


def _without_log(context: Context) -> Context:
    return replace(context, log_tail=(), samples=())


def feed_title(feed: FeedOutcome, night: date) -> str:
    """Return what is wrong with a feed, for lists: up to the bracket as the message about the load has it."""
    shows = f" (shows {day(feed.as_of, night)})" if feed.as_of else ""
    if currency.is_partly_updated(feed):
        return f"{currency.refused_file(feed)}{shows}"
    state = "waits for your OK" if feed.status == "held" else "was not updated"
    return f"{feed.feed} {state}{shows}"
