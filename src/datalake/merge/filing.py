"""PURE. A full file that came late, put into history: what it says had been true at its date, and no longer.

At the file's date the lines are those in which it differs from what was known for that date. At the next date for
which there is a file, rows that had no line there get one: what was known before holds again from then on.
"""

from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from datalake.merge.base import Incoming, filtered
from datalake.merge.changes import FILED, FILED_GONE, marked
from datalake.merge.replace import Replacement
from datalake.merge.rows import Collector, Fingerprints, Mask, content_columns
from datalake.merge.timeline import Timeline

Lines = tuple[str, date, pa.RecordBatch]  # what happened, from which date on, rows


class Known:
    """The table at a date, as far as it is known: Rows over the lines of a timeline."""

    def __init__(self, timeline: Timeline, day: date) -> None:
        self.schema = timeline.table
        self._timeline, self._mask = timeline, timeline.as_of(day)

    def batches(self, columns: object = None) -> Iterator[pa.RecordBatch]:
        yield from self._timeline.rows(self._mask)


def filing(timeline: Timeline, incoming: Incoming, following: date | None, version: int) -> Iterator[pa.RecordBatch]:
    """Yield the lines that a late file adds.

    following: the next date for which there is a file, if any; version: number of the version that is shown meanwhile.
    """
    for change, day, batch in _filing(timeline, incoming, following):
        yield marked(batch, change, day, version)


def _filing(timeline: Timeline, incoming: Incoming, following: date | None) -> Iterator[Lines]:
    known = Known(timeline, incoming.data_date)
    compared = Replacement(known, incoming, timeline.key, timeline.seed)
    for _ in compared.batches():
        pass  # what differs is known once all of it has passed
    found, accepted = compared.differences, incoming.accepted
    for batch in filtered(accepted.batches(), found.new | found.changed):
        yield FILED, incoming.data_date, batch
    for batch in filtered(known.batches(), found.gone):
        yield FILED_GONE, incoming.data_date, batch
    if following is not None:
        was = found.gone.copy()
        was[found.was[found.changed]] = True
        yield from _restored(timeline, known.batches(), was, FILED, following)
        yield from _restored(timeline, accepted.batches(), found.new, FILED_GONE, following)


def _restored(
    timeline: Timeline, batches: Iterator[pa.RecordBatch], mask: Mask, change: str, day: date
) -> Iterator[Lines]:
    rows = list(filtered(batches, mask))
    prints = _prints(timeline, rows)
    for batch in filtered(rows, ~timeline.has_line(prints, day)):
        yield change, day, batch


def _prints(timeline: Timeline, rows: list[pa.RecordBatch]) -> Fingerprints:
    collector = Collector(timeline.key, content_columns(timeline.table), timeline.seed)
    for batch in rows:
        collector.add(batch)
    return collector.done()
