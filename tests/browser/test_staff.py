"""The team at work in a real browser, with the keyboard alone and without scripts; and the first steps of a house."""

import re
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from portal.domain.account import Role
from portal.domain.booking import Booking
from portal.domain.lifecycle import BookingStatus
from portal.usecases.accounts import create_user
from portal.usecases.bookings import get_booking
from portal.usecases.catalogue import get_service, list_services
from portal.web.context import current_money, current_rules, now
from tests.browser import keyboard
from tests.browser.conftest import Demonstration, served
from tests.browser.hands import WAYS, ByKeyboard, Open, Way, button, field
from tests.browser.test_axe import EVERY, obstacles
from tests.browser.tour import House
from tests.people import EVERYBODY, PASSWORD
from tests.portals import new_portal

pytestmark = pytest.mark.browser

NUMBERS = count(1)


@pytest.fixture
def paid(demonstration: Demonstration) -> Booking:
    """A consultation of a customer of its own, paid, some days ahead."""

    def work() -> Booking:
        name = f"Emile{next(NUMBERS)}"
        emile = create_user(f"{name.lower()}@example.com", name, Role.CUSTOMER, PASSWORD, now())
        rules = current_rules()
        services = {one.slug: one for one in list_services(rules)}
        house = House(rules, current_money(), demonstration.sandbox, services)
        fever = {"symptoms": "Fièvre depuis hier soir", "urgency": "Faible"}
        return house.pay(house.book(emile, "consultation-generaliste", ahead=3, answers=fever), emile)

    booking: Booking = demonstration.does(work)
    assert booking.status is BookingStatus.CONFIRMED
    return booking


# ---------------------------------------------------------------- a small service from empty


@WAYS
def test_a_small_service_is_built_from_empty(desk: Open, demonstration: Demonstration, way: Way) -> None:
    page = desk("/staff/services/new", **way.options)
    hands = way(page)
    name = f"Guitar lesson {next(NUMBERS)}"
    hands.type(field("name"), name)
    hands.type(field("duration"), "45")
    hands.press(button("open:1"))
    expect(page.locator(field("availableSlots.0.startTime"))).to_be_visible()
    hands.type(field("price"), "30")
    for index, question in enumerate(("Your level", "Your guitar", "Something else")):
        hands.press(button("add:customFields"))
        expect(page.locator(field(f"customFields.{index}.name"))).to_be_visible()
        hands.go_on(question)
    hands.press(button("up:customFields.1"))
    expect(page.locator(field("customFields.0.name"))).to_have_value("Your guitar")
    hands.press(button("remove:customFields.2"))
    expect(page.locator(field("customFields.2.name"))).to_have_count(0)
    hands.press(f".form-actions {button('save')}")
    expect(page.get_by_text(f"{name} is saved.")).to_be_visible()
    stored = demonstration.does(lambda: get_service(name.lower().replace(" ", "-"), current_rules()))
    assert (stored.duration, stored.price, len(stored.available_slots)) == (45, 3000, 1)
    assert [one.name for one in stored.custom_fields] == ["Your guitar", "Your level"]


@WAYS
def test_a_mistake_in_a_service_is_found_from_the_summary(desk: Open, way: Way) -> None:
    page = desk("/staff/services/new", **way.options)
    hands = way(page)
    hands.type(field("name"), "Nothing yet")
    hands.press(f".form-actions {button('save')}")
    expect(page.locator(".error-summary")).to_be_visible()
    hands.press(".error-summary a[href='#price']")
    expect(page.locator(field("price"))).to_be_focused()
    expect(page.locator(field("name"))).to_have_value("Nothing yet")


# ---------------------------------------------------------------- a booking is found, arrives, gets money back


@WAYS
def test_a_booking_is_found_checked_in_and_refunded(
    desk: Open, demonstration: Demonstration, paid: Booking, way: Way
) -> None:
    page = desk("/staff/bookings", **way.options)
    hands = way(page)
    customer = demonstration.does(lambda: get_booking(paid.id, EVERYBODY.sam, now())).contact_email
    hands.type(field("q"), str(customer))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=emile"))
    hands.press(f"a[href='/staff/bookings/{paid.id}']")
    expect(page.locator("h1")).to_contain_text("Emile")
    hands.press("form[action$='/check-in'] button")
    expect(page.locator(".badges")).to_contain_text("Arrived")
    hands.press("#refund > summary")
    hands.type("#amount", "5")
    hands.press("#refund form button")
    expect(page.locator(".badges")).to_contain_text("Given back in part")
    after = demonstration.does(lambda: get_booking(paid.id, EVERYBODY.sam, now()))
    assert after.check_in is not None
    assert after.check_in - now() < timedelta(minutes=1)
    assert after.amount_refunded == 500


# ---------------------------------------------------------------- what is told of it


def test_good_news_never_covers_what_the_keyboard_has_reached(desk: Open) -> None:
    page = desk("/staff/resources/court-1")
    page.set_viewport_size({"width": 1280, "height": 600})
    page.locator("#editor .btn-primary").click()
    page.locator(".toast-note").hover()  # it stays as long as that
    keyboard.tab_to(page, ".site-footer a:last-of-type")


# ---------------------------------------------------------------- the first steps


def test_nothing_is_in_the_way_in_a_house_that_is_empty(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with new_portal("sqlite", Path(tmp_path_factory.mktemp("empty"))) as app:
        create_user("eve@example.com", "Eve", Role.ADMIN, PASSWORD, now())
    with served(app) as address:
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(address)
        assert obstacles(page, EVERY) == []
        page.goto(f"{address}/sign-in?next=/staff")
        page.locator("#email").fill("eve@example.com")
        page.locator("#password").fill(PASSWORD)
        page.locator("form[data-once] .btn-primary").click()
        expect(page.get_by_text("0 steps of 5 are done.")).to_be_visible()
        assert obstacles(page, EVERY) == []
        keyboard.tab_to(page, "a[href^='/staff/welcome']")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Open your house")
        assert obstacles(page, EVERY) == []
        keyboard.tab_to(page, "a[href$='kind=court']")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("kind=court$"))
        hands = ByKeyboard(page)
        hands.type(field("price"), "20")
        hands.press(f".form-actions {button('save')}")
        expect(page.get_by_text("A court is saved.")).to_be_visible()
        page.context.close()
