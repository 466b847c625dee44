"""The words of settings.yaml: which keys there are and what each holds. The records they fill are in settings.py."""

import zoneinfo
from collections.abc import Iterator

from datalake.documents.forms import Filled, Form, Key, Many, Value
from datalake.documents.kinds import (
    choice,
    clock_time,
    day,
    days,
    flag,
    integer,
    mail_address,
    shaped,
    text,
)
from datalake.documents.nodes import Problem, did_you_mean, quoted

WEEKDAY = choice("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NOT_HERE = "git sees this file, so secrets are not written here. Put {0}=... into config/secrets.env."


def _zone_mistake(written: str) -> str:
    if written == "local":
        return ""
    try:
        zoneinfo.ZoneInfo(written)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):  # "America" is a folder, "../x" no zone at all
        near = did_you_mean(written, zoneinfo.available_timezones())
        return f'{quoted(written)} is no time zone; write one like America/New_York, or "local".{near}'
    return ""


def _name_mistake(written: str) -> str:
    fits = 0 < len(written.strip()) <= 80 and written.isprintable()
    return "" if fits else "must be one line of up to 80 characters."


def _zone() -> Value:
    return text('a time zone like America/New_York, or "local" for the host\'s', _zone_mistake)


MAINTENANCE = Form(
    (
        Key("first", day(), "The first night.", required=True),
        Key("last", day(), "The last night.", required=True),
        Key("reason", text("text", _name_mistake), "Why, in one line.", required=True),
        Key("who", text("text", _name_mistake), "Who planned it."),
    )
)
SCHEDULE = Form(
    (
        Key("zone", _zone(), "The zone that all times are meant and shown in; local is the host's.", "local"),
        Key("nightly", clock_time(), "When the nightly load starts.", "02:00"),
        Key("days", days(), "The nights on which a load is due.", "mon-sun"),
        Key("watchdog", clock_time(), "When the check of last night looks.", "06:00"),
        Key("weekly_day", WEEKDAY, "The day of the weekly summary.", "mon"),
        Key("weekly", clock_time(), "When the weekly summary is sent.", "07:00"),
        Key("again", Many(clock_time(), single=True), "Further tries on the same night, for late files.", "[]"),
        Key("early_margin_minutes", integer(0, 720), "A run this close before the load is due counts for it.", "30"),
        Key("start_margin_minutes", integer(0, 720), "A load not begun so long after it was due did not run.", "15"),
        Key("max_runtime_minutes", integer(1, 1440), "A longer load has overrun.", "120"),
        Key("min_runtime_seconds", integer(0, 86_400), "A shorter load is too short; 0: any length will do.", "0"),
        Key("deadline", clock_time(), "A night that is good only later is late.", "06:00"),
        Key("at_reboot", flag(), "Also try after the host has restarted.", "false"),
        Key("start_if_missed", flag(), "The check starts a load that did not run.", "false"),
        Key("skipped_time", choice("shift", "skip"), "The load when the clocks skip its time.", "shift"),
        Key("repeated_time", choice("first", "last"), "The load when its time comes twice.", "first"),
        Key("maintenance", Many(MAINTENANCE), "Nights on which nothing is expected.", "[]"),
    )
)
FILE_LIMITS = Form(
    (
        Key("max_bytes", integer(1, 10**15), "Larger files are refused unread.", "20000000000"),
        Key("max_line_bytes", integer(100, 10**9), "A longer line means a broken file.", "1000000"),
        Key("max_columns", integer(1, 100_000), "More columns mean a broken file.", "2000"),
    )
)
RETENTION = Form(
    (
        Key("staging_days", integer(0, 36_500), "Cleaned rows of older data are removed; raw has them.", "14"),
        Key("raw_days", integer(1, 36_500), "Declined and overtaken files stay so long; left out, for good."),
        Key("quarantine_days", integer(1, 36_500), "Rejected rows stay so long; left out, for good."),
        Key("log_mb", integer(1, 10_000), "A log that has grown past it is put aside and begun anew.", "10"),
        Key("log_files", integer(1, 1000), "Logs put aside that stay, of each.", "5"),
    ),
    moved={"versions": "is called keep_versions, at the top level.", "legal_hold": "stands in the rules of a feed."},
)
SLACK = Form(
    (Key("enabled", flag(), "Send to Slack where a webhook is known.", "true"),),
    moved={word: _NOT_HERE.format("SLACK_WEBHOOK") for word in ("webhook", "webhook_url", "url", "slack_webhook")},
)
RELAY = Form(
    (
        Key("host", shaped("a host name or address", r"[A-Za-z0-9.:_-]+"), "The SMTP server; left out, sendmail."),
        Key("port", integer(1, 65535), "Its port.", "587"),
        Key("security", choice("starttls", "tls", "none"), "How the connection is encrypted.", "starttls"),
        Key("user", shaped("a user name", r"[^\x00-\x20]+"), "Who logs in; left out, nobody does."),
    ),
    moved={"password": _NOT_HERE.format("SMTP_PASSWORD")},
)
MAIL = Form(
    (
        Key("to", Many(mail_address(), single=True), "Who gets the messages; with nobody no mail is sent.", "[]"),
        Key("sender", mail_address(), "The From address; left out, it is user@host."),
        Key(
            "sendmail",
            shaped("the full path of a program", r"/[^\x00-\x1f]+"),
            "What sends mail.",
            "/usr/sbin/sendmail",
        ),
        Key("relay", RELAY, "An SMTP server that takes the mail instead of sendmail."),
        Key("owners", flag(), "The owner named in a feed's rules hears by mail of that feed.", "false"),
    ),
    moved={"recipients": "is called to here.", "password": "mail goes through sendmail, which needs none here."},
)
WEBHOOK = Form(
    (
        Key("name", text("text", _name_mistake), "What people call it.", required=True),
        Key(
            "secret",
            shaped("a name like WEBHOOK_IRB", r"WEBHOOK_[A-Z0-9_]+"),
            "The secret that holds it.",
            required=True,
        ),
        Key("form", choice("slack", "json"), "What it is sent.", "slack"),
        Key("feeds", Many(text()), "The feeds it hears of; left out, everything.", "[]"),
    ),
    moved={"url": _NOT_HERE.format("WEBHOOK_NAME")},
)
ALERTS = Form(
    (
        Key("on_success", choice("always", "changes", "never"), "Whether a good night is told too.", "always"),
        Key("log_lines", integer(0, 200), "Lines of the log's end in a failure's message; 0: none.", "15"),
        Key("addresses", flag(), "Leave mail addresses in messages as they are.", "false"),
        Key("row_samples", integer(0, 5), "Rejected rows of a feed shown in a message, masked; 0: only counts.", "0"),
        Key("slack", SLACK, "Messages to Slack."),
        Key("mail", MAIL, "Messages by mail."),
        Key("webhooks", Many(WEBHOOK), "Further places to tell.", "[]"),
        Key("free_disk_gb", integer(0, 1_000_000), "Less free space than this is told; 0: any will do.", "5"),
    ),
    moved={word: _NOT_HERE.format("SLACK_WEBHOOK") for word in ("slack_webhook", "webhook")},
)
ROLE = choice("viewer", "reader", "steward")
HOST_NAME = shaped("a host name or address", r"[A-Za-z0-9.:_-]+")
LOGIN = shaped("a login", r"[^\x00-\x20]+")
DASHBOARD = Form(
    (
        Key("host", shaped("a host name or address", r"[A-Za-z0-9.:_-]+"), "The address it listens on.", "127.0.0.1"),
        Key("port", integer(1, 65535), "The port it listens on.", "8080"),
        Key("names", Many(HOST_NAME), "Host names it is reached by, beside localhost.", "[]"),
        Key("local_role", ROLE, "The role of whoever asks from this host.", "viewer"),
        Key("token_role", ROLE, "The role of whoever sends the token.", "viewer"),
        Key("proxies", Many(HOST_NAME), "Addresses whose login header is believed.", "[]"),
        Key(
            "login_header", shaped("a header's name", r"[A-Za-z0-9-]+"), "What they say the login in.", "X-Remote-User"
        ),
        Key("readers", Many(LOGIN), "Logins that see confidential and restricted values.", "[]"),
        Key("stewards", Many(LOGIN), "Logins that see the raw rows of rejected records, too.", "[]"),
    ),
    moved={"token": _NOT_HERE.format("DASHBOARD_TOKEN"), "debug": "can't be switched on."},
)
_ADDRESS = r"(tcp|tls)://[A-Za-z0-9.:_\[\]-]+:[0-9]{1,5}"
_FUNCTION = r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*"
SETTINGS = Form(
    (
        Key("name", text("text", _name_mistake), "The first words of every message.", "Research Data Lake"),
        Key("schedule", SCHEDULE, "When things are due."),
        Key("settle_seconds", integer(0, 86_400), "A file younger than this may still be arriving.", "60"),
        Key("threads", integer(1, 256), "Threads that clean one file.", "2"),
        Key(
            "engine",
            choice("local", "dask"),
            "Where files are cleaned and merged: here, or on a Dask cluster.",
            "local",
        ),
        Key("scheduler", shaped("an address like tcp://host:8786", _ADDRESS), "The scheduler of that cluster."),
        Key("cluster", shaped("a function like package.module:name", _FUNCTION), "Or what starts such a cluster."),
        Key("file_limits", FILE_LIMITS, "What a file may be before anything reads it."),
        Key("csv_twin", flag(), "Write a CSV beside each published Parquet table.", "true"),
        Key("keep_versions", integer(1, 10_000), "Published versions of a feed that stay on disk.", "14"),
        Key("retention", RETENTION, "What is kept, and for how long."),
        Key("alerts", ALERTS, "Who hears of what."),
        Key("dashboard", DASHBOARD, "The dashboard."),
        Key("fiscal_year_start_month", integer(1, 12), "The month in which fiscal years begin.", "7"),
    ),
    moved={
        "slack_webhook": _NOT_HERE.format("SLACK_WEBHOOK"),
        "mask_salt": _NOT_HERE.format("MASK_SALT"),
        "email": "the recipients of mail are set under alerts: mail: to.",
        "paths": "the folders are fixed: data/ and logs/ beside manage.py. Remove this block.",
        "sftp": "files are taken from data/incoming; bringing them there is another program's work. Remove this block.",
        "settings": "its keys stand at the top level here.",
    },
)


def engine_problems(filled: Filled) -> Iterator[Problem]:
    """Yield what does not fit about where files are cleaned and merged."""
    values = filled.values
    if "scheduler" in values and "cluster" in values:
        yield filled.problem("cluster", "stands beside scheduler. Keep one of them.")
    named = any(filled.node.entry(name) for name in ("scheduler", "cluster"))  # also one that cannot be read
    if values.get("engine") == "dask" and not named:
        yield filled.problem("engine", "dask needs scheduler: tcp://HOST:8786, or cluster: package.module:function.")
