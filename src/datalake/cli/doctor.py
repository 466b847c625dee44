"""manage.py doctor: is everything in place for a quiet night, and what to do where it is not."""

import click

from datalake.cli import health
from datalake.cli.door import Door, pass_door
from datalake.errors import EXIT_FAILED, EXIT_OK

MARKS = {health.OK: "ok  ", health.WARN: "warn", health.BAD: "BAD "}


@click.command()
@pass_door
def doctor(door: Door) -> int:
    """Look whether all is in place for a quiet night.

    Python, cron, zone, lock, disk, alerts and rules, each with what to do. Exit code 1 if one is bad.
    """
    findings = health.examine(door)
    for finding in findings:
        click.echo(line(finding))
    return EXIT_FAILED if any(each.state == health.BAD for each in findings) else EXIT_OK


def line(finding: health.Finding) -> str:
    """Return a finding as a line, with what to do below it."""
    says = f"{MARKS[finding.state]}  {finding.what.ljust(13)}  {finding.says}"
    return f"{says}\n{' ' * 21}do: {finding.do}" if finding.do else says
