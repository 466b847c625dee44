"""PURE. The overview's tiles: one number each, and the list behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from datalake.runs.history import RecordedRun
from datalake.web.figures.feeds import UNJUDGED, Feed
from datalake.web.figures.nights import Night
from datalake.web.figures.overview import RATED, Overview
from datalake.web.figures.runtimes import Usual, against_usual
from datalake.web.rows import FeedRow, night_of
from datalake.web.text import duration
from datalake.words import count, day, listed


@dataclass(frozen=True)
class Tile:
    """A number with its label and a note; kind colours it and gives it a shape, "" for neither; link: its list."""

    label: str
    value: str
    note: str
    link: str
    kind: str = ""


def data_tile(feeds: Sequence[Feed], link: str) -> Tile:
    """Given the feeds, return what date the data is of, and how many feeds show it."""
    judged = [feed for feed in feeds if feed.how not in UNJUDGED]
    newest = max((feed.state.as_of for feed in judged if feed.state.as_of), default=None)
    current = sum(feed.current for feed in judged)
    kind = "good" if judged and current == len(judged) else "warn"
    note = f"{current} of {count(len(judged), 'feed')} current"
    return Tile("Data as of", day(newest) if newest else "–", note, link, kind)


def load_tile(last: Night, usual: Usual | None, link: str) -> Tile:
    """Given the last night, return what it came to and how its runtime compares with what is usual."""
    if not last.best:
        return Tile("Last load", last.word, day(last.day), link, last.kind)
    difference = against_usual(last.best.runtime_sec, usual) if last.ok else ""
    note = f"{duration(last.best.runtime_sec)}{f', {difference} against usual' if difference else ''}"
    return Tile("Last load", last.word, note, link, last.kind)


def next_tile(next_load: str, wait: timedelta, link: str) -> Tile:
    """Given when the next load is due, as text, and how long that is from now, return it."""
    return Tile("Next load", next_load, f"in {duration(wait.total_seconds())}", link)


def duties_tile(number: int) -> Tile:
    """Given how many things need a person, return that, with a link to their list on the same page."""
    if not number:
        return Tile("Needs a person", "nothing", "all is published", "#content", "good")
    return Tile("Needs a person", count(number, "thing"), "listed above", "#duties", "wait")


def failure_tile(last: RecordedRun | None, unpublished: Sequence[FeedRow], link: str) -> Tile:
    """Given the last failed run (None: there never was one) and the feeds that it did not publish, return it."""
    if last is None:
        return Tile("Last failure", "none", "no run on record failed", link, "good")
    night = night_of(last)
    why = listed([feed.feed for feed in unpublished]) + " not updated" if unpublished else last.error or ""
    return Tile("Last failure", day(night) if night else "–", why or f"exit code {last.exit_code}", link)


def nights_tile(nights: Overview, link: str) -> Tile:
    """Given the overview's figures, return how many of the last nights were good, beside those before."""
    before = f"the {RATED} before: {nights.rate_before}" if nights.rate_before.judged else f"of the last {RATED} nights"
    return Tile("Nights loaded", str(nights.rate), before, link)
