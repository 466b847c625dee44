"""PURE. When a feed's columns changed: in its files, as its events tell, and in its rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datalake.words import listed

Rules = Callable[[str], Mapping[str, Any]]  # fingerprint -> the rules in force then, empty where they are not kept


@dataclass(frozen=True)
class ColumnChange:
    """One change: the data date of the file it came with, as 2025-11-04, the file, and what changed in words."""

    day: str
    file: str
    what: str


def column_changes(events: Sequence[Mapping[str, Any]], rules: Rules) -> list[ColumnChange]:
    """Given a feed's events, oldest first, and what knows former rules, return the changes, newest first."""
    found: list[ColumnChange] = []
    before: Mapping[str, Any] = {}
    for event in events:
        kind = event.get("kind")
        if kind in ("held", "refused") and "column" in _cause(event):
            found.append(_change(event, f"{'Waits for OK' if kind == 'held' else 'File refused'}: {event['reason']}"))
        if kind != "published":
            continue
        if before:
            found += [_change(event, what) for what in _differences(before, event, rules)]
        before = event
    return found[::-1]


def _cause(event: Mapping[str, Any]) -> str:
    """The rule of a refused file; of one that waits, its reason: the guards have no name there."""
    return str(event.get("rule") or ("column" if "it has no column " in str(event.get("reason", "")) else ""))


def _change(event: Mapping[str, Any], what: str) -> ColumnChange:
    return ColumnChange(str(event.get("data_date", "")), str(event.get("name", "")), what)


def _differences(before: Mapping[str, Any], event: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    was, now = (set(each.get("baseline", {}).get("absent", ())) for each in (before, event))
    if now - was:
        yield f"No longer in the file: {listed(sorted(now - was))}."
    if was - now:
        yield f"In the file again: {listed(sorted(was - now))}."
    if before.get("rules") != event.get("rules"):
        yield from _of_rules(rules(str(before.get("rules"))), rules(str(event.get("rules"))))


def _of_rules(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    olds, news = ({each["name"]: each for each in rules.get("columns", ())} for rules in (was, now))
    if not olds or not news:
        yield "The feed's rules were changed."
        return
    told = list(_named(olds, news))
    yield from told or ["The feed's rules were changed; its columns are the same."]


def _named(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Iterator[str]:
    added, gone = [name for name in news if name not in olds], [name for name in olds if name not in news]
    if added:
        yield f"New in the feed's rules: {listed(added)}."
    if gone:
        yield f"No longer in the feed's rules: {listed(gone)}."
    for name, column in news.items():
        old = olds.get(name, column)
        if old.get("type") != column.get("type"):
            yield f"{name} is {column.get('type')} now; it was {old.get('type')}."
        aliases = [each for each in column.get("aliases", ()) if each not in old.get("aliases", ())]
        if aliases:
            yield f"{name} may also be called {listed(aliases)} from here on."
