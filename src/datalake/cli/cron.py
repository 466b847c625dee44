"""manage.py cron: the lines that make it run every night."""

from zoneinfo import ZoneInfo

import click

from datalake.cli import crontab, host
from datalake.cli.door import Door, pass_door
from datalake.errors import UsageError


@click.command()
@click.option("--install", is_flag=True, help="Put the block into your crontab, in place of the one that is there.")
@click.option("--remove", is_flag=True, help="Take the block out of your crontab.")
@pass_door
def cron(door: Door, install: bool, remove: bool) -> None:
    """Print the crontab lines, install or remove them."""
    if install and remove:
        raise UsageError("--install and --remove exclude each other.", "Give one.")
    root = str(door.lake.root)
    if remove:
        _remove(root)
        return
    schedule = door.settings().schedule
    _check_zone(schedule.zone, door)
    block = crontab.block(schedule, root)
    if install:
        _install(root, block)
    else:
        click.echo(block, nl=False)


def _check_zone(zone: str, door: Door) -> None:
    """Cron knows one clock: lines for 02:00 in another zone would run at another hour."""
    if zone != "local" and not host.zones_agree(ZoneInfo(zone), host.host_zone(), door.clock.now()):
        raise UsageError(
            f"The schedule is in {zone}, but this host's clock, which cron goes by, is in {host.host_zone_name()}.",
            "Set the host's zone (`timedatectl set-timezone`) and restart cron,"
            " or write `zone: local` and the host's times in config/local/settings.yaml.",
        )


def _install(root: str, block: str) -> None:
    table = host.read_crontab()
    strays = crontab.stray_lines(table, root)
    if strays:
        raise UsageError(
            f"The crontab already starts this project outside our block: {strays[0].strip()}",
            "Delete that line with `crontab -e`, or it would run twice.",
        )
    wanted = crontab.replace_block(table, root, block)
    if wanted == table:
        click.echo("The lines are already installed; nothing changed.")
        return
    host.write_crontab(wanted)
    click.echo(block, nl=False)
    click.echo("Installed. See them with `crontab -l`; check the rest with `python3 manage.py doctor`.")


def _remove(root: str) -> None:
    table = host.read_crontab()
    wanted = crontab.replace_block(table, root, "")
    if wanted == table:
        click.echo("The crontab holds no lines of this project; nothing changed.")
        return
    host.write_crontab(wanted)
    click.echo("Removed; the rest of the crontab is as it was.")
