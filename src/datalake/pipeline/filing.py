"""History beside the published table: a late file put in its place, and the lists of years gone by put together."""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from datalake.contracts.model import Contract
from datalake.pipeline.build import Cleaned, incoming, write_list
from datalake.pipeline.context import Context
from datalake.zones import history
from datalake.zones.files import fsync_folder, remove
from datalake.zones.paths import Lake
from datalake.zones.raw import file_sha256

if TYPE_CHECKING:
    import pyarrow as pa

    from datalake.merge.timeline import Timeline


def file_late(run: Context, contract: Contract, cleaned: Cleaned) -> dict[str, str]:
    """Put a late full file into the feed's history; return what its event says of the list that this made."""
    state = run.ledger.feed(contract.feed)
    if contract.history == "none" or not contract.primary_key or not cleaned.staged.accepted:
        return {}
    from datalake.merge.changes import change_schema
    from datalake.merge.filing import filing
    from datalake.pipeline.remembered import Remembered

    late = incoming(contract, cleaned)
    past = run.past.setdefault(contract.feed, Remembered())
    timeline = past.up_to_now(run.lake, contract, late.accepted.schema)
    following = run.ledger.next_date(contract.feed, cleaned.data_date)
    draft = write_list(
        run.lake, contract.feed, change_schema(late.accepted.schema), filing(timeline, late, following, state.seq)
    )
    if draft is None:
        return {}
    name = history.filed_name(state.seq, state.filed + 1, cleaned.data_date.isoformat())
    sha256 = file_sha256(draft)
    draft.rename(history.path_of(run.lake, contract.feed, name))
    fsync_folder(history.history_folder(run.lake, contract.feed))
    return {"list": name, "history": sha256}


def timeline_of(lake: Lake, contract: Contract, table: "pa.Schema") -> "Timeline":
    """Read a feed's history."""
    from datalake.merge.changes import change_schema
    from datalake.merge.timeline import Timeline
    from datalake.zones.tables import ParquetRows

    lists = ParquetRows(history.paths(lake, contract.feed), change_schema(table))
    return Timeline.read(lists, table, contract.primary_key, secrets.randbits(64))


def compact(run: Context, contract: Contract) -> None:
    """Put the lists of years gone by into one file, when the first of a new year has come."""
    feed, state = contract.feed, run.ledger.feed(contract.feed)
    if contract.history == "none" or state.as_of is None:
        return
    old = history.years_gone_by(run.lake, feed, state.as_of.year)
    if not old:
        return
    from datalake.clean.schema import output_schema
    from datalake.merge.changes import change_schema

    schema = change_schema(output_schema(contract))
    draft = write_list(run.lake, feed, schema, _lines(run.lake, feed, old, schema))
    if draft is None:
        return
    name = history.compact_name(int(old[0][:6]), int(old[-1][:6]))
    sha256 = file_sha256(draft)
    draft.rename(history.path_of(run.lake, feed, name))
    fsync_folder(history.history_folder(run.lake, feed))
    run.ledger.record("compacted", feed, {"list": name, "history": sha256, "replaced": old})
    for each in old:
        remove(history.path_of(run.lake, feed, each))


def _lines(lake: Lake, feed: str, names: list[str], schema: "pa.Schema") -> "Iterator[pa.RecordBatch]":
    from datalake.merge.rows import aligned
    from datalake.zones.tables import ParquetRows

    for batch in ParquetRows([history.path_of(lake, feed, each) for each in names], schema).batches():
        yield aligned(batch, schema)
