"""manage.py run: load what lies in incoming now."""

import click

from datalake.cli.door import Door, pass_door
from datalake.cli.running import carry_out


@click.command()
@pass_door
def run(door: Door) -> int:
    """Load what lies in data/incoming now, and record it.

    As the nightly script does: under the lock, with its alerts. Exit codes: docs/operations.md.
    """
    return carry_out(door, "hand")
