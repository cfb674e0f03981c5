"""The main job in a real browser: from the catalogue to "confirmed", with scripts and without."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("with_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_new_person_books_a_consultation(browser: Browser, address: str, with_scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=with_scripts, locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    choose_a_time(page, address)
    sign_up(page, "scripts" if with_scripts else "plain")
    answer_and_confirm(page)
    context.close()
    assert [text for text in complaints if "422" not in text] == []


def test_back_after_booking_leads_to_the_last_look_and_books_no_second_time(browser: Browser, address: str) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    choose_a_time(page, address)
    sign_up(page, "back")
    answer_and_confirm(page)
    page.go_back()
    confirmed = page.url
    page.go_back()
    expect(page.get_by_role("heading", name="Is everything right?")).to_be_visible()
    page.get_by_role("button", name="Confirm the booking").click()
    expect(page).to_have_url(confirmed)
    page.context.close()


def test_a_party_that_is_too_large_is_refused_aloud_and_not_priced_as_the_one_before(
    browser: Browser, address: str
) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{address}/services/concert?participants=9")
    page.locator("a.time-button").first.click()
    expect(page.locator("#price_box")).to_contain_text("9 people")
    page.get_by_label("How many people?").fill("81")
    page.get_by_label("How many people?").press("Tab")
    expect(page.get_by_role("alert").filter(has_text="Book for at most 80 people.")).to_be_visible()
    expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    page.context.close()


def test_a_click_on_continue_straight_from_a_price_input_is_not_lost(browser: Browser, address: str) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{address}/services/delivery")
    page.locator("a.time-button").first.click()
    expect(page.locator("#price_box")).to_contain_text("Total")
    page.get_by_label("Value of your order").fill("60")
    page.locator("#price_box").get_by_role("button", name="Continue").hover()
    with page.expect_response("**order_total=60**"):
        page.mouse.down()
    page.wait_for_timeout(300)  # the answer is here before the button is let go
    page.mouse.up()
    expect(page).to_have_url(re.compile("/sign-in.*order_total"))
    page.context.close()


def test_back_on_the_service_page_undoes_a_choice_without_a_script_error(browser: Browser, address: str) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/services/consultation")
    page.locator("a.time-button").nth(1).click()
    expect(page.locator("#price_box")).to_contain_text("Total")
    page.go_back()
    expect(page.locator("#price_box")).to_contain_text("Choose a day and a time")
    page.context.close()
    assert complaints == []


def test_the_focus_stays_on_later_days_while_the_weeks_go_by(browser: Browser, address: str) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{address}/services/consultation")
    later = page.get_by_role("link", name="Later days")
    before = later.get_attribute("href")
    later.focus()
    page.keyboard.press("Enter")
    expect(later).not_to_have_attribute("href", before or "")
    expect(later).to_be_focused()
    page.context.close()


def choose_a_time(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Consultation", exact=True).click()
    page.locator("a.day-chip").nth(2).click()
    expect(page.locator("a.day-chip").nth(2)).to_have_attribute("aria-current", "date")
    page.locator("a.time-button").first.click()
    expect(page.locator("#price_box")).to_contain_text("€50.00")
    page.locator("#price_box").get_by_role("button", name="Continue").click()


def sign_up(page: Page, name: str) -> None:
    page.get_by_role("link", name="New here? Create an account").click()
    page.get_by_label("Your name").fill("Camille Laurent")
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password").fill("a few plain words")
    page.get_by_role("button", name="Create the account").click()


def answer_and_confirm(page: Page) -> None:
    page.get_by_role("button", name="Check my booking").click()
    expect(page.get_by_role("alert").filter(has_text="Two answers need your attention")).to_be_visible()
    page.get_by_label("Symptoms").fill("A cough")
    page.get_by_label("Urgency").select_option("Low")
    page.get_by_role("button", name="Check my booking").click()
    expect(page.get_by_role("heading", name="Is everything right?")).to_be_visible()
    page.get_by_role("button", name="Confirm the booking").click()
    expect(page.get_by_role("heading", name="You are booked, Camille.")).to_be_visible()
    expect(page).to_have_url(re.compile("/booking/success/"))
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    page.get_by_role("link", name="My bookings").first.click()
    expect(page.get_by_role("link", name="Consultation", exact=True)).to_be_visible()


def book_a_consultation(page: Page, address: str, name: str) -> None:
    choose_a_time(page, address)
    sign_up(page, name)
    page.get_by_label("Symptoms").fill("A cough")
    page.get_by_label("Urgency").select_option("Low")
    page.get_by_role("button", name="Check my booking").click()


@pytest.mark.parametrize("with_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_change_on_the_last_look_leads_to_the_very_field_with_all_answers_kept(
    browser: Browser, address: str, with_scripts: bool
) -> None:
    page = browser.new_context(java_script_enabled=with_scripts, locale="en-GB").new_page()
    book_a_consultation(page, address, f"change-{with_scripts}")
    page.get_by_role("button", name=re.compile("Change.*Urgency")).click()
    expect(page.get_by_label("Urgency")).to_be_focused()
    expect(page.get_by_label("Urgency")).to_have_value("Low")
    expect(page.get_by_label("Symptoms")).to_have_value("A cough")
    page.context.close()


def test_a_booking_is_cancelled_in_a_dialog_by_the_keyboard_alone(browser: Browser, address: str) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    book_a_consultation(page, address, "dialog")
    page.get_by_role("button", name="Confirm the booking").click()
    page.get_by_role("link", name="My bookings").first.click()
    cancel = page.get_by_role("link", name=re.compile("Cancel.*Consultation"))
    cancel.press("Enter")
    expect(page.get_by_role("dialog", name="Cancel this booking?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cancel).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Cancel at no cost").press("Enter")
    expect(page.get_by_text("The booking is cancelled.")).to_be_visible()
    expect(page.get_by_role("link", name="Called off (1)")).to_be_visible()
    page.context.close()
