"""A first visit is light, and nothing jumps: not while the fonts come, not when the times do.

`tests/web/test_assets.py` adds up what a page asks for; here a browser says what it loaded, and how it moved.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Demonstration

pytestmark = pytest.mark.browser

VISIT = 150 * 1024  # bytes over the wire, headers included
SHIFT = 0.01  # a tenth of what is called good
PAGES = ("/", "/services/consultation-generaliste", "/services/chambre-double-standard")
# Every move is counted, also those soon after a click, which the usual sum forgives.
WATCH = """
  window.moved = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => window.moved.push(
    [one.value, one.hadRecentInput, ...one.sources.map(({ node }) => node?.outerHTML?.slice(0, 80))]
  ))).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(params=[390, 1280])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A browser that was never here."""
    context = browser.new_context(locale="en-GB", viewport={"width": request.param, "height": 800})
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


def moves(page: Page) -> list[Any]:
    """Return what moved so far, once the page has come to rest."""
    page.wait_for_timeout(200)
    found: list[Any] = page.evaluate("window.moved")
    return found


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_is_light_and_nothing_moves(page: Page, demonstration: Demonstration, path: str) -> None:
    weights: list[float] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    page.goto(demonstration.address + path, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    assert len(weights) >= 7  # page, two style sheets, scripts, two fonts
    assert sum(weights) < VISIT
    found = moves(page)
    assert sum(one[0] for one in found) < SHIFT, found


def test_nothing_moves_when_times_of_another_day_come_late(page: Page, demonstration: Demonstration) -> None:
    page.goto(f"{demonstration.address}/services/table-restaurant?date={{month}}-10".format_map(demonstration.places))
    chip = page.locator("a.day-chip:not([aria-current])").last
    chip.scroll_into_view_if_needed()
    page.wait_for_timeout(800)  # it scrolls smoothly
    before = page.evaluate("scrollY")
    page.route("**/services/**", late)
    address = chip.get_attribute("href") or ""
    chip.click()
    page.wait_for_url(lambda url: url.endswith(address))
    expect(page.locator("#picker[aria-busy]")).to_have_count(0)
    assert page.evaluate("scrollY") == before
    found = [one for one in moves(page) if not one[1]]
    assert sum(one[0] for one in found) < SHIFT, found


def late(route: Route) -> None:
    """Let an answer come so late that blocks stand where it will be, and no move is forgiven any more."""
    time.sleep(0.8)
    route.continue_()
