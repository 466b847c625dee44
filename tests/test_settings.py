"""Settings: defaults, overlays, secrets, and every mistake at once with its line."""

from pathlib import Path

import pytest

from datalake.errors import EXIT_CONFIGURATION, ConfigurationError
from datalake.settings import load, readable
from datalake.settings_words import SETTINGS

SHIPPED = Path(__file__).parents[1] / "config" / "settings.yaml"
WEBHOOK = "https://hooks.slack.com/services/T000/B000/abcdefgh"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "config" / "local").mkdir(parents=True)
    (tmp_path / "config" / "settings.yaml").write_text("name: Test Lake\n", encoding="utf-8")
    return tmp_path


def write(root, text, name="config/settings.yaml", mode=0o600):
    path = root / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)


def mistakes(root, environ=None):
    with pytest.raises(ConfigurationError) as raised:
        load(root, environ or {})
    assert raised.value.exit_code == EXIT_CONFIGURATION == 78
    return str(raised.value)


def test_the_shipped_settings_say_the_defaults_and_name_boston_university(root):
    shipped = SHIPPED.read_text(encoding="utf-8")
    write(root, "name: BU Research Data Lake\n")
    silent = load(root, {})
    write(root, shipped)
    assert load(root, {}) == silent
    assert silent.name == "BU Research Data Lake"
    assert silent.schedule.nightly == "02:00"
    assert (silent.dashboard.host, silent.dashboard.port) == ("127.0.0.1", 8080)


def test_the_shipped_file_shows_every_setting_there_is():
    shown = SHIPPED.read_text(encoding="utf-8")
    for key in names(SETTINGS):
        assert f"{key}:" in shown


def names(form):
    for key in form.keys:
        yield key.name
        yield from names(key.kind) if hasattr(key.kind, "keys") else ()


def test_local_settings_change_only_what_they_name(root):
    write(root, "name: Ours\nalerts:\n  log_lines: 3\n  mail: {to: [a@example.edu]}\n")
    write(root, "alerts:\n  mail:\n    to: b@example.edu\n", "config/local/settings.yaml")
    settings = load(root, {})
    assert (settings.name, settings.alerts.log_lines, settings.alerts.mail.to) == ("Ours", 3, ("b@example.edu",))


def test_a_mistake_in_a_local_file_names_the_local_file_and_its_line(root):
    write(root, "# mine\nalerts:\n  log_lines: many\n", "config/local/settings.yaml")
    assert mistakes(root).startswith('config/local/settings.yaml:3: alerts.log_lines: "many" is not a whole number')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nmae: x", 'config/settings.yaml:1: nmae: unknown key "nmae". Did you mean "name"?'),
        ('name: "a\\nBcc: b"', "config/settings.yaml:1: name: must be one line of up to 80 characters."),
        ("schedule: {zone: America/NewYork}", '"America/NewYork" is no time zone; write one like America/New_York, or'),
        ("schedule: {zone: America/NewYork}", 'Did you mean "America/New_York"?'),
        ("schedule: {zone: America}", '"America" is no time zone'),
        ("schedule: {zone: ../../etc/passwd}", '"../../etc/passwd" is no time zone'),
        ("schedule:\n  nightly: 2am", 'config/settings.yaml:2: schedule.nightly: "2am" is not a time of day'),
        ("schedule:\n  again: ['03:30', '25:00']", 'schedule.again[2]: "25:00" is not a time of day'),
        ("schedule: {days: weekdays}", '"weekdays" is not days like "mon-fri"'),
        ("schedule: {weekly_day: monday}", '"monday" is not one of mon, tue, wed'),
        ("dashboard: {port: 99999}", 'dashboard.port: "99999" is not a whole number from 1 to 65,535.'),
        ("alerts: {on_success: allways}", 'Did you mean "always"?'),
        ("alerts: {mail: {to: [not an address]}}", 'alerts.mail.to[1]: "not an address" is not a mail address'),
        ("alerts: {mail: {sendmail: sendmail}}", 'alerts.mail.sendmail: "sendmail" is not the full path of a program.'),
        ("alerts: on", 'alerts: must be "key: value" lines, not "on".'),
        ("csv_twin: maybe", 'csv_twin: "maybe" is not true or false.'),
        ("email: {recipients: []}", "email: the recipients of mail are set under alerts: mail: to."),
        ("sftp: {host: x}", "sftp: files are taken from data/incoming"),
    ],
)
def test_each_mistake_is_told_with_file_line_and_what_to_write(root, text, expected):
    write(root, text + "\n")
    assert expected in mistakes(root)


