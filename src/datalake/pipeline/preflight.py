"""Whether the disk has room for tonight, asked before anything is taken out of incoming."""

import shutil

from datalake.errors import DatalakeError
from datalake.pipeline.plan import Plan, Take
from datalake.zones.paths import Lake

COPIES = 3  # of a file's bytes: raw, cleaned and published


def needed(todo: Plan) -> int:
    """PURE. Return the bytes that a run of this plan may write; files too large to be read are only moved."""
    steps = [step for each in todo.feeds for step in each.steps]
    sizes = [
        (0 if step.too_large else step.entry.size) if isinstance(step, Take) else step.delivery.size for step in steps
    ]
    return COPIES * sum(sizes)


def check_room(lake: Lake, todo: Plan) -> None:
    """Raise DatalakeError where the file system of data/ has less room than the plan needs."""
    need = needed(todo)
    have = shutil.disk_usage(lake.data).free if need else 0
    if have < need:
        raise DatalakeError(
            f"There is not enough room for tonight's files: they need {_size(need)}, and {_size(have)} are free.",
            "Nothing was taken from incoming. Make room outside data/raw and data/curated, and run it again.",
        )


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"
