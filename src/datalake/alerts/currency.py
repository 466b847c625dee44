"""PURE. What a run means for the data: which feeds are current, and what those that are not still show."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from datalake import freshness
from datalake.outcomes import FeedOutcome
from datalake.words import count, day, listed, number

MOST_FEEDS = 8  # named one by one in a message


NO_STANDS: Mapping[str, str] = MappingProxyType({})


def of_success(feeds: Sequence[FeedOutcome], night: date | None = None, stands: Mapping[str, str] = NO_STANDS) -> str:
    """Given the feeds of a run that succeeded, say as of when they show Huron; night: dates of its year go without.

    stands: how feeds stand (datalake.freshness); one that is not there is taken to be current.
    """
    shown = [feed for feed in feeds if feed.status != "draft"]
    if any(_behind(feed, stands) for feed in shown):
        known = {feed.feed: stands.get(feed.feed, freshness.CURRENT) for feed in shown}
        return some_behind({feed.feed: feed.as_of for feed in shown}, known, night)
    dated = _by_date(shown)
    if not dated:
        return "No feed has data yet." if shown or not feeds else "Only drafts were checked; nothing was published."
    if len(dated) > 1 or sum(map(len, dated.values())) < len(shown):
        return _each_as_of(dated, _without(shown), night)
    (as_of,) = dated
    return f"{_all_current(shown)} Huron as of {day(as_of, night)}."


def _all_current(shown: Sequence[FeedOutcome]) -> str:
    if len(shown) == 1:
        return f"The feed {shown[0].feed} is current: it shows"
    return f"{'Both' if len(shown) == 2 else f'All {len(shown)}'} feeds are current: they show"


def _without(feeds: Iterable[FeedOutcome]) -> list[str]:
    return [feed.feed for feed in feeds if feed.as_of is None]


def _by_date(feeds: Iterable[FeedOutcome]) -> dict[date, list[str]]:
    """The names of the feeds by the date of their data, newest first."""
    found = defaultdict(list)
    for feed in feeds:
        if feed.as_of is not None:
            found[feed.as_of].append(feed.feed)
    return dict(sorted(found.items(), reverse=True))


def _each_as_of(dated: dict[date, list[str]], without: Sequence[str], night: date | None) -> str:
    """Newest first: `irb shows Huron as of Tue 4 Nov; grants as of Mon 3 Nov.`"""
    said = [f"{listed(names, MOST_FEEDS)} as of {day(as_of, night)}" for as_of, names in dated.items()]
    first, rest = next(iter(dated.items()))[1], said[1:]
    words = [said[0].replace(" as of", f" {'shows' if len(first) == 1 else 'show'} Huron as of", 1), *rest]
    if without:
        words.append(_no_data_yet(without))
    return "; ".join(words) + "."


def _no_data_yet(without: Sequence[str]) -> str:
    return f"{listed(without, MOST_FEEDS)} {'has' if len(without) == 1 else 'have'} no data yet"


def _behind(feed: FeedOutcome, stands: Mapping[str, str]) -> bool:
    return stands.get(feed.feed, freshness.CURRENT) in (freshness.LATE, freshness.OLD, *freshness.OPEN)


def some_behind(shows: Mapping[str, date | None], stands: Mapping[str, str], night: date | None = None) -> str:
    """Given as of when each feed shows Huron and how it stands, say how many are current and what the others show.

    `1 of 2 feeds is current as of Tue 4 Nov. grants shows Mon 3 Nov: waiting for OK.`
    """
    current = [feed for feed, how in stands.items() if how == freshness.CURRENT]
    dates = {shows[feed] for feed in current}
    as_of = "".join(f" as of {day(each, night)}" for each in dates if each and len(dates) == 1)
    first = f"{len(current)} of {count(len(stands), 'feed')} {'is' if len(current) == 1 else 'are'} current{as_of}."
    return " ".join([first, *_what_others_show(shows, stands, night)])


def _what_others_show(shows: Mapping[str, date | None], stands: Mapping[str, str], night: date | None) -> Iterable[str]:
    alike = defaultdict(list)
    for feed, how in stands.items():
        if how != freshness.CURRENT:
            alike[shows[feed], how].append(feed)
    for (as_of, how), names in alike.items():
        if as_of is None:
            yield f"{_no_data_yet(names)}{'' if how == freshness.NEVER else f': {how}'}."
        else:
            yield f"{listed(names, MOST_FEEDS)} {'shows' if len(names) == 1 else 'show'} {day(as_of, night)}: {how}."


def of_failure(feeds: Sequence[FeedOutcome], night: date | None = None, stands: Mapping[str, str] = NO_STANDS) -> str:
    """Given the feeds of a run in which some failed, say which were not updated and what their tables still show."""
    failed = [feed for feed in feeds if feed.failed]
    sound = [feed for feed in feeds if not feed.failed and feed.status != "draft"]
    others = [feed for feed in sound if not _behind(feed, stands)]
    late = {feed.feed: stands[feed.feed] for feed in sound if feed not in others}
    partly = [feed for feed in failed if is_partly_updated(feed)]
    old = [feed for feed in failed if feed not in partly]
    sentences = [
        *([f"{_not_updated(old, night)}."] if old else []),
        *(
            f"{refused_file(feed)}; its tables now show {_day(feed.as_of, night)}, published in this run."
            for feed in partly
        ),
        *_others(others, night),
        *_what_others_show({feed.feed: feed.as_of for feed in sound}, late, night),
        "Nothing wrong was published.",
    ]
    return " ".join(sentences)


def is_partly_updated(feed: FeedOutcome) -> bool:
    """Tell whether a feed that failed shows a file of this very run: it is a later one that failed."""
    return any(file.status in ("published", "confirmed") and file.data_date == feed.as_of for file in feed.files)


def refused_file(feed: FeedOutcome) -> str:
    """Given a feed that failed at a later file, say which and how: `grants: GRANTS_2025-11-05.csv was refused`."""
    name = next((file.name for file in reversed(feed.files) if file.status == feed.status), "a later file")
    words = {"held": "waits for your OK", "refused": "was refused"}
    return f"{feed.feed}: {name} {words.get(feed.status, 'could not be loaded')}"


def _not_updated(failed: Sequence[FeedOutcome], night: date | None) -> str:
    dates = {feed.as_of for feed in failed}
    names = listed([feed.feed for feed in failed])
    verb = "was" if len(failed) == 1 else "were"
    if len(dates) > 1:
        still = ", ".join(f"{feed.feed} {_still(feed.as_of, 1, night)}" for feed in failed[:MOST_FEEDS])
        return f"{names} {verb} not updated: {still}"
    (as_of,) = dates
    tables = "its tables" if len(failed) == 1 else "their tables"
    return f"{names} {verb} not updated: {tables} {_still(as_of, 2, night)}"


def _still(as_of: date | None, number_of: int, night: date | None) -> str:
    if as_of is None:
        return "have no data yet" if number_of > 1 else "has no data yet"
    return f"still show{'' if number_of > 1 else 's'} {day(as_of, night)}"


def _day(as_of: date | None, night: date | None) -> str:
    return day(as_of, night) if as_of else "no data"


def _others(others: Sequence[FeedOutcome], night: date | None) -> list[str]:
    """What of the feeds that did not fail: current, each with its date where they differ; those without data apart."""
    dated, without = _by_date(others), _without(others)
    if not dated:
        return []
    if len(dated) > 1:
        return [_each_as_of(dated, without, night)]
    ((as_of, names),) = dated.items()
    lacking = [f"{_no_data_yet(without)}."] if without else []
    if len(names) > 1:
        lead = f"{len(names)} others" if without else f"The other {len(names)} feeds"
        return [f"{lead} are current as of {day(as_of, night)}.", *lacking]
    lead = names[0] if without else f"The other feed, {names[0]},"
    return [f"{lead} is current as of {day(as_of, night)}.", *lacking]


def changes(feeds: Sequence[FeedOutcome]) -> str:
    """Given feeds, say what changed in each that was published; "" where none was."""
    published = [feed for feed in feeds if feed.status == "published"]
    told = [(feed.feed, _changed(feed)) for feed in published]
    named = [f"{name}: {what}" for name, what in told if what]
    quiet = [name for name, what in told if not what]
    words = named[:MOST_FEEDS]
    if len(named) > MOST_FEEDS:
        words.append(f"{len(named) - MOST_FEEDS} more with changes")
    if quiet:
        words.append(f"{listed(quiet) if len(quiet) < 4 else f'{len(quiet)} others'}: nothing changed")
    return " · ".join(words)


def _changed(feed: FeedOutcome) -> str:
    made = feed.changes
    pieces = [(made.new, "new"), (made.changed, "changed"), (made.gone, "no longer in Huron"), (feed.kept, "kept")]
    return ", ".join(f"{number(value)} {word}" for value, word in pieces if value)


def rows(feeds: Sequence[FeedOutcome], usual: tuple[int, int] | None) -> str:
    """Say how many rows were loaded and rejected; usual is the lowest and highest number rejected of late."""
    files = [file for feed in feeds for file in feed.files if file.status == "published"]
    if not files:
        return ""
    loaded, rejected = sum(file.accepted for file in files), sum(file.rejected for file in files)
    told = f"{count(loaded, 'row')} loaded, {number(rejected)} rejected"
    return f"{told} (usual {_range(*usual)})" if usual and rejected else told


def _range(low: int, high: int) -> str:
    return number(low) if low == high else f"{number(low)}–{number(high)}"
