"""What a person may set, as frozen records, and the edge that reads them: config/settings.yaml and the secrets.

The defaults stand where settings.yaml is silent; its words are declared in settings_words.py.
"""

import stat
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from datalake.documents import secrets
from datalake.documents.files import read_bytes, read_mapping
from datalake.documents.forms import Filled
from datalake.documents.nodes import Mapping as Nodes
from datalake.documents.nodes import Place, Problem, listed
from datalake.documents.overlay import overlay
from datalake.errors import ConfigurationError
from datalake.settings_words import SETTINGS, engine_problems


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
    start_margin_minutes: int = 15  # a load that has not begun so long after it was due did not run
    max_runtime_minutes: int = 120  # a longer one has overrun
    min_runtime_seconds: int = 0  # a shorter one is too short; 0: any length will do
    deadline: str = "06:00"  # a night that is good only later is late
    at_reboot: bool = False
    start_if_missed: bool = False  # the watchdog starts a load that did not run
    skipped_time: str = "shift"  # a due time that the clocks skip: shift to the jump, or skip that night
    repeated_time: str = "first"  # one that comes twice: first or last
    maintenance: tuple["Window", ...] = ()


@dataclass(frozen=True)
class Window:
    """Nights on which nothing is expected: planned work, holidays. Both ends are included."""

    first: date
    last: date
    reason: str
    who: str = ""


@dataclass(frozen=True)
class FileLimits:
    """What a file may be before any parser sees it."""

    max_bytes: int = 20_000_000_000
    max_line_bytes: int = 1_000_000
    max_columns: int = 2_000


@dataclass(frozen=True)
class Retention:
    """What is kept no longer. None: kept for good."""

    staging_days: int = 14  # cleaned rows of data as old as this are removed: they are made again from raw
    raw_days: int | None = None  # after which a file goes that was declined or overtaken; others never do
    quarantine_days: int | None = None  # after which the rejected rows of a file go
    log_mb: int = 10  # a larger log is put aside and begun anew
    log_files: int = 5  # logs put aside that stay, of each


@dataclass(frozen=True)
class Webhook:
    """A further place to tell. Its address is a secret of that name, which begins with WEBHOOK_."""

    name: str
    secret: str
    form: str = "slack"  # slack | json
    feeds: tuple[str, ...] = ()  # the feeds it hears of; empty: everything


@dataclass(frozen=True)
class Relay:
    """An SMTP server that takes our mail; its password is the secret SMTP_PASSWORD."""

    host: str = ""  # empty: sendmail is used
    port: int = 587
    security: str = "starttls"  # starttls | tls | none
    user: str = ""  # empty: no login


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
    relay: Relay = Relay()
    owners: bool = False  # whoever the rules of a feed name as its owner hears of that feed, too


@dataclass(frozen=True)
class Alerts:
    on_success: str = "always"  # always | changes | never
    log_lines: int = 15  # lines of the log's end in a failure's message; 0: none
    addresses: bool = False  # mail addresses stay in messages as they are
    row_samples: int = 0  # rejected rows of a feed that a message shows, masked; 0: only how many
    slack: SlackChannel = SlackChannel()
    mail: MailChannel = MailChannel()
    webhooks: tuple[Webhook, ...] = ()
    free_disk_gb: int = 5  # less free space than this is told; 0: any will do


@dataclass(frozen=True)
class Dashboard:
    """Who reaches the dashboard and what each may see; the token itself is a secret: DASHBOARD_TOKEN."""

    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()  # host names it is reached by, beside this host's own
    local_role: str = "viewer"  # of whoever asks from this host: viewer | reader | steward
    token_role: str = "viewer"  # noqa: S105 - the role of whoever sends the token
    proxies: tuple[str, ...] = ()  # addresses whose login header is believed
    login_header: str = "X-Remote-User"
    readers: tuple[str, ...] = ()  # logins that see confidential and restricted values
    stewards: tuple[str, ...] = ()  # logins that see the raw rows of rejected records, too


