"""Debian's Chromium on every page: light, dark, phone; console, accessibility, and where its requests go."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from support.polling import until
from waitress.server import create_server

from datalake.clock import MovedClock
from datalake.web.app import create_app
from datalake.zones.paths import Lake
from web.conftest import BREAKFAST, SETTINGS, WEDNESDAY, new_lake, night, publish, published, refused, write_record

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
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
LAYOUT = {"runOnly": ["scrollable-region-focusable", "target-size", "color-contrast"]}
PAGES = (
    *(
        "/",
        "/runs",
        "/runs/20251105T020000Z-1",
        "/feeds",
        "/feeds/irb",
        "/feeds/irb/changes",
        "/views",
        "/views/studies",
    ),
    *(
        "/data",
        "/data/irb",
        "/record",
        "/record?feed=irb&key=S-1",
        "/alerts",
        "/rejects",
        "/reports",
        "/status",
        "/about",
        "/api/v1/",
    ),
)

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium (apt-get install chromium)")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def served(lake: Lake) -> Iterator[str]:
    """Serve a lake as the program does; give its address."""
    server = create_server(create_app(lake, SETTINGS, MovedClock(BREAKFAST)), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.trigger.pull_trigger(server.close)
    thread.join()


@contextmanager
def opened(browser, site):
    """A page that remembers what its console said and whom it asked."""
    with browser.new_context(base_url=site, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.said, page.asked = [], set()
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda asked: page.asked.add(asked.url.split("/")[2]))
        yield page


def fill(lake: Lake) -> None:
    """Two weeks with a refused file, rejected rows and a night that did not run."""
    for back in range(14, -1, -1):
        day = WEDNESDAY - timedelta(days=back)
        if back == 4:
            write_record(lake, night(day, published("irb", day), refused("grants", day)))
        elif back != 8:
            irb, grants = published("irb", day, rejected=back % 3), published("grants", day)
            write_record(lake, night(day, irb, grants, seconds=120 + back))


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    lake = new_lake(tmp_path_factory.mktemp("full"))
    fill(lake)
    publish(lake)
    with served(lake) as site:
        yield site


@pytest.fixture(scope="module")
def torn(tmp_path_factory):
    """A lake whose manifest is damaged and whose published files are cut in half."""
    lake = new_lake(tmp_path_factory.mktemp("torn"))
    fill(lake)
    publish(lake)
    lake.manifest.write_text("{")
    for path in lake.data.glob("curated/**/*.parquet"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:20])
    with served(lake) as site:
        yield site


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    with served(new_lake(tmp_path_factory.mktemp("empty"))) as site:
        yield site


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    lake = new_lake(tmp_path_factory.mktemp("broken"))
    fill(lake)
    lake.database.write_bytes(b"no database" * 1000)
    (lake.config / "modules" / "irb.yaml").write_text("colums: []\n")
    with served(lake) as site:
        yield site


def faults(page, rules) -> list[str]:
    return [
        f"{each['id']}: {each['nodes'][0]['html']}" for each in Axe().run(page, options=rules).response["violations"]
    ]


def look_at(browser, site: str, path: str) -> None:
    """Light, dark and at the narrowest width that WCAG asks for, in one visit."""
    with opened(browser, site) as page:
        page.goto(path)
        assert faults(page, STANDARD) == []
        page.emulate_media(color_scheme="dark")
        assert faults(page, COLOURS) == []
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 320, "height": 700})
        # not wait_for_function, which asks again by eval: the page's own policy forbids that
        until(lambda: page.evaluate("document.documentElement.scrollWidth <= 320"), f"{path} to fit a phone")
        assert faults(page, LAYOUT) == []
        assert page.said == []
        assert page.asked == {site.removeprefix("http://")}


@pytest.mark.parametrize("path", PAGES)
def test_a_full_lake(browser, full, path):
    look_at(browser, full, path)


@pytest.mark.parametrize("path", ["/", "/runs", "/feeds", "/rejects", "/status"])
def test_an_empty_lake(browser, empty, path):
    look_at(browser, empty, path)


@pytest.mark.parametrize("path", ["/", "/runs", "/status"])
def test_a_lake_with_a_corrupt_database_and_wrong_rules(browser, broken, path):
    look_at(browser, broken, path)


@pytest.mark.parametrize("path", ["/", "/feeds/irb", "/views"])
def test_a_lake_with_a_damaged_manifest_and_torn_files(browser, torn, path):
    look_at(browser, torn, path)


def test_rejected_rows_open_problems_and_a_page_that_is_not_there(browser, full):
    with opened(browser, full) as page:
        page.goto("/rejects")
        page.get_by_role("region", name="Files with rejected rows").get_by_role("link").first.click()
        assert faults(page, STANDARD) == []
        page.goto("/nowhere")
        assert faults(page, STANDARD) == []


def test_a_download_is_the_file_itself(browser, full):
    with opened(browser, full) as page:
        page.goto("/")
        with page.expect_download() as found:
            page.get_by_role("link", name="Download Full CSV").click()

        lines = Path(found.value.path()).read_text().splitlines()

    assert found.value.suggested_filename == "etl_runtime_stats.csv"
    assert lines[0] == "date,hostname,start_time,end_time,runtime_sec,runtime_min,status"
    assert len(lines) == 1 + 14


def test_each_tile_says_what_its_list_says(browser, full):
    with opened(browser, full) as page:
        page.goto("/")
        told = {each.split("\n")[0]: each for each in page.locator(".tile a").all_inner_texts()}
        page.get_by_role("link", name="Nights loaded").click()
        listed = page.locator("#total").inner_text()
        page.goto("/feeds")
        current = page.get_by_role("region", name="Feeds").get_by_text("current", exact=True).count()

    assert listed.startswith("14 runs: 13 successes")
    assert "13 of 15 nights" in told["Nights loaded"]
    assert f"{current} of 2 feeds current" in told["Data as of"]


def test_the_charts_are_drawn_by_chart_js(browser, full):
    with opened(browser, full) as page:
        page.goto("/")

        drawn = page.evaluate("Chart.getChart('runtime-chart').data.datasets.map((each) => each.label)")

    assert drawn == ["loaded", "usual (median)", "usual (p10 to p90)", "", "failed", "did not run"]


def test_keyboard_alone_reaches_the_content_and_filters_the_runs(browser, full):
    with opened(browser, full) as page:
        page.goto("/runs")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**#content")

        page.get_by_label("Status").focus()
        page.keyboard.press("f")
        page.get_by_role("button", name="Show").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**status=failure**")

        assert page.get_by_text("1 run: 0 successes, 1 failure").is_visible()


class TestRefresh:
    @pytest.fixture
    def alone(self, tmp_path):
        """A lake of its own, which a test may go on with."""
        lake = new_lake(tmp_path / "lake")
        fill(lake)
        with served(lake) as site:
            yield lake, site

    def after_a_minute(self, page):
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            page.clock.fast_forward(61_000)

    def test_a_page_shows_what_is_new_and_keeps_scroll_focus_and_what_is_open(self, browser, alone):
        lake, site = alone
        with opened(browser, site) as page:
            page.clock.install()
            page.goto("/")
            page.get_by_text("The same as a table").first.click()
            page.get_by_role("link", name="Download Full CSV").focus()
            page.evaluate("scrollTo(0, 500)")
            write_record(lake, night(WEDNESDAY, at="03:00", trigger="hand", seconds=77))
            self.after_a_minute(page)
            page.get_by_text("1 min 17 s").last.wait_for()

            assert page.evaluate("document.activeElement.textContent") == "Download Full CSV"
            assert page.evaluate("scrollY") == 500
            assert page.locator("details").first.get_attribute("open") is not None
            assert page.evaluate("Chart.getChart('runtime-chart').data.labels.length") == 15
            assert page.said == []

    def test_it_can_be_paused_by_keyboard_and_stays_so(self, browser, alone):
        _, site = alone
        with opened(browser, site) as page:
            page.clock.install()
            page.goto("/runs")
            page.get_by_role("button", name="Pause the refresh").focus()
            page.keyboard.press("Enter")
            page.goto("/feeds")
            asked = []
            page.on("request", lambda each: each.resource_type == "fetch" and asked.append(each.url))
            page.clock.fast_forward(300_000)

            assert asked == []
            with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
                page.get_by_role("button", name="Refresh by itself again").click()

    def test_nothing_is_swapped_under_a_person_who_fills_in_a_filter(self, browser, alone):
        _, site = alone
        with opened(browser, site) as page:
            page.clock.install()
            page.goto("/runs")
            page.get_by_label("From").fill("2025-11-01")
            asked = []
            page.on("request", lambda each: each.resource_type == "fetch" and asked.append(each.url))
            page.clock.fast_forward(120_000)

            assert asked == []
            assert page.get_by_label("From").input_value() == "2025-11-01"

    def test_a_dashboard_that_is_gone_is_told(self, browser, alone):
        _, site = alone
        with opened(browser, site) as page:
            page.clock.install()
            page.goto("/")
            page.route("**/*", lambda route: route.abort())
            page.clock.fast_forward(61_000)

            page.get_by_role("status").filter(has_text="The dashboard cannot be reached").wait_for(state="attached")


def test_the_log_can_be_filtered_and_reloaded_without_javascript(browser, full):
    with browser.new_context(base_url=full, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/runs/20251105T020000Z-1")
        page.get_by_role("link", name="Reload").click()

        assert page.url.endswith("?level=info#log")
        assert page.locator("h1").is_visible()
