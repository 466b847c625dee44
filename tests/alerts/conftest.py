"""Runs put into the record as the nightly job puts them there."""

from collections.abc import Callable

import pytest

from datalake.outcomes import RunOutcome
from datalake.runs import crumbs
from datalake.runs.record import record_run
from datalake.settings import Schedule
from datalake.zones.paths import Lake

SCHEDULE = Schedule(zone="America/New_York")


@pytest.fixture
def record(lake: Lake) -> Callable[[RunOutcome], None]:
    """record(run) puts a run into the record and, where it was good, writes the marker."""

    def put(run: RunOutcome) -> None:
        crumbs.leave(lake, run)
        record_run(lake, SCHEDULE, run)

    return put
