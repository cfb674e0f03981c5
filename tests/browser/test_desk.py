"""The desk books for a caller by the keyboard alone, who pays by a link; and for somebody new, without scripts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import keyboard
from tests.browser.conftest import Demonstration
from tests.browser.swaps import rest

pytestmark = pytest.mark.browser

NEW = "/staff/bookings/new"
MOST_KEYS = 120
CHOSEN = "input[name=when]:not([disabled])"


@pytest.fixture
def desk(browser: Browser, demonstration: Demonstration) -> Iterator[Callable[..., Page]]:
    """Open a page for somebody."""
    contexts = []

    def begin(person: str | None, **options: Any) -> Page:
        contexts.append(demonstration.guest(browser, person, **options))
        return contexts[-1].new_page()

    yield begin
    for context in contexts:
        context.close()


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(MOST_KEYS):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way leads to {wanted} by the keyboard")


def type_into(page: Page, selector: str, text: str) -> None:
    reach(page, page.locator(selector))
    page.keyboard.type(text)


def press(page: Page, selector: str, key: str = "Enter") -> None:
    reach(page, page.locator(selector).first)
    keyboard.press(page, key)


def test_by_the_keyboard_alone_a_caller_gets_a_link_and_pays_by_it(
    desk: Callable[..., Page], demonstration: Demonstration
) -> None:
    complaints: list[str] = []
    page = desk("sam", viewport={"width": 1280, "height": 900})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(demonstration.address + NEW)
    type_into(page, "#q", "alice@")
    press(page, "button[value=find]")
    expect(page.locator(".desk-found")).to_be_visible()
    press(page, ".desk-found button")
    expect(page.locator(".desk-customer")).to_contain_text("alice@example.com")
    reach(page, page.locator("#service"))
    page.keyboard.type("Outdoor")
    expect(page.locator(CHOSEN).first).to_be_attached()
    rest(page)
    press(page, ".day-chip >> nth=2")  # what begins within minutes is too soon for a link
    press(page, CHOSEN, "Space")
    expect(page.locator("#desk_price .price-total")).to_be_visible()
    press(page, "#desk-agreed summary")
    type_into(page, "[id='priceOverride.total']", "12,50")
    type_into(page, "[id='priceOverride.reason']", "A regular")
    page.keyboard.press("Tab")
    expect(page.locator("#desk_price .price-total")).to_contain_text("12.50")
    reach(page, page.locator("input[name=pay]").first)
    page.keyboard.press("ArrowDown")
    press(page, "button[value=book]")
    expect(page.locator("#pay-link")).to_be_visible()
    link = page.locator("#pay-link").input_value()

    caller = desk(None, viewport={"width": 390, "height": 844})
    caller.goto(link)
    expect(caller.locator("h1")).to_have_text("€12.50 to pay")
    press(caller, "main .btn-primary")
    caller.wait_for_url(f"{demonstration.sandbox.settings.base_url}/c/pay/*")
    caller.get_by_role("button", name="Pay", exact=True).press("Enter")
    expect(caller.locator("h1")).to_have_text("€12.50 paid")
    page.reload()
    expect(page.locator(".badge-confirmed").first).to_be_visible()
    assert complaints == []


def test_the_link_is_copied_by_its_button(desk: Callable[..., Page], demonstration: Demonstration) -> None:
    page = desk("sam", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{demonstration.address}/staff/bookings/{demonstration.places['due']}")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#live")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#pay-link").input_value()


def test_what_is_typed_while_the_times_are_read_stays(desk: Callable[..., Page], demonstration: Demonstration) -> None:
    page = desk("sam")
    page.goto(f"{demonstration.address}{NEW}?service={demonstration.places['doctors']}")
    page.locator("[name=notes]").fill("Rang twice")
    page.locator("#desk_times").evaluate("times => times.dataset.age = 'old'")
    page.locator("#length").fill("45")
    page.locator("#length").press("Tab")
    page.locator("[name=internalNotes]").fill("Be kind")
    expect(page.locator("#desk_times[data-age=old]")).to_have_count(0)
    rest(page)
    page.locator(CHOSEN).first.check(force=True)
    expect(page.locator("#desk_price .price-total")).to_be_visible()
    expect(page.locator("[name=notes]")).to_have_value("Rang twice")
    expect(page.locator("[name=internalNotes]")).to_have_value("Be kind")
    expect(page.locator("#length")).to_have_value("45")


def test_without_scripts_somebody_new_is_booked_after_a_mistake(
    desk: Callable[..., Page], demonstration: Demonstration
) -> None:
    page = desk("sam", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(demonstration.address + NEW)
    page.locator("[id='newCustomer.name']").fill("Zoé Petit")
    page.locator("[id='newCustomer.email']").fill("zoe@")
    page.locator("#service").select_option(label="Outdoor tennis court")
    page.locator("button[value=look]:visible").last.click()
    page.locator(CHOSEN).first.check(force=True)
    page.locator("button[value=price]").click()
    expect(page.locator("#desk_price .price-total")).to_be_visible()
    page.locator("button[value=book]").click()
    expect(page.locator(".error-summary a")).to_have_count(1)
    page.locator("[id='newCustomer.email']").fill("zoe@example.com")
    page.locator("button[value=book]").click()
    expect(page.locator("h1")).to_contain_text("Zoé Petit")
    expect(page.locator(".badge-confirmed").first).to_be_visible()
