"""Loaded by each worker of the tests: the places in its work where a test may hold it, and kill it there."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GATES = Path(os.environ["GATES"])


def gate(place: str) -> None:
    """Where a test closed this gate, say who waits here and wait until it is opened. One worker waits, no other."""
    try:
        (GATES / f"close-{place}").rename(GATES / f"closed-{place}")
    except FileNotFoundError:
        return
    draft = GATES / f"by-{place}"
    draft.write_text(str(os.getpid()))
    draft.rename(GATES / f"at-{place}")
    while not (GATES / f"open-{place}").exists():
        time.sleep(0.02)


def gated(place: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, with a gate behind its first half."""

    def held(*given: Any, **named: Any) -> Any:
        done = work(*given, **named)
        gate(place)
        return done

    return held


def dask_setup(worker: object) -> None:
    """Dask calls this in each worker: gates after a part's rows, and a partition's table, are written as drafts."""
    from datalake.engine import parts
    from datalake.pipeline import merging

    parts.write_part = gated("clean", parts.write_part)
    merging.fsync_file = gated("merge", merging.fsync_file)
