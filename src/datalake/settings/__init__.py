"""settings.yaml and the secrets as frozen records; every mistake at once, with file and line."""

from datalake.settings.load import load
from datalake.settings.records import (
    Alerts,
    Dashboard,
    FileLimits,
    MailChannel,
    Schedule,
    Settings,
    SlackChannel,
)

__all__ = ["Alerts", "Dashboard", "FileLimits", "MailChannel", "Schedule", "Settings", "SlackChannel", "load"]
