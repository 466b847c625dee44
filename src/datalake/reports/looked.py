"""PURE. How the daily check itself went in a week: on which mornings it looked, and which nights it has judged."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise

from datalake import schedule as calendar
from datalake.settings import Schedule


def mornings(schedule: Schedule, nights: Iterable[date], looks: Sequence[datetime]) -> int:
    """Given nights and the instants of looks, return after how many of the nights, before the next, there was one."""

    def is_looked(night: date) -> bool:
        begin = calendar.due(schedule, night)
        (following,) = calendar.next_nights(schedule, begin, 1)
        return any(begin <= at < calendar.due(schedule, following) for at in looks)

    return sum(is_looked(night) for night in nights)


def judged(nights: Iterable[date], looks: Sequence[date]) -> int:
    """Given nights and the latest night that each look judged, oldest look first, return how many some look judged.

    A look judges every night since the one before it; the first one of all judges its own alone.
    """
    spans = list(pairwise(looks))
    return sum(night in looks or any(first < night <= last for first, last in spans) for night in nights)