def test_all_mistakes_of_all_files_come_at_once(root):
    write(root, "threads: none\nport: 1\n")
    write(root, "settle_seconds: -1\n", "config/local/settings.yaml")
    write(root, "SLACK_WEBHOK=x\n", "config/secrets.env")
    told = mistakes(root, {"HEARTBEAT_URL": "ftp://x"}).splitlines()
    assert [each.split(": ")[0] for each in told] == [
        "config/local/settings.yaml:1",
        "config/secrets.env:1",
        "config/settings.yaml:1",
        "config/settings.yaml:2",
        "the environment",
    ]


def test_a_secret_in_settings_is_sent_to_its_place_and_never_repeated(root):
    write(root, f"alerts:\n  slack_webhook: {WEBHOOK}\n  slack: {WEBHOOK}\n")
    told = mistakes(root)
    assert "config/settings.yaml:2: alerts.slack_webhook: git sees this file" in told
    assert "Put SLACK_WEBHOOK=... into config/secrets.env." in told
    assert "services/T000" not in told


def test_missing_or_unreadable_settings_are_told(root):
    (root / "config" / "settings.yaml").unlink()
    assert "config/settings.yaml: is missing. Restore it:" in mistakes(root)
    (root / "config" / "settings.yaml").mkdir()
    assert mistakes(root) == "config/settings.yaml: cannot be read: Is a directory."


def test_what_can_be_read_of_wrong_settings_leaves_out_the_entry_with_the_mistake(root):
    """So that the check and the alerts can tell the mistake, in place of ending by it."""
    hooks = "[{name: a, secret: MISNAMED}, {name: b, secret: WEBHOOK_B}, {secret: WEBHOOK_C}]"
    write(root, f"name: Test Lake\nschedule: {{maintenance: [{{first: 2025-11-05}}]}}\nalerts: {{webhooks: {hooks}}}\n")
    assert "webhooks" in mistakes(root) and "maintenance" in mistakes(root)
    assert [each.name for each in readable(root, {}).alerts.webhooks] == ["b"]


def test_secrets_come_from_the_environment_else_from_the_file(root):
    write(root, f"# ours\n\nexport SLACK_WEBHOOK='{WEBHOOK}'\nMASK_SALT=$(not run) `nor this`\n", "config/secrets.env")
    assert load(root, {}).secrets == {"SLACK_WEBHOOK": WEBHOOK, "MASK_SALT": "$(not run) `nor this`"}
    assert (
        load(root, {"SLACK_WEBHOOK": "https://other.example/x"}).secrets["SLACK_WEBHOOK"] == "https://other.example/x"
    )
    assert load(root, {"SLACK_WEBHOOK": ""}).secrets["SLACK_WEBHOOK"] == WEBHOOK


def test_the_environment_gives_nothing_but_known_secrets(root):
    assert load(root, {"PATH": "/bin", "SLACK_WEBHOOK": WEBHOOK}).secrets == {"SLACK_WEBHOOK": WEBHOOK}


