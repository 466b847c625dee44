"""PURE. Rejected rows counted by rule, feed and week."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

SHOWN = 26  # weeks that the table has a column for


@dataclass(frozen=True)
class RuleCount:
    """How often one rule rejected rows of one feed, a number a week that is shown, oldest first; total is of all."""

    feed: str
    rule: str
    weeks: list[int]
    total: int


@dataclass(frozen=True)
class RejectTable:
    """Rejected rows by feed and rule, worst first; weeks are Mondays, oldest first, the newest ones of so many."""

    weeks: list[date]
    rules: list[RuleCount]
    total: int
    of: int


def mondays(first: date, last: date) -> list[date]:
    """Given two nights, return the Mondays of the weeks that they and all between lie in."""
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(days=7 * week) for week in range((last - monday).days // 7 + 1)]


def reject_table(counted: Iterable[tuple[str, str, int, int]], first: date, last: date) -> RejectTable:
    """Given (feed, rule, week from the first, rows), return the rejected rows of the nights from first to last."""
    weeks = mondays(first, last)
    counts: Counter[tuple[str, str, int]] = Counter()
    for feed, rule, week, rows in counted:
        counts[feed, rule, week] += rows
    pairs = {(feed, rule) for feed, rule, _ in counts}
    rules = [_rule_count(feed, rule, counts, len(weeks)) for feed, rule in pairs]
    ordered = sorted(rules, key=lambda each: (-each.total, each.feed, each.rule))
    return RejectTable(weeks[-SHOWN:], ordered, sum(each.total for each in ordered), len(weeks))


def _rule_count(feed: str, rule: str, counts: Counter[tuple[str, str, int]], weeks: int) -> RuleCount:
    by_week = [counts[feed, rule, week] for week in range(weeks)]
    return RuleCount(feed, rule, by_week[-SHOWN:], sum(by_week))


def rejected_share(rejected: int, read: int) -> str:
    """Given how many rows were rejected of how many, return the share as `0.3 %`."""
    return f"{100 * rejected / read:.2g} %" if read else "–"
