"""manage.py check: every mistake in the configuration at once, or what it says in a table."""

from typing import TYPE_CHECKING

import click

from datalake.cli import text
from datalake.cli.door import Door, pass_door
from datalake.errors import ConfigurationError
from datalake.words import count, number

if TYPE_CHECKING:
    from datalake.contracts.model import Contract
    from datalake.settings import Settings
    from datalake.views.card import View


@click.command()
@pass_door
def check(door: Door) -> None:
    """Check the whole configuration, and tell every mistake.

    Each with file and line; exit code 78 if there is one.
    """
    settings, contracts, views = _everything(door)
    for line in summary(settings, contracts, views):
        click.echo(line)
    for warning in settings.warnings:
        click.echo(f"warning: {warning}", err=True)


def _everything(door: Door) -> "tuple[Settings, tuple[Contract, ...], tuple[View, ...]]":
    """What a run by hand reads, and the views too, which cannot stop one."""
    from datalake.views.load import load_views

    try:
        settings, contracts = read_all(door)
    except ConfigurationError as problem:  # the cards of views can be judged without, their SQL cannot
        cards = [str(mistake) for each in load_views(door.lake.root) for mistake in each.problems]
        raise ConfigurationError("\n".join([str(problem), *cards])) from None
    from datalake.views.check import check_views

    return settings, contracts, check_views(door.lake.root, contracts, settings)


def read_all(door: Door) -> "tuple[Settings, tuple[Contract, ...]]":
    """Return settings and rules; raise one ConfigurationError with the mistakes of both."""
    from datalake.contracts.config import load_all

    return load_all(door.lake.root, door.environ)


def summary(settings: "Settings", contracts: "tuple[Contract, ...]", views: "tuple[View, ...]" = ()) -> list[str]:
    """Given a configuration without mistakes, return what it says, as lines."""
    schedule, alerts = settings.schedule, settings.alerts
    slack = "a webhook" if alerts.slack.enabled and settings.secrets.get("SLACK_WEBHOOK") else "none"
    again = f", again {', '.join(schedule.again)}" if schedule.again else ""
    return [
        f"The configuration is right: {count(len(contracts), 'feed')}, {count(len(views), 'view')}.",
        "",
        *text.table(HEADINGS, [_row(each) for each in contracts], right=("columns",)),
        "",
        f"nights   {schedule.nightly} {schedule.days}{again}, zone {schedule.zone}",
        f"checks   every day {schedule.watchdog}; weekly summary {schedule.weekly_day} {schedule.weekly}",
        f"alerts   Slack: {slack}; mail: {', '.join(alerts.mail.to) or 'nobody'}",
        *_engine(settings, contracts),
    ]


def _engine(settings: "Settings", contracts: "tuple[Contract, ...]") -> list[str]:
    """Which feeds are for a cluster; nothing where none is."""
    feeds = [each.feed for each in contracts if (each.engine or settings.engine) == "dask"]
    return [f"engine   Dask, {settings.scheduler or settings.cluster}: {', '.join(feeds)}"] if feeds else []


HEADINGS = ("feed", "status", "files", "columns", "key", "publishes", "waits for OK past")


def _row(contract: "Contract") -> list[str]:
    limits = contract.limits
    percents = {
        "rejected": limits.rejected_percent,
        "fewer": limits.row_drop_percent,
        "blank": limits.blank_rise_percent,
    }
    return [
        contract.feed,
        contract.status,
        contract.delivery.pattern,
        number(len(contract.columns)),
        ", ".join(contract.primary_key) or "-",
        contract.write_disposition,
        ", ".join(f"{percent:g} % {name}" for name, percent in percents.items() if percent is not None) or "-",
    ]
