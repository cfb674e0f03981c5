"""Nothing that a program can find is in anybody's way on a page of customers: light and dark, narrow and wide."""

from collections.abc import Iterator, Sequence

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from portal.domain.errors import Forbidden, Overloaded, TooManyRequests
from tests.browser.conftest import Demonstration
from tests.browser.tour import STOPS, Stop

pytestmark = pytest.mark.browser

NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
Look = tuple[dict[str, int], str]
USUAL: tuple[Look, ...] = ((NARROW, "light"), (WIDE, "dark"))
EVERY: tuple[Look, ...] = (*USUAL, (NARROW, "dark"), (WIDE, "light"))  # the team's pages are there all day
# Not pages: health for programs, files, and a mail as a mail program shows it, in a frame of a page that is looked at.
NO_PAGES = {
    "/healthz",
    "/readyz",
    "/static/<path:filename>",
    "/bookings/<booking_id>/calendar.ics",
    "/invoices/<invoice_id>.pdf",
    "/staff/bookings.csv",
    "/staff/services/export",
    "/staff/services/<service_id>/export",
    "/staff/check-in/<token>",  # leads to the booking's page
    "/dev/mailbox/<message_id>/html",
}


class Tourists:
    """A page for each person, opened once."""

    def __init__(self, browser: Browser, demonstration: Demonstration) -> None:
        self.browser, self.demonstration = browser, demonstration
        self.contexts: dict[str | None, BrowserContext] = {}

    def page(self, person: str | None) -> Page:
        if person not in self.contexts:
            context = self.demonstration.guest(self.browser, person, viewport=NARROW)
            context.new_page()
            self.contexts[person] = context
        return self.contexts[person].pages[0]


@pytest.fixture(scope="module")
def tourists(browser: Browser, demonstration: Demonstration) -> Iterator[Tourists]:
    found = Tourists(browser, demonstration)
    yield found
    for context in found.contexts.values():
        context.close()


def obstacles(page: Page, looks: Sequence[Look] = USUAL) -> list[str]:
    """Return what axe finds, and what is wider than the window: on a light phone, then on a dark desk."""
    found = []
    for size, scheme in looks:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        report = Axe().run(page)
        if report.violations_count:
            found.append(report.generate_report())
        if (width := page.evaluate("document.documentElement.scrollWidth")) > size["width"]:
            found.append(f"the page is {width} wide in a window of {size['width']}")
    return found


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_nothing_is_in_the_way_on(tourists: Tourists, demonstration: Demonstration, stop: Stop) -> None:
    page = tourists.page(stop.person)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    stop.reach(page, demonstration.address, demonstration.places)
    assert obstacles(page, EVERY if stop.name.startswith("staff") else USUAL) == []


def test_a_chosen_day_stays_readable_under_the_mouse(tourists: Tourists, demonstration: Demonstration) -> None:
    page = tourists.page(None)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    next(one for one in STOPS if one.name == "service-nights").reach(page, demonstration.address, demonstration.places)
    page.locator("a.month-cell.is-chosen").first.hover()
    assert Axe().run(page).violations_count == 0


def test_every_page_is_on_the_tour(app: Flask) -> None:
    pages = {one.rule for one in app.url_map.iter_rules() if "GET" in (one.methods or ())}
    assert {one for one in pages if not one.startswith("/api")} - NO_PAGES == {stop.rule for stop in STOPS} - {""}


@pytest.mark.parametrize(
    "error",
    [Forbidden(), TooManyRequests(retry_after=40), ZeroDivisionError(), Overloaded()],
    ids=lambda one: type(one).__name__,
)
def test_nothing_is_in_the_way_on_an_error_page(
    tourists: Tourists, demonstration: Demonstration, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setitem(demonstration.app.view_functions, "house.terms", fail)
    monkeypatch.setitem(demonstration.app.config, "PROPAGATE_EXCEPTIONS", False)
    page = tourists.page(None)
    answer = page.goto(f"{demonstration.address}/terms")
    assert answer is not None
    assert answer.status >= 400
    assert obstacles(page) == []
