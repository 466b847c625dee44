"""A feed's past out of its change lists: the state at a date, as it was shown then and as it is known now."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalake.contracts.model import Contract
from datalake.errors import UsageError
from datalake.outcomes import Changes
from datalake.pipeline.filing import timeline_of
from datalake.zones import curated
from datalake.zones.events import read
from datalake.zones.manifest import good_ends
from datalake.zones.paths import Lake

if TYPE_CHECKING:
    import pyarrow as pa

    from datalake.merge.base import Merge
    from datalake.merge.rows import Mask, Rows
    from datalake.merge.timeline import Timeline


@dataclass(frozen=True)
class Shown:
    """What readers saw of a feed at an instant: a version, and the data date it was said to be of."""

    version: str
    seq: int
    as_of: date


def shown_at(lake: Lake, feed: str, instant: datetime) -> Shown | None:
    """Return what was published at an aware instant; None where nothing was yet."""
    shown: Shown | None = None
    for line in read(lake.events):
        event = line.event or {}
        if event.get("feed") != feed or datetime.fromisoformat(event["at"]) > instant:
            continue
        if event["kind"] == "published":
            shown = Shown(event["version"], event["seq_of_feed"], date.fromisoformat(event["as_of"]))
        if event["kind"] == "confirmed" and shown:
            shown = Shown(shown.version, shown.seq, date.fromisoformat(event["data_date"]))
    return shown


def rows_shown(lake: Lake, contract: Contract, shown: Shown) -> "Rows":
    """Return the table of a version: from its file where it is kept, else from history; raise UsageError."""
    from datalake.zones.tables import ParquetRows

    paths = curated.table_paths(curated.versions_folder(lake, contract.feed) / shown.version, contract.feed)
    if paths:
        return ParquetRows(paths)
    timeline = _timeline(lake, contract)
    return _Lines(timeline, timeline.as_shown(shown.seq))


def rows_known(lake: Lake, contract: Contract, day: date) -> "Rows":
    """Return what is now known to have been true on a day, late files and corrections included; raise UsageError."""
    timeline = _timeline(lake, contract)
    return _Lines(timeline, timeline.as_of(day))


def first_day(lake: Lake, feed: str) -> date | None:
    """Return the oldest data date of a file of the feed that came to a good end, whenever it was loaded."""
    days = (event["data_date"] for event in good_ends(lake) if event["feed"] == feed)
    return min(map(date.fromisoformat, days), default=None)


class _Lines:
    """The rows of marked lines of a timeline, to be gone over more than once."""

    def __init__(self, timeline: "Timeline", mask: "Mask") -> None:
        self.schema = timeline.table
        self._timeline, self._mask = timeline, mask

    def batches(self, columns: "Sequence[str] | None" = None) -> "Iterator[pa.RecordBatch]":
        for batch in self._timeline.rows(self._mask):
            yield batch.select(list(columns)) if columns is not None else batch


def _timeline(lake: Lake, contract: Contract) -> "Timeline":
    from datalake.clean.schema import output_schema

    if contract.history == "none" or not contract.primary_key:
        raise UsageError(
            f"{contract.feed} keeps no history: its rules say `history: none`, or give no primary_key.",
            "Its kept versions are in data/curated. For the future, set `history: scd2` in its rules.",
        )
    return timeline_of(lake, contract, output_schema(contract))


@dataclass(frozen=True)
class Difference:
    """One record that differs between two states; columns are those that changed."""

    change: str  # new changed gone
    before: dict[str, Any]
    after: dict[str, Any]
    columns: tuple[str, ...] = ()


def compare(contract: Contract, before: "Rows", after: "Rows") -> tuple[Changes, "Iterator[Difference]"]:
    """Return how one state differs from another: in records, and each of them."""
    from datalake.merge.base import Incoming, Rejected
    from datalake.merge.replace import Replacement

    incoming = Incoming(after, Rejected([]), date.min)
    merge = Replacement(before, incoming, contract.primary_key, secrets.randbits(64))
    for _ in merge.batches():
        pass  # what differs is known once all of it has passed
    return merge.differences.changes, _differences(merge)


def _differences(merge: "Merge") -> Iterator[Difference]:
    from datalake.merge.changes import CHANGED, GONE, changes, former_rows
    from datalake.merge.rows import content_columns

    former = (row for table in former_rows(merge) for row in table.to_pylist())
    for batch in changes(merge, 0):
        for line in batch.to_pylist():
            row = {name: line[name] for name in content_columns(merge.schema)}
            if line["_change"] == CHANGED:
                yield Difference(CHANGED, next(former), row, tuple(line["_changed"]))
            elif line["_change"] == GONE:
                yield Difference(GONE, row, {})
            else:
                yield Difference(line["_change"], {}, row)


def write_rows(rows: "Rows", contract: Contract, folder: Path, name: str) -> int:
    """Write a state as <name>.parquet and <name>.csv into a folder; return its rows."""
    from datalake.zones.tables import TableWriter
    from datalake.zones.twin import Twin

    table = TableWriter(folder / f"{name}.parquet", rows.schema)
    separators = {each.name: each.separator for each in contract.columns}
    twin = Twin(folder / f"{name}.csv", rows.schema, separators)
    count = 0
    for batch in rows.batches():
        table.write(batch)
        twin.write(batch)
        count += batch.num_rows
    table.close()
    twin.close()
    return count
