"""The weekly page in a real browser: phone, window and wide screen, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from support import weeks

from datalake.reports.page import html

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium (apt-get install chromium)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, width: int, scheme: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_content(html(weeks.USUAL))
    yield page
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 900, 1400])
def test_the_page_is_readable_at_every_width_in_light_and_dark(page: Page, width: int) -> None:
    tiles = [tile.bounding_box() for tile in page.locator(".strip li").all()]
    tops = {round(tile["y"]) for tile in tiles if tile}
    assert len(tiles) == 7 and len(tops) == (7 if width == 400 else 1), "one row of seven, on a phone one below another"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs out at the side"
    found = Axe().run(page, options=STANDARD).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
