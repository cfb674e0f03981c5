"""The house in a real browser: the theme, a request that fails, the menu of a phone."""

import pytest
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.browser


def test_a_search_that_fails_says_so_and_is_repeated_with_what_was_typed(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(address)
    context.set_offline(True)
    page.get_by_label("What are you looking for?").fill("concert")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".service-card")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("1 service")
    context.close()


def test_the_theme_changes_at_once_and_stays(browser: Browser, address: str) -> None:
    page = browser.new_context(locale="en-GB", color_scheme="light").new_page()
    page.goto(address)
    page.get_by_role("button", name="Change to light.").click()
    page.get_by_role("button", name="Change to dark.").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_role("button", name="Dark colours.")).to_be_focused()
    page.reload()
    expect(page.locator("body")).to_have_css("background-color", "rgb(24, 16, 23)")
    page.context.close()


def test_a_phone_shows_times_first_and_the_rest_in_a_menu(browser: Browser, address: str) -> None:
    page = browser.new_context(
        locale="en-GB", viewport={"width": 390, "height": 844}, java_script_enabled=False
    ).new_page()
    page.goto(address)
    expect(page.get_by_role("link", name="My bookings")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation").get_by_role("link", name="My bookings").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.context.close()
