"""What people do in a hurry, in a real browser: twice, in two tabs, too late. One booking, nothing typed is lost."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.domain.booking import Section
from portal.store.accounts import user_by_email
from portal.store.db import db
from portal.usecases.own_bookings import list_own
from portal.web.context import current_rules, now
from tests.browser.conftest import Demonstration
from tests.browser.tour import choose, fill

pytestmark = pytest.mark.browser
DOCTOR = "/services/consultation-generaliste?staffId=dr-martin"  # one patient at a time
WORDS = "A cough since Tuesday"
Guest = Callable[..., BrowserContext]


@pytest.fixture
def guest(browser: Browser, demonstration: Demonstration) -> Iterator[Guest]:
    """Open contexts of people, closed at the end."""
    contexts = []

    def enter(person: str, **options: Any) -> BrowserContext:
        contexts.append(demonstration.guest(browser, person, base_url=demonstration.address, **options))
        return contexts[-1]

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def booked(demonstration: Demonstration) -> Callable[[str], int]:
    """Count what somebody has ahead."""

    def count(person: str) -> int:
        return list_own(Section.AHEAD, 1, _account(person), current_rules(), now()).counts["ahead"]

    return lambda person: int(demonstration.does(lambda: count(person)))


def _account(person: str) -> Any:
    row = user_by_email(db.session(), f"{person}@example.com")
    assert row
    return row.account()


def choose_first_time(page: Page) -> str:
    """Choose the first free time of a doctor; return the address of its form."""
    page.goto(DOCTOR)
    choose(".times a.time-button")(page)
    page.locator("button:visible", has_text="Continue").first.click()
    expect(page.get_by_role("heading", name="A few questions")).to_be_visible()
    return page.url


def look_again(page: Page, form: str) -> None:
    """Answer the questions of a form, up to the last look."""
    page.goto(form)
    fill(symptoms=WORDS, urgency="1")(page)
    page.get_by_role("button", name="Check my booking").click()
    expect(page.get_by_role("heading", name="Is everything right?")).to_be_visible()


def confirm(page: Page) -> None:
    page.get_by_role("button", name="Pay €50.00").click()


def is_booked(page: Page) -> None:
    """Pay on the payment page, and see the ticket."""
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^You are booked, "))).to_be_visible()


def test_a_double_click_is_sent_once_and_books_once(guest: Guest, booked: Callable[[str], int]) -> None:
    page = guest("alice").new_page()
    look_again(page, choose_first_time(page))
    before, sent = booked("alice"), []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.get_by_role("button", name="Pay €50.00").dblclick()
    expect(page.get_by_role("button", name="Pay", exact=True)).to_be_visible()
    assert len(sent) == 1
    is_booked(page)
    assert booked("alice") == before + 1


def test_a_time_that_somebody_else_took_is_exchanged_without_typing_again(
    guest: Guest, booked: Callable[[str], int]
) -> None:
    mine, hers = guest("alice").new_page(), guest("camille").new_page()
    form = choose_first_time(mine)
    look_again(mine, form)
    look_again(hers, form)
    before = booked("alice")
    confirm(hers)
    is_booked(hers)
    confirm(mine)
    expect(mine.get_by_role("alert")).to_contain_text("is no longer free: somebody else was quicker")
    expect(mine.get_by_role("alert")).to_contain_text("Nothing was booked, and your answers are kept.")
    assert booked("alice") == before
    mine.locator(".alternatives button").first.click()
    expect(mine.get_by_role("heading", name="Is everything right?")).to_be_visible()
    expect(mine.get_by_text(WORDS)).to_be_visible()
    confirm(mine)
    is_booked(mine)
    assert booked("alice") == before + 1


def test_a_time_that_went_while_the_page_was_open_says_so_when_it_is_chosen(guest: Guest) -> None:
    mine, hers = guest("alice").new_page(), guest("camille").new_page()
    mine.goto(DOCTOR)
    look_again(hers, choose_first_time(hers))
    confirm(hers)
    is_booked(hers)
    choose(".times a.time-button")(mine)
    expect(mine.get_by_role("alert")).to_contain_text(re.compile("(is taken|cannot be booked)\\."))
    choose(".gone a.time-button")(mine)
    expect(mine.get_by_role("alert")).to_have_count(0)
    expect(mine.locator("#price_box")).to_contain_text("Total")


def test_a_second_tab_is_told_of_the_first_before_it_books_again(guest: Guest, booked: Callable[[str], int]) -> None:
    context = guest("alice")
    one, other = context.new_page(), context.new_page()
    form = choose_first_time(one)
    look_again(one, form)
    look_again(other, form)
    before = booked("alice")
    confirm(one)
    is_booked(one)
    confirm(other)
    expect(other.get_by_role("alert")).to_contain_text("You have already booked this time.")
    expect(other.get_by_text(WORDS)).to_be_visible()
    assert booked("alice") == before + 1
    other.get_by_role("link", name=re.compile("See my booking")).click()
    expect(other.get_by_text("Confirmed", exact=True)).to_be_visible()


def test_back_from_the_confirmation_shows_what_was_typed_and_books_no_second_time(
    guest: Guest, booked: Callable[[str], int]
) -> None:
    page = guest("alice").new_page()
    look_again(page, choose_first_time(page))
    before = booked("alice")
    confirm(page)
    is_booked(page)
    page.go_back()
    expect(page.get_by_role("heading", name="All done here")).to_be_visible()  # the payment page takes no money twice
    page.go_back()
    expect(page.get_by_text(WORDS)).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Main symptoms")).to_have_value(WORDS)
    page.get_by_role("button", name="Check my booking").click()
    expect(page.locator(".note-warn")).to_contain_text("You have already booked this time.")
    assert booked("alice") == before + 1
