"""What a person may set, as frozen records; the defaults stand where settings.yaml is silent."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Schedule:
    """When things are due, in the local time of the zone. Times are HH:MM; seconds elsewhere."""

    zone: str = "local"  # an IANA name, or local: the host's
    nightly: str = "02:00"
    days: str = "mon-sun"
    watchdog: str = "06:00"
    weekly_day: str = "mon"
    weekly: str = "07:00"
    again: tuple[str, ...] = ()
    early_margin_minutes: int = 30
    at_reboot: bool = False


@dataclass(frozen=True)
class FileLimits:
    """What a file may be before any parser sees it."""

    max_bytes: int = 20_000_000_000
    max_line_bytes: int = 1_000_000
    max_columns: int = 2_000


@dataclass(frozen=True)
class SlackChannel:
    """The webhook itself is a secret: SLACK_WEBHOOK in the environment or config/secrets.env."""

    enabled: bool = True


@dataclass(frozen=True)
class MailChannel:
    """Mail by a sendmail program; with nobody in `to` no mail is sent."""

    to: tuple[str, ...] = ()
    sender: str = ""  # empty: user@host
    sendmail: str = "/usr/sbin/sendmail"


@dataclass(frozen=True)
class Alerts:
    on_success: str = "always"  # always | changes | never
    log_lines: int = 15  # lines of the log's end in a failure's message; 0: none
    slack: SlackChannel = SlackChannel()
    mail: MailChannel = MailChannel()


@dataclass(frozen=True)
class Dashboard:
    host: str = "127.0.0.1"
    port: int = 8080


@dataclass(frozen=True)
class Settings:
    """All that a person may set."""

    name: str = "Research Data Lake"  # the first words of every message
    schedule: Schedule = Schedule()
    settle_seconds: int = 60
    threads: int = 2
    file_limits: FileLimits = FileLimits()
    csv_twin: bool = True
    keep_versions: int = 14  # published versions of a feed that stay on disk
    alerts: Alerts = Alerts()
    dashboard: Dashboard = Dashboard()
    secrets: dict[str, str] = field(default_factory=dict, repr=False)  # from the environment and config/secrets.env
    warnings: tuple[str, ...] = ()  # what is no mistake but should be put right, one sentence each