@dataclass(frozen=True)
class Settings:
    """All that a person may set."""

    name: str = "Research Data Lake"  # the first words of every message
    schedule: Schedule = Schedule()
    settle_seconds: int = 60
    threads: int = 2
    file_limits: FileLimits = FileLimits()
    engine: str = "local"  # local | dask: where files are cleaned and merged, if a feed's rules do not say
    scheduler: str = ""  # address of a Dask scheduler
    cluster: str = ""  # or the function that starts a Dask cluster, as package.module:function
    csv_twin: bool = True
    keep_versions: int = 14  # published versions of a feed that stay on disk
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
    dashboard: Dashboard = Dashboard()
    fiscal_year_start_month: int = 7  # a fiscal year is named by the year in which it ends
    secrets: dict[str, str] = field(default_factory=dict, repr=False)  # from the environment and config/secrets.env
    warnings: tuple[str, ...] = ()  # what is no mistake but should be put right, one sentence each


SHIPPED = "config/settings.yaml"
LOCAL = "config/local/settings.yaml"
SECRETS = "config/secrets.env"
EMPTY = Nodes((), Place(SHIPPED, 0))


def load(root: Path, environ: Mapping[str, str]) -> Settings:
    """Given the folder that holds config/ and the environment, return the settings.

    config/local/settings.yaml overlays config/settings.yaml; a secret comes from the environment, else from
    config/secrets.env. Raises ConfigurationError that holds every mistake, one a line.
    """
    settings, problems = _read(root, environ)
    if problems:
        raise ConfigurationError(listed(problems))
    return settings


def readable(root: Path, environ: Mapping[str, str]) -> Settings:
    """Return what can be read of the settings, with defaults for the rest: a wrong configuration must be told, too."""
    return _read(root, environ)[0]


def _read(root: Path, environ: Mapping[str, str]) -> tuple[Settings, list[Problem]]:
    problems: list[Problem] = []
    filled = SETTINGS.read(_document(root, problems), "", problems)
    problems.extend(engine_problems(filled))
    known, warnings = _secrets(root, environ, problems)
    settings: Settings = _record(Settings, filled)
    return replace(settings, secrets=known, warnings=warnings), problems


def _document(root: Path, problems: list[Problem]) -> Nodes:
    shipped, local = read_mapping(root, SHIPPED, problems), read_mapping(root, LOCAL, problems)
    if shipped is None and not problems:
        problems.append(Problem(Place(SHIPPED, 0), "is missing. Restore it: git checkout -- config/settings.yaml"))
    return overlay(shipped or EMPTY, local) if local else shipped or EMPTY


def _secrets(root: Path, environ: Mapping[str, str], problems: list[Problem]) -> tuple[dict[str, str], tuple[str, ...]]:
    data = read_bytes(root, SECRETS, problems)
    found, wrong = secrets.parse(data, SECRETS) if data is not None else ({}, [])
    known = secrets.chosen(environ, found)
    problems.extend(wrong + secrets.mistakes(known, environ, SECRETS))
    usable = {name: value for name, value in known.items() if not secrets.mistake_in(name, value)}
    return usable, _too_open(root / SECRETS) if data is not None else ()


def _too_open(path: Path) -> tuple[str, ...]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077:
        return ()
    return (f"{SECRETS}: others on this host can read it (mode {mode:04o}). Run: chmod 600 {SECRETS}",)


_RECORDS = {
    "schedule": Schedule,
    "file_limits": FileLimits,
    "retention": Retention,
    "alerts": Alerts,
    "slack": SlackChannel,
    "mail": MailChannel,
    "relay": Relay,
    "webhooks": Webhook,
    "maintenance": Window,
    "dashboard": Dashboard,
}


def _record(kind: Any, filled: Filled) -> Any:
    return kind(**{name: _value(name, value) for name, value in filled.values.items()})


def _is_whole(kind: Any, filled: Filled) -> bool:
    """Whether a record of a list has all that it must: one with a mistake in that is left out of what can be read."""
    needed = {each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}
    return needed <= set(filled.values)


def _value(name: str, value: Any) -> Any:
    if name in ("webhooks", "maintenance"):
        return tuple(_record(_RECORDS[name], each) for each in value if _is_whole(_RECORDS[name], each))
    return _record(_RECORDS[name], value) if isinstance(value, Filled) else value
