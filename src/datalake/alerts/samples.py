"""The edge to quarantine: a few rejected rows for a message, where the settings allow it (alerts.row_samples)."""

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from datalake.contracts.config import load_contracts
from datalake.contracts.model import Contract
from datalake.outcomes import RunOutcome
from datalake.zones.paths import Lake

MOST = 10  # of all feeds together
CLOSED = ("confidential", "restricted")  # classifications of columns whose values no message shows

logger = logging.getLogger(__name__)


def rejected_rows(lake: Lake, run: RunOutcome, count: int) -> tuple[str, ...]:
    """Return up to count rejected rows of each feed in a run: line, column, value and why, without what is closed.

    Nothing where count is 0, which reads nothing; what cannot be read is logged and left out.
    """
    if not count or not any(file.rejected for feed in run.feeds for file in feed.files):
        return ()
    try:
        contracts = {each.feed: each for each in load_contracts(lake.root)}
        return tuple(islice(_rows(lake, run, contracts, count), MOST))
    except Exception:  # a damaged file of samples must not cost the message
        logger.exception("rejected rows for the message")
        return ()


def _rows(lake: Lake, run: RunOutcome, contracts: dict[str, Contract], count: int) -> Iterator[str]:
    for feed in run.feeds:
        for file in feed.files:
            if file.rejected and file.data_date and feed.feed in contracts:
                folder = lake.quarantine(feed.feed, file.data_date, file.delivery)
                yield from islice(_of_file(folder, contracts[feed.feed]), count)


def _of_file(folder: Path, contract: Contract) -> Iterator[str]:
    from datalake.pipeline.findings import MASKED, masked, read

    closed = {column.name for column in contract.columns if column.classification in CLOSED}
    for found in read(folder, ("rejected",)):
        shown = masked(found, contract)
        where = f"{contract.feed} line {shown.line}{f', {shown.column}' if shown.column else ''}"
        if shown.value == MASKED or shown.column in closed or (closed and not shown.column):
            yield f"{where}: {shown.rule} {MASKED}"
        else:
            yield f"{where}: {shown.message}" + (f" (value: {shown.value})" if shown.value else "")
