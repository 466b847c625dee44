"""Debian's Chromium on every page: light, dark, phone; console, accessibility, and where its requests go."""

import threading
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from waitress.server import create_server

from datalake.settings import Settings
from datalake.web.app import create_app
from web.conftest import BAD, GOOD

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 320, "height": 700}},
}

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium (apt-get install chromium)")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(lake):
    server = create_server(create_app(lake, Settings()), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.trigger.pull_trigger(server.close)
    thread.join()


@pytest.fixture(params=LOOKS)
def page(request, browser, site):
    """A page that remembers what its console said and whom it asked."""
    with browser.new_context(base_url=site, **LOOKS[request.param]) as context:
        page = context.new_page()
        page.said, page.asked = [], set()
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda asked: page.asked.add(asked.url.split("/")[2]))
        yield page


def open_quietly(page, site, path):
    page.goto(path)
    page.wait_for_load_state("networkidle")

    assert page.said == []
    assert page.asked == {site.removeprefix("http://")}
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [each["id"] for each in Axe().run(page, options=RULES).response["violations"]] == []


def test_overview_with_runs(page, site, in_database):
    in_database(GOOD, BAD)

    open_quietly(page, site, "/")

    assert page.evaluate("Chart.getChart('runtime-chart').data.datasets[0].data") == [2.25, None]


def test_overview_of_an_empty_lake(page, site):
    open_quietly(page, site, "/")


def test_overview_with_a_corrupt_database(page, site, in_csv, lake):
    in_csv(GOOD)
    lake.database.write_bytes(b"no database" * 1000)

    open_quietly(page, site, "/")
