"""An account in a real browser: made with the keyboard alone, a password looked at."""

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
PASSWORD = "a few plain words"


def sign_up(page: Page, site: str, email: str) -> None:
    """Make an account, with the keyboard alone."""
    page.goto(f"{site}/sign-up")
    page.get_by_label("Your name").focus()
    for text in ("Camille Laurent", email, PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past the button that shows the password
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/")


def test_a_password_can_be_looked_at_only_where_scripts_run(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/sign-in")
    field = page.get_by_label("Password", exact=True)
    field.fill(PASSWORD)
    page.get_by_role("button", name="Show Password").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide Password").click()
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_value(PASSWORD)
    page.close()
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{address}/sign-in")
    expect(plain.get_by_role("button", name="Show Password")).to_have_count(0)
    context.close()


def test_a_wrong_password_is_said_in_place_and_takes_the_focus(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    sign_up(page, address, "zoe@example.com")
    page.goto(f"{address}/account/security")
    page.get_by_label("Current password", exact=True).fill("not this one")
    page.get_by_label("New password", exact=True).fill("another few plain words")
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#current-error")).to_have_text("This is not your current password.")
    page.get_by_label("Current password", exact=True).fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("another few plain words")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    context.close()
