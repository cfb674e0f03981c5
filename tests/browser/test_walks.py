"""From the catalogue to "confirmed": six kinds of service, with the mouse, the keyboard alone, and without scripts.

Five of them are paid, on a page that is Stripe's: it is no screen of ours. A table costs nothing. Who walks is signed
in and knows nothing of the page: every required question is answered where it comes up.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect

from tests.browser import keyboard
from tests.browser.conftest import Demonstration

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
MOST_SCREENS = 5

TIME = ".times a.time-button"
ARRIVAL = 'a.month-cell[aria-label^="Arrive"]'
DEPARTURE = 'a.month-cell[aria-label^="Leave"]'
LATER = "#month-later-narrow, #month-later"
# What is chosen on the page of a service, in order; each is the first of its kind that can be had.
SERVICES = {
    "consultation-generaliste": (TIME,),
    "table-restaurant": ("#for-4", TIME),
    "chambre-double-standard": (ARRIVAL, DEPARTURE),
    "court-tennis-exterieur": ("#lasting-120", TIME),
    "atelier-poterie": (TIME,),
    "concert-jazz-trio": (TIME,),
}
FREE = ("table-restaurant",)
EACH = pytest.mark.parametrize("slug", SERVICES)
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
QUESTIONS = 'main form [aria-required="true"]'


class Walk:
    """A page, and what a person saw of it: documents, complaints of the console, hosts that were asked."""

    def __init__(self, page: Page, address: str, till: str) -> None:
        self.page, self.address, self.till = page, address, till
        self.screens: list[tuple[str, str]] = []
        self.complaints: list[str] = []
        page.on("response", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda one: one.url.startswith((address, till, "data:")) or self.complaints.append(one.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.location["url"].startswith(self.till):
            self.complaints.append(message.text)

    def _note(self, response: Response) -> None:
        """Count documents; one that only shows other times or more services is the same screen."""
        screen = (response.request.method, urlsplit(response.url).path)
        is_ours = response.url.startswith(self.address)
        is_document = is_ours and response.request.is_navigation_request() and not 300 <= response.status < 400
        if is_document and screen not in self.screens[-1:]:
            self.screens.append(screen)

    def heading(self, words: str) -> None:
        """Wait for a screen, all of which fits into the width of the window."""
        expect(self.page.locator("h1")).to_have_text(re.compile(words))
        size = self.page.viewport_size
        assert size
        assert self.page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    def pay(self) -> None:
        """Pay on the payment page."""
        self.page.wait_for_url(f"{self.till}/c/pay/*")
        self.page.get_by_role("button", name="Pay", exact=True).press("Enter")

    def is_over(self) -> None:
        """See that all is booked, on few screens, and that nothing went wrong on the way."""
        self.heading("^You are booked, Alice.$")
        expect(self.page.locator(".badge-confirmed")).to_have_text(re.compile("Confirmed"))
        assert len(self.screens) <= MOST_SCREENS, self.screens
        assert self.screens[0] == ("GET", "/")
        assert self.screens[-1][1].startswith("/booking/success/")
        assert self.complaints == []


@pytest.fixture
def walk(browser: Browser, demonstration: Demonstration) -> Iterator[Callable[..., Walk]]:
    """Open the catalogue for alice in a window of a size."""
    contexts = []

    def begin(viewport: dict[str, int], **options: Any) -> Walk:
        contexts.append(demonstration.guest(browser, "alice", viewport=viewport, **options))
        made = Walk(contexts[-1].new_page(), demonstration.address, demonstration.sandbox.settings.base_url)
        made.page.goto(demonstration.address)
        return made

    yield begin
    for context in contexts:
        context.close()


def on_card(slug: str) -> str:
    """Select the name of a service in the catalogue."""
    return f'h3 a[href="/services/{slug}"], h3 a[href^="/services/{slug}?"]'


# ---------------------------------------------------------------- with the mouse


def by_mouse(walk: Walk, slug: str) -> None:
    page = walk.page
    page.get_by_role("link", name=re.compile(r"^Show \d+ more")).click()
    page.locator(on_card(slug)).click()
    walk.heading(".")
    for choice in SERVICES[slug]:
        if not can_be_seen(page, choice):
            choose(page, page.locator(LATER).locator("visible=true"))
        choose(page, page.locator(choice).locator("visible=true").first)
    page.locator("button:visible", has_text="Continue").first.click()
    walk.heading("A few questions|How to reach you")
    for question in page.locator(QUESTIONS).all():
        answer(question)
    page.get_by_role("button", name="Check my booking").click()
    walk.heading("Is everything right?")
    page.get_by_role("button", name="Confirm the booking" if slug in FREE else "Pay €").click()
    if slug not in FREE:
        walk.pay()
    walk.is_over()


def can_be_seen(page: Page, choice: str) -> bool:
    """Tell whether there is such a choice: at the end of a month a phone shows no day to leave on."""
    return page.locator(choice).locator("visible=true").count() > 0


def choose(page: Page, link: Locator) -> None:
    """Click on a choice and wait for the page that tells of it."""
    address = link.get_attribute("href") or ""
    link.click()
    expect(page).to_have_url(re.compile(re.escape(address)))


def answer(question: Locator) -> None:
    """Give an answer to a required question that has none."""
    kind = question.evaluate("it => it.type")
    if kind == "select-one":
        question.select_option(index=1)
    elif kind == "checkbox":
        question.check()
    elif not question.input_value():
        question.fill("Three days of cough, 18 h")


@EACH
@SIZES
def test_a_mouse_is_enough(walk: Callable[..., Walk], slug: str, size: dict[str, int]) -> None:
    by_mouse(walk(size), slug)


@EACH
@SIZES
def test_no_script_is_needed(walk: Callable[..., Walk], slug: str, size: dict[str, int]) -> None:
    by_mouse(walk(size, java_script_enabled=False), slug)


# ---------------------------------------------------------------- with the keyboard alone


def tab_to(page: Page, sought: str) -> None:
    """Press Tab until the focus is on something; answer questions on the way."""
    keyboard.tab_to(page, sought, QUESTIONS, answer_by_keyboard)


def answer_by_keyboard(page: Page, kind: str) -> None:
    if kind == "checkbox":
        page.keyboard.press("Space")
    elif kind == "select-one":
        page.keyboard.press("ArrowDown")
    else:
        page.keyboard.type("A cough, 18 h")


def choose_by_keyboard(page: Page, choice: str) -> None:
    tab_to(page, choice)
    address = page.evaluate("document.activeElement.getAttribute('href')")
    keyboard.press(page)
    expect(page).to_have_url(re.compile(re.escape(address)))


def by_keyboard(walk: Walk, slug: str, words: str) -> None:
    page = walk.page
    tab_to(page, ".skip-link")
    page.keyboard.press("Enter")
    tab_to(page, "#q")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    tab_to(page, on_card(slug))
    page.keyboard.press("Enter")
    walk.heading(".")
    for choice in SERVICES[slug]:
        if not can_be_seen(page, choice):
            choose_by_keyboard(page, LATER)
        choose_by_keyboard(page, choice)
    tab_to(page, "Continue")
    page.keyboard.press("Enter")
    walk.heading("A few questions|How to reach you")
    tab_to(page, "Check my booking")
    page.keyboard.press("Enter")
    walk.heading("Is everything right?")
    tab_to(page, "Confirm the booking" if slug in FREE else "Pay €")
    page.keyboard.press("Enter")
    if slug not in FREE:
        walk.pay()
    walk.is_over()


WORDS = {
    "consultation-generaliste": "GP consultation",
    "table-restaurant": "restaurant",
    "chambre-double-standard": "double room",
    "court-tennis-exterieur": "tennis",
    "atelier-poterie": "pottery",
    "concert-jazz-trio": "jazz",
}


@EACH
@SIZES
def test_a_keyboard_is_enough(walk: Callable[..., Walk], slug: str, size: dict[str, int]) -> None:
    by_keyboard(walk(size), slug, WORDS[slug])