def test_secrets_are_not_in_the_settings_text(root):
    assert WEBHOOK not in repr(load(root, {"SLACK_WEBHOOK": WEBHOOK}))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("just text", "config/secrets.env:2: is not NAME=value."),
        ("SLACK_WEBHOK=hidden", 'config/secrets.env:2: unknown secret SLACK_WEBHOK. Did you mean "SLACK_WEBHOOK"?'),
        ("A=hidden", "config/secrets.env:2: A is here twice. Keep one."),
        ("MASK_SALT=hidden", "config/secrets.env: MASK_SALT is too short: 16 characters or more."),
        ("SLACK_WEBHOOK=http://hidden.example/", "config/secrets.env: SLACK_WEBHOOK must start with https://"),
        ("SLACK_WEBHOOK=hidden", "config/secrets.env: SLACK_WEBHOOK is not a web address."),
        (b"SLACK_WEBHOOK=hidden\xff", "config/secrets.env:2: SLACK_WEBHOOK is not UTF-8."),
    ],
)
def test_a_wrong_secret_is_told_by_line_and_name_without_its_value(root, line, expected):
    write(root, b"A=hidden\n" + (line if isinstance(line, bytes) else line.encode()) + b"\n", "config/secrets.env")
    told = mistakes(root)
    assert expected in told
    assert "hidden" not in told


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://hooks.slack.com/services/x", True),
        ("http://127.0.0.1:8099/hook", True),
        ("http://localhost/hook", True),
        ("http://[::1]:80/hook", True),
        ("http://127.0.0.1.example.org/hook", False),
        ("http://10.0.0.1/hook", False),
        ("https://", False),
        ("https://host:port/", False),
        ("https://host/ x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_webhook_is_https_anywhere_or_http_to_this_host(root, address, fine):
    if fine:
        assert load(root, {"SLACK_WEBHOOK": address}).secrets["SLACK_WEBHOOK"] == address
    else:
        assert "the environment: SLACK_WEBHOOK" in mistakes(root, {"SLACK_WEBHOOK": address})


def test_a_secrets_file_that_others_can_read_is_a_warning(root):
    write(root, f"SLACK_WEBHOOK={WEBHOOK}\n", "config/secrets.env", mode=0o600)
    assert load(root, {}).warnings == ()
    write(root, f"SLACK_WEBHOOK={WEBHOOK}\n", "config/secrets.env", mode=0o644)
    assert load(root, {}).warnings == (
        "config/secrets.env: others on this host can read it (mode 0644). Run: chmod 600 config/secrets.env",
    )


def test_the_example_of_secrets_is_a_secrets_file_without_secrets(root):
    example = (SHIPPED.parent / "secrets.env.example").read_text(encoding="utf-8")
    write(root, example, "config/secrets.env")
    assert load(root, {}).secrets == {}
    write(root, example.replace("#SLACK", "SLACK"), "config/secrets.env")
    assert set(load(root, {}).secrets) == {"SLACK_WEBHOOK"}


ENGINES = [
    ("engine: dask\n", "1: engine: dask needs scheduler: tcp://HOST:8786, or cluster: package.module:function."),
    ("engine: spark\n", '1: engine: "spark" is not one of local, dask.'),
    ("scheduler: host:8786\n", '1: scheduler: "host:8786" is not an address like tcp://host:8786'),
    ("cluster: our_cluster\n", '1: cluster: "our_cluster" is not a function like package.module:name'),
    ("scheduler: tcp://a:1\ncluster: a.b:c\n", "2: cluster: stands beside scheduler. Keep one of them."),
]


@pytest.mark.parametrize(("text", "told"), ENGINES)
def test_what_does_not_fit_about_the_engine_is_told(root, text, told):
    write(root, text)
    assert told in mistakes(root)


def test_an_address_that_cannot_be_read_is_not_told_as_missing_too(root):
    write(root, "engine: dask\nscheduler: host:8786\n")
    told = mistakes(root)
    assert "is not an address" in told
    assert "needs scheduler" not in told


def test_a_cluster_may_be_named_for_single_feeds_alone(root):
    write(root, "scheduler: tls://[::1]:8786\n")
    assert load(root, {}).engine == "local"
    write(root, "engine: dask\ncluster: our.cluster:make\n")
    assert (load(root, {}).engine, load(root, {}).cluster) == ("dask", "our.cluster:make")
