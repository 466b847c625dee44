"""manage.py setup: by the time this runs, manage.py has made the environment; it says what to do next."""

import click

from datalake.cli.door import Door, pass_door

NEXT = """The environment is ready. Next:
  see it work with made-up files   bash src/cron_runner.sh --demo
  check your configuration         python3 manage.py check
  let cron run it every night      python3 manage.py cron --install
  prove that it is all in place    python3 manage.py doctor"""


@click.command()
@pass_door
def setup(door: Door) -> None:
    """Make the environment, bring it up to date, mend it.

    Looks at every file of every package, and installs anew what was lost.
    """
    click.echo(NEXT)
