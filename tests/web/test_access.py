"""Who may ask, and what each may see."""

from base64 import b64encode
from dataclasses import replace

import pytest

from datalake.clock import MovedClock
from datalake.errors import EXIT_USAGE, UsageError
from datalake.settings import Dashboard
from datalake.web import serve
from datalake.web.access import check_address, identify
from datalake.web.app import create_app
from web.conftest import BREAKFAST, SETTINGS

TOKEN = "t" * 32
PROXY = "10.0.0.7"
BEHIND_PROXY = Dashboard(proxies=(PROXY,), readers=("rita",), stewards=("stan",))


def role(address, headers, settings=BEHIND_PROXY, token=""):
    known = identify(address, lambda name: headers.get(name, ""), settings, token)
    return known.role if known else None


def basic(password):
    return {"Authorization": f"Basic {b64encode(f'me:{password}'.encode()).decode()}"}


@pytest.mark.parametrize(("login", "expected"), [("rita", "reader"), ("stan", "steward"), ("victor", "viewer")])
def test_a_login_from_a_listed_proxy_has_its_role(login, expected):
    assert role(PROXY, {"X-Remote-User": login}) == expected


def test_a_listed_proxy_without_a_login_is_nobody():
    assert role(PROXY, {}) is None


def test_a_login_header_from_anywhere_else_is_not_believed():
    assert role("10.0.0.8", {"X-Remote-User": "stan"}) is None
    assert role("127.0.0.1", {"X-Remote-User": "stan"}) == "viewer"


def test_where_there_is_a_token_a_proxy_must_send_it_too():
    assert role(PROXY, {"X-Remote-User": "stan"}, token=TOKEN) is None
    assert role(PROXY, {"X-Remote-User": "stan", "Authorization": f"Bearer {TOKEN}"}, token=TOKEN) == "steward"


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {TOKEN}"}, {"Authorization": f"bearer {TOKEN}"}, basic(TOKEN)]
)
def test_the_token_is_taken_as_bearer_or_as_a_browsers_password(headers):
    assert role("192.0.2.1", headers, token=TOKEN) == "viewer"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": TOKEN},
        {"Authorization": "Basic ???"},
        {"Authorization": "Bearer ü"},
        basic("wrong"),
    ],
)
def test_nothing_else_is(headers):
    assert role("192.0.2.1", headers, token=TOKEN) is None


def test_without_a_token_an_empty_one_opens_nothing():
    assert role("192.0.2.1", {"Authorization": "Bearer "}, token="") is None


def test_this_hosts_role_is_viewer_unless_the_settings_say_otherwise():
    assert role("127.0.0.1", {}) == role("::1", {}) == "viewer"
    assert role("127.0.0.1", {}, Dashboard(local_role="steward")) == "steward"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "datalake.example.edu", "::"])
def test_an_address_that_others_reach_needs_a_token_or_a_proxy(host):
    with pytest.raises(UsageError):
        check_address(Dashboard(), host, token="")
    check_address(Dashboard(), host, TOKEN)
    check_address(BEHIND_PROXY, host, token="")


def test_a_proxy_on_this_host_needs_a_token_beside_it():
    with pytest.raises(UsageError, match="any account could say it is somebody else"):
        check_address(Dashboard(proxies=("127.0.0.1",)), "127.0.0.1", token="")
    check_address(Dashboard(proxies=("127.0.0.1",)), "127.0.0.1", TOKEN)


def test_the_program_refuses_to_start_where_anybody_could_ask(tmp_path, capsys):
    assert serve.main(tmp_path, ["--host", "0.0.0.0", "--port", "0"]) == EXIT_USAGE
    assert "0.0.0.0 can be reached by others" in capsys.readouterr().err


@pytest.fixture
def remote(lake):
    """A client on another host, of a dashboard that has a token."""
    settings = replace(SETTINGS, secrets={"DASHBOARD_TOKEN": TOKEN}, dashboard=Dashboard(names=("lake.example.edu",)))
    app = create_app(lake, settings, MovedClock(BREAKFAST), host="0.0.0.0")
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    return client


@pytest.mark.parametrize("path", ["/", "/runs", "/api/v1/runs", "/metrics", "/status.json", "/nowhere"])
def test_who_does_not_say_who_he_is_sees_nothing(remote, path):
    answer = remote.get(path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert len(answer.data) < 100


def test_with_the_token_the_page_is_there_under_its_own_name(remote):
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "lake.example.edu"}

    assert remote.get("/", headers=headers).status_code == 200
    assert remote.get("/", headers={**headers, "Host": "evil.example"}).status_code == 400


def test_a_watcher_may_ask_whether_it_lives(remote):
    assert remote.get("/healthz").status_code == 200
