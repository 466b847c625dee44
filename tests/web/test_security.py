"""The dashboard shows and never serves anything else."""

import gzip

import pytest

from datalake.errors import EXIT_USAGE
from datalake.inert import csv_text
from datalake.settings import Settings
from datalake.web import serve
from datalake.web.app import create_app
from web.conftest import WEDNESDAY, night


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example"])
def test_another_host_name_is_refused(client, host):
    answer = client.get("/", headers={"Host": host})

    assert answer.status_code == 400
    assert b"Latest" not in answer.data


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "localhost:9999"])
def test_our_own_names_are_served_whatever_the_port_of_the_tunnel(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nowhere", "/etl_runtime_stats.csv", "/static/style.css"])
def test_every_answer_carries_the_policy(client, path):
    headers = client.get(path).headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_hold_no_inline_script_or_style(client, record):
    record(night(WEDNESDAY))

    markup = client.get("/").get_data(as_text=True)

    assert " style=" not in markup
    assert "<style" not in markup
    assert all("src=" in tag or 'type="application/json"' in tag for tag in _opening_tags(markup, "script"))
    assert "//" not in "".join(_opening_tags(markup, "script") + _opening_tags(markup, "link"))


def _opening_tags(markup, name):
    return [part.split(">")[0] for part in markup.split(f"<{name}")[1:]]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_sent(client, method):
    assert getattr(client, method)("/").status_code == 405


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/../etc/passwd"]
)
def test_no_path_leads_out(client, path):
    assert client.get(path).status_code == 404


def test_debug_stays_off_whatever_the_environment_says(monkeypatch, lake):
    monkeypatch.setenv("FLASK_DEBUG", "1")

    app = create_app(lake, Settings())

    assert app.debug is False
    assert app.config["PROPAGATE_EXCEPTIONS"] is False


def test_an_address_that_others_can_reach_is_refused(tmp_path, capsys):
    assert serve.main(tmp_path, ["--host", "0.0.0.0"]) == EXIT_USAGE
    assert "nothing would tell who they are" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("-5.00", "-5.00"),
        (-5.0, "-5.0"),
        ("+12", "+12"),
        ("=1+1", "'=1+1"),
        ("-1+1", "'-1+1"),
        ("@x", "'@x"),
        ("＝1", "'＝1"),
    ],
)
def test_a_csv_is_inert_as_formulas_and_leaves_numbers_alone(value, shown):
    assert csv_text(["a"], [[value]]) == f"a\r\n{shown}\r\n"


def test_files_of_the_page_are_compressed_and_kept_by_the_browser(client, record):
    record(night(WEDNESDAY))
    markup = client.get("/").get_data(as_text=True)
    path = next(tag.split('src="')[1].split('"')[0] for tag in _opening_tags(markup, "script") if "chart." in tag)

    answer = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert b"Chart.js" in gzip.decompress(answer.data)
    assert len(answer.data) < 200_000
