"""The weekly reports of a simulated year, held against what each must say: a sentence for each thing that differs."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from datalake.prove.sinks import Arrival
from datalake.prove.year import Simulation
from datalake.prove.year_letters import said
from datalake.prove.year_plan import DAY
from datalake.prove.year_truth import PLANNED, Expected, minutes
from datalake.prove.year_weeks import Week, rate, weeks
from datalake.reports.week import week_name

HALF = 1e-6  # seconds by which two means of the same numbers may differ


def week_mistakes(done: Simulation, expected: Expected, numbers: dict[int, int]) -> Iterator[str]:
    """Compare every report that must be there with the plan. numbers: what each problem of the plan is called."""
    told = [each for each in done.sinks.arrived if each.title[0] == "📅"]
    for week in weeks(expected):
        name = week_name(week.monday)
        kept = done.lake.reports / f"{name}.json"
        if not kept.exists():
            yield f"{name}: no report was made"
            continue
        found, right = json.loads(kept.read_text(encoding="utf-8")), week.figures()
        wrong = [*_differences("", right, found), *_people(week, found, numbers), *_pages(done, name, right)]
        if week.on_time:
            wrong += [*_usable(week, found), *_message(right, [each for each in told if each.day == week.made])]
        yield from (f"{name}: {each}" for each in wrong)


def _differences(place: str, right: Any, found: Any) -> Iterator[str]:
    """Every figure that is known, by its place: what the report has beside them is not looked at."""
    if isinstance(right, dict) and isinstance(found, dict):
        for name, value in right.items():
            yield from _differences(f"{place}.{name}".strip("."), value, found.get(name, "not there"))
    elif isinstance(right, list) and isinstance(found, list) and len(right) == len(found):
        for number, (each, other) in enumerate(zip(right, found, strict=True)):
            yield from _differences(f"{place}[{number}]", each, other)
    elif not _equal(right, found):
        yield f"{place} is {found}, counted were {right}"


def _equal(right: Any, found: Any) -> bool:
    if isinstance(right, float) and isinstance(found, (int, float)):
        return abs(right - found) < HALF
    return bool(right == found)


def _people(week: Week, found: dict[str, Any], numbers: dict[int, int]) -> Iterator[str]:
    """What needs a person: every problem that was told and is open; beside them only what these explain."""
    wanted = {numbers.get(each.number, 0) for each in week.mind.open} if week.on_time else set()
    listed = {int(re.findall(r"\d+", each)[0]): each for each in found["needs"]}
    if wanted - set(listed):
        yield f"needs lacks problem {sorted(wanted - set(listed))}"
    of_feeds = ("irb", "grants") if (week.mind.load or week.mind.files) and week.on_time else ()
    for number, text in listed.items():
        title = text.partition(": ")[2]
        if number not in wanted and not title.startswith(of_feeds or ("\0",)) and not _untold(week, title):
            yield f"needs names {text}, which was over"


def _untold(week: Week, title: str) -> bool:
    """The load's problem is kept while it is silenced."""
    return bool(week.mind.load and not week.mind.load.told and title.startswith("the load"))


def _pages(done: Simulation, name: str, right: dict[str, Any]) -> Iterator[str]:
    page = done.lake.reports / f"{name}.html"
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    if rate(right["span"]) not in text:
        yield f"its page does not say {rate(right['span'])}"
    pdf = done.lake.reports / f"{name}.pdf"
    if not pdf.exists() or not pdf.read_bytes().startswith(b"%PDF"):
        yield "it has no PDF"


def _usable(week: Week, found: dict[str, Any]) -> Iterator[str]:
    """Whether today's data can be used: of the Monday on which the report is made."""
    night = week.expected.year.night(week.made)
    there = [load for load in night.loads if load.good and load.ends < "07:00"]
    words = found["usable"]
    if there and said(week.made - DAY) not in words:
        yield f"usable does not say that the data is as of {said(week.made - DAY)}: {words}"
    if not there and night.kind != PLANNED and "are current: they" in words:
        yield f"usable says that the data is current: {words}"


def _message(right: dict[str, Any], told: Sequence[Arrival]) -> Iterator[str]:
    """The same figures in the messages."""
    span, watched = right["span"], right["monitoring"]
    says = [
        rate(span),
        f"Successful runs: {span['loaded']}",
        f"Failed runs: {span['failed']}",
        f"Missed: {span['missed']}",
        f"looked on {watched['checks']} of 7 mornings",
        f"{watched['sent']:,} messages sent, {watched['unsent']} not",
    ]
    if span["average_seconds"]:
        says.append(f"Avg runtime: {minutes(span['average_seconds'])}")
    for got in told:
        yield from (f"its message by {got.channel} does not say {words!r}" for words in says if words not in got.text)
