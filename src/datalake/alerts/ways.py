"""The ways out: from the settings to the channels that there are, and who hears of what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from datalake.alerts.channels import Channel
from datalake.alerts.relay import SmtpRelay
from datalake.alerts.sendmail import Sendmail
from datalake.alerts.slack import JsonWebhook, SlackWebhook
from datalake.settings import Settings, Webhook

RUNNER, WATCHDOG = "runner", "watchdog"
HEARTBEATS = {RUNNER: "HEARTBEAT_URL", WATCHDOG: "HEARTBEAT_WATCHDOG_URL"}


@dataclass(frozen=True)
class Ways:
    """The channels by name; main hear of everything, of the others each hears of its feeds alone. heartbeats: the
    address that is called while all is well, by who calls it. nobody: what is said where there is no channel.
    """

    channels: Mapping[str, Channel] = field(default_factory=dict)
    main: tuple[str, ...] = ()
    by_feed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    heartbeats: Mapping[str, str] = field(default_factory=dict)
    nobody: str = "nobody is told: no SLACK_WEBHOOK is set and alerts.mail.to is empty"


def ways(settings: Settings, owners: Mapping[str, str] | None = None) -> Ways:
    """Given the settings and the owners' addresses by feed, return the ways there are to tell somebody."""
    main = {channel.name: channel for channel in _main(settings)}
    routed = [(channel, feeds) for channel, feeds in _routed(settings, owners or {}) if channel.name not in main]
    by_feed: dict[str, list[str]] = {}
    for channel, feeds in routed:
        for feed in feeds:
            by_feed.setdefault(feed, []).append(channel.name)
    known = {**main, **{channel.name: channel for channel, _ in routed}}
    heartbeats = {caller: settings.secrets.get(secret, "") for caller, secret in HEARTBEATS.items()}
    return Ways(known, tuple(main), {feed: tuple(names) for feed, names in by_feed.items()}, heartbeats)


def _main(settings: Settings) -> Iterable[Channel]:
    webhook = settings.secrets.get("SLACK_WEBHOOK", "")
    if webhook and settings.alerts.slack.enabled:
        yield SlackWebhook(webhook)
    if settings.alerts.mail.to:
        yield _mail(settings, settings.alerts.mail.to, "mail")
    yield from (channel for each in settings.alerts.webhooks if not each.feeds for channel in _webhook(settings, each))


def _routed(settings: Settings, owners: Mapping[str, str]) -> Iterable[tuple[Channel, tuple[str, ...]]]:
    for each in settings.alerts.webhooks:
        if each.feeds:
            yield from ((channel, each.feeds) for channel in _webhook(settings, each))
    if settings.alerts.mail.owners:
        for address in sorted(set(owners.values()) - {"", *settings.alerts.mail.to}):
            feeds = tuple(feed for feed, owner in owners.items() if owner == address)
            yield _mail(settings, (address,), f"mail to {address}"), feeds


def _webhook(settings: Settings, webhook: Webhook) -> Iterable[Channel]:
    url = settings.secrets.get(webhook.secret, "")
    if url:
        yield (SlackWebhook if webhook.form == "slack" else JsonWebhook)(url, webhook.name)


def _mail(settings: Settings, to: tuple[str, ...], name: str) -> Channel:
    mail = settings.alerts.mail
    if mail.relay.host:
        return SmtpRelay(mail.relay, to, mail.sender, settings.secrets.get("SMTP_PASSWORD", ""), name)
    return Sendmail(mail.sendmail, to, mail.sender, name)
